/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed_row.h"
#include "cli/sharing/hold.h"
#include "db/newest.h"

/* A row is kept as texts, each with the byte before it that says what it is: a
 * field, the reference, or a type, which a value follows. */
#define FIELD     'A' /* and the number of the field */
#define REFERENCE 'a'
#define VALUE     'v'

#define ROW_MAX   (4U * FEED_LINE_MAX)

struct hold {
	struct newest *kept;
	struct buf row;
};

/* Rows on their way out. */
struct hold_out {
	const struct hold_all *all;
	const struct feed_sink *sink;
};

struct hold *
hold_new(void)
{
	struct hold *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	buf_init(&h->row, ROW_MAX);
	if ((h->kept = newest_new()) != NULL)
		return h;
	free(h);
	return NULL;
}

int
hold_none(char error[FEED_ERROR_MAX])
{
	snprintf(error, FEED_ERROR_MAX,
	    "the place for what has to wait cannot be made");
	return -1;
}

void
hold_free(struct hold *h)
{
	if (h == NULL)
		return;
	newest_free(h->kept);
	buf_free(&h->row);
	free(h);
}

void
hold_row(struct hold *h)
{
	buf_reset(&h->row);
}

static void
hold_text(struct hold *h, char what, const char *text)
{
	buf_addc(&h->row, what);
	buf_add(&h->row, text, strlen(text) + 1);
}

void
hold_field(struct hold *h, enum feed_field field, const char *text)
{
	if (text != NULL && *text != '\0')
		hold_text(h, (char)(FIELD + (int)field), text);
}

void
hold_reference(struct hold *h, const char *url)
{
	if (url != NULL)
		hold_text(h, REFERENCE, url);
}

void
hold_value(struct hold *h, const char *type, const char *value)
{
	hold_text(h, VALUE, type);
	buf_add(&h->row, value, strlen(value) + 1);
}

static int
hold_failed(const struct hold *h, char error[FEED_ERROR_MAX])
{
	snprintf(error, FEED_ERROR_MAX, "what has to wait cannot be kept: %s",
	    h->row.failed ? "memory ran out" : newest_error(h->kept));
	return -1;
}

int
hold_keep(struct hold *h, const char *key, int64_t version, uint64_t line,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	const struct newest_record r = { key, version, line, h->row.data,
		h->row.len };
	struct newest_record other;

	if (h->row.failed)
		return hold_failed(h, error);
	switch (newest_put(h->kept, &r, &other)) {
	case NEWEST_FIRST:
		return 0;
	case NEWEST_REPLACED:
		/* Why an empty row is one was said when it came. */
		return other.n == 0 ?
		    0 :
		    feed_skip(sink, line, "it has a newer version",
			"the version of %s before this one", key);
	case NEWEST_OLDER:
		return feed_skip(sink, line, "it has a newer version",
		    "a newer version of %s came before it", key);
	case NEWEST_SAME:
		return feed_skip(sink, line, "it was there before",
		    "the same version of %s came before it", key);
	default:
		return hold_failed(h, error);
	}
}

/* Hands the values of one row out. */
static int
hold_emit(void *arg, const struct newest_record *r)
{
	const struct hold_out *out = arg;
	const char *s = r->data, *end = s + r->n, *text;
	struct feed_row row = { .n_values = 1 };
	int stop = 0;

	memcpy(row.text, out->all->text, sizeof(row.text));
	for (; s < end && stop == 0; s = text + strlen(text) + 1) {
		text = s + 1;
		if (*s == REFERENCE)
			row.reference = text;
		else if (*s != VALUE)
			row.text[*s - FIELD] = text;
		else {
			row.text[FEED_TYPE] = text;
			text += strlen(text) + 1;
			row.values[0] = text;
			stop = out->all->skip != NULL ?
			    feed_skip(
				out->sink, r->line, out->all->skip, NULL) :
			    feed_row_emit(&row, r->line, out->sink);
		}
	}
	return stop;
}

int
hold_end(struct hold *h, const struct hold_all *all,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct hold_out out = { all, sink };
	int stop = newest_each(h->kept, hold_emit, &out);

	if (stop == -1 || (stop == 0 && newest_clear(h->kept) == -1))
		return hold_failed(h, error);
	return stop;
}
