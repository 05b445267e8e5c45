/* SPDX-License-Identifier: MIT */
/*
 * played: the services of a case: what calls would be answered, from a list in
 * place of the network.  Nothing leaves the process.
 */
#ifndef CTIM_PLAYED_H
#define CTIM_PLAYED_H

#include <stdint.h>

#include "net/network.h"

struct buf;
struct json_object;

/* From now on all calls of the process are answered here.  Returns 0, or -1 with
 * the cause in why. */
int played_begin(char why[NETWORK_WHY]);

/*
 * The list of a case, which must outlive its calls: an array of {"request":
 * "GET URL", "headers", "body", "status", "json" | "text", "reply_headers"}, each
 * for one call; now: the time of the case, in seconds since 1970.  Adds to wrong, a
 * line each, what cannot be used of it.
 */
void played_case(struct json_object *list, int64_t now, struct buf *wrong);
/* Until that ends, each call takes the first unused row with its request, which
 * gets its headers and body: a case is being made. */
void played_learn(void);
/* Ends the case: adds a line for each call that the list did not have, and for
 * each of its rows that nobody asked for. */
void played_end(struct buf *wrong);

#endif
