/* SPDX-License-Identifier: MIT */
/*
 * The tiles of the local relay: what the store holds, and what people did.
 * Source: relay API, "tiles": the members of each type's data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "ctim/ctim.h"
#include "figures/figures.h"
#include "json/jsonout.h"
#include "providers/local.h"

#define TILE_SOURCES 10          /* that are drawn by name */
#define TILE_LINE    (64U << 10) /* bytes of a line of a document */

/* Matches are kept for 31 days. */
#define LOCAL_MATCH_PERIODS                       \
	(TILE_PERIOD_BIT(TILE_LAST_HOUR) |        \
	    TILE_PERIOD_BIT(TILE_LAST_24_HOURS) | \
	    TILE_PERIOD_BIT(TILE_LAST_7_DAYS) |   \
	    TILE_PERIOD_BIT(TILE_LAST_30_DAYS))

/* In the order in which people look for them. */
static const int local_dispositions[] = { CTIM_MALICIOUS, CTIM_SUSPICIOUS,
	CTIM_UNKNOWN, CTIM_COMMON, CTIM_CLEAN };

#define DISPOSITIONS \
	(sizeof(local_dispositions) / sizeof(local_dispositions[0]))

/* --- parts of charts ----------------------------------------------------- */

static int
local_more_records(const void *a, const void *b)
{
	const struct store_count *x = *(const struct store_count *const *)a;
	const struct store_count *y = *(const struct store_count *const *)b;

	if (x->records != y->records)
		return x->records > y->records ? -1 : 1;
	return strcmp(x->source.name, y->source.name);
}

/* The sources with the most records first; the caller frees the list.  NULL when
 * memory ran out, which the writer is told. */
static const struct store_count **
local_by_size(struct jsonout *j, const struct figures *f, size_t *n)
{
	const struct store_count **list = calloc(f->n + 1, sizeof(*list));
	size_t i;

	*n = 0;
	if (list == NULL) {
		jsonout_starve(j);
		return NULL;
	}
	for (i = 0; i < f->n; i++)
		list[i] = &f->sources[i];
	qsort(list, f->n, sizeof(*list), local_more_records);
	*n = f->n;
	return list;
}

/* What the parts of bars mean: the dispositions. */
static void
local_write_keys(struct jsonout *j)
{
	const char *name;
	size_t i;

	jsonout_karray(j, "keys");
	for (i = 0; i < DISPOSITIONS; i++) {
		name = ctim_disposition_name(local_dispositions[i]);
		jsonout_object(j);
		jsonout_kstring(j, "key", name);
		jsonout_kstring(j, "label", name);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
}

/* The value of a bar and its parts; counts are by disposition, what says of
 * what. */
static void
local_write_parts(struct jsonout *j, const uint64_t counts[CTIM_UNKNOWN + 1],
    const char *what, const char *of)
{
	uint64_t sum = 0, n;
	const char *name;
	struct buf tip;
	size_t i;

	for (i = 0; i < DISPOSITIONS; i++)
		sum += counts[local_dispositions[i]];
	jsonout_kint(j, "value", (int64_t)sum);
	buf_init(&tip, TILE_LINE);
	jsonout_karray(j, "values");
	for (i = 0; i < DISPOSITIONS; i++) {
		n = counts[local_dispositions[i]];
		name = ctim_disposition_name(local_dispositions[i]);
		buf_reset(&tip);
		buf_addf(&tip, "%s, %s: %llu %s", of, name,
		    (unsigned long long)n, what);
		jsonout_object(j);
		jsonout_kstring(j, "key", name);
		jsonout_kint(j, "value", (int64_t)n);
		jsonout_kstring(j, "tooltip", tip.data);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
	buf_free(&tip);
}

/* --- indicators ---------------------------------------------------------- */

static const struct {
	enum observable_type type;
	const char *label, *icon;
} local_tile_types[] = {
	{ OBSERVABLE_DOMAIN, "Domains", "label-group" },
	{ OBSERVABLE_IP, "IPv4 addresses", "device-type" },
	{ OBSERVABLE_IPV6, "IPv6 addresses", "device-type" },
	{ OBSERVABLE_URL, "URLs", "information" },
	{ OBSERVABLE_EMAIL, "E-mail addresses", "user" },
	{ OBSERVABLE_SHA256, "SHA-256 hashes", "object" },
	{ OBSERVABLE_SHA1, "SHA-1 hashes", "object" },
	{ OBSERVABLE_MD5, "MD5 hashes", "object" },
	{ OBSERVABLE_HOSTNAME, "Hostnames", "device-type" },
};

static void
local_write_metric(
    struct jsonout *j, const char *icon, const char *label, uint64_t value)
{
	jsonout_object(j);
	jsonout_kstring(j, "icon", icon);
	jsonout_kstring(j, "label", label);
	jsonout_kint(j, "value", (int64_t)value);
	jsonout_kstring(j, "value_unit", "integer");
	jsonout_end_object(j);
}

static void
local_tile_indicators(struct jsonout *j, const struct tile_question *q)
{
	const struct figures *f = q->figures;
	uint64_t n;
	size_t i, k;

	jsonout_karray(j, "data");
	for (i = 0; i < sizeof(local_tile_types) / sizeof(*local_tile_types);
	     i++) {
		for (n = 0, k = 0; k < f->n; k++)
			n += f->sources[k].types[local_tile_types[i].type];
		/* Feeds have no hostnames. */
		if (n > 0 || local_tile_types[i].type != OBSERVABLE_HOSTNAME)
			local_write_metric(j, local_tile_types[i].icon,
			    local_tile_types[i].label, n);
	}
	local_write_metric(j, "bulleted-list", "Sources", f->n);
	local_write_metric(j, "warning", "Expired in the period", f->expired);
	local_write_metric(j, "block",
	    f->acted_more ? "Actions taken, of the last 10,000" :
			    "Actions taken",
	    f->acted);
	jsonout_end_array(j);
}

/* --- dispositions -------------------------------------------------------- */

/* An element of a ring. */
static void
local_write_segment(struct jsonout *j, size_t key, uint64_t value)
{
	if (value == 0)
		return;
	jsonout_object(j);
	jsonout_kint(j, "key", (int64_t)key);
	jsonout_kint(j, "value", (int64_t)value);
	jsonout_end_object(j);
}

/* A disposition, with the sources that say it: those with a name, and one
 * element for all others. */
static void
local_write_ring(struct jsonout *j, size_t key,
    const struct store_count *const *list, size_t n)
{
	int disposition = local_dispositions[key];
	uint64_t sum = 0, others = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += list[i]->dispositions[disposition];
	jsonout_object(j);
	jsonout_kint(j, "key", (int64_t)key);
	jsonout_kint(j, "value", (int64_t)sum);
	jsonout_karray(j, "segments");
	for (i = 0; i < n; i++)
		if (i < TILE_SOURCES)
			local_write_segment(
			    j, i, list[i]->dispositions[disposition]);
		else
			others += list[i]->dispositions[disposition];
	local_write_segment(j, TILE_SOURCES, others);
	jsonout_end_array(j);
	jsonout_end_object(j);
}

static void
local_write_labels(
    struct jsonout *j, const struct store_count *const *list, size_t n)
{
	size_t i;

	jsonout_karray(j, "labels");
	jsonout_array(j);
	for (i = 0; i < DISPOSITIONS; i++)
		jsonout_string(j, ctim_disposition_name(local_dispositions[i]));
	jsonout_end_array(j);
	jsonout_array(j);
	for (i = 0; i < n && i < TILE_SOURCES; i++)
		jsonout_string(j, list[i]->source.title);
	if (n > TILE_SOURCES)
		jsonout_string(j, "Other sources");
	jsonout_end_array(j);
	jsonout_end_array(j);
}

static void
local_tile_dispositions(struct jsonout *j, const struct tile_question *q)
{
	const struct store_count **list;
	size_t i, n;

	if ((list = local_by_size(j, q->figures, &n)) == NULL)
		return;
	jsonout_karray(j, "data");
	for (i = 0; i < DISPOSITIONS; i++)
		local_write_ring(j, i, list, n);
	jsonout_end_array(j);
	local_write_labels(j, list, n);
	jsonout_karray(j, "label_headers");
	jsonout_string(j, "Disposition");
	jsonout_string(j, "Source");
	jsonout_end_array(j);
	free(list);
}

/* --- sources ------------------------------------------------------------- */

static void
local_tile_sources(struct jsonout *j, const struct tile_question *q)
{
	const struct store_count **list;
	size_t i, n;

	if ((list = local_by_size(j, q->figures, &n)) == NULL)
		return;
	jsonout_kstring(j, "key_type", "string");
	local_write_keys(j);
	jsonout_karray(j, "data");
	for (i = 0; i < n && i < TILE_SOURCES; i++) {
		jsonout_object(j);
		jsonout_kstring(j, "key", list[i]->source.name);
		jsonout_kstring(j, "label", list[i]->source.title);
		local_write_parts(j, list[i]->dispositions, "indicators",
		    list[i]->source.title);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
	free(list);
}

/* --- actions ------------------------------------------------------------- */

/* Adds a text as a cell of a Markdown table says it: nothing in it is Markdown,
 * HTML or the end of the cell.
 * Source: GitHub Flavored Markdown, 2.4 (escapes), 4.10 (tables). */
static void
local_add_text(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\`*_[]<>|~&#", *text) != NULL)
			buf_addc(b, '\\');
		buf_addc(b, (unsigned char)*text < ' ' ? ' ' : *text);
	}
}

/* Adds a value that may be hostile as code, which no reader makes a link of: the
 * fence is longer than any run of backticks in it (GFM, 6.3). */
static void
local_add_code(struct buf *b, const char *value)
{
	size_t run = 0, longest = 0, i;

	for (i = 0; value[i] != '\0'; i++) {
		run = value[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (i = 0; i <= longest; i++)
		buf_addc(b, '`');
	buf_adds(b, longest > 0 ? " " : "");
	for (; *value != '\0'; value++) {
		if (*value == '|')
			buf_addc(b, '\\');
		buf_addc(b, (unsigned char)*value < ' ' ? ' ' : *value);
	}
	buf_adds(b, longest > 0 ? " " : "");
	for (i = 0; i <= longest; i++)
		buf_addc(b, '`');
}

/* Adds a time, of which people read the minutes. */
static void
local_add_time(struct buf *b, int64_t at)
{
	char text[RFC3339_MAX];

	rfc3339_text(text, at);
	buf_addf(b, "%.10s %.5s", text, text + 11);
}

static void
local_write_line(struct jsonout *j, struct buf *b)
{
	if (b->failed)
		jsonout_starve(j);
	jsonout_string(j, b->data);
	buf_reset(b);
}

static void
local_write_action_row(
    struct jsonout *j, struct buf *b, const struct store_action *a, bool values)
{
	buf_adds(b, "| ");
	local_add_time(b, a->at);
	buf_adds(b, " | ");
	local_add_text(b, a->action);
	buf_addf(b, " | %s | ", observable_name(a->type));
	if (values) {
		local_add_code(b, a->value);
		buf_adds(b, " | ");
	}
	local_add_text(b, a->who);
	buf_adds(b, " | ");
	local_add_text(b, a->status);
	/* A reason names values. */
	if (values && a->reason != NULL) {
		buf_adds(b, ": ");
		local_add_text(b, a->reason);
	}
	buf_adds(b, " |");
	local_write_line(j, b);
}

static void
local_tile_actions(struct jsonout *j, const struct tile_question *q)
{
	const struct local_conf *conf = q->query->conf;
	bool values = conf->tiles_show_values;
	struct buf b;
	size_t i;

	buf_init(&b, TILE_LINE);
	jsonout_karray(j, "data");
	jsonout_string(j,
	    values ? "| Time (UTC) | Action | Type | Value | By | Result |" :
		     "| Time (UTC) | Action | Type | By | Result |");
	jsonout_string(j,
	    values ? "| --- | --- | --- | --- | --- | --- |" :
		     "| --- | --- | --- | --- | --- |");
	for (i = 0; i < q->figures->n_actions; i++)
		local_write_action_row(j, &b, &q->figures->actions[i], values);
	jsonout_end_array(j);
	buf_free(&b);
}

/* --- matches ------------------------------------------------------------- */

static void
local_tile_matches(struct jsonout *j, const struct tile_question *q)
{
	const struct figures *f = q->figures;
	char text[RFC3339_MAX], label[RFC3339_MAX];
	int64_t at;
	size_t i;

	jsonout_kstring(j, "key_type", "timestamp");
	local_write_keys(j);
	jsonout_karray(j, "data");
	for (i = 0; i < f->bins; i++) {
		at = (f->first + (int64_t)i) * f->bin;
		rfc3339_text(text, at);
		if (f->bin < 86400)
			(void)snprintf(label, sizeof(label), "%.10s %.5s", text,
			    text + 11);
		else
			(void)snprintf(label, sizeof(label), "%.10s", text);
		jsonout_object(j);
		jsonout_kint(j, "key", at);
		jsonout_kstring(j, "label", label);
		local_write_parts(j, f->matched[i], "matches", label);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
}

static void
local_write_top_row(
    struct jsonout *j, struct buf *b, const struct figures_top *t)
{
	const char *p;

	buf_adds(b, "| ");
	local_add_code(b, t->value);
	buf_addf(b, " | %s | ", observable_name(t->type));
	for (p = t->sources; *p != '\0'; p++)
		buf_adds(b, *p == ',' ? ", " : (char[]){ *p, '\0' });
	buf_addf(b, " | %llu |", (unsigned long long)t->n);
	local_write_line(j, b);
}

static void
local_tile_top_matches(struct jsonout *j, const struct tile_question *q)
{
	const struct figures *f = q->figures;
	struct buf b;
	size_t i;

	buf_init(&b, TILE_LINE);
	jsonout_karray(j, "data");
	jsonout_string(j, "| Observable | Type | Sources | Matches |");
	jsonout_string(j, "| --- | --- | --- | --- |");
	for (i = 0; i < f->n_top; i++)
		local_write_top_row(j, &b, &f->top[i]);
	if (f->others > 0) {
		buf_addf(&b, "| others, whose values are not kept | | | %llu |",
		    (unsigned long long)f->others);
		local_write_line(j, &b);
	}
	jsonout_end_array(j);
	buf_free(&b);
}

bool
local_tile_shown(const void *conf, const struct tile *t)
{
	return t->data != local_tile_top_matches ||
	    ((const struct local_conf *)conf)->tiles_show_values;
}

/* --- the table ----------------------------------------------------------- */

const struct tile local_tiles[] = {
	{ "indicators", TILE_METRIC_GROUP, "Local indicators", { "indicators" },
	    "Indicators of the gateway's own store by type, its sources, what "
	    "has expired in the period, and actions taken in it.",
	    "Indicators, sources, expired, actions", TILE_ALL_PERIODS,
	    TILE_LAST_7_DAYS, FIGURES_SOURCES | FIGURES_EXPIRED | FIGURES_ACTED,
	    local_tile_indicators },
	{ "dispositions", TILE_DONUT_GRAPH, "Dispositions of local indicators",
	    { "indicators" },
	    "Indicators of the gateway's own store by disposition and, within "
	    "each, by source.",
	    "Indicators by disposition and source", TILE_ALL_PERIODS,
	    TILE_LAST_7_DAYS, FIGURES_SOURCES, local_tile_dispositions },
	{ "sources", TILE_HORIZONTAL_BAR_CHART, "Sources of local indicators",
	    { "indicators" },
	    "The ten sources with the most indicators in the gateway's own "
	    "store, by disposition.",
	    "The ten largest sources", TILE_ALL_PERIODS, TILE_LAST_7_DAYS,
	    FIGURES_SOURCES, local_tile_sources },
	{ "matches", TILE_VERTICAL_BAR_CHART, "Matches of local indicators",
	    { "matches" },
	    "How often an observable that was asked about was on the list of "
	    "a source, by hour or day and disposition.",
	    "Matches by hour or day", LOCAL_MATCH_PERIODS, TILE_LAST_7_DAYS,
	    FIGURES_MATCHED, local_tile_matches },
	{ "top_matches", TILE_MARKDOWN, "Top matches of local indicators",
	    { "matches" },
	    "The ten observables that were most often on the list of a source "
	    "when they were asked about, in the days of the period.",
	    "The ten observables matched most",
	    LOCAL_MATCH_PERIODS & ~TILE_PERIOD_BIT(TILE_LAST_HOUR),
	    TILE_LAST_7_DAYS, FIGURES_TOP, local_tile_top_matches },
	{ "actions", TILE_MARKDOWN, "Actions on local indicators",
	    { "actions" },
	    "The last ten actions of the period that added to the gateway's "
	    "own lists, took off them, or were refused.",
	    "The last ten actions", TILE_ALL_PERIODS, TILE_LAST_7_DAYS,
	    FIGURES_ACTIONS, local_tile_actions },
	{ 0 }
};
