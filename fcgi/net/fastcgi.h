/* SPDX-License-Identifier: MIT */
/*
 * fastcgi: answers one FastCGI request with libfcgi.  The only file that knows
 * that library.
 *
 * record.c has read and checked the request; libfcgi is shown the checked copy
 * and writes the answer: to the connection, or, once its reader does not take
 * it, into the connection's files (outgoing.h).  So no answer waits for its
 * reader with a thread.
 */
#ifndef CTIM_FASTCGI_H
#define CTIM_FASTCGI_H

#include <stdbool.h>
#include <stdint.h>

#include "fcgi/net/connection.h"

struct fastcgi;
struct transport;

/* Once in a process, before its threads.  Returns 0 or -1. */
int fastcgi_init(void);
/* What one thread needs.  NULL when memory or descriptors ran out. */
struct fastcgi *fastcgi_new(void);
void fastcgi_free(struct fastcgi *);
/* Between two requests: gives back the memory that it keeps for the next. */
void fastcgi_rest(struct fastcgi *);
/*
 * Calls answer with the whole request of a connection, a blocking socket, and
 * sends the end.  deadline: clock_ms(), for answer.  keep: the connection may be
 * kept; connection->keep says then whether it is.  The connection stays the
 * caller's; a shutdown(2) of its socket by another thread ends the call early.
 * Returns what the connection waits for now.
 */
enum connection_wait fastcgi_serve(struct fastcgi *, struct connection *,
    int64_t deadline, bool keep, void (*answer)(void *arg, struct transport *),
    void *arg);

#endif
