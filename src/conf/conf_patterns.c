/* SPDX-License-Identifier: MIT */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_patterns.h"

#define CONF_PATTERNS_BOUNDS 1000 /* product of the bounds of one pattern */

struct conf_patterns {
	regex_t *list;
	size_t n;
};

struct conf_patterns *
conf_patterns_new(void)
{
	return calloc(1, sizeof(struct conf_patterns));
}

void
conf_patterns_free(struct conf_patterns *p)
{
	size_t i;

	for (i = 0; p != NULL && i < p->n; i++)
		regfree(&p->list[i]);
	if (p != NULL)
		free(p->list);
	free(p);
}

size_t
conf_patterns_count(const struct conf_patterns *p)
{
	return p->n;
}

/* The larger number of a bound "{2,5}" that s begins with; 1: it is none. */
static long
conf_patterns_bound(const char *s)
{
	long least, most;
	char *end;

	if (*s != '{')
		return 1;
	least = strtol(s + 1, &end, 10);
	most = *end == ',' ? strtol(end + 1, NULL, 10) : 0;
	return most > least ? most : least > 1 ? least : 1;
}

/* What a pattern may not have, though regcomp(3) would take it; NULL: nothing. */
static const char *
conf_patterns_fault(const char *s)
{
	long product = 1;

	if (strlen(s) > CONF_PATTERN_MAX)
		return "longer than 1024 bytes";
	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] >= '1' && s[1] <= '9')
			return "a back-reference is no part of an extended "
			       "expression";
		if (*s == '\\' && s[1] != '\0') {
			s++;
			continue;
		}
		product *= conf_patterns_bound(s);
		if (product > CONF_PATTERNS_BOUNDS)
			return "its bounds {} multiply to more than 1000";
	}
	return NULL;
}

static int
conf_patterns_compile(regex_t *re, const char *text, char *why)
{
	int error = regcomp(re, text, REG_EXTENDED | REG_ICASE | REG_NOSUB);

	if (error == 0)
		return 0;
	(void)regerror(error, re, why, CONF_PATTERN_WHY);
	return -1;
}

int
conf_patterns_add(
    struct conf_patterns *p, const char *pattern, char why[CONF_PATTERN_WHY])
{
	char whole[CONF_PATTERN_MAX + 8];
	const char *fault = conf_patterns_fault(pattern);
	regex_t alone, *list;

	if (fault != NULL) {
		(void)snprintf(why, CONF_PATTERN_WHY, "%s", fault);
		return -1;
	}
	/* Alone first: "a)|(b" would be one in brackets. */
	if (conf_patterns_compile(&alone, pattern, why) == -1)
		return -1;
	regfree(&alone);
	list = reallocarray(p->list, p->n + 1, sizeof(*list));
	if (list == NULL) {
		(void)snprintf(why, CONF_PATTERN_WHY, "no memory left");
		return -1;
	}
	p->list = list;
	(void)snprintf(whole, sizeof(whole), "^(%s)$", pattern);
	if (conf_patterns_compile(&list[p->n], whole, why) == -1)
		return -1;
	p->n++;
	return 0;
}

bool
conf_patterns_match(const struct conf_patterns *p, const char *text)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (regexec(&p->list[i], text, 0, NULL, 0) != REG_NOMATCH)
			return true;
	return false;
}
