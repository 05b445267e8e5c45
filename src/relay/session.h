/* SPDX-License-Identifier: MIT */
/*
 * session: the state of one thread between requests: verified tokens,
 * connections to stores, to the cache and to providers.  No other thread may
 * use a session.
 */
#ifndef CTIM_SESSION_H
#define CTIM_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "ctim/problem.h"
#include "log/counters.h"

struct auth;
struct cache;
struct conf;
struct fanout;
struct http_engine;
struct log_request;
struct maps_asked;
struct observable;
struct query;
struct record;
struct relay_conf;
struct session;
struct shared;
struct store;

/* The arguments must outlive the session.  shared NULL: this process is alone and
 * gets shared memory of its own.  engine NULL: calls move on the thread itself
 * while it waits.  NULL when memory ran out. */
struct session *session_new(
    const struct conf *, struct shared *, struct http_engine *);
void session_free(struct session *);

/* Between two requests: gives back the memory that it keeps for the next. */
void session_rest(struct session *);

const struct conf *session_conf(const struct session *);
struct auth *session_auth(struct session *);
struct fanout *session_fanout(struct session *);
struct cache *session_cache(struct session *);
/*
 * The store of a relay whose provider has one.  Opens it at the first call, and
 * again when another file has taken its place.  NULL when that fails; the log
 * has the reason.
 */
struct store *session_store(struct session *, const struct relay_conf *);
/* The problem that a store which cannot be read is: one in a database of its own
 * is a service. */
enum problem session_no_store(const struct relay_conf *);
/* Notes that a request has changed the store of a relay, and where that is noted,
 * for hook_look(). */
void session_changed(struct session *, const struct relay_conf *);
/* Whether the description of a relay's provider is known to have an error. */
bool session_broken(const struct session *, const struct relay_conf *);
/* Asks the program of a described provider, with the worker of this thread
 * (mapping/maps.h), and counts that. */
struct maps_asked session_map(struct session *, const struct relay_conf *,
    const struct query *, int64_t deadline);
struct shared *session_shared(struct session *);
/* Counts, for the tiles, that an observable of a request matches records of the
 * relay's store; now: seconds since 1970. */
void session_matched(struct session *, const struct relay_conf *,
    const struct observable *, const struct record *, size_t n, int64_t now);
/* Where this thread counts for a relay (NULL: for the gateway itself). */
struct counters_place session_place(
    const struct session *, const struct relay_conf *);
/* Counts a request to a relay (NULL: to the gateway itself) that has ended. */
void session_count(
    struct session *, const struct relay_conf *, const struct log_request *);

#endif
