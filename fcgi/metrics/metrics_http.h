/* SPDX-License-Identifier: MIT */
/*
 * metrics_http: as much of HTTP as one path needs: GET and HEAD of /metrics, one
 * request a connection.
 * Source: RFC 9112, sections 2 to 5 and 9.6; RFC 9110, sections 6.6.1, 15;
 * Prometheus documentation, "Exposition formats".
 */
#ifndef CTIM_METRICS_HTTP_H
#define CTIM_METRICS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_HTTP_ASKED 8192 /* bytes of a request's head, at most */

struct buf;

/* Reads a request of which n bytes are here.  Returns 0 while it is not whole;
 * else the status for it, 200 for one that is to get the metrics, and in *head
 * whether without them. */
int metrics_http_read(const char *p, size_t n, bool *head);
/* Writes the head of the answer and, but for 200, its body (not for *head); len:
 * bytes of the body of 200.  now: seconds since 1970. */
void metrics_http_answer(
    struct buf *, int status, bool head, size_t len, int64_t now);

#endif
