/* SPDX-License-Identifier: MIT */
/*
 * quota: what services told of their quotas, in shared memory.
 *
 * One table knows the quota of each credential, under its hash alone: for the
 * health of a relay, and to leave a service in peace that has nothing left for a
 * credential.  The other knows what a relay was told last, whoever asked: for
 * status and metrics, which never tell of a credential.
 *
 * Each table has a lock (slots.h), which the functions here take.
 * Times are in seconds since 1970: a service tells them so.
 */
#ifndef CTIM_QUOTA_H
#define CTIM_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "net/ratelimit.h"
#include "shared/slots.h"

#define QUOTA_CREDENTIALS 256 /* the longest unused goes */
#define QUOTA_RELAYS      64
#define QUOTA_KEPT        3600 /* seconds that one without a reset is shown */

struct quota {
	struct slot slot; /* of relay and credential, or of the relay */
	char relay[CONF_NAME_MAX + 1]; /* in the table of relays */
	bool last;                     /* the last answer told it */
	struct ratelimit told;
	int64_t at;      /* when */
	int64_t reached; /* when it was told first that nothing is left in
			  * the window at hand; 0: something is, or it is not
			  * known */
};

struct quota_credentials {
	struct slots slots;
	struct quota quota[QUOTA_CREDENTIALS];
};
struct quota_relays {
	struct slots slots;
	struct quota quota[QUOTA_RELAYS];
};
struct quota_table {
	struct quota_credentials credentials;
	struct quota_relays relays;
};

/* On zeroed memory, before fork; 0, or -1 with errno. */
int quota_init(struct quota_table *);

/*
 * An answer told of a quota: of the relay, and of who asked (relay and
 * credential, len bytes, of which only the hash is kept).  Answers may come in
 * another order than they were made: of those about one window the one with less
 * left counts.
 */
void quota_tell(struct quota_table *, const char *relay, const void *who,
    size_t len, const struct ratelimit *, int64_t now);
/* An answer told nothing: the quota of who asked is not shown until one does. */
void quota_tell_nothing(struct quota_table *, const void *who, size_t len);

/* A quota as it is shown. */
struct quota_seen {
	char relay[CONF_NAME_MAX + 1];
	struct ratelimit told;
	int64_t reached; /* as above */
};
/* What the last answer told who asks, unless its window is over at now.  False:
 * nothing. */
bool quota_get(struct quota_table *, const void *who, size_t len, int64_t now,
    struct quota_seen *);
/* The seconds, 1 at least, for which nothing is left for who asks; 0: it may, as
 * far as is known. */
int64_t quota_held(
    struct quota_table *, const void *who, size_t len, int64_t now);
/* Lists what is known of all relays at now.  Returns how many, or -1 when the
 * table was not free for `wait` ms. */
int quota_list(struct quota_table *, int64_t now, int wait,
    struct quota_seen seen[QUOTA_RELAYS]);

#endif
