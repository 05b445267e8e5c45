/*
 * pagescan: finds one element of an array in a JSON page as it arrives, without
 * parsing what does not matter.
 *
 * The page is an object; one member of it, `array`, holds objects.  The scan
 * looks for the first element whose member `member` is the string `value`; where
 * there is none in the whole page, for the first with a string that the caller
 * takes for the same.  It keeps what else is at the top of the page.  It follows
 * strings and brackets everywhere (kinds must match, depth JSON_DEPTH), and
 * parses only an element that may match, and the top.
 */
#ifndef CTIM_PAGESCAN_H
#define CTIM_PAGESCAN_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct pagescan;

#define PAGESCAN_TOP		65536		/* bytes outside the array */
#define PAGESCAN_ELEMENT	(1U << 20)	/* bytes of one element */

enum pagescan_state {
	PAGESCAN_MORE,		/* nothing yet */
	PAGESCAN_FOUND,		/* pagescan_element() has it */
	PAGESCAN_BAD		/* no such page; pagescan_why() */
};

/* The texts must outlive it.  NULL when memory ran out. */
struct pagescan	*pagescan_new(const char *array, const char *member,
		    const char *value);
/* Before the page: same() says whether a string of n bytes, with no NUL behind
 * it, stands for the same as the value; arg, which it gets, must outlive the
 * scan. */
void		 pagescan_also(struct pagescan *,
		    bool (*same)(const char *text, size_t n, const void *arg),
		    const void *arg);
void		 pagescan_free(struct pagescan *);
/* The next n bytes, in pieces of any size.  After FOUND or BAD the answer stays
 * the same. */
enum pagescan_state pagescan_add(struct pagescan *, const char *, size_t n);
/* The page is over, and it is known whether one stands for the same.  MORE: it
 * is whole and has no such element. */
enum pagescan_state pagescan_end(struct pagescan *);
/* The element found; belongs to the scan. */
struct json_object *pagescan_element(const struct pagescan *);
/* After pagescan_end() said MORE: the page with the array empty; belongs to the
 * scan. */
struct json_object *pagescan_top(const struct pagescan *);
/* What is wrong, a constant. */
const char	*pagescan_why(const struct pagescan *);

#endif
