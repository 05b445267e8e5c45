/* SPDX-License-Identifier: MIT */
/*
 * http_host: the hosts that are called: at each, the transfers that have a place,
 * the calls that wait for one, and the TLS sessions that the next connections
 * resume.
 *
 * Hosts stand in pools: a pool has the connections of all transfers of one
 * policy.  For the engine's thread alone.
 */
#ifndef CTIM_HTTP_HOST_H
#define CTIM_HTTP_HOST_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>
#include <openssl/types.h>

#include "http/http.h"

struct http_pool;

/* What one request has waiting at a host. */
struct http_line {
	TAILQ_ENTRY(http_line) link;
	struct http_host *host;
	const struct http *from;
	struct http_calls calls; /* never empty */
};

struct http_host {
	TAILQ_ENTRY(http_host) link;
	struct http_pool *pool;
	char origin[HTTP_ORIGIN_MAX];
	CURLSH *sessions; /* of TLS.  libcurl keeps eight in a share, so each
				 * host has its own */
	int places;       /* taken */
	bool http1;       /* over TLS it spoke no HTTP/2: connections are for
				 * one transfer each */
	TAILQ_HEAD(http_lines, http_line)
	lines; /* the first has the next turn */
};

struct http_pool {
	struct http_pool *next;
	uint32_t number;
	struct http_policy policy;
	struct http_engine *engine;
	CURLM *multi;      /* NULL while it is closed */
	X509_STORE *trust; /* NULL until it is needed */
	bool starved;      /* memory ran out in it since transfers that ended
			    * were last collected */
	bool http2;        /* a host speaks it */
	bool unsound;      /* its connections must not be used any more */
	int64_t due;       /* clock_ms() when libcurl wants to be called; -1:
				 * it does not */
	TAILQ_HEAD(http_hosts, http_host)
	hosts; /* the one called last is the first */
	size_t n;
};

/* A pool without connections; its next, number and engine are the caller's to
 * fill in.  NULL when memory ran out. */
struct http_pool *http_pool_new(const struct http_policy *);
/* Makes its multi handle, for so many connections at most when all are idle.  -1
 * when memory ran out. */
int http_pool_open(struct http_pool *, long idle);
/* Ends its connections and that handle; no transfer may have a place.  Hosts and
 * their sessions stay. */
void http_pool_close(struct http_pool *);
/* No transfer may have a place or wait. */
void http_pool_free(struct http_pool *);

/* The host of a call.  NULL when memory ran out. */
struct http_host *http_host_get(struct http_pool *, const char *origin);
/* The call waits for a place, in the line of its request.  -1 when memory ran
 * out. */
int http_host_wait(struct http_host *, struct http_call *);
/* The call whose turn it is, which waits no longer; NULL when none does. */
struct http_call *http_host_next(struct http_host *);
/* A call that waits does so no longer. */
void http_host_leave(struct http_call *);

#endif
