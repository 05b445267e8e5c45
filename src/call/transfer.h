/* SPDX-License-Identifier: MIT */
/*
 * transfer: one call of a fan-out on its way, from the cache to its reply; what
 * fanout.c, kept.c and transfer.c share, and nobody else.
 */
#ifndef CTIM_TRANSFER_H
#define CTIM_TRANSFER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "answer/traceparent.h"
#include "cache/cache.h"
#include "call/provider.h"
#include "http/http.h"
#include "shared/breaker.h"
#include "shared/pace.h"

struct conf;
struct fanout_job;
struct transfer;
struct shared;

#define SHARING_LISTS 256 /* by the hash of the URL */

TAILQ_HEAD(transfers, transfer);

/* One observable, or the health of the service, or signing in. */
struct task {
	struct query q;
	struct lookup lookup;
	size_t seen;             /* calls of the lookup taken on */
	size_t open;             /* of these, not yet over */
	size_t firsts;           /* calls that request() began with */
	char told[BREAKER_NAME]; /* host of its line in the egress log */
};

/* The result of a call that several lookups make. */
struct sharing {
	struct transfer *leader; /* under way; NULL: it is over */
	char *url, *sent, *apart;
	struct json_object *result;
	enum problem problem;
	char *message;
	bool fixed;
	struct transfers followers;
	SLIST_ENTRY(sharing) link;
};

SLIST_HEAD(sharings, sharing);

struct transfer {
	TAILQ_ENTRY(transfer) link;
	struct transfers *in; /* the list it is in, NULL for none */
	struct run *run;
	struct task *task;
	struct call *call;       /* of the task's lookup */
	struct sharing *sharing; /* NULL: it is made for one lookup */
	struct http_call http;
	struct http_policy policy;
	/* Those of the call, a token, the trace with its state, and NULL. */
	const char *headers[CALL_HEADERS + 4];
	char trace[TRACEPARENT_FIELD];
	struct buf bearer; /* the field with the token */
	struct buf url;    /* with the query of the credential, or what is sent
			    * of a call that is signed, or empty */
	struct call_signing signing;
	uint64_t serial;  /* of the token; 0: has none yet */
	uint64_t refused; /* of one that a 401 came to */
	char host[BREAKER_NAME];
	unsigned char name[CACHE_NAME];
	int64_t at;               /* timed: clock_ms() when it goes on */
	int tries;                /* so far */
	int64_t patience;         /* clock_ms() till when it waits for another
				   * gateway's answer; 0: has not asked */
	int64_t leased;           /* clock_ms() till when no other asks this */
	bool cached;              /* has a name; its result is to be kept */
	bool hit;                 /* came from the cache */
	bool asked, probe;        /* the breaker */
	enum breaker_result said; /* what the breaker will be told */
	bool turn;                /* has its turn */
	bool enough;              /* scan() has what it wants */
};

struct run {
	struct fanout_job *job;
	size_t next; /* of its observables: the first that did not begin */
	bool over;
	const struct conf *conf;
	const struct provider *provider;
	struct shared *shared;
	struct cache *cache;  /* NULL: none */
	int64_t cache_budget; /* ms that the cache may still take */
	struct http *http;
	struct transfers ready; /* to be started */
	struct transfers timed; /* wait for a time, or for a token */
	struct transfers flying;
	struct transfers landed; /* over, to be looked at */
	struct sharings sharings[SHARING_LISTS];
	unsigned logged; /* bits of enum http_end */
	size_t active;   /* transfers that are not over */
	size_t in_air;
	struct query_batch batch;
	struct task sign;     /* signing in */
	struct lookup finals; /* calls for when all is over */
	bool signing;
	char signing_for[BREAKER_NAME]; /* the host that is to get the token */
	char giver[BREAKER_NAME]; /* the host of sign_in(); "": not known */
	bool signed_in_vain;      /* so no more of that */
	struct buf who;           /* relay and credential, for names */
	size_t room;              /* calls at a time */
	struct pace_rate rate;
	int64_t ahead; /* seconds from time() to the time of the request */
	int breaker, ttl, negative_ttl;
	int64_t timeout; /* ms a try */
	int64_t fair;    /* ms that a try must have had for its
					 * end by the deadline to be the
					 * host's fault */
};

/* Puts it into a list, out of the one it was in. */
void transfer_move(struct run *, struct transfer *, struct transfers *);
/* A call of a task sets out: it lands at once when it is known what comes of
 * it.  -1 when memory ran out. */
int transfer_new(struct run *, struct task *, struct call *);
/* Starts one that is ready; it lands, or is timed, when it cannot go now. */
void transfer_start(struct run *, struct transfer *);
/* Its transfer ended: it lands, or is timed for another try. */
void transfer_ended(struct run *, struct transfer *);
/* The deadline has passed: it lands with what it has. */
void transfer_late(struct run *, struct transfer *);
/* Tells the breaker, which is then to be asked again. */
void transfer_tell(struct run *, struct transfer *, enum breaker_result);
/* It lands with a failure, whatever it was doing. */
void transfer_give_up(struct run *, struct transfer *, enum problem,
    const char *, ...) __attribute__((format(printf, 4, 5)));
/* How many ms a call of now has to wait for its turn, where the service takes so
 * many a second; -1: until `until` and longer. */
int64_t transfer_turn(struct run *, int64_t now, int64_t until);
/* Whether the value of a task's observable may leave with a call to the host: it is
 * in the egress log, once for each host, or need not be. */
bool transfer_logged(struct run *, struct task *, const struct call *,
    const char host[BREAKER_NAME]);
/* What is said if it may not, to be filled in with the service's title. */
#define TRANSFER_UNLOGGED                                        \
	"Not sent to %s: the egress log of this gateway cannot " \
	"be written"
/* What is left to do when it is over: breaker, cache, those who share it. */
void transfer_over(struct run *, struct transfer *);
/* Its end, without a word to anybody but the breaker. */
void transfer_free(struct run *, struct transfer *);

/* kept.c: what it finds in the cache, and leaves there. */
/*
 * Whether the result is known already.  A cache that is slow, but not so slow
 * that it counts as broken, would use up the request's time, and nothing else
 * goes on meanwhile: it gets a part of that.
 */
bool kept_look_up(struct run *, struct transfer *);
/*
 * Whether the call is this gateway's to make: of those that share a cache one
 * asks a question at a time.  The others wait for its answer, but never so long
 * that they could not ask themselves.  False: it is timed, or has landed.
 */
bool kept_ours(struct run *, struct transfer *, int64_t now);
/* Keeps the result of a call that is over, where that may be. */
void kept_keep(struct run *, struct transfer *);
/* The call ends: others may ask that question. */
void kept_leave(struct run *, struct transfer *);

#endif
