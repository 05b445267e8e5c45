/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "cli/feed/feed.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"

#define HEAD   (64U << 10) /* bytes that are looked at to find the format */
#define BLANKS " \t\r\n"

static bool
looks_json(const char *head, size_t len, const struct feed_options *o)
{
	const char *s = head + strspn(head, BLANKS);

	(void)len;
	(void)o;
	if (*s == '{')
		return true;
	/* "[.]" and "[2001:db8::1]" begin lines of text. */
	return *s == '[' &&
	    strchr("{]\"", s[1 + strspn(s + 1, BLANKS)]) != NULL;
}

static bool
looks_csv(const char *head, size_t n, const struct feed_options *o)
{
	return o->n_columns > 0 || feed_csv_looks(head, n, o);
}

static bool
looks_text(const char *head, size_t n, const struct feed_options *o)
{
	(void)head;
	(void)n;
	(void)o;
	return true;
}

/* In the order in which they are tried; text takes what is left. */
static const enum feed_format feed_order[] = { FEED_STIX, FEED_MISP,
	FEED_MISP_INDEX, FEED_WARNINGLIST, FEED_JSON, FEED_ADBLOCK, FEED_RPZ,
	FEED_SNORT, FEED_CONFIG, FEED_CSV, FEED_TEXT };
static const struct feed_kind feed_kinds[FEED_FORMATS] = {
	[FEED_AUTO] = { "auto", NULL, NULL },
	[FEED_TEXT] = { "text", looks_text, feed_text },
	[FEED_CSV] = { "csv", looks_csv, feed_csv },
	[FEED_JSON] = { "json", looks_json, feed_json },
	[FEED_ADBLOCK] = { "adblock", feed_adblock_looks, feed_adblock },
	[FEED_RPZ] = { "rpz", feed_rpz_looks, feed_rpz },
	[FEED_SNORT] = { "snort", feed_snort_looks, feed_snort },
	[FEED_CONFIG] = { "config", feed_config_looks, feed_config },
	[FEED_STIX] = { "stix", feed_stix_looks, feed_stix },
	[FEED_MISP] = { "misp", feed_misp_looks, feed_misp },
	[FEED_MISP_INDEX] = { "misp-index", feed_misp_index_looks,
	    feed_misp_index },
	[FEED_WARNINGLIST] = { "warninglist", feed_warninglist_looks,
	    feed_warninglist }
};

/* Folders that are one feed; the last row is empty. */
static const struct feed_folder_kind feed_folders[] = {
	{ "misp", feed_misp_folder_looks, feed_misp_folder },
	{ NULL, NULL, NULL }
};

int
feed_format(const char *name)
{
	int i;

	for (i = 0; i < FEED_FORMATS; i++)
		if (strcmp(feed_kinds[i].name, name) == 0)
			return i;
	return -1;
}

const char *
feed_format_name(int format)
{
	return format < FEED_FORMATS ? feed_kinds[format].name : NULL;
}

static int
feed_fail(char error[FEED_ERROR_MAX], const char *what)
{
	snprintf(error, FEED_ERROR_MAX, "%s", what);
	return -1;
}

/* Returns the format of what the reader is about to read, or -1. */
static int
find_format(struct feed_reader *r, const struct feed_options *o,
    char error[FEED_ERROR_MAX])
{
	char *head, kept;
	const char *other;
	size_t i, n = feed_reader_fill(r, HEAD);
	int format = (int)o->format;

	if (n >= 3 && memcmp(r->data + r->at, "\xef\xbb\xbf", 3) == 0) {
		r->at += 3; /* the byte order mark of UTF-8 */
		n -= 3;
	}
	/* Makes it a string; the byte behind it belongs to the buffer. */
	if (n > HEAD)
		n = HEAD;
	head = r->data + r->at;
	kept = head[n];
	head[n] = '\0';
	if ((other = feed_no_text(head, n)) != NULL)
		return feed_fail(error, other);
	for (i = 0; format == FEED_AUTO; i++)
		if (feed_kinds[feed_order[i]].looks(head, n, o))
			format = (int)feed_order[i];
	head[n] = kept;
	return format;
}

int
feed_read(FILE *file, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct feed_scope scope = { .to = sink, .options = o };
	const struct feed_sink scoped = feed_scope_sink(&scope);
	struct feed_reader r;
	int stop = -1, format;

	if (feed_reader_init(&r, file) == -1)
		return feed_fail(error, "memory ran out");
	if (feed_reader_decode(&r) == -1) {
		feed_reader_free(&r);
		return feed_fail(error, "memory ran out");
	}
	if ((format = find_format(&r, o, error)) != -1)
		stop = feed_kinds[format].read(&r, o, &scoped, error);
	if (r.error != 0 && stop <= 0)
		stop = feed_fail(error, feed_reader_wrong(&r));
	if (stop == 0)
		feed_scope_end(&scope);
	feed_reader_free(&r);
	return stop;
}

bool
feed_folder(const char *path, const struct feed_options *o,
    const struct feed_sink *sink, int *result, char error[FEED_ERROR_MAX])
{
	struct feed_scope scope = { .to = sink, .options = o };
	const struct feed_sink scoped = feed_scope_sink(&scope);
	const struct feed_folder_kind *k;

	for (k = feed_folders; k->name != NULL; k++)
		if (k->looks(path)) {
			*result = k->read(path, o, &scoped, error);
			return true;
		}
	return false;
}
