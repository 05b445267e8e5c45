/* SPDX-License-Identifier: MIT */
/*
 * rediscon_tls: TLS on the socket of a rediscon, by OpenSSL, so that it keeps to
 * the same limits of time.  The server's certificate must be of the host's name
 * or address, and of an authority that is trusted.  Of rediscon.c alone.
 * Source: RFC 9525; SSL_get_error(3).
 */
#ifndef CTIM_REDISCON_TLS_H
#define CTIM_REDISCON_TLS_H

#include <sys/types.h>

#include "redis/rediscon.h"

/* Writes the reason.  Returns -1. */
int rediscon_fail(struct rediscon *, const char *why);
/* Waits for the socket: 0, or -1. */
int rediscon_wait(struct rediscon *, short events, int64_t until);

/* The handshake, on a socket that is connected: 0, or -1. */
int rediscon_tls_begin(struct rediscon *, const char *host,
    const char *authorities, int64_t until);
/* Some of n bytes: how many, for reading 0 at the end, or -1. */
ssize_t rediscon_tls_write(
    struct rediscon *, const char *p, size_t n, int64_t until);
ssize_t rediscon_tls_read(struct rediscon *, char *p, size_t n, int64_t until);
/* Whether what has come is of TLS itself, such as a ticket. */
bool rediscon_tls_quiet(const struct rediscon *);
void rediscon_tls_end(struct rediscon *);

#endif
