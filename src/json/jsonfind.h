/* SPDX-License-Identifier: MIT */
/*
 * jsonfind: finds one element of an array in a JSON page as it arrives, without
 * parsing what does not matter.
 *
 * The page is an object; one member of it, `array`, holds objects.  The scan
 * looks for the first element whose member `member` is the string `value`; where
 * there is none in the whole page, for the first with a string that the caller
 * takes for the same.  It keeps what else is at the top of the page.  It follows
 * strings and brackets everywhere (kinds must match, depth JSON_DEPTH), and
 * parses only an element that may match, and the top.
 */
#ifndef CTIM_JSONFIND_H
#define CTIM_JSONFIND_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct jsonfind;

#define JSONFIND_TOP     65536      /* bytes outside the array */
#define JSONFIND_ELEMENT (1U << 20) /* bytes of one element */

enum jsonfind_state {
	JSONFIND_MORE,  /* nothing yet */
	JSONFIND_FOUND, /* jsonfind_element() has it */
	JSONFIND_BAD    /* no such page; jsonfind_why() */
};

/* The texts must outlive it.  NULL when memory ran out. */
struct jsonfind *jsonfind_new(
    const char *array, const char *member, const char *value);
/*
 * Before the page: same() says whether a string of n bytes, with no NUL behind
 * it, stands for the same as the value; arg, which it gets, must outlive the
 * scan, and so must core: the core_n bytes that any such string holds, small and
 * capital letters of ASCII being the same.  With a core that the value holds too,
 * a page is searched for that alone, and few of its elements are looked into;
 * without one (core_n 0) the string of each element is compared.
 */
void jsonfind_also(struct jsonfind *, const char *core, size_t core_n,
    bool (*same)(const char *text, size_t n, const void *arg), const void *arg);
void jsonfind_free(struct jsonfind *);
/* The next n bytes, in pieces of any size.  After FOUND or BAD the answer stays
 * the same. */
enum jsonfind_state jsonfind_add(struct jsonfind *, const char *, size_t n);
/* The page is over, and it is known whether one stands for the same.  MORE: it
 * is whole and has no such element. */
enum jsonfind_state jsonfind_end(struct jsonfind *);
/* The element found; belongs to the scan. */
struct json_object *jsonfind_element(const struct jsonfind *);
/* After jsonfind_end() said MORE: the page with the array empty; belongs to the
 * scan. */
struct json_object *jsonfind_top(const struct jsonfind *);
/* What is wrong, a constant. */
const char *jsonfind_why(const struct jsonfind *);

#endif
