/* SPDX-License-Identifier: MIT */
/* Answers as tables: the verdicts, the worst first, then the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rfc3339.h"
#include "cli/terminal/rows.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/terms/terms.h"
#include "cli/view/answers.h"
#include "cli/view/view.h"
#include "cli/view/view_detail.h"
#include "ctim/ctim.h"
#include "json/jsonin.h"

#define COLUMNS    6
#define SEVERITIES (CTIM_SEVERITY_CRITICAL + 1)
#define QUIET      25 /* most observables without a statement that are listed */

/* Dispositions from the worst on. */
static const int worst[] = { CTIM_MALICIOUS, CTIM_SUSPICIOUS, CTIM_UNKNOWN,
	CTIM_COMMON, CTIM_CLEAN };

#define DISPOSITIONS (sizeof(worst) / sizeof(worst[0]))

enum { NOTHING, NOT_TAKEN, INCOMPLETE, SILENTS };

struct view {
	const struct view_about *about;
	struct rows rows[DISPOSITIONS][SEVERITIES]; /* the worst first */
	struct rows nothing; /* observables without a statement */
	struct rows references;
	struct view_detail detail;
	size_t tally[CTIM_UNKNOWN + 1], kinds[CTIM_KINDS];
	size_t silent[SILENTS];
	char status[32];
	bool entities; /* "data" has them */
};

static struct view *
view_table_begin(const struct view_about *about)
{
	struct view *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->about = about;
	for (size_t d = 0; d < DISPOSITIONS; d++)
		for (size_t s = 0; s < SEVERITIES; s++)
			rows_init(&v->rows[d][s], COLUMNS);
	rows_init(&v->nothing, COLUMNS);
	rows_init(&v->references, 3);
	view_detail_init(&v->detail, about->all);
	return v;
}

static void
view_table_release(struct view *v)
{
	for (size_t d = 0; d < DISPOSITIONS; d++)
		for (size_t s = 0; s < SEVERITIES; s++)
			rows_free(&v->rows[d][s]);
	rows_free(&v->nothing);
	rows_free(&v->references);
	view_detail_free(&v->detail);
	free(v);
}

static struct rows *
rows_of(struct view *v, const struct finding *f)
{
	const char *severity = jsonin_string(f->judgement, "severity");
	int n = severity == NULL ? -1 : ctim_severity(severity);
	size_t d = 0;

	while (d < DISPOSITIONS - 1 && worst[d] != f->disposition)
		d++;
	if (n < 0)
		n = CTIM_SEVERITY_UNKNOWN;
	return &v->rows[d][SEVERITIES - 1 - n];
}

/* Observables without a statement. */
static const struct silent {
	const char *cell, *tally;
} silents[SILENTS] = { [NOTHING] = { "nothing known", "with nothing known" },
	[NOT_TAKEN] = { "not taken",
	    "of a type that this relay does not take" },
	[INCOMPLETE] = { "incomplete", "incomplete, as there were errors" } };

static void
row_nothing(struct view *v, const struct finding *f)
{
	int what = !f->taken ? NOT_TAKEN : f->whole ? NOTHING : INCOMPLETE;

	v->silent[what]++;
	if (!v->about->all && rows_count(&v->nothing) > QUIET)
		return;
	rows_cell(&v->nothing, f->value, TABLE_PLAIN);
	rows_cell(&v->nothing, silents[what].cell, TABLE_DIM);
	for (int i = 2; i < COLUMNS; i++)
		rows_cell(&v->nothing, NULL, TABLE_DIM);
}

static void
row(void *arg, const struct finding *f)
{
	struct view *v = arg;
	struct rows *r = rows_of(v, f);
	char text[RFC3339_MAX];

	if (f->entity == NULL) {
		row_nothing(v, f);
		return;
	}
	rows_cell(r, f->value, TABLE_PLAIN);
	rows_cell(r, ctim_disposition_name(f->disposition),
	    view_detail_colour(f->disposition));
	rows_cell(r, jsonin_string(f->judgement, "severity"), TABLE_PLAIN);
	rows_cell(r, jsonin_string(f->judgement, "source"), TABLE_PLAIN);
	rows_cell(r, jsonin_string(f->judgement, "reason"), TABLE_PLAIN);
	rows_cell(r, view_detail_until(text, f->entity), TABLE_PLAIN);
	v->tally[f->disposition]++;
}

static void
take_reference(struct view *v, struct json_object *one)
{
	rows_cell(&v->references, jsonin_string(one, "title"), TABLE_BOLD);
	rows_cell(
	    &v->references, jsonin_string(one, "description"), TABLE_PLAIN);
	rows_cell(&v->references, jsonin_string(one, "url"), TABLE_PLAIN);
}

static int
view_table_take(struct view *v, const struct answers *f, size_t from, size_t to)
{
	const char *status = jsonin_string(f->data, "status");

	if (v->about->list) {
		for (size_t i = 0; i < jsonin_length(f->data); i++)
			take_reference(v, jsonin_at(f->data, i));
	} else if (status != NULL) {
		snprintf(v->status, sizeof(v->status), "%s", status);
	} else if (f->data != NULL) {
		v->entities = true;
		answers_each(f, v->about->asked, from, to, row, v);
		view_detail_take(&v->detail, f);
		for (enum ctim_kind k = 0; k < CTIM_KINDS; k++)
			v->kinds[k] += jsonin_length(answers_docs(f, k));
	}
	return 0;
}

/* Returns whether there was one. */
static bool
print_tally(const struct view *v)
{
	const char *between = "";

	for (size_t i = 0; i < DISPOSITIONS; i++) {
		if (v->tally[worst[i]] == 0)
			continue;
		printf("%s%zu %s", between, v->tally[worst[i]],
		    ctim_disposition_name(worst[i]));
		between = ", ";
	}
	for (size_t i = 0; i < SILENTS; i++) {
		if (v->silent[i] == 0)
			continue;
		printf("%s%zu %s", between, v->silent[i], silents[i].tally);
		between = ", ";
	}
	if (*between != '\0')
		putchar('\n');
	return *between != '\0';
}

/* After the tally, which has no more than statements about observables. */
static void
view_table_print_kinds(const struct view *v, bool tallied)
{
	const char *between = "The answer holds ";

	for (enum ctim_kind k = 0; k < CTIM_KINDS; k++) {
		size_t n = k == CTIM_INDICATOR ?
		    v->detail.n[DETAIL_INDICATORS] :
		    v->kinds[k];

		if (n == 0)
			continue;
		printf("%s%zu %s", between, n,
		    n == 1 ? ctim_kind_name(k) : ctim_kind_plural(k));
		between = ", ";
	}
	if (between[0] == ',')
		printf(".\n");
	else if (!tallied)
		printf("Nothing is known.\n");
}

/* Returns 0, or -1 when not all was printed. */
static int
print_entities(struct view *v)
{
	static const char *const names[] = { "OBSERVABLE", "DISPOSITION",
		"SEVERITY", "SOURCE", "REASON", "VALID UNTIL", NULL };
	struct table *t = table_new(names);
	size_t n = 0;
	int r;

	for (size_t d = 0; d < DISPOSITIONS; d++)
		for (size_t s = 0; s < SEVERITIES; s++) {
			rows_put(&v->rows[d][s], t);
			n += rows_count(&v->rows[d][s]);
		}
	if (v->about->all || rows_count(&v->nothing) <= QUIET) {
		rows_put(&v->nothing, t);
		n += rows_count(&v->nothing);
	}
	r = table_print(t, stdout);
	table_free(t);
	if (n > 0)
		putchar('\n');
	if (r == 0)
		r = view_detail_print(&v->detail);
	view_table_print_kinds(v, print_tally(v));
	return r;
}

static int
print_references(const struct view *v)
{
	static const char *const names[] = { "TITLE", "DESCRIPTION", "URL",
		NULL };
	struct table *t;
	int r;

	if (rows_count(&v->references) == 0) {
		printf("Nothing is offered.\n");
		return 0;
	}
	t = table_new(names);
	rows_put(&v->references, t);
	r = table_print(t, stdout);
	table_free(t);
	return r;
}

static int
view_table_end(struct view *v)
{
	if (v->about->list)
		return v->about->data ? print_references(v) : 0;
	if (v->status[0] != '\0') {
		printf("status: ");
		if (text_print(stdout, v->status) == -1)
			return -1;
		putchar('\n');
	}
	return v->entities ? print_entities(v) : 0;
}

const struct view_kind view_table = { false, view_table_begin, view_table_take,
	view_table_end, view_table_release };
