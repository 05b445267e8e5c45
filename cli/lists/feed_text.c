/* SPDX-License-Identifier: MIT */
/* Text: one indicator a line, with a comment; hosts files; ranges. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/feed/feed_reader.h"
#include "cli/lists/lists.h"
#include "ctim/indicator.h"

#define HEAD      (64U << 10)
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define RANGE_MAX 128 /* bytes of two addresses and what is between them */
#define OPEN_FROM 128 /* access level of ipfilter.dat that lets pass */

/* Two addresses: a range, or one and its mask. */
struct text_range {
	enum observable_type type;
	char first[INDICATOR_MAX + 1], last[INDICATOR_MAX + 1];
	bool mask;
	const char *reason;
	uint64_t line;
	const struct feed_sink *sink;
};

/* Names of the machine itself and its network, which every hosts file has. */
static const char *const local_names[] = { "localhost", "localhost.localdomain",
	"broadcasthost", "ip6-localhost", "ip6-loopback", "ip6-localnet",
	"ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",
	"0.0.0.0" };

static bool
is_local(const char *word)
{
	size_t i;

	for (i = 0; i < COUNT(local_names); i++)
		if (strcmp(word, local_names[i]) == 0)
			return true;
	return false;
}

static int
skip_local(const struct feed_sink *sink, uint64_t line)
{
	return feed_skip(sink, line, "a name of the machine itself", NULL);
}

/* Copies the first word of a comment: "" when it is too long to be a name. */
static void
first_word(const char *s, char out[256])
{
	size_t n = strcspn(s, LISTS_BLANKS "#");

	if (n >= 256)
		n = 0;
	memcpy(out, s, n);
	out[n] = '\0';
}

/* Whether the first word is a number, or missing: then a comment follows, while
 * a name may begin with anything. */
static bool
is_number(const char *s)
{
	s += strspn(s, "0123456789");
	return *s == '\0' || strchr(LISTS_BLANKS "#", *s) != NULL;
}

/* Takes the names of a hosts line: each is an entry. */
static int
host_names(char *names, uint64_t line, const struct feed_sink *sink)
{
	char *next;
	int r = 0;

	names[strcspn(names, "#")] = '\0';
	for (; *names != '\0' && r == 0; names = next) {
		next = lists_word(names);
		r = strchr(names, '.') == NULL || is_local(names) ?
		    skip_local(sink, line) :
		    lists_emit(names, false, NULL, line, sink);
	}
	return r;
}

/* The type of n bytes that are one indicator. */
static enum observable_type
text_type(const char *s, size_t n)
{
	char word[INDICATOR_MAX + 1], normal[INDICATOR_MAX + 1];

	if (n > INDICATOR_MAX)
		return OBSERVABLE_UNKNOWN;
	memcpy(word, s, n);
	word[n] = '\0';
	return indicator_detect(word, normal);
}

/* Copies an address, of which filters for file sharing write each number with
 * three digits; moves *s behind it.  Returns its type. */
static enum observable_type
text_address(const char **s, char out[INDICATOR_MAX + 1])
{
	size_t n = strspn(*s, "0123456789abcdefABCDEF.:"), k = 0, i;
	char plain[RANGE_MAX];
	bool padded;

	if (n == 0 || n >= sizeof(plain))
		return OBSERVABLE_UNKNOWN;
	padded = memchr(*s, ':', n) == NULL;
	for (i = 0; i < n; i++) {
		if (padded && (i == 0 || (*s)[i - 1] == '.'))
			while ((*s)[i] == '0' && (*s)[i + 1] >= '0' &&
			    (*s)[i + 1] <= '9')
				i++;
		plain[k++] = (*s)[i];
	}
	plain[k] = '\0';
	*s += n;
	return indicator_detect(plain, out);
}

/*
 * Reads two addresses of one family: a range, or an address and its mask; moves
 * *s behind them.  Returns false for anything else.
 */
static bool
text_range(const char **s, struct text_range *r)
{
	const char *gap = *s + strspn(*s, "0123456789abcdefABCDEF.:");
	size_t blanks = strspn(gap, LISTS_BLANKS);
	bool slash = *gap == '/' && strncmp(gap + 1, "255.", 4) == 0;
	bool dash = gap[blanks] == '-', bits;

	if (gap == *s || blanks + dash + slash == 0)
		return false;
	r->type = text_address(s, r->first);
	if (r->type != OBSERVABLE_IP && r->type != OBSERVABLE_IPV6)
		return false;
	*s += blanks + dash + slash;
	*s += strspn(*s, LISTS_BLANKS);
	if (text_address(s, r->last) != r->type ||
	    (**s != '\0' && strchr(LISTS_BLANKS ",;#", **s) == NULL))
		return false;
	/* "a<TAB>b<TAB>24" of DShield. */
	bits = !dash && memchr(gap, '\t', blanks) != NULL && **s == '\t' &&
	    (*s)[1] >= '0' && (*s)[1] <= '9';
	if (bits)
		*s += 1 + strspn(*s + 1, "0123456789");
	r->mask = !dash && !bits && strncmp(r->last, "255.", 4) == 0;
	return dash || bits || r->mask;
}

static int
text_network(void *arg, const char *network)
{
	const struct text_range *r = arg;

	return lists_emit(network, false, r->reason, r->line, r->sink);
}

/* Emits the networks of a range. */
static int
text_networks(struct text_range *r)
{
	char network[INDICATOR_MAX + 1];
	int stop;

	if (r->mask)
		return indicator_masked(r->type, r->first, r->last, network) ==
			-1 ?
		    feed_skip(r->sink, r->line,
			"what is behind the address is no mask", NULL) :
		    text_network(r, network);
	stop = indicator_range(r->type, r->first, r->last, text_network, r);
	return stop < 0 ?
	    feed_skip(r->sink, r->line, indicator_range_error(stop),
		"%s - %s: %s", r->first, r->last, indicator_range_error(stop)) :
	    stop;
}

/* What follows the range in ipfilter.dat, " , 000 , name": its level, and moves
 * *s to the name.  -1: it is something else. */
static int
text_level(const char **s)
{
	const char *at = *s + strspn(*s, LISTS_BLANKS);
	char *end;
	long level;

	if (*at != ',')
		return -1;
	at += 1 + strspn(at + 1, LISTS_BLANKS);
	level = strtol(at, &end, 10);
	end += strspn(end, LISTS_BLANKS);
	if (end == at || level < 0 || level > 255 || *end != ',')
		return -1;
	*s = end + 1;
	return (int)level;
}

/* Takes a line that is a range, with a name before or behind it.  Returns -2 for
 * any other line. */
static int
text_range_line(char *s, uint64_t line, const struct feed_sink *sink)
{
	struct text_range r = { .line = line, .sink = sink };
	const char *at = s;
	char *colon;

	if (!text_range(&at, &r)) {
		/* "Name:a-b" of lists for file sharing. */
		if ((colon = strrchr(s, ':')) == NULL || colon == s)
			return -2;
		at = colon + 1;
		if (!text_range(&at, &r) || *at != '\0')
			return -2;
		*colon = '\0';
		r.reason = s;
		return text_networks(&r);
	}
	if (text_level(&at) >= OPEN_FROM)
		return feed_skip(
		    sink, line, "a range that the list lets pass", NULL);
	r.reason = at + strspn(at, LISTS_BLANKS "#;,");
	return text_networks(&r);
}

/* Whether the two say the same kind of thing: hashes of a file do. */
static bool
text_is_alike(enum observable_type a, enum observable_type b)
{
	static const unsigned hashes = OBSERVABLE_BIT(OBSERVABLE_MD5) |
	    OBSERVABLE_BIT(OBSERVABLE_SHA1) | OBSERVABLE_BIT(OBSERVABLE_SHA256);

	return a == b ||
	    ((OBSERVABLE_BIT(a) & hashes) != 0 &&
		(OBSERVABLE_BIT(b) & hashes) != 0);
}

/* Whether all words of the line are indicators of the same kind. */
static bool
text_is_list(const char *s)
{
	static const char between[] = LISTS_BLANKS ",;";
	enum observable_type first = OBSERVABLE_UNKNOWN, type;
	size_t n, words = 0;

	if (s[strcspn(s, between)] == '\0')
		return false;
	for (;; s += n, words++) {
		s += strspn(s, between);
		if (*s == '\0')
			return words > 1;
		n = strcspn(s, between);
		type = text_type(s, n);
		if (words == 0)
			first = type;
		if (type == OBSERVABLE_UNKNOWN || !text_is_alike(type, first) ||
		    type == OBSERVABLE_URL)
			return false;
	}
}

static int
text_list(char *s, uint64_t line, const struct feed_sink *sink)
{
	char *word, *at = NULL;
	int r = 0;

	for (word = strtok_r(s, LISTS_BLANKS ",;", &at); word != NULL && r == 0;
	     word = strtok_r(NULL, LISTS_BLANKS ",;", &at))
		r = lists_emit(word, false, NULL, line, sink);
	return r;
}

/* Where a value ends that no blank ends: at a comma or the mark of a comment,
 * unless it is a URL, which may contain these. */
static size_t
text_value_end(const char *s)
{
	size_t n;

	if (*s == '"' || *s == '\'') {
		const char *quote = strchr(s + 1, *s);

		if (quote != NULL)
			return (size_t)(quote + 1 - s);
	}
	n = strcspn(s, LISTS_BLANKS);
	return memmem(s, n, "://", 3) != NULL ? n :
						strcspn(s, LISTS_BLANKS "#;,");
}

/* A value and what is said of it. */
static int
text_value(char *s, uint64_t line, const struct feed_sink *sink)
{
	size_t n = text_value_end(s);
	char *comment = s + n + strspn(s + n, LISTS_BLANKS "#;,");

	s[n] = '\0';
	if (n > 1 && (*s == '"' || *s == '\'') && s[n - 1] == *s) {
		s[n - 1] = '\0';
		s++;
	}
	return lists_emit(s, false, comment, line, sink);
}

/* Takes a line of a hosts file; -2: it is no such line. */
static int
text_hosts_line(char *s, uint64_t line, const struct lists_text *t)
{
	char word[256];
	size_t n = strcspn(s, LISTS_BLANKS);
	char *names = s + n + strspn(s + n, LISTS_BLANKS), kept = s[n];
	enum observable_type type;

	first_word(names, word);
	/* A name follows a blank, never the mark of a comment. */
	if (strchr(",;#", s[n - 1]) != NULL)
		return -2;
	if (is_local(word))
		return skip_local(t->sink, line);
	s[n] = '\0';
	if (kept != '\0' && *names != '#' && lists_is_sink(s) &&
	    !is_number(names))
		return host_names(names, line, t->sink);
	type = t->hosts ? text_type(s, n) : OBSERVABLE_UNKNOWN;
	s[n] = kept;
	if ((type == OBSERVABLE_IP || type == OBSERVABLE_IPV6) &&
	    !is_number(names) &&
	    text_type(word, strlen(word)) == OBSERVABLE_DOMAIN)
		return feed_skip(t->sink, line,
		    "an address that a hosts file gives to a name", NULL);
	return -2;
}

int
lists_text_line(void *arg, char *s, uint64_t line)
{
	const struct lists_text *t = arg;
	int r;

	s = lists_trim(s);
	if (*s == '\0' || strchr("#;!", *s) != NULL || strncmp(s, "//", 2) == 0)
		return 0;
	/* A list in YAML. */
	if (s[0] == '-' && s[1] == ' ')
		s = lists_trim(s + 1);
	if ((r = text_hosts_line(s, line, t)) != -2 ||
	    (r = text_range_line(s, line, t->sink)) != -2)
		return r;
	return text_is_list(s) ? text_list(s, line, t->sink) :
				 text_value(s, line, t->sink);
}

/* Whether a line of the head sends a name nowhere, as hosts files do. */
static enum lists_line
text_is_host(char *s)
{
	char word[256];
	char *names;

	if (*s == '\0' || *s == '#')
		return LISTS_NOTHING;
	names = lists_word(s);
	first_word(names, word);
	return lists_is_sink(s) && *names != '#' && !is_number(names) &&
		!is_local(word) && strchr(word, '.') != NULL ?
	    LISTS_OURS :
	    LISTS_NOTHING;
}

int
feed_text(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct lists_text t = { .sink = sink };
	size_t n = feed_reader_fill(r, HEAD);

	(void)o;
	(void)error;
	t.hosts =
	    lists_look(r->data + r->at, n < HEAD ? n : HEAD, text_is_host);
	return lists_read(r, sink, lists_text_line, &t);
}
