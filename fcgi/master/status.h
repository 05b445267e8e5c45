/* SPDX-License-Identifier: MIT */
/*
 * status: how the pool is, for those who ask on the control socket.
 */
#ifndef CTIM_STATUS_H
#define CTIM_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/breaker.h"
#include "shared/keysets.h"
#include "shared/quota.h"

struct buf;
struct conf;
struct balance;
struct shared;

enum status_worker {
	STATUS_SERVING,
	STATUS_STARTING,
	STATUS_ENDING,
	STATUS_SILENT, /* no sign of life: stopped, or starved */
	STATUS_WORKERS
};

/* What the master knows, and what it finds when asked. */
struct status {
	/* The master's own: */
	const struct conf *conf;
	struct balance *share;
	struct shared *outside;
	int64_t started, loaded;   /* seconds since 1970 */
	uint64_t reloads, refused; /* of the configuration */
	uint64_t deaths;           /* of workers that should have lived */
	int wanted;                /* workers */
	int worker[STATUS_WORKERS];
	int map_workers; /* -1: that could not be told */
	bool stopping;
	/* status_look() fills in: */
	int threads, busy, queued, places;
	int requests, readers; /* connections that wait without a thread */
	int large;             /* requests that wait for memory */
	uint64_t dropped;      /* such connections, since the start */
	int n_breakers, n_jwks, n_quotas; /* -1: could not be looked at */
	struct breaker_seen breaker[BREAKER_HOSTS];
	struct keysets_seen jwks[JWKS_HOSTS];
	struct quota_seen quota[QUOTA_RELAYS];
	int64_t now; /* seconds since 1970 */
};

/* Answers a question of the control socket; nothing for one that is none. */
void status_answer(struct status *, const char *question, struct buf *);

/* The answers, once all is filled in. */
void status_json(const struct status *, struct buf *);
void status_metrics(const struct status *, struct buf *);

/* "serving", ... */
extern const char *const status_workers[STATUS_WORKERS];
/* "closed", "half-open", "open" by enum breaker_state. */
extern const char *const status_breakers[];

#endif
