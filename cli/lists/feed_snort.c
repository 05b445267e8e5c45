/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/feed/feed_reader.h"
#include "cli/lists/lists.h"
#include "ctim/indicator.h"

#define PARTS 7 /* of a rule before its options: alert ip A any -> B any */

/* What the options of a rule compare. */
struct snort_options {
	char msg[512];                /* "": none */
	char name[INDICATOR_MAX + 1]; /* the one content */
	size_t contents;
	bool in_name;            /* it is a name that is asked for or called */
	bool begins, ends, dots; /* startswith, endswith, dotprefix */
	long depth, size;
	bool other; /* something else is compared */
};

static const char *const snort_actions[] = { "alert", "drop", "reject",
	"rejectsrc", "rejectdst", "rejectboth", "block", "sdrop", "log",
	"pass" };

/* The options that look for a name and nothing else. */
static const char *const snort_names[] = { "dns.query", "dns_query", "tls.sni",
	"tls_sni", "http.host", "http_host", "http.host.raw", "http_raw_host" };

/* Options that look into what is sent, besides content. */
static const char *const snort_looks[] = { "pcre", "uricontent", "http.uri",
	"http_uri", "http.method", "http_method", "http.user_agent",
	"http_user_agent", "http.header", "http_header", "ja3.hash",
	"ja3s.hash", "ja3_hash", "tls.cert_subject", "tls.cert_serial",
	"tls.cert_fingerprint", "tls_cert_fingerprint", "tls.fingerprint",
	"filemd5", "filesha1", "filesha256", "byte_test", "file_data",
	"file.data", "dataset", "datarep", "iprep" };

static bool
snort_one_of(const char *word, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcasecmp(word, list[i]) == 0)
			return true;
	return false;
}

#define ONE_OF(word, list) \
	snort_one_of(word, list, sizeof(list) / sizeof((list)[0]))

/* Ends the part of a rule's head at s: a word, or a list in brackets.  Returns
 * the text behind it. */
static char *
snort_part(char *s)
{
	int depth = 0;

	for (; *s != '\0'; s++) {
		depth += (*s == '[') - (*s == ']');
		if (depth == 0 && strchr(LISTS_BLANKS, *s) != NULL)
			break;
	}
	if (*s != '\0')
		*s++ = '\0';
	return s + strspn(s, LISTS_BLANKS);
}

/* Cuts a rule into its parts; returns the options behind them, or NULL: it is
 * none. */
static char *
snort_cut(char *s, char *parts[PARTS])
{
	int i;

	for (i = 0; i < PARTS; i++) {
		if (*s == '\0' || *s == '(')
			return NULL;
		parts[i] = s;
		s = snort_part(s);
	}
	return ONE_OF(parts[0], snort_actions) && *s == '(' &&
		(strcmp(parts[4], "->") == 0 || strcmp(parts[4], "<>") == 0) ?
	    s + 1 :
	    NULL;
}

/* Cuts one option off; returns its name, with its value, without quotes, in
 * *value ("": none). */
static char *
snort_option(char **at, char **value)
{
	char *s = *at + strspn(*at, LISTS_BLANKS ";"), *end, *colon = NULL;
	bool quoted = false;

	if (*s == '\0' || *s == ')')
		return NULL;
	for (end = s; *end != '\0' && (quoted || *end != ';'); end++) {
		if (*end == '\\' && end[1] != '\0')
			end++;
		else if (*end == '"')
			quoted = !quoted;
		else if (*end == ':' && colon == NULL)
			colon = end;
	}
	*at = *end == '\0' ? end : end + 1;
	*end = '\0';
	*value = end;
	if (colon != NULL) {
		*colon = '\0';
		*value = lists_trim(colon + 1);
	}
	end = *value + strlen(*value);
	if (**value == '"' && end > *value + 1 && end[-1] == '"') {
		end[-1] = '\0';
		(*value)++;
	}
	return lists_trim(s);
}

static void
snort_take_option(struct snort_options *o, const char *key, const char *value)
{
	if (strcmp(key, "msg") == 0)
		snprintf(o->msg, sizeof(o->msg), "%s", value);
	else if (strcmp(key, "content") == 0) {
		o->contents++;
		if (*value == '!' || strchr(value, '|') != NULL ||
		    strlen(value) > INDICATOR_MAX)
			o->other = true;
		else
			(void)snprintf(o->name, sizeof(o->name), "%s", value);
	} else if (ONE_OF(key, snort_names))
		o->in_name = true;
	else if (ONE_OF(key, snort_looks))
		o->other = true;
	else if (strcmp(key, "startswith") == 0)
		o->begins = true;
	else if (strcmp(key, "endswith") == 0 ||
	    (strcmp(key, "isdataat") == 0 && strncmp(value, "!1", 2) == 0))
		o->ends = true;
	else if (strcmp(key, "dotprefix") == 0)
		o->dots = true;
	else if (strcmp(key, "depth") == 0)
		o->depth = strtol(value, NULL, 10);
	else if (strcmp(key, "bsize") == 0)
		o->size = strtol(value, NULL, 10);
}

static void
snort_read_options(char *s, struct snort_options *o)
{
	char *key, *value;

	*o = (struct snort_options){ .contents = 0 };
	while ((key = snort_option(&s, &value)) != NULL)
		snort_take_option(o, key, value);
}

/* Emits the addresses of a side: "A", "[A,B]"; adds to *taken.  Lists in lists
 * have been refused. */
static int
snort_addresses(char *side, const struct snort_options *o, uint64_t line,
    const struct feed_sink *sink, size_t *taken)
{
	char *word, *at = NULL;
	int r = 0;

	for (word = strtok_r(side, "[], \t", &at); word != NULL && r == 0;
	     word = strtok_r(NULL, "[], \t", &at)) {
		if (*word == '$' || strcmp(word, "any") == 0)
			continue;
		(*taken)++;
		r = lists_emit(word, false, o->msg, line, sink);
	}
	return r;
}

/* Whether the one content is a whole name, and with *below, all below it. */
static bool
snort_is_name(const struct snort_options *o, bool *below)
{
	long n = (long)strlen(o->name);
	bool whole = o->size == n || (o->begins && o->ends) ||
	    (o->depth == n && o->ends);

	*below = o->dots && o->ends && o->name[0] == '.';
	return o->contents == 1 && o->in_name && !o->other && (whole || *below);
}

static int
snort_rule(char *parts[PARTS], const struct snort_options *o, uint64_t line,
    const struct feed_sink *sink)
{
	size_t taken = 0;
	bool below;
	int r;

	if (strcmp(parts[0], "pass") == 0)
		return feed_skip(sink, line, "a rule that lets pass", NULL);
	if (snort_is_name(o, &below))
		return lists_emit(o->name + below, below, o->msg, line, sink);
	if (o->contents > 0 || o->other)
		return feed_skip(sink, line,
		    "a rule about what is sent, not about an address or name",
		    NULL);
	if (strchr(parts[2], '!') != NULL || strchr(parts[5], '!') != NULL)
		return feed_skip(
		    sink, line, "a rule with addresses left out (!)", NULL);
	r = snort_addresses(parts[2], o, line, sink, &taken);
	if (r == 0)
		r = snort_addresses(parts[5], o, line, sink, &taken);
	return r == 0 && taken == 0 ?
	    feed_skip(sink, line, "a rule that names no address", NULL) :
	    r;
}

static int
snort_line(void *arg, char *s, uint64_t line)
{
	const struct feed_sink *sink = arg;
	struct snort_options o;
	char *parts[PARTS], *options;

	s = lists_trim(s);
	if (*s == '\0' || *s == '#')
		return 0;
	if ((options = snort_cut(s, parts)) == NULL)
		return feed_skip(sink, line, "it is no rule", NULL);
	snort_read_options(options, &o);
	return snort_rule(parts, &o, line, sink);
}

static enum lists_line
snort_is(char *s)
{
	char *parts[PARTS];

	if (*s == '\0' || *s == '#')
		return LISTS_NOTHING;
	return snort_cut(s, parts) != NULL ? LISTS_OURS : LISTS_OTHER;
}

bool
feed_snort_looks(const char *head, size_t n, const struct feed_options *o)
{
	(void)o;
	return lists_look(head, n, snort_is);
}

int
feed_snort(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	(void)o;
	(void)error;
	return lists_read(
	    r, sink, snort_line, (void *)(uintptr_t)(const void *)sink);
}
