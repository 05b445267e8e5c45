/* SPDX-License-Identifier: MIT */
/* The setters of [egress]: lists in the line itself, or one entry a line of a
 * file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_patterns.h"
#include "net/nameset.h"
#include "net/netset.h"

#define CONF_EGRESS_BLANKS " \t\r\n"

/* One kind of list. */
struct conf_egress_kind {
	void *(*make)(void);
	/* Returns 0, or -1 with the reason in why (CONF_PATTERN_WHY bytes). */
	int (*add)(void *list, const char *entry, char *why);
	void (*release)(void *field);
};

/* Ends an entry at n bytes, without the blanks around it. */
static char *
conf_egress_trim(char *entry, size_t n)
{
	while (n > 0 && strchr(CONF_EGRESS_BLANKS, entry[n - 1]) != NULL)
		n--;
	entry[n] = '\0';
	return entry + strspn(entry, CONF_EGRESS_BLANKS);
}

/* Adds one entry a line; a line that begins with # or ; is a comment.  Returns 0,
 * or -1 with "LINE: reason". */
static int
conf_egress_lines(
    const struct conf_egress_kind *kind, void *list, char *text, char *why)
{
	char reason[CONF_PATTERN_WHY], *entry, *next;
	unsigned line = 1;
	size_t n;

	for (; *text != '\0'; text = next, line++) {
		n = strcspn(text, "\n");
		next = text + n + (text[n] == '\n');
		entry = conf_egress_trim(text, n);
		if (*entry == '\0' || *entry == '#' || *entry == ';' ||
		    kind->add(list, entry, reason) == 0)
			continue;
		snprintf(why, CONF_ERROR_MAX, "%u: \"%.100s\": %s", line, entry,
		    reason);
		return -1;
	}
	return 0;
}

/* Bytes of the first entry of a list in one line.  Blanks and commas are between
 * entries, but for a comma in {} or []. */
static size_t
conf_egress_word(const char *s)
{
	const char *at, *close;

	for (at = s; *at != '\0' && strchr(", \t", *at) == NULL; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '[' || *at == '{') {
			/* "[]a]" and "[^]a]" hold a bracket. */
			close = at + 1 + (at[1] == '^');
			close = strchr(
			    close + (*close == ']'), *at == '[' ? ']' : '}');
			at = close != NULL ? close : at;
		}
	}
	return (size_t)(at - s);
}

static int
conf_egress_words(
    const struct conf_egress_kind *kind, void *list, char *text, char *why)
{
	char reason[CONF_PATTERN_WHY];
	size_t n;
	bool more;

	for (text += strspn(text, ", \t"); *text != '\0';
	     text += n + more, text += strspn(text, ", \t")) {
		n = conf_egress_word(text);
		more = text[n] != '\0';
		text[n] = '\0';
		if (kind->add(list, text, reason) == 0)
			continue;
		snprintf(why, CONF_ERROR_MAX, "\"%.100s\": %s", text, reason);
		return -1;
	}
	return 0;
}

/* A value that came from a file ends in a newline (conf_key.lines). */
static int
conf_egress_set(const struct conf_egress_kind *kind, void *base,
    const struct conf_key *key, const char *value, char *why)
{
	void **field = (void **)(void *)((char *)base + key->offset);
	void *list = kind->make();
	char *copy = strdup(value);
	int r = -1;

	if (list == NULL || copy == NULL)
		snprintf(why, CONF_ERROR_MAX, "no memory left");
	else if (strchr(copy, '\n') != NULL)
		r = conf_egress_lines(kind, list, copy, why);
	else
		r = conf_egress_words(kind, list, copy, why);
	free(copy);
	if (r == -1) {
		kind->release(&list);
		return -1;
	}
	kind->release(field);
	*field = list;
	return 0;
}

/* --- the three kinds ----------------------------------------------------- */

/* Says what came of an addition: 0, 1 for an entry that is none, -1. */
static int
conf_egress_said(int r, const char *what, char *why)
{
	if (r != 0)
		snprintf(why, CONF_PATTERN_WHY, "%s",
		    r == 1 ? what : "no memory left");
	return r == 0 ? 0 : -1;
}

static void *
conf_egress_new_networks(void)
{
	return netset_new();
}

static int
conf_egress_add_network(void *list, const char *entry, char *why)
{
	return conf_egress_said(netset_add(list, entry),
	    "is no address or network, as in 10.0.0.0/8 or fd00::/8", why);
}

void
conf_release_networks(void *at)
{
	struct netset **set = at;

	netset_free(*set);
	*set = NULL;
}

static void *
conf_egress_new_domains(void)
{
	return nameset_new();
}

static int
conf_egress_add_domain(void *list, const char *entry, char *why)
{
	return conf_egress_said(
	    nameset_add(list, entry), "is no domain, as in corp.example", why);
}

void
conf_release_domains(void *at)
{
	struct nameset **set = at;

	nameset_free(*set);
	*set = NULL;
}

static void *
conf_egress_new_patterns(void)
{
	return conf_patterns_new();
}

static int
conf_egress_add_pattern(void *list, const char *entry, char *why)
{
	return conf_patterns_add(list, entry, why);
}

void
conf_release_patterns(void *at)
{
	struct conf_patterns **list = at;

	conf_patterns_free(*list);
	*list = NULL;
}

int
conf_set_networks(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	static const struct conf_egress_kind kind = { conf_egress_new_networks,
		conf_egress_add_network, conf_release_networks };

	return conf_egress_set(&kind, base, key, value, why);
}

int
conf_set_domains(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	static const struct conf_egress_kind kind = { conf_egress_new_domains,
		conf_egress_add_domain, conf_release_domains };

	return conf_egress_set(&kind, base, key, value, why);
}

int
conf_set_patterns(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	static const struct conf_egress_kind kind = { conf_egress_new_patterns,
		conf_egress_add_pattern, conf_release_patterns };

	return conf_egress_set(&kind, base, key, value, why);
}
