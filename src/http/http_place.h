/* SPDX-License-Identifier: MIT */
/*
 * http_place: gives calls places at hosts, begins and ends their transfers, in
 * the engine's pools.  For http_engine.c, on the engine's thread.
 */
#ifndef CTIM_HTTP_PLACE_H
#define CTIM_HTTP_PLACE_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "http/http.h"
#include "http/http_host.h"
#include "http/http_transfer.h"

TAILQ_HEAD(http_transfers, http_transfer);

struct http_engine {
	const struct conf *conf;
	int epoll, bell; /* bell: an eventfd that wakes the thread */
	pthread_t thread;
	bool threaded;
	void (*died)(const char *why);
	pthread_mutex_t lock;
	/* Under the lock: */
	struct http_calls posted; /* the mailbox */
	bool asleep;              /* the bell must be rung */
	bool stopping;
	/* The engine's thread's: */
	struct http_pool *pools;
	struct http_transfers busy, spare, waiting; /* waiting: some of busy,
						 * for a connection of another,
						 * the first for the longest */
	size_t n_spare;
	const char *broken; /* libcurl failed, and says so: NULL it did not */
	bool ended;         /* a transfer, in this round */
	bool deaf;          /* some transfers are, which are to end */
	int64_t starved_at; /* clock_ms() when memory was last short */
};

/* A call that was handed over gets a place, or waits for one, or has ended: out
 * of memory. */
void http_place_admit(struct http_engine *, struct http_call *);
/* libcurl has ended a transfer: its call goes back, another gets the place. */
void http_place_end(struct http_engine *, struct http_transfer *, CURLcode);
/* A call is withdrawn, wherever it is. */
void http_place_drop(struct http_engine *, struct http_call *);
/* Ends the transfers whose sockets could not be waited for. */
void http_place_end_deaf(struct http_engine *);
/* Ends all transfers of a pool with a code, and its connections; others get the
 * places. */
void http_place_clear(struct http_engine *, struct http_pool *, CURLcode);

#endif
