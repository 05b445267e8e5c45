/* SPDX-License-Identifier: MIT */
/*
 * serve: the work of each route, once path, method, body and token are checked.
 * Each function writes the whole answer of its request; the rows that call them
 * are in relay.c.
 * Source: relay API, "Routes".
 */
#ifndef CTIM_SERVE_H
#define CTIM_SERVE_H

#include "ctim/problem.h"

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

#endif
