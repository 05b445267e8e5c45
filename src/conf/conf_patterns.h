/* SPDX-License-Identifier: MIT */
/*
 * conf_patterns: POSIX extended regular expressions, each for whole texts and
 * without regard to case.
 * Source: regcomp(3), regex(7).
 */
#ifndef CTIM_CONF_PATTERNS_H
#define CTIM_CONF_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

#define CONF_PATTERN_MAX 1024 /* bytes of one */
#define CONF_PATTERN_WHY 256  /* bytes of a reason */

struct conf_patterns;

/* No pattern; NULL when memory ran out.  The caller frees it. */
struct conf_patterns *conf_patterns_new(void);
void conf_patterns_free(struct conf_patterns *); /* NULL is fine */
/* Adds one.  Returns 0, or -1 with the reason.  Refused are back-references,
 * which POSIX does not have and whose matching may take for ever, and bounds
 * whose product is large, which fill the memory. */
int conf_patterns_add(
    struct conf_patterns *, const char *pattern, char why[CONF_PATTERN_WHY]);
size_t conf_patterns_count(const struct conf_patterns *);
/* Whether one of them is all of the text; true also where that could not be found
 * out for lack of memory.  Safe from any thread. */
bool conf_patterns_match(const struct conf_patterns *, const char *text);

#endif
