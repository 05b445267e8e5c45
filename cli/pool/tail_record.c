/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rfc3339.h"
#include "cli/pool/tail_record.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "json/jsonin.h"

#define VALUES_MAX 1000 /* JSON values of a record */
#define TIME_MAX   64   /* bytes of a time, as written */

static const struct {
	const char *name;
	enum table_colour colour;
} tail_record_levels[TAIL_LEVELS] = { [TAIL_DEBUG] = { "debug", TABLE_DIM },
	[TAIL_INFO] = { "info", TABLE_PLAIN },
	[TAIL_WARNING] = { "warning", TABLE_YELLOW },
	[TAIL_ERROR] = { "error", TABLE_RED } };

static const char *const numbers[TAIL_NUMBERS] = { [TAIL_STATUS] = "status",
	[TAIL_OBSERVABLES] = "observables",
	[TAIL_ENTITIES] = "entities",
	[TAIL_ERRORS] = "errors",
	[TAIL_CALLS] = "calls",
	[TAIL_CACHED] = "cached",
	[TAIL_BYTES] = "bytes",
	[TAIL_MS] = "ms" };

/* The level of a name, -1 for none. */
static int
tail_record_level(const char *name)
{
	int i;

	for (i = 0; i < TAIL_LEVELS; i++)
		if (strcmp(tail_record_levels[i].name, name) == 0)
			return i;
	return -1;
}

/* "2026-01-01T10:00:00.123Z"; false when it is no time. */
static bool
tail_record_read_time(struct tail_record *r, const char *text)
{
	const char *dot = strchr(text, '.');
	int64_t t = rfc3339_parse(text);

	if (t <= 0)
		return false;
	r->time = t;
	r->ms = dot != NULL && strspn(dot + 1, "0123456789") == 3 ?
	    (int)strtol(dot + 1, NULL, 10) :
	    0;
	return true;
}

static bool
parse_json(struct tail_record *r, const char *line, size_t len)
{
	struct json_object *o = jsonin_parse(line, len, VALUES_MAX, NULL);
	const char *level = jsonin_string(o, "level");
	const char *text = jsonin_string(o, "message");
	int i = level == NULL ? -1 : tail_record_level(level);

	if (i == -1) {
		json_object_put(o);
		return false;
	}
	r->level = (enum tail_level)i;
	if (jsonin_string(o, "time") != NULL)
		(void)tail_record_read_time(r, jsonin_string(o, "time"));
	r->request = text == NULL && jsonin_string(o, "route") != NULL;
	if (r->request) {
		text = jsonin_string(o, "relay");
		(void)snprintf(r->relay, sizeof(r->relay), "%s",
		    text == NULL ? "-" : text);
		(void)snprintf(r->route, sizeof(r->route), "%s",
		    jsonin_string(o, "route"));
		text = jsonin_string(o, "id");
		(void)snprintf(
		    r->id, sizeof(r->id), "%s", text == NULL ? "-" : text);
		for (i = 0; i < TAIL_NUMBERS; i++)
			if (!jsonin_int(jsonin_member(o, numbers[i]), &r->n[i]))
				r->n[i] = 0;
	} else {
		(void)snprintf(r->message, sizeof(r->message), "%s",
		    text == NULL ? "" : text);
	}
	json_object_put(o);
	return true;
}

/* Takes "name=VALUE" and the blank after it from *at: VALUE into out. */
static bool
take_pair(const char **at, const char *name, char *out, size_t size)
{
	size_t n = strlen(name), len;

	if (strncmp(*at, name, n) != 0 || (*at)[n] != '=')
		return false;
	*at += n + 1;
	len = strcspn(*at, " ");
	(void)snprintf(
	    out, size, "%.*s", (int)(len < size ? len : size - 1), *at);
	*at += len;
	if (**at == ' ')
		(*at)++;
	return true;
}

/* All members of a request, in their order: nothing else begins like that. */
static bool
parse_request(struct tail_record *r, const char *at)
{
	char number[32], *end;
	int i;

	if (!take_pair(&at, "relay", r->relay, sizeof(r->relay)) ||
	    !take_pair(&at, "route", r->route, sizeof(r->route)))
		return false;
	for (i = 0; i < TAIL_NUMBERS; i++) {
		if (!take_pair(&at, numbers[i], number, sizeof(number)))
			return false;
		r->n[i] = strtoll(number, &end, 10);
		if (end == number || *end != '\0')
			return false;
	}
	return take_pair(&at, "id", r->id, sizeof(r->id));
}

/* The next word of *at, and the blank after it, into out; false when it is
 * longer. */
static bool
tail_record_take_word(const char **at, char *out, size_t size)
{
	size_t len = strcspn(*at, " ");

	if (len == 0 || len >= size || (*at)[len] != ' ')
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len + 1;
	return true;
}

/* "[TIME PID] LEVEL ...": syslog has time and process of its own. */
static bool
parse_text(struct tail_record *r, const char *line)
{
	const char *at = line;
	char word[TIME_MAX], pid[TIME_MAX];
	int level;

	if (!tail_record_take_word(&at, word, sizeof(word)))
		return false;
	if (tail_record_read_time(r, word) &&
	    (!tail_record_take_word(&at, pid, sizeof(pid)) ||
		!tail_record_take_word(&at, word, sizeof(word))))
		return false;
	if ((level = tail_record_level(word)) == -1)
		return false;
	r->level = (enum tail_level)level;
	r->request = parse_request(r, at);
	if (!r->request)
		(void)snprintf(r->message, sizeof(r->message), "%s", at);
	return true;
}

void
tail_record_parse(struct tail_record *r, const char *line, size_t len)
{
	char text[TAIL_MESSAGE];

	*r = (struct tail_record){ .level = TAIL_INFO };
	if (len > 0 && line[0] == '{' && parse_json(r, line, len))
		return;
	(void)snprintf(text, sizeof(text), "%.*s",
	    (int)(len < sizeof(text) ? len : sizeof(text) - 1), line);
	if (parse_text(r, text))
		return;
	*r = (struct tail_record){ .level = TAIL_INFO };
	(void)snprintf(r->message, sizeof(r->message), "%s", text);
}

bool
tail_record_wanted(const struct tail_record *r, const struct tail_filter *f)
{
	size_t n;

	if (f->http && !r->request)
		return false;
	if (f->errors &&
	    !(r->request ? r->n[TAIL_STATUS] >= 400 || r->n[TAIL_ERRORS] > 0 :
			   r->level >= TAIL_WARNING))
		return false;
	if (f->relay == NULL)
		return true;
	if (r->request)
		return strcmp(r->relay, f->relay) == 0;
	/* "relay NAME: ..." */
	n = strlen(f->relay);
	return strncmp(r->message, "relay ", 6) == 0 &&
	    strncmp(r->message + 6, f->relay, n) == 0 &&
	    r->message[6 + n] == ':';
}

static void
print_time(const struct tail_record *r, FILE *f, bool colours)
{
	char text[TIME_MAX];
	struct tm tm;
	time_t t = (time_t)r->time;

	if (r->time == 0 || localtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return;
	fprintf(f, "%s%s.%03d%s  ", table_sgr(TABLE_DIM, colours), text, r->ms,
	    table_sgr(TABLE_PLAIN, colours));
}

/* A number with its unit, in the plural where it is not 1. */
static void
print_count(FILE *f, int64_t n, const char *one, const char *many)
{
	fprintf(f, ", %" PRId64 " %s", n, n == 1 ? one : many);
}

static void
print_request(const struct tail_record *r, FILE *f, bool colours)
{
	const int64_t *n = r->n;
	enum table_colour colour = n[TAIL_STATUS] >= 500 ? TABLE_RED :
	    n[TAIL_STATUS] >= 400 || n[TAIL_ERRORS] > 0  ? TABLE_YELLOW :
							   TABLE_GREEN;

	(void)text_print(f, r->relay);
	putc(' ', f);
	(void)text_print(f, r->route);
	fprintf(f, "  %s%" PRId64 "%s  %" PRId64 " ms",
	    table_sgr(colour, colours), n[TAIL_STATUS],
	    table_sgr(TABLE_PLAIN, colours), n[TAIL_MS]);
	print_count(f, n[TAIL_OBSERVABLES], "observable", "observables");
	print_count(f, n[TAIL_ENTITIES], "entity", "entities");
	if (n[TAIL_CALLS] > 0)
		print_count(f, n[TAIL_CALLS], "call", "calls");
	if (n[TAIL_CACHED] > 0)
		fprintf(f, " (%" PRId64 " cached)", n[TAIL_CACHED]);
	if (n[TAIL_ERRORS] > 0) {
		fputs(table_sgr(TABLE_YELLOW, colours), f);
		print_count(f, n[TAIL_ERRORS], "error", "errors");
		fputs(table_sgr(TABLE_PLAIN, colours), f);
	}
	fprintf(f, "  %s", table_sgr(TABLE_DIM, colours));
	(void)text_print(f, r->id);
	fprintf(f, "%s\n", table_sgr(TABLE_PLAIN, colours));
}

void
tail_record_print(const struct tail_record *r, FILE *f, bool colours)
{
	bool said = r->time != 0 || r->level != TAIL_INFO;

	print_time(r, f, colours);
	if (r->request) {
		print_request(r, f, colours);
		return;
	}
	if (said)
		fprintf(f, "%s%s%s  ",
		    table_sgr(tail_record_levels[r->level].colour, colours),
		    tail_record_levels[r->level].name,
		    table_sgr(TABLE_PLAIN, colours));
	(void)text_print(f, r->message);
	putc('\n', f);
}
