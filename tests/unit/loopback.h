/* SPDX-License-Identifier: MIT */
/*
 * loopback: a small server on 127.0.0.1, in a process of its own, that answers
 * each path with the bytes of a row.  It says what it is told, HTTP or not.
 */
#ifndef CTIM_LOOPBACK_H
#define CTIM_LOOPBACK_H

#include <openssl/types.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/* What it does once the bytes are out. */
enum loopback_after {
	LOOPBACK_KEEP, /* waits for the next request */
	LOOPBACK_CLOSE,
	LOOPBACK_RESET,
	LOOPBACK_HANG
};

struct loopback_row {
	const char *path; /* of the request, up to '?' */
	const char *text;
	size_t n; /* bytes of it */
	enum loopback_after after;
	/* And after text, so many times this. */
	const char *again;
	size_t n_again;
	unsigned times;
};

/* A row with its first fields; others by name. */
#define LOOPBACK_ROW(p, t, ...)                                           \
	{                                                                 \
		.path = (p), .text = (t), .n = sizeof(t) - 1, __VA_ARGS__ \
	}

struct loopback {
	pid_t pid;
	int port;
};

/*
 * Starts it; tls may be NULL.  Three paths are its own: "/echo" answers with the
 * request that came, "/renegotiate" the same after another handshake (TLS 1.2),
 * and CONNECT is refused with 403, or with 500 when it carries an X-Key.
 */
void loopback_start(
    struct loopback *, const struct loopback_row *, size_t n, SSL_CTX *tls);
void loopback_stop(struct loopback *);
/* A port of 127.0.0.1 on which nobody listens. */
int loopback_closed_port(void);
/* A server context with a new key and certificate of that name (an address)
 * that begins and ends so many seconds from now; written to pem_file too. */
SSL_CTX *loopback_tls(
    const char *address, long begins, long ends, const char *pem_file);

#endif
