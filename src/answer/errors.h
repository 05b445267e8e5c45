/* SPDX-License-Identifier: MIT */
/*
 * errors: those of one answer, each once, in the order in which they came.
 * Source: relay API, "Errors".
 */
#ifndef CTIM_ERRORS_H
#define CTIM_ERRORS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctim/problem.h"

struct buf;
struct set;

#define ERRORS_MAX 5000 /* of one request; more are left out */

/* Zeroed: none. */
struct errors {
	struct error *list;
	size_t n;
};

void errors_free(struct errors *);
/* How much of an error there may be at most; the heavier counts where it is added
 * twice. */
enum errors_weight {
	ERRORS_MILD, /* it is a warning */
	ERRORS_PART, /* it is one where something was answered */
	ERRORS_WHOLE /* as problem_type() says */
};
/* Adds a warning with a code that need not be one of enum problem's, as
 * errors_add() does. */
int errors_add_own(struct errors *, struct set *seen, const char *source,
    const char *code, const char *message);
/*
 * Adds an error with the message that the format makes, behind "SOURCE: " unless
 * source is NULL, and its code and message to seen; one that seen has already is
 * not added again.  Returns 0, or -1 when the message is too long or memory ran
 * out.
 */
int errors_add(struct errors *, struct set *seen, enum problem,
    enum errors_weight, const char *source, const char *format, va_list)
    __attribute__((format(printf, 6, 0)));
/* Puts error i as a JSON object into an empty buffer.  answered: as of
 * problem_type().  Returns 0, or -1 when it does not fit or memory ran out. */
int errors_write(const struct errors *, size_t i, bool answered, struct buf *);
/* Whether one of them is fatal where nothing was answered. */
bool errors_fatal(const struct errors *);

#endif
