/* SPDX-License-Identifier: MIT */
/*
 * signins: the tokens that services gave us for credentials, in memory that all
 * workers share and that is in no file.
 *
 * One caller at a time signs in; the others wait for its token.
 */
#ifndef CTIM_SIGNINS_H
#define CTIM_SIGNINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/slots.h"

#define SIGNINS_SLOTS 64   /* credentials; the longest unused goes */
#define SIGNINS_MAX   8192 /* bytes of a token, with its NUL */

struct signin {
	struct slot slot;   /* used: number of the last use */
	int64_t busy_until; /* of the caller that signs in; 0: none */
	uint64_t serial;    /* of the token */
	bool have;
	char token[SIGNINS_MAX];
};

struct signins_table {
	struct slots slots;
	int64_t uses;    /* the last number given; counts up */
	uint64_t serial; /* the same; a serial never stands for two tokens */
	struct signin slot[SIGNINS_SLOTS];
};

enum signins_way {
	SIGNINS_HAVE,    /* token is filled in */
	SIGNINS_SIGN_IN, /* sign in, then signins_put() or signins_failed() */
	SIGNINS_WAIT     /* another caller signs in: ask again in some ms */
};

/*
 * Says how to get a token.  refused: the serial of a token that the service no
 * longer takes, 0 for none; a kept token with that serial is thrown away.
 * token (SIGNINS_MAX bytes) and *serial are filled in for SIGNINS_HAVE.  A
 * caller that got SIGNINS_SIGN_IN and reports no result for `lease` ms is
 * presumed dead.
 * name: relay and credentials, of len bytes; only its hash is kept.
 */
enum signins_way signins_get(struct signins_table *, const void *name,
    size_t len, uint64_t refused, int64_t now, int64_t lease,
    char token[SIGNINS_MAX], uint64_t *serial);
/* Keeps the token that a sign-in gave; *serial gets its number.  Returns 0, or
 * -1 when the token is empty or too long to be kept; the caller then reports
 * signins_failed(). */
int signins_put(struct signins_table *, const void *name, size_t len,
    const char *token, uint64_t *serial);
/* Reports a failed sign-in: the next caller may try. */
void signins_failed(struct signins_table *, const void *name, size_t len);

#endif
