/* SPDX-License-Identifier: MIT */
/*
 * pace: gives turns to call a service that allows so many calls in a time.
 *
 * A bucket has a token for each call that the rate allows in its time.  Where
 * that is more than PACE_TOKENS, the time is cut into equal parts, with a
 * token for each call of a part.  A token is back that time, or part, and 5 %
 * after the turn for which it was taken.  So no window of that time ever sees
 * more turns than the rate, however many workers there are, and turns come in
 * the order of the requests for them.
 */
#ifndef CTIM_PACE_H
#define CTIM_PACE_H

#include <stddef.h>
#include <stdint.h>

#include "shared/slots.h"

#define PACE_BUCKETS 256 /* relays times keys; the longest unused goes */
/* ms that count as a second: 5 % for the network, which may bring calls nearer to
 * each other than they left. */
#define PACE_SECOND 1050
#define PACE_TOKENS 16 /* of a bucket */

struct pace_rate {
	int calls;   /* 1 to 10000 */
	int seconds; /* in which they are allowed, 1 to 86400 */
};

struct pace {
	struct slot slot; /* of relay and key; used: the last of back[] */
	int64_t back[PACE_TOKENS]; /* clock_ms() when each token is back */
};

struct pace_table {
	struct slots slots;
	int64_t born; /* clock_ms() when it began in the place of another table,
		       * which is lost: its turns may be a second old; else 0 */
	struct pace bucket[PACE_BUCKETS];
};

/*
 * Takes the next turn of a bucket at a rate.
 * Returns the ms to wait from now (clock_ms()), or -1 when the turn would be
 * after `until`; then none is taken.
 * name: relay and credential, of len bytes; only its hash is kept.
 */
int64_t pace_turn(struct pace_table *, const void *name, size_t len,
    struct pace_rate, int64_t now, int64_t until);
/*
 * The arithmetic alone, for buckets that the cache keeps (cache.h): back has
 * PACE_TOKENS times, 0 for a token never used.  A token whose turn is both
 * after until and more than ten minutes ahead counts as never used: the clock
 * was set back since.
 */
int64_t pace_take(
    int64_t back[PACE_TOKENS], struct pace_rate, int64_t now, int64_t until);

#endif
