/* SPDX-License-Identifier: MIT */
/*
 * http_engine: moves all transfers of a process, on one thread, over one set of
 * connections and TLS sessions.
 *
 * In a worker it has a thread of its own, to which request threads hand calls
 * over through their struct http (http.h).  In CGI and the command line it has
 * none: it moves while the one thread waits in http_wait().
 *
 * What waits, waits here and not in libcurl: at each host so many transfers have
 * a place ([http] host_parallel), the others wait in lines, one for each request,
 * and the requests take turns.  So one with a thousand calls does not hold up
 * another with one, and what a hung host holds are places of its own.
 */
#ifndef CTIM_HTTP_ENGINE_H
#define CTIM_HTTP_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct http_call;
struct http_engine;

/* Made in the process that uses it: no handle of libcurl crosses a fork.  The
 * configuration must outlive it.  NULL when memory or descriptors ran out. */
struct http_engine *http_engine_new(const struct conf *);
/* Gives it a thread, which blocks all signals.  died() is called on that thread
 * should it have to end before http_engine_free(): no transfer ends then any
 * more, and it must end the process.  Returns 0 or an error number. */
int http_engine_start(struct http_engine *, void (*died)(const char *why));
/* Ends its thread.  All that joined it are freed before. */
void http_engine_free(struct http_engine *); /* NULL is fine */

/* For http.c: */
const struct conf *http_engine_conf(const struct http_engine *);
/* A call that was started, from the thread that did so. */
void http_engine_post(struct http_engine *, struct http_call *);
/* Such a call shall end.  False: the engine never saw it, and lets go of it at
 * once; else it says so with http_let_go(). */
bool http_engine_withdraw(struct http_engine *, struct http_call *);
/* Without a thread: goes on for ms at most, until a transfer ended or something
 * moved. */
void http_engine_round(struct http_engine *, int64_t ms);

/* http.c, for the engine: the call has ended, it belongs to its thread again. */
void http_give_back(struct http_call *);
/* The same of one that was withdrawn, ended or not. */
void http_let_go(struct http_call *);

#endif
