/* SPDX-License-Identifier: MIT */
/*
 * serve: the work of each route, once path, method, body and token are checked.
 * Each function writes the whole answer of its request; the rows that call them
 * are in relay.c.
 * Source: relay API, "Routes".
 */
#ifndef CTIM_SERVE_H
#define CTIM_SERVE_H

#include "answer/answer.h"
#include "ctim/problem.h"
#include "relay/ask.h"

#define SERVE_GIVEN 64 /* code points of a name that is refused */

struct json_object;
struct request;

void serve_health(struct request *);
void serve_version(struct request *);
void serve_observables(struct request *);
void serve_trigger(struct request *);
void serve_tiles(struct request *);
void serve_tile(struct request *);
void serve_tile_data(struct request *);
void serve_watchdog(struct request *);

/* Writes an answer whose only content is one fatal error. */
void serve_refusal(struct request *, enum problem, const char *message);

/* The answer of a relay whose provider is a description with an error. */
void serve_broken(struct request *);

/* What serve.c and serve_tiles.c share. */

/* Fills in the relays that are asked, ASK_MOST at most: the request's own one, or
 * each of its members.  Returns how many. */
size_t serve_asked(const struct request *, struct asked *);
/* Parses the body, an object that has all of names (ended by NULL): to be released
 * by the caller, or NULL when the request was refused. */
struct json_object *serve_body(struct request *, const char *const *names);
/* Begins the answer; NULL when memory ran out, which is answered.  The caller
 * ends with serve_finish(). */
struct answer *serve_begin(
    struct request *, enum answer_shape, enum ctim_kind streamed);
void serve_finish(struct request *, struct answer *);

#endif
