/*
 * signins: what a service handed out when we signed in, per credentials, in memory
 * that all workers share and that is in no file.
 *
 * One caller at a time signs in; the others wait for what it gets.
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
	int64_t busy_until; /* somebody signs in; 0: nobody */
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
	SIGNINS_WAIT     /* somebody does: ask again in some ms */
};

/*
 * What to do for a token.  refused: the serial of a token that the service no
 * longer takes, 0 for none; a kept token with that serial is thrown away.
 * token (SIGNINS_MAX bytes) and *serial are filled in for SIGNINS_HAVE.  A caller
 * that got SIGNINS_SIGN_IN and says nothing for `lease` ms is taken for dead.
 * name: relay and credentials, of len bytes; only its hash is kept.
 */
enum signins_way signins_get(struct signins_table *, const void *name,
    size_t len, uint64_t refused, int64_t now, int64_t lease,
    char token[SIGNINS_MAX], uint64_t *serial);
/* The token that signing in gave; *serial gets its number.  One that is too
 * long or empty is not kept: -1, and signins_failed() is still to come. */
int signins_put(struct signins_table *, const void *name, size_t len,
    const char *token, uint64_t *serial);
/* Signing in failed: the next may try. */
void signins_failed(struct signins_table *, const void *name, size_t len);

#endif
