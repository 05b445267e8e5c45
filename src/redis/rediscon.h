/* SPDX-License-Identifier: MIT */
/*
 * rediscon: a connection to a Redis server on which no call waits beyond its
 * limit: neither for the host's name nor for a server that hangs or drips.
 *
 * hiredis formats the commands and parses the replies, behind this file alone;
 * the socket is ours, as the time-outs of hiredis count for each read alone.
 * Source: Redis serialization protocol (RESP2); hiredis, "Reply parsing API"
 * and "Custom reply objects"; getaddrinfo_a(3).
 */
#ifndef CTIM_REDISCON_H
#define CTIM_REDISCON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REDISCON_WHY  128 /* bytes of a reason */
#define REDISCON_ARGS 12  /* of a command */

struct redisReader;
struct ssl_st;
struct rediscon_lookup;

struct rediscon {
	int fd;                         /* -1: not open */
	struct ssl_st *tls;             /* NULL: without TLS */
	struct redisReader *reader;     /* NULL: not open */
	struct rediscon_lookup *lookup; /* of a name, under way */
	char why[REDISCON_WHY];         /* of -1, NULL */
};

/* One that is not open. */
#define REDISCON_NONE     \
	(struct rediscon) \
	{                 \
		.fd = -1  \
	}

struct rediscon_arg {
	const void *p;
	size_t len;
};

enum rediscon_type {
	REDISCON_STATUS,
	REDISCON_ERROR,
	REDISCON_INTEGER,
	REDISCON_STRING,
	REDISCON_NIL,
	REDISCON_PAIR /* a list of two, none of them a list */
};

struct rediscon_reply {
	enum rediscon_type type;
	long long integer;              /* of an integer, else 0 */
	struct rediscon_reply *pair[2]; /* of a pair, else NULL */
	size_t len;                     /* bytes of text */
	char text[];                    /* with a NUL; "" for integers
						 * and nil */
};

/* All return 0, or -1 with the reason in why; until is clock_ms().  After -1
 * and NULL the connection can only be closed.  authorities: with TLS, the file of
 * who may vouch for the server, "" for the system's; NULL: without TLS. */
int rediscon_open(struct rediscon *, const char *host, const char *port,
    const char *authorities, int64_t until);
/* Takes over a connected socket, which the connection then closes. */
int rediscon_adopt(struct rediscon *, int fd);
int rediscon_send(
    struct rediscon *, const struct rediscon_arg *, size_t n, int64_t until);
/*
 * The next reply, to be released with rediscon_drop().  A reply of another type than
 * those above is refused, and so is one for which more than max bytes, give or
 * take those of one read(), would have to be read.
 */
struct rediscon_reply *rediscon_reply(
    struct rediscon *, size_t max, int64_t until);
void rediscon_drop(struct rediscon_reply *); /* NULL is fine */
/* Whether an open connection, on which no reply is awaited, is still open, and
 * nothing has come unasked. */
bool rediscon_quiet(const struct rediscon *);
void rediscon_close(struct rediscon *);
/* Closes the connection and gives up a lookup that is still under way. */
void rediscon_free(struct rediscon *);

#endif
