/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "redis/rediscon_tls.h"

/* What all connections of a process share: reading the system's authorities
 * takes as long as a request may wait.  Under the lock. */
static pthread_mutex_t rediscon_tls_lock = PTHREAD_MUTEX_INITIALIZER;
static SSL_CTX *rediscon_tls_ctx;
static char *rediscon_tls_of; /* its file of authorities */

/* Under the lock. */
static SSL_CTX *
rediscon_tls_make(const char *authorities)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    (authorities[0] == '\0' ?
		    SSL_CTX_set_default_verify_paths(ctx) :
		    SSL_CTX_load_verify_file(ctx, authorities)) == 1)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* A connection's own; NULL where the authorities cannot be read, or memory ran
 * out. */
static SSL *
rediscon_tls_new(const char *authorities)
{
	SSL *tls;

	(void)pthread_mutex_lock(&rediscon_tls_lock);
	if (rediscon_tls_ctx != NULL &&
	    strcmp(rediscon_tls_of, authorities) != 0) {
		SSL_CTX_free(rediscon_tls_ctx);
		rediscon_tls_ctx = NULL;
	}
	if (rediscon_tls_ctx == NULL) {
		free(rediscon_tls_of);
		rediscon_tls_of = strdup(authorities);
		if (rediscon_tls_of != NULL)
			rediscon_tls_ctx = rediscon_tls_make(authorities);
	}
	tls = rediscon_tls_ctx == NULL ? NULL : SSL_new(rediscon_tls_ctx);
	(void)pthread_mutex_unlock(&rediscon_tls_lock);
	return tls;
}

/* Whose certificate it must be. */
static bool
rediscon_tls_name(SSL *tls, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 ||
	    inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(
			   SSL_get0_param(tls), host) == 1;
	return SSL_set1_host(tls, host) == 1 &&
	    SSL_set_tlsext_host_name(tls, host) == 1;
}

/* Says what went wrong. */
static int
rediscon_tls_fail(struct rediscon *r)
{
	const char *why = ERR_reason_error_string(ERR_peek_error());
	long verdict = SSL_get_verify_result(r->tls);
	char text[REDISCON_WHY];

	if (verdict != X509_V_OK)
		why = X509_verify_cert_error_string(verdict);
	(void)snprintf(text, sizeof(text), "TLS: %s",
	    why != NULL ? why : "it closed the connection");
	ERR_clear_error();
	return rediscon_fail(r, text);
}

/* After a call that returned n, not more than 0: 0 when it is to be made again,
 * 1 at the end of the connection, or -1. */
static int
rediscon_tls_again(struct rediscon *r, int n, int64_t until)
{
	switch (SSL_get_error(r->tls, n)) {
	case SSL_ERROR_WANT_READ:
		return rediscon_wait(r, POLLIN, until);
	case SSL_ERROR_WANT_WRITE:
		return rediscon_wait(r, POLLOUT, until);
	case SSL_ERROR_ZERO_RETURN:
		return 1;
	}
	return rediscon_tls_fail(r);
}

int
rediscon_tls_begin(struct rediscon *r, const char *host,
    const char *authorities, int64_t until)
{
	int n, again = 0;

	ERR_clear_error();
	if ((r->tls = rediscon_tls_new(authorities)) == NULL)
		return rediscon_fail(
		    r, "TLS: the file of trusted certificates cannot be read");
	if (!rediscon_tls_name(r->tls, host) || SSL_set_fd(r->tls, r->fd) != 1)
		return rediscon_fail(r, "memory ran out");
	while (again == 0 && (n = SSL_connect(r->tls)) != 1)
		again = rediscon_tls_again(r, n, until);
	return again == 0 ? 0 :
	    again == 1    ? rediscon_fail(r, "it closed the connection") :
			    -1;
}

ssize_t
rediscon_tls_write(struct rediscon *r, const char *p, size_t n, int64_t until)
{
	int done, again;

	ERR_clear_error();
	for (;;) {
		done = SSL_write(r->tls, p, n > INT_MAX ? INT_MAX : (int)n);
		if (done > 0)
			return done;
		if ((again = rediscon_tls_again(r, done, until)) == 1)
			return rediscon_fail(r, "it closed the connection");
		if (again == -1)
			return -1;
	}
}

ssize_t
rediscon_tls_read(struct rediscon *r, char *p, size_t n, int64_t until)
{
	int got, again;

	ERR_clear_error();
	for (;;) {
		got = SSL_read(r->tls, p, n > INT_MAX ? INT_MAX : (int)n);
		if (got > 0)
			return got;
		if ((again = rediscon_tls_again(r, got, until)) != 0)
			return again == 1 ? 0 : -1;
	}
}

bool
rediscon_tls_quiet(const struct rediscon *r)
{
	char byte;
	int n;

	ERR_clear_error();
	n = SSL_peek(r->tls, &byte, 1);
	return n <= 0 && SSL_get_error(r->tls, n) == SSL_ERROR_WANT_READ;
}

void
rediscon_tls_end(struct rediscon *r)
{
	/* Nobody waits for a word of parting. */
	SSL_free(r->tls);
	r->tls = NULL;
}
