/* ctim-relay intel list, show, sources, stats, export: the contents of the
 * store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "cli/intel/intel.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/terms/terms.h"
#include "ctim/indicator.h"
#include "json/jsonout.h"
#include "store/store_write.h"

#define RECORD_MAX (64U << 10) /* bytes of one record as text */
#define OUTPUT_MAX (16U << 20) /* bytes of all sources, or statistics */

enum form { FORM_LINES, FORM_JSON, FORM_CSV, FORM_PLAIN };

static const struct {
	const char *name;
	enum form form;
} intel_show_forms[] = { { "csv", FORM_CSV }, { "json", FORM_JSON },
	{ "plain", FORM_PLAIN } };

/* A walk through the records. */
struct walk {
	enum form form;
	int disposition; /* 0: all */
	int64_t now;
	struct buf out;
	int64_t n, limit;             /* printed, and at most; -1: all */
	char last[INDICATOR_MAX + 1]; /* FORM_PLAIN: printed last */
};

/* Prints the buffer and empties it; returns -1 when that failed.  JSON means
 * the same to programs after escaping what a terminal could obey.  Lines were
 * escaped when they were made; CSV and bare values cannot be. */
static int
intel_show_flush(struct buf *b, bool json)
{
	int r;

	if (b->failed)
		r = -1;
	else if (json)
		r = text_print_json(stdout, b->data, b->len);
	else
		r = fwrite(b->data, 1, b->len, stdout) < b->len ? -1 : 0;
	buf_reset(b);
	return r;
}

/* Whether the options ask for a record. */
static bool
intel_show_wanted(const struct walk *w, const struct record *r)
{
	if (w->disposition != 0 && r->disposition != w->disposition)
		return false;
	/* Prints bare values once each: equal ones follow each other. */
	return w->form != FORM_PLAIN ||
	    ((r->expires == 0 || r->expires > w->now) &&
		strcmp(w->last, r->value) != 0);
}

static int
print_record(void *arg, const struct record *r)
{
	struct walk *w = arg;

	/* The store cannot limit: it does not know intel_show_wanted(). */
	if (w->limit != -1 && w->n >= w->limit)
		return 1;
	if (!intel_show_wanted(w, r))
		return 0;
	switch (w->form) {
	case FORM_PLAIN:
		snprintf(w->last, sizeof(w->last), "%s", r->value);
		buf_addf(&w->out, "%s\n", r->value);
		break;
	case FORM_CSV:
		intel_record_csv(&w->out, r);
		break;
	case FORM_JSON:
		buf_adds(&w->out, w->n == 0 ? "\n" : ",\n");
		if (intel_record_json(&w->out, r) == -1)
			return -1;
		break;
	case FORM_LINES:
		if (w->n == 0)
			intel_record_heading(&w->out);
		intel_record_line(&w->out, r, w->now);
		break;
	}
	w->n++;
	return intel_show_flush(&w->out, w->form == FORM_JSON);
}

/* Reads --type, --disposition and --limit.  Returns CMD_OK, or an exit status
 * after printing the error. */
static int
filter_of(const struct intel *in, struct store_filter *filter, struct walk *w)
{
	char *end;

	*filter = (struct store_filter){ in->source, OBSERVABLE_UNKNOWN, -1 };
	if (in->type != NULL &&
	    !indicator_type((int)(filter->type = observable_type(in->type))))
		return command_usage(in->cmd,
		    "\"%s\" is no type: domain, email, ip, ipv6, md5, sha1, "
		    "sha256, url",
		    in->type);
	if (in->disposition != NULL &&
	    (w->disposition = ctim_disposition(in->disposition)) == -1)
		return command_usage(in->cmd,
		    "\"%s\" is no disposition: Clean, Malicious, Suspicious, "
		    "Common, Unknown",
		    in->disposition);
	if (in->limit != NULL) {
		w->limit = strtoll(in->limit, &end, 10);
		if (end == in->limit || *end != '\0' || w->limit < 0)
			return command_usage(
			    in->cmd, "\"%s\" is no number", in->limit);
	}
	return CMD_OK;
}

static int
walk(const struct intel *in, enum form form)
{
	struct store_filter filter;
	struct walk *w;
	struct store *s;
	char error[STORE_ERROR_MAX];
	int status;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return command_fail(in->cmd, CMD_FAILED, "memory ran out");
	w->form = form;
	w->limit = -1;
	w->now = (int64_t)time(NULL);
	buf_init(&w->out, RECORD_MAX);
	if ((status = filter_of(in, &filter, w)) != CMD_OK ||
	    (s = intel_open(in, STORE_READ, &status)) == NULL) {
		free(w);
		return status;
	}
	if (form == FORM_JSON)
		buf_addc(&w->out, '[');
	if (form == FORM_CSV)
		intel_record_csv_header(&w->out);
	if (store_each(s, &filter, print_record, w, error) == -1)
		status = command_fail(in->cmd, CMD_FAILED, "%s", error);
	else if (form == FORM_JSON)
		buf_adds(&w->out, "\n]\n");
	if (status == CMD_OK)
		(void)intel_show_flush(&w->out, form == FORM_JSON);
	store_close(s);
	buf_free(&w->out);
	free(w);
	return status;
}

int
intel_list(const struct intel *in)
{
	if (in->n > 0)
		return command_usage(in->cmd,
		    "what is \"%s\"? A value is looked up with \"show\"",
		    in->words[0]);
	return walk(in, in->json ? FORM_JSON : FORM_LINES);
}

int
intel_export(const struct intel *in)
{
	size_t i, n = sizeof(intel_show_forms) / sizeof(intel_show_forms[0]);

	if (in->n > 0)
		return command_usage(in->cmd, "what is \"%s\"?", in->words[0]);
	if (in->format == NULL)
		return walk(in, in->json ? FORM_JSON : FORM_CSV);
	for (i = 0; i < n; i++)
		if (strcmp(intel_show_forms[i].name, in->format) == 0)
			return walk(in, intel_show_forms[i].form);
	return command_usage(
	    in->cmd, "\"%s\" is no format: csv, json, plain", in->format);
}

static int
intel_show_show(const struct intel *in, struct store *s)
{
	char value[INDICATOR_MAX + 1];
	char error[STORE_ERROR_MAX];
	struct observable o = { .value = value };
	struct walk w = { .form = FORM_JSON, .limit = -1 };
	const struct record *records;
	ssize_t i, n;

	o.type = terms_normal(in->words[0], value);
	if (o.type == OBSERVABLE_UNKNOWN)
		return command_fail(in->cmd, CMD_FAILED,
		    "\"%s\" is no indicator", in->words[0]);
	/* At the time 0 nothing has expired yet. */
	if ((n = store_match(s, &o, 0, &records, error)) == -1)
		return command_fail(in->cmd, CMD_FAILED, "%s", error);
	buf_init(&w.out, RECORD_MAX);
	if (in->json)
		buf_addc(&w.out, '[');
	for (i = 0; i < n; i++) {
		if (in->json)
			print_record(&w, &records[i]);
		else {
			intel_record_block(
			    &w.out, &records[i], (int64_t)time(NULL));
			(void)intel_show_flush(&w.out, false);
		}
	}
	if (in->json)
		buf_adds(&w.out, "\n]\n");
	(void)intel_show_flush(&w.out, in->json);
	buf_free(&w.out);
	if (n == 0)
		intel_not_listed(value);
	return n == 0 ? CMD_FAILED : CMD_OK;
}

int
intel_show(const struct intel *in)
{
	struct store *s;
	int status;

	if (in->n != 1)
		return command_usage(in->cmd, "name one value");
	if ((s = intel_open(in, STORE_READ, &status)) == NULL)
		return status;
	status = intel_show_show(in, s);
	store_close(s);
	return status;
}

/* The sources as a table or a JSON array. */
static int
sources_table(const struct store_count *counts, ssize_t n)
{
	static const char *const names[] = { "SOURCE", ">RECORDS", ">EXPIRED",
		"IMPORTED", "SUBDOMAINS", "TITLE", "URL", NULL };
	struct table *t = table_new(names);
	char text[RFC3339_MAX];
	ssize_t i;
	int r;

	for (i = 0; i < n; i++) {
		table_cell(t, counts[i].source.name, TABLE_BOLD);
		table_number(t, (long long)counts[i].records);
		table_number(t, (long long)counts[i].expired);
		rfc3339_text(text, counts[i].imported);
		table_cell(t, text, TABLE_PLAIN);
		table_cell(
		    t, counts[i].source.subdomains ? "yes" : "no", TABLE_PLAIN);
		table_cell(t, counts[i].source.title, TABLE_PLAIN);
		table_cell(t, counts[i].source.url, TABLE_PLAIN);
	}
	r = table_print(t, stdout);
	table_free(t);
	return r;
}

static void
sources_json(struct jsonout *out, const struct store_count *counts, ssize_t n)
{
	char text[RFC3339_MAX];
	ssize_t i;

	jsonout_array(out);
	for (i = 0; i < n; i++) {
		jsonout_object(out);
		jsonout_kstring(out, "name", counts[i].source.name);
		jsonout_kstring(out, "title", counts[i].source.title);
		jsonout_kstring(out, "url", counts[i].source.url);
		jsonout_kbool(out, "subdomains", counts[i].source.subdomains);
		rfc3339_text(text, counts[i].imported);
		jsonout_kstring(out, "imported", text);
		jsonout_kint(out, "records", (int64_t)counts[i].records);
		jsonout_kint(out, "expired", (int64_t)counts[i].expired);
		jsonout_end_object(out);
	}
	jsonout_end_array(out);
}

/* Adds up all sources. */
static struct store_count
total(const struct store_count *counts, ssize_t n)
{
	struct store_count sum = { .records = 0 };
	ssize_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		sum.records += counts[i].records;
		sum.expired += counts[i].expired;
		for (k = 0; k < OBSERVABLE_TYPES; k++)
			sum.types[k] += counts[i].types[k];
		for (k = CTIM_CLEAN; k <= CTIM_UNKNOWN; k++)
			sum.dispositions[k] += counts[i].dispositions[k];
	}
	return sum;
}

static int
stats_table(const struct store_count *counts, ssize_t n)
{
	static const char *const names[] = { "INDICATORS", ">RECORDS", NULL };
	struct store_count sum = total(counts, n);
	struct table *t = table_new(names);
	int i, r;

	table_cell(t, "all", TABLE_BOLD);
	table_number(t, (long long)sum.records);
	table_cell(t, "expired", TABLE_PLAIN);
	table_number(t, (long long)sum.expired);
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (sum.types[i] != 0) {
			table_cell(t, observable_name((enum observable_type)i),
			    TABLE_PLAIN);
			table_number(t, (long long)sum.types[i]);
		}
	for (i = CTIM_CLEAN; i <= CTIM_UNKNOWN; i++)
		if (sum.dispositions[i] != 0) {
			table_cell(t, ctim_disposition_name(i), TABLE_PLAIN);
			table_number(t, (long long)sum.dispositions[i]);
		}
	table_cell(t, "sources", TABLE_PLAIN);
	table_number(t, n);
	r = table_print(t, stdout);
	table_free(t);
	return r;
}

static void
stats_json(struct jsonout *out, const struct store_count *counts, ssize_t n)
{
	struct store_count sum = total(counts, n);
	int i;

	jsonout_object(out);
	jsonout_kint(out, "records", (int64_t)sum.records);
	jsonout_kint(out, "expired", (int64_t)sum.expired);
	jsonout_kint(out, "sources", n);
	jsonout_key(out, "types");
	jsonout_object(out);
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (indicator_type(i))
			jsonout_kint(out,
			    observable_name((enum observable_type)i),
			    (int64_t)sum.types[i]);
	jsonout_end_object(out);
	jsonout_key(out, "dispositions");
	jsonout_object(out);
	for (i = CTIM_CLEAN; i <= CTIM_UNKNOWN; i++)
		jsonout_kint(out, ctim_disposition_name(i),
		    (int64_t)sum.dispositions[i]);
	jsonout_end_object(out);
	jsonout_end_object(out);
}

/* sources and stats: the same figures, shown in two ways. */
static int
figures(const struct intel *in,
    int (*table)(const struct store_count *, ssize_t),
    void (*json)(struct jsonout *, const struct store_count *, ssize_t))
{
	const struct store_count *counts = NULL;
	struct jsonout out;
	struct buf text;
	struct store *s;
	char error[STORE_ERROR_MAX];
	ssize_t n;
	int status;

	if (in->n > 0)
		return command_usage(in->cmd, "what is \"%s\"?", in->words[0]);
	if ((s = intel_open(in, STORE_READ, &status)) == NULL)
		return status;
	buf_init(&text, OUTPUT_MAX);
	n = store_stats(s, (int64_t)time(NULL), &counts, error);
	if (n == -1)
		status = command_fail(in->cmd, CMD_FAILED, "%s", error);
	else if (in->json) {
		jsonout_init(&out, &text);
		json(&out, counts, n);
		if (jsonout_done(&out) == -1 || buf_addc(&text, '\n') == -1 ||
		    intel_show_flush(&text, true) == -1)
			status = CMD_FAILED;
	} else if (table(counts, n) == -1)
		status =
		    command_fail(in->cmd, CMD_FAILED, "cannot print the table");
	buf_free(&text);
	store_close(s);
	return status;
}

int
intel_sources(const struct intel *in)
{
	return figures(in, sources_table, sources_json);
}

int
intel_stats(const struct intel *in)
{
	return figures(in, stats_table, stats_json);
}
