/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "cli/intel/intel.h"
#include "cli/terminal/csvout.h"
#include "cli/terminal/text.h"
#include "ctim/ctim.h"
#include "ctim/indicator.h"
#include "json/jsonout.h"
#include "store/store.h"

#define LABEL 14 /* columns of a label in a block */

static const struct {
	const char *name;
	size_t width; /* of the column; 0: the last one */
} columns[] = { { "VALUE", 40 }, { "TYPE", 8 }, { "DISPOSITION", 12 },
	{ "SEVERITY", 10 }, { "SOURCE", 20 }, { "EXPIRES", 0 } };

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* JSON means the same to programs after escaping what a terminal could obey.
 * Lines were escaped when they were made; CSV and bare values cannot be. */
int
intel_record_print(struct buf *b, FILE *to, bool json)
{
	int r;

	if (b->failed)
		r = -1;
	else if (json)
		r = text_print_json(to, b->data, b->len);
	else
		r = fwrite(b->data, 1, b->len, to) < b->len ? -1 : 0;
	buf_reset(b);
	return r;
}

/* Adds a cell, with two blanks at least behind it, so that columns stay
 * apart. */
static void
cell(struct buf *b, size_t column, const char *text)
{
	size_t at = b->len, width;

	text_add(b, text, strlen(text));
	if (columns[column].width == 0) {
		buf_addc(b, '\n');
		return;
	}
	width = text_width(b->data + at, b->len - at);
	buf_adds(b, "  ");
	for (; width < columns[column].width; width++)
		buf_addc(b, ' ');
}

void
intel_record_heading(struct buf *b)
{
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		cell(b, i, columns[i].name);
}

/* Returns the text of a time, "" for an unknown one. */
static const char *
time_text(char text[RFC3339_MAX], int64_t t)
{
	text[0] = '\0';
	if (t != 0)
		rfc3339_text(text, t);
	return text;
}

static const char *
intel_record_name(const char *known)
{
	return known == NULL ? "Unknown" : known;
}

/* Writes when a record expires; 64 bytes are enough. */
static const char *
intel_record_expiry(char text[64], const struct record *r, int64_t now)
{
	char when[RFC3339_MAX];

	snprintf(text, 64, "%s%s",
	    r->expires == 0 ? "never" : time_text(when, r->expires),
	    r->expires != 0 && r->expires <= now ? " (expired)" : "");
	return text;
}

void
intel_record_line(struct buf *b, const struct record *r, int64_t now)
{
	char text[64];
	const char *const cells[COLUMNS] = { r->value, observable_name(r->type),
		intel_record_name(ctim_disposition_name(r->disposition)),
		intel_record_name(ctim_severity_name(r->severity)),
		r->source.name, intel_record_expiry(text, r, now) };
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		cell(b, i, cells[i]);
}

static void
labelled(struct buf *b, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	buf_addf(b, "  %-*s", LABEL, label);
	text_add(b, text, strlen(text));
	buf_addc(b, '\n');
}

void
intel_record_block(struct buf *b, const struct record *r, int64_t now)
{
	char text[64];

	text_add(b, r->value, strlen(r->value));
	buf_addf(b, " (%s%s)\n", observable_name(r->type),
	    r->exact ? "" : ", above the value asked for");
	labelled(b, "source", r->source.name);
	if (strcmp(r->source.title, r->source.name) != 0)
		labelled(b, "title", r->source.title);
	labelled(b, "disposition", ctim_disposition_name(r->disposition));
	labelled(b, "severity", ctim_severity_name(r->severity));
	labelled(b, "confidence", ctim_severity_name(r->confidence));
	labelled(b, "tlp", ctim_tlp_name(r->tlp));
	snprintf(text, sizeof(text), "%d", r->priority);
	labelled(b, "priority", text);
	labelled(b, "below", r->below ? "matches all below it" : NULL);
	labelled(b, "reason", r->reason);
	labelled(b, "reference", r->url);
	labelled(b, "first seen", time_text(text, r->first_seen));
	labelled(b, "last seen", time_text(text, r->last_seen));
	snprintf(text, sizeof(text), "%" PRId64, r->count);
	labelled(b, "count", r->count == 0 ? NULL : text);
	labelled(b, "imported", time_text(text, r->imported));
	labelled(b, "expires", intel_record_expiry(text, r, now));
}

static void
json_time(struct jsonout *out, const char *key, int64_t t)
{
	char text[RFC3339_MAX];

	if (t != 0)
		jsonout_kstring(out, key, time_text(text, t));
}

/* The value as `intel import` reads it: *.NAME for a name and all below it. */
static const char *
record_value(const struct record *r, char text[INDICATOR_MAX + 3])
{
	if (!r->below)
		return r->value;
	snprintf(text, INDICATOR_MAX + 3, "*.%s", r->value);
	return text;
}

/* What an import may set of a source. */
static void
record_json_source(struct jsonout *out, const struct source *s)
{
	jsonout_kstring(out, "source_title", s->title);
	jsonout_kstring(out, "source_lookup", s->url);
	if (s->subdomains)
		jsonout_kbool(out, "source_subdomains", true);
}

int
intel_record_json(struct buf *b, const struct record *r, bool export)
{
	char text[INDICATOR_MAX + 3];
	struct jsonout out;

	jsonout_init(&out, b);
	jsonout_object(&out);
	jsonout_kstring(
	    &out, "value", export ? record_value(r, text) : r->value);
	jsonout_kstring(&out, "type", observable_name(r->type));
	jsonout_kstring(&out, "source", r->source.name);
	jsonout_kstring(&out, "title", r->source.title);
	if (export)
		record_json_source(&out, &r->source);
	jsonout_kstring(
	    &out, "disposition", ctim_disposition_name(r->disposition));
	jsonout_kstring(&out, "severity", ctim_severity_name(r->severity));
	jsonout_kstring(&out, "confidence", ctim_severity_name(r->confidence));
	jsonout_kstring(&out, "tlp", ctim_tlp_name(r->tlp));
	jsonout_kint(&out, "priority", r->priority);
	jsonout_kstring(&out, "reason", r->reason);
	jsonout_kstring(&out, "reference", r->url);
	if (r->below && !export)
		jsonout_kbool(&out, "below", true);
	json_time(&out, "first_seen", r->first_seen);
	json_time(&out, "last_seen", r->last_seen);
	if (r->count != 0)
		jsonout_kint(&out, "count", r->count);
	json_time(&out, "imported", r->imported);
	json_time(&out, "expires", r->expires);
	jsonout_kbool(&out, "exact", r->exact);
	jsonout_end_object(&out);
	return jsonout_done(&out);
}

void
intel_record_csv_header(struct buf *b)
{
	buf_adds(b,
	    "value,type,source,disposition,severity,confidence,tlp,priority,"
	    "reason,first_seen,last_seen,count,expires,reference,"
	    "source_title,source_lookup,source_subdomains\r\n");
}

void
intel_record_csv(struct buf *b, const struct record *r)
{
	char text[RFC3339_MAX], number[32], value[INDICATOR_MAX + 3];

	csvout_field(b, record_value(r, value), ",");
	csvout_field(b, observable_name(r->type), ",");
	csvout_field(b, r->source.name, ",");
	csvout_field(b, ctim_disposition_name(r->disposition), ",");
	csvout_field(b, ctim_severity_name(r->severity), ",");
	csvout_field(b, ctim_severity_name(r->confidence), ",");
	csvout_field(b, ctim_tlp_name(r->tlp), ",");
	snprintf(number, sizeof(number), "%d", r->priority);
	csvout_field(b, number, ",");
	csvout_field(b, r->reason, ",");
	csvout_field(b, time_text(text, r->first_seen), ",");
	csvout_field(b, time_text(text, r->last_seen), ",");
	snprintf(number, sizeof(number), "%" PRId64, r->count);
	csvout_field(b, r->count == 0 ? "" : number, ",");
	csvout_field(b, time_text(text, r->expires), ",");
	csvout_field(b, r->url, ",");
	csvout_field(b, r->source.title, ",");
	csvout_field(b, r->source.url, ",");
	csvout_field(b, r->source.subdomains ? "true" : "", "\r\n");
}
