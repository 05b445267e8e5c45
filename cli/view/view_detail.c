/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/rfc3339.h"
#include "cli/view/answers.h"
#include "cli/view/view_detail.h"
#include "json/jsonin.h"

#define FEW   25  /* rows of a table that are shown without --all */
#define LABEL 256 /* bytes of "192.0.2.1 and 3 more" */

static void judgement(struct rows *, struct json_object *);
static void sighting(struct rows *, struct json_object *);
static void indicator(struct rows *, struct json_object *);

static const struct detail {
	const char *title;
	const char *names[8]; /* of the columns */
	enum ctim_kind kind;
	void (*row)(struct rows *, struct json_object *);
} details[DETAILS] = { [DETAIL_JUDGEMENTS] = { "Other judgements",
			   { "OBSERVABLE", "DISPOSITION", "SEVERITY",
			       "CONFIDENCE", "SOURCE", "REASON", "VALID UNTIL",
			       NULL },
			   CTIM_JUDGEMENT, judgement },
	[DETAIL_SIGHTINGS] = { "Sightings",
	    { "OBSERVABLE", "SEEN", "UNTIL", ">COUNT", "SOURCE", "WHAT", NULL },
	    CTIM_SIGHTING, sighting },
	[DETAIL_INDICATORS] = { "Indicators",
	    { "TITLE", "SEVERITY", "CONFIDENCE", "SOURCE", "WHAT", NULL },
	    CTIM_INDICATOR, indicator } };

enum table_colour
view_detail_colour(int disposition)
{
	static const enum table_colour colours[CTIM_UNKNOWN + 1] = {
		[CTIM_CLEAN] = TABLE_GREEN,
		[CTIM_MALICIOUS] = TABLE_RED,
		[CTIM_SUSPICIOUS] = TABLE_YELLOW
	};

	return colours[disposition];
}

/* Writes a time for people; returns the text as it is when that is no time. */
static const char *
short_time(char text[RFC3339_MAX], const char *said)
{
	time_t seconds;
	struct tm tm;

	if (said == NULL || (seconds = rfc3339_parse(said)) == -1)
		return said;
	if (seconds >= RFC3339_LAST)
		return "no end";
	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(text, RFC3339_MAX, "%Y-%m-%d %H:%MZ", &tm) == 0)
		return said;
	return text;
}

const char *
view_detail_until(char text[RFC3339_MAX], struct json_object *entity)
{
	int64_t seconds;

	return short_time(text, answers_end(entity, &seconds));
}

void
view_detail_init(struct view_detail *d, bool all)
{
	size_t columns;

	*d = (struct view_detail){ .all = all };
	for (size_t i = 0; i < DETAILS; i++) {
		for (columns = 0; details[i].names[columns] != NULL;)
			columns++;
		rows_init(&d->rows[i], columns);
	}
}

void
view_detail_free(struct view_detail *d)
{
	for (size_t i = 0; i < DETAILS; i++)
		rows_free(&d->rows[i]);
	set_free(&d->indicators);
}

static void
text_cell(struct rows *r, struct json_object *entity, const char *member)
{
	rows_cell(r, jsonin_string(entity, member), TABLE_PLAIN);
}

/* Adds the first of two members that is there. */
static void
either_cell(struct rows *r, struct json_object *entity, const char *member,
    const char *other)
{
	const char *text = jsonin_string(entity, member);

	rows_short(
	    r, text != NULL ? text : jsonin_string(entity, other), TABLE_PLAIN);
}

static void
judgement(struct rows *r, struct json_object *one)
{
	char text[RFC3339_MAX];
	int n = answers_disposition(one);

	rows_cell(r, jsonin_string(jsonin_member(one, "observable"), "value"),
	    TABLE_PLAIN);
	rows_cell(r, ctim_disposition_name(n), view_detail_colour(n));
	text_cell(r, one, "severity");
	text_cell(r, one, "confidence");
	text_cell(r, one, "source");
	text_cell(r, one, "reason");
	rows_cell(r, view_detail_until(text, one), TABLE_PLAIN);
}

/* Adds the observable of a sighting, or the first one and how many more. */
static void
observables_cell(struct rows *r, struct json_object *list)
{
	const char *first = jsonin_string(jsonin_at(list, 0), "value");
	size_t n = jsonin_length(list);
	char label[LABEL];

	if (n > 1 && first != NULL) {
		snprintf(
		    label, sizeof(label), "%.200s and %zu more", first, n - 1);
		first = label;
	}
	rows_cell(r, first, TABLE_PLAIN);
}

static void
sighting(struct rows *r, struct json_object *one)
{
	struct json_object *seen = jsonin_member(one, "observed_time");
	char text[RFC3339_MAX], number[32];
	int64_t count;

	observables_cell(r, jsonin_member(one, "observables"));
	rows_cell(r, short_time(text, jsonin_string(seen, "start_time")),
	    TABLE_PLAIN);
	rows_cell(
	    r, short_time(text, jsonin_string(seen, "end_time")), TABLE_PLAIN);
	if (jsonin_int(jsonin_member(one, "count"), &count))
		snprintf(number, sizeof(number), "%" PRId64, count);
	else
		snprintf(number, sizeof(number), "-");
	rows_cell(r, number, TABLE_PLAIN);
	text_cell(r, one, "source");
	either_cell(r, one, "title", "description");
}

static void
indicator(struct rows *r, struct json_object *one)
{
	text_cell(r, one, "title");
	text_cell(r, one, "severity");
	text_cell(r, one, "confidence");
	either_cell(r, one, "source", "producer");
	either_cell(r, one, "short_description", "description");
}

/* Whether to count an entity. */
static bool
counts(struct view_detail *d, const struct answers *f, size_t i,
    struct json_object *one)
{
	const char *id = jsonin_string(one, "id");

	if (i == DETAIL_JUDGEMENTS)
		return !answers_told(f, one);
	return i != DETAIL_INDICATORS || id == NULL ||
	    set_new(&d->indicators, id, strlen(id));
}

void
view_detail_take(struct view_detail *d, const struct answers *f)
{
	for (size_t i = 0; i < DETAILS; i++) {
		struct json_object *list = answers_docs(f, details[i].kind);

		for (size_t k = 0; k < jsonin_length(list); k++) {
			struct json_object *one = jsonin_at(list, k);

			if (!counts(d, f, i, one))
				continue;
			if (d->all || d->n[i] < FEW)
				details[i].row(&d->rows[i], one);
			d->n[i]++;
		}
	}
}

int
view_detail_print(const struct view_detail *d)
{
	bool colours = table_colours(stdout);
	struct table *t;
	size_t shown;
	int r = 0;

	for (size_t i = 0; i < DETAILS && r == 0; i++) {
		if ((shown = rows_count(&d->rows[i])) == 0)
			continue;
		printf("%s%s%s\n", table_sgr(TABLE_BOLD, colours),
		    details[i].title, table_sgr(TABLE_PLAIN, colours));
		t = table_new(details[i].names);
		rows_put(&d->rows[i], t);
		r = table_print(t, stdout);
		table_free(t);
		if (d->n[i] > shown)
			printf("... and %zu more, which --all shows.\n",
			    d->n[i] - shown);
		putchar('\n');
	}
	return r;
}
