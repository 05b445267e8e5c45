/* SPDX-License-Identifier: MIT */
/*
 * fanout: all the calls of one request to a provider, concurrent through the
 * engine (http.h), against one deadline.
 *
 * Here is everything between a provider's request() and its reply(): the cache,
 * the circuit, turns, signing in, time-outs, retries, limits.
 */
#ifndef CTIM_FANOUT_H
#define CTIM_FANOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/provider.h"
#include "log/counters.h"

struct cache;
struct conf;
struct fanout;
struct http;
struct quota_seen;
struct relay_conf;
struct shared;
struct traceparent;

/* One request's questions, all to one relay. */
struct fanout_job {
	const struct relay_conf *relay;
	struct query query;            /* route, claims, conf, now; the
						 * rest is filled in for each */
	const struct observable *list; /* NULL with n 1: health */
	size_t n;
	int64_t deadline; /* clock_ms() */
	const char *id;   /* X-Request-Id, for the egress log */
	/* A lookup is complete, in the order in which they become so.  q has
	 * its observable and lookup.  False: no more are wanted. */
	bool (*complete)(void *arg, const struct query *q, bool first_failed);
	/* Nothing can be done but wait: what is ready should leave. */
	void (*idle)(void *arg);
	/* Whether the client has left; asked five times a second while calls
	 * are out. */
	bool (*gone)(void *arg);
	void *arg;
	struct counters_place place; /* where its tries are counted */
	/* Of which trace the calls are, and the whole field tracestate; NULL:
	 * nobody is told. */
	const struct traceparent *trace;
	const char *tracestate;
	/* What it took, for the log. */
	size_t calls, cached, retried;
	/* Of health, for a relay with `quotas`: what the last answer told. */
	struct quota_seen *quota; /* the caller's, or NULL */
	bool quota_told;
};

/* What a thread keeps.  All handed in must outlive it; cache may be NULL. */
struct fanout *fanout_new(
    const struct conf *, struct shared *, struct cache *, struct http *);
void fanout_free(struct fanout *);

/* Runs n jobs side by side, each to its end: all complete, the deadline, the
 * client gone, or complete() said so.  A lookup that did not come that far is
 * complete with a connection error, unless nobody wants to know.  They have
 * deadline, idle(), gone() and arg in common. */
void fanout_run(struct fanout *, struct fanout_job *jobs, size_t n);

#endif
