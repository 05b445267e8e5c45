/* SPDX-License-Identifier: MIT */
/* The answer of a relay as CSV, as answers come: a line for each observable or,
 * of refer, for each reference.  view_csv_take() writes the names of the columns,
 * which line() and line_reference() fill in the same order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "cli/terminal/csvout.h"
#include "cli/view/answers.h"
#include "cli/view/view.h"
#include "ctim/ctim.h"
#include "json/jsonin.h"

#define LINES_MAX (256U << 20) /* bytes of an answer's lines */

struct view {
	const struct view_about *about;
	struct buf lines;
	bool begun; /* the heading is printed */
};

static struct view *
view_csv_begin(const struct view_about *about)
{
	struct view *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->about = about;
	buf_init(&v->lines, LINES_MAX);
	return v;
}

static void
view_csv_release(struct view *v)
{
	buf_free(&v->lines);
	free(v);
}

static const char *
state_of(const struct finding *f)
{
	if (f->entity != NULL)
		return ctim_disposition_name(f->disposition);
	return !f->taken ? "not taken" : f->whole ? "" : "incomplete";
}

/* Returns the end of an entity, "" when it has none. */
static const char *
until(struct json_object *entity)
{
	int64_t seconds;
	const char *text = answers_end(entity, &seconds);

	return seconds >= RFC3339_LAST ? "" : text;
}

static void
line(void *arg, const struct finding *f)
{
	struct buf *out = &((struct view *)arg)->lines;

	csvout_field(out, f->type, ",");
	csvout_field(out, f->value, ",");
	csvout_field(out, state_of(f), ",");
	csvout_field(out, jsonin_string(f->judgement, "severity"), ",");
	csvout_field(out, jsonin_string(f->judgement, "confidence"), ",");
	csvout_field(out, jsonin_string(f->judgement, "source"), ",");
	csvout_field(out, jsonin_string(f->judgement, "reason"), ",");
	csvout_field(out, until(f->entity), "\r\n");
}

static void
line_reference(struct buf *out, struct json_object *one)
{
	csvout_field(out, jsonin_string(one, "id"), ",");
	csvout_field(out, jsonin_string(one, "title"), ",");
	csvout_field(out, jsonin_string(one, "description"), ",");
	csvout_field(out, jsonin_string(one, "url"), "\r\n");
}

static int
view_csv_take(struct view *v, const struct answers *f, size_t from, size_t to)
{
	bool list = v->about->list;

	buf_reset(&v->lines);
	if (!v->begun)
		buf_adds(&v->lines,
		    list ? "id,title,description,url\r\n" :
			   "type,value,disposition,severity,confidence,source,"
			   "reason,valid_until\r\n");
	v->begun = true;
	for (size_t i = 0; list && i < jsonin_length(f->data); i++)
		line_reference(&v->lines, jsonin_at(f->data, i));
	if (!list)
		answers_each(f, v->about->asked, from, to, line, v);
	if (v->lines.failed)
		return -1;
	return fwrite(v->lines.data, 1, v->lines.len, stdout) == v->lines.len &&
		fflush(stdout) == 0 ?
	    0 :
	    -1;
}

static int
view_csv_end(struct view *v)
{
	(void)v;
	return 0;
}

const struct view_kind view_csv = { true, view_csv_begin, view_csv_take,
	view_csv_end, view_csv_release };
