/*
 * kept: what a service handed out when we signed in, per credentials, in memory
 * that all workers share and that is in no file.
 *
 * One caller at a time signs in; the others wait for what it gets.
 */
#ifndef CTIM_KEPT_H
#define CTIM_KEPT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_SLOTS	64	/* credentials; the longest unused goes */
#define KEPT_MAX	8192	/* bytes of a token, with its NUL */

struct kept {
	uint64_t	 a, b;		/* hash of the name; 0, 0: free */
	uint64_t	 used;		/* number of the last use */
	int64_t		 busy_until;	/* somebody signs in; 0: nobody */
	uint64_t	 serial;	/* of the token */
	bool		 have;
	char		 token[KEPT_MAX];
};

struct kept_table {
	pthread_mutex_t	 lock;
	uint64_t	 uses, serial;	/* the last ones given; they count up */
	struct kept	 slot[KEPT_SLOTS];
};

enum kept_way {
	KEPT_HAVE,		/* token is filled in */
	KEPT_SIGN_IN,		/* sign in, then kept_put() or kept_failed() */
	KEPT_WAIT		/* somebody does: ask again in some ms */
};

int		 kept_init(struct kept_table *);
/*
 * What to do for a token.  refused: the serial of a token that the service no
 * longer takes, 0 for none; a kept token with that serial is thrown away.
 * token (KEPT_MAX bytes) and *serial are filled in for KEPT_HAVE.  A caller
 * that got KEPT_SIGN_IN and says nothing for `lease` ms is taken for dead.
 * name: relay and credentials, of len bytes; only its hash is kept.
 */
enum kept_way	 kept_get(struct kept_table *, const void *name, size_t len,
		    uint64_t refused, int64_t now, int64_t lease,
		    char token[KEPT_MAX], uint64_t *serial);
/* The token that signing in gave; *serial gets its number.  One that is too
 * long or empty is not kept: -1, and kept_failed() is still to come. */
int		 kept_put(struct kept_table *, const void *name, size_t len,
		    const char *token, uint64_t *serial);
/* Signing in failed: the next may try. */
void		 kept_failed(struct kept_table *, const void *name, size_t len);

#endif
