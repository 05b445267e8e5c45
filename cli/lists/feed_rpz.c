/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/feed/feed_reader.h"
#include "cli/lists/lists.h"
#include "ctim/indicator.h"

#define NAME_MAX_RPZ 256 /* bytes of a name, with its NUL */
#define WORDS        8   /* of a record that are looked at */

struct rpz {
	const struct feed_sink *sink;
	char origin[NAME_MAX_RPZ]; /* with a dot behind it; "": not known */
	char owner[NAME_MAX_RPZ];  /* of the last record */
	int depth;                 /* of open parentheses */
};

/* A record, cut into words. */
struct rpz_record {
	const char *type, *data;
	const char *comment;
};

static bool
rpz_is_word(const char *s, const char *word)
{
	return strcasecmp(s, word) == 0;
}

/* Cuts the comment off; returns it, or NULL. */
static const char *
rpz_comment(char *s)
{
	bool quoted = false;

	for (; *s != '\0'; s++) {
		if (*s == '"')
			quoted = !quoted;
		if (*s == ';' && !quoted) {
			*s++ = '\0';
			return s + strspn(s, "; \t");
		}
	}
	return NULL;
}

/* Cuts TTL and class off what is behind the owner.  Source: RFC 1035, 5.1. */
static bool
rpz_cut(char *s, struct rpz_record *r)
{
	char *next;
	int i;

	for (i = 0; i < WORDS && *s != '\0'; i++, s = next) {
		next = lists_word(s);
		if ((*s >= '0' && *s <= '9') || rpz_is_word(s, "IN"))
			continue;
		r->type = s;
		r->data = next;
		return true;
	}
	return false;
}

static bool
rpz_passes(const struct rpz_record *r, const char *owner)
{
	size_t n = strlen(owner);

	return strncasecmp(r->data, "rpz-passthru", 12) == 0 ||
	    (n > 0 && strncasecmp(r->data, owner, n) == 0 &&
		(r->data[n] == '\0' || strcmp(r->data + n, ".") == 0));
}

/* Why a record blocks nothing; NULL: it does; "": it is of the zone itself, or
 * says more of another record. */
static const char *
rpz_other(const struct rpz_record *r, const char *owner)
{
	static const char *const zone[] = { "SOA", "NS", "TXT", "RRSIG",
		"DNSKEY", "NSEC", "NSEC3", "NSEC3PARAM" };
	size_t i;

	for (i = 0; i < sizeof(zone) / sizeof(zone[0]); i++)
		if (rpz_is_word(r->type, zone[i]))
			return "";
	if (rpz_is_word(r->type, "CNAME"))
		return rpz_passes(r, owner) ? "a record that lets pass" : NULL;
	if (rpz_is_word(r->type, "A") || rpz_is_word(r->type, "AAAA"))
		return lists_is_sink(r->data) ?
		    NULL :
		    "a record that gives a name another address";
	return "a record that blocks nothing";
}

/* Writes the network of "24.0.2.0.192" or "48.zz.db8.2001": the labels of an
 * address from behind, the length of its prefix first; zz is "::". */
static int
rpz_network(char *name, char out[NAME_MAX_RPZ])
{
	char *labels[10], *at = NULL, *s;
	size_t i, n = 0, len = 0;
	bool six = false;

	for (s = strtok_r(name, ".", &at); s != NULL && n < 10;
	     s = strtok_r(NULL, ".", &at)) {
		six = six || rpz_is_word(s, "zz") || n > 4;
		labels[n++] = s;
	}
	if (s != NULL || n < 2)
		return -1;
	for (i = n - 1; i > 0; i--)
		len += (size_t)snprintf(out + len, NAME_MAX_RPZ - len, "%s%s",
		    !rpz_is_word(labels[i], "zz")      ? labels[i] :
			len > 0 && out[len - 1] == ':' ? "" :
							 ":",
		    i == 1 && !rpz_is_word(labels[i], "zz") ? "" :
			six                                 ? ":" :
							      ".");
	snprintf(out + len, NAME_MAX_RPZ - len, "/%s", labels[0]);
	return 0;
}

/* Takes off the zone from a name that is written whole; false: it is of another
 * zone. */
static bool
rpz_relative(const struct rpz *z, char *name)
{
	size_t n = strlen(name), k = strlen(z->origin);

	if (n == 0 || name[n - 1] != '.')
		return true;
	if (k == 0 || n <= k + 1 || strcasecmp(name + n - k, z->origin) != 0 ||
	    name[n - k - 1] != '.')
		return false;
	name[n - k - 1] = '\0';
	return true;
}

/* Takes a trigger, whose record blocks it. */
static int
rpz_trigger(
    struct rpz *z, const char *owner, const char *comment, uint64_t line)
{
	static const char *const others[] = { ".rpz-client-ip", ".rpz-nsip",
		".rpz-nsdname" };
	char name[NAME_MAX_RPZ], network[NAME_MAX_RPZ];
	size_t i, n;

	(void)snprintf(name, sizeof(name), "%s", owner);
	if (!rpz_relative(z, name))
		return feed_skip(z->sink, line,
		    "a whole name that is not in the zone", NULL);
	n = strlen(name);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (n > strlen(others[i]) &&
		    strcasecmp(name + n - strlen(others[i]), others[i]) == 0)
			return feed_skip(z->sink, line,
			    "a trigger on clients or name servers", NULL);
	if (n <= 7 || strcasecmp(name + n - 7, ".rpz-ip") != 0)
		return lists_emit(name, false, comment, line, z->sink);
	name[n - 7] = '\0';
	if (rpz_network(name, network) == -1)
		return feed_skip(
		    z->sink, line, "no network before rpz-ip", NULL);
	return lists_emit(network, false, comment, line, z->sink);
}

/* $ORIGIN and the like. */
static int
rpz_directive(struct rpz *z, char *s, uint64_t line)
{
	char *word = lists_word(s);

	(void)lists_word(word);
	if (rpz_is_word(s, "$TTL"))
		return 0;
	if (rpz_is_word(s, "$ORIGIN") && strlen(word) < sizeof(z->origin)) {
		(void)snprintf(z->origin, sizeof(z->origin), "%s", word);
		return 0;
	}
	return feed_skip(
	    z->sink, line, "a directive that is not followed", NULL);
}

static int
rpz_record(struct rpz *z, char *s, const char *comment, uint64_t line)
{
	struct rpz_record r = { .comment = comment };
	bool same = strchr(LISTS_BLANKS, *s) != NULL;
	char *rest = same ? lists_trim(s) : lists_word(s);
	const char *why;

	if (!same && strlen(s) >= sizeof(z->owner))
		return feed_skip(
		    z->sink, line, "a name that is too long", NULL);
	if (!same)
		(void)snprintf(z->owner, sizeof(z->owner), "%s", s);
	if (!rpz_cut(rest, &r))
		return feed_skip(z->sink, line, "it is no record", NULL);
	/* The zone's name, where it is written whole. */
	if (rpz_is_word(r.type, "SOA") && z->origin[0] == '\0' &&
	    strchr(z->owner, '.') != NULL)
		memcpy(z->origin, z->owner, sizeof(z->origin));
	if ((why = rpz_other(&r, z->owner)) != NULL)
		return *why == '\0' ? 0 : feed_skip(z->sink, line, why, NULL);
	return rpz_trigger(z, z->owner, comment, line);
}

static int
rpz_line(void *arg, char *s, uint64_t line)
{
	struct rpz *z = arg;
	const char *comment = rpz_comment(s), *p;
	int depth = z->depth;
	size_t n = strlen(s);

	for (p = s; *p != '\0'; p++)
		z->depth += (*p == '(') - (*p == ')');
	while (n > 0 && strchr(LISTS_BLANKS, s[n - 1]) != NULL)
		s[--n] = '\0';
	if (depth > 0 || n == 0)
		return 0;
	return *s == '$' ? rpz_directive(z, s, line) :
			   rpz_record(z, s, comment, line);
}

/* Records that only a policy has. */
static enum lists_line
rpz_is(char *s)
{
	struct rpz_record r;

	(void)rpz_comment(s);
	if (*s == '\0' || *s == '$' || *s == '@')
		return LISTS_NOTHING;
	if (!rpz_cut(lists_word(s), &r))
		return LISTS_OTHER;
	if (!rpz_is_word(r.type, "CNAME"))
		return rpz_is_word(r.type, "A") || rpz_is_word(r.type, "TXT") ||
			rpz_is_word(r.type, "AAAA") ?
		    LISTS_NOTHING :
		    LISTS_OTHER;
	return strcmp(r.data, ".") == 0 || strcmp(r.data, "*.") == 0 ||
		strncmp(r.data, "rpz-", 4) == 0 ?
	    LISTS_OURS :
	    LISTS_NOTHING;
}

bool
feed_rpz_looks(const char *head, size_t n, const struct feed_options *o)
{
	(void)o;
	return lists_look(head, n, rpz_is);
}

int
feed_rpz(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct rpz z = { .sink = sink };

	(void)o;
	(void)error;
	return lists_read(r, sink, rpz_line, &z);
}
