/* SPDX-License-Identifier: MIT */
/*
 * libpq_connect: connecting, and what all of libpq*.c needs: waiting for the
 * socket and saying what failed.  Of ctim-relay-pgsql.so alone.
 */
#ifndef CTIM_LIBPQ_CONNECT_H
#define CTIM_LIBPQ_CONNECT_H

#include <poll.h>

#include <libpq-fe.h>

#include "db/libpq.h"

/* Writes the error, in one line.  Returns -1. */
int libpq_fail(struct libpq_error *, enum libpq_fault, const char *why);
/* The same for a connection that was lost, in libpq's words. */
int libpq_lost(PGconn *, struct libpq_error *);
/* Waits for the socket, until clock_ms() is `until`: 0, or -1. */
int libpq_wait(PGconn *, short events, int64_t until, struct libpq_error *);
/* libpq.connect(). */
struct libpq_conn *libpq_connect(
    const char *url, int64_t until, struct libpq_error *);

#endif
