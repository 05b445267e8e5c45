#include <stdbool.h>
#include <string.h>

#include "cli/feed/feed.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"

#define HEAD   (64U << 10) /* bytes that are looked at to find the format */
#define BLANKS " \t\r\n"

static const char stix[] =
    "this is a STIX bundle, which this version does not read; it reads text, "
    "csv, and JSON objects with a type and a value";
static const char misp[] =
    "this is a MISP feed, which this version does not read; it reads text, "
    "csv, and JSON objects with a type and a value";

/* Whether s begins with a member of this name; *value is the text behind it. */
static bool
feed_member(const char *s, const char *name, const char **value)
{
	size_t n = strlen(name);

	if (*s != '"' || strncmp(s + 1, name, n) != 0 || s[n + 1] != '"')
		return false;
	s += n + 2;
	s += strspn(s, BLANKS);
	if (*s != ':')
		return false;
	*value = s + 1 + strspn(s + 1, BLANKS);
	return true;
}

/* Whether s begins with a member of a MISP manifest, named by a UUID: "5a3b…":
 * {. */
static bool
is_manifest(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (*s++ != '"')
		return false;
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '-' ? s[i] != '-' :
				     s[i] == '\0' ||
			    strchr("0123456789abcdefABCDEF", s[i]) == NULL)
			return false;
	s += i;
	if (*s++ != '"')
		return false;
	s += strspn(s, BLANKS);
	if (*s++ != ':')
		return false;
	return s[strspn(s, BLANKS)] == '{';
}

/* Returns what a JSON object is that looks like a feed of another kind; NULL
 * otherwise. */
static const char *
other_json(const char *head)
{
	const char *value, *s = head + strspn(head, BLANKS);

	if (*s++ != '{')
		return NULL;
	s += strspn(s, BLANKS);
	if (is_manifest(s) || feed_member(s, "Event", &value))
		return misp;
	/* "type" need not be the first member of a bundle. */
	for (; (s = strchr(s, '"')) != NULL; s++)
		if (feed_member(s, "type", &value) &&
		    strncmp(value, "\"bundle\"", 8) == 0)
			return stix;
	return NULL;
}

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
static const enum feed_format feed_order[] = { FEED_JSON, FEED_ADBLOCK,
	FEED_RPZ, FEED_SNORT, FEED_CONFIG, FEED_CSV, FEED_TEXT };
static const struct feed_kind feed_kinds[FEED_FORMATS] = {
	[FEED_AUTO] = { "auto", NULL, NULL },
	[FEED_TEXT] = { "text", looks_text, feed_text },
	[FEED_CSV] = { "csv", looks_csv, feed_csv },
	[FEED_JSON] = { "json", looks_json, feed_json },
	[FEED_ADBLOCK] = { "adblock", feed_adblock_looks, feed_adblock },
	[FEED_RPZ] = { "rpz", feed_rpz_looks, feed_rpz },
	[FEED_SNORT] = { "snort", feed_snort_looks, feed_snort },
	[FEED_CONFIG] = { "config", feed_config_looks, feed_config }
};

/* Folders that are one feed; the last row is empty. */
static const struct feed_folder_kind feed_folders[] = { { NULL, NULL, NULL } };

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
	other = format == FEED_JSON ? other_json(head) : NULL;
	head[n] = kept;
	return other == NULL ? format : feed_fail(error, other);
}

int
feed_read(FILE *file, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct feed_scope scope = { sink, o };
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
	feed_reader_free(&r);
	return stop;
}

bool
feed_folder(const char *path, const struct feed_options *o,
    const struct feed_sink *sink, int *result, char error[FEED_ERROR_MAX])
{
	struct feed_scope scope = { sink, o };
	const struct feed_sink scoped = feed_scope_sink(&scope);
	const struct feed_folder_kind *k;

	for (k = feed_folders; k->name != NULL; k++)
		if (k->looks(path)) {
			*result = k->read(path, o, &scoped, error);
			return true;
		}
	return false;
}
