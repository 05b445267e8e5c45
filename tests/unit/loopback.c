/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tests/unit/loopback.h"

#define REQUEST_MAX (2U << 20)

struct peer {
	int fd;
	SSL *ssl;
	const struct loopback_row *rows;
	size_t n_rows;
	SSL_CTX *tls;
	char request[REQUEST_MAX];
	size_t n;
};

static bool
say(struct peer *p, const char *text, size_t n)
{
	size_t done = 0;

	if (p->ssl != NULL)
		return SSL_write_ex(p->ssl, text, n, &done) == 1;
	return send(p->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static ssize_t
hear(struct peer *p)
{
	char *at = p->request + p->n;
	size_t room = sizeof(p->request) - 1 - p->n;

	if (p->ssl != NULL)
		return SSL_read(p->ssl, at, (int)room);
	return recv(p->fd, at, room, 0);
}

/* Whether a request is there whole, with the body that it announces. */
static bool
complete(const struct peer *p)
{
	const char *end = strstr(p->request, "\r\n\r\n");
	const char *length = strcasestr(p->request, "\nContent-Length:");
	size_t body = 0;

	if (end == NULL)
		return false;
	if (length != NULL && length < end)
		body = strtoul(length + strlen("\nContent-Length:"), NULL, 10);
	return p->n >= (size_t)(end + 4 - p->request) + body;
}

static bool
read_request(struct peer *p)
{
	ssize_t n;

	p->n = 0;
	p->request[0] = '\0';
	while (!complete(p)) {
		if ((n = hear(p)) <= 0)
			return false;
		p->n += (size_t)n;
		p->request[p->n] = '\0';
	}
	return true;
}

static bool
echo(struct peer *p)
{
	char head[128];
	int n;

	n = snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", p->n);
	return say(p, head, (size_t)n) && say(p, p->request, p->n);
}

static bool
refuse(struct peer *p)
{
	static const char forbidden[] = "HTTP/1.1 403 No\r\n"
					"Retry-After: 7\r\n\r\n";
	static const char leaked[] = "HTTP/1.1 500 Leaked\r\n\r\n";

	if (strcasestr(p->request, "X-Key") != NULL)
		say(p, leaked, strlen(leaked));
	else
		say(p, forbidden, strlen(forbidden));
	return false;
}

static const struct loopback_row *
find(const struct peer *p)
{
	const char *path = strchr(p->request, ' ');
	size_t i, n;

	if (path == NULL)
		return NULL;
	n = strcspn(++path, " ?");
	for (i = 0; i < p->n_rows; i++)
		if (strlen(p->rows[i].path) == n &&
		    strncmp(p->rows[i].path, path, n) == 0)
			return &p->rows[i];
	return NULL;
}

static void
end(struct peer *p, enum loopback_after after)
{
	struct linger now = { .l_onoff = 1 };

	if (after == LOOPBACK_RESET)
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	while (after == LOOPBACK_HANG)
		pause();
}

/* Another handshake on a connection of TLS 1.2; whether the client went along. */
static bool
renegotiate(struct peer *p)
{
	struct timeval patience = { .tv_usec = 300000 }, none = { 0 };
	char byte;
	bool done;

	if (SSL_renegotiate(p->ssl) != 1 || SSL_do_handshake(p->ssl) != 1)
		return false;
	/* Nothing is there to read but the handshake. */
	setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)SSL_peek(p->ssl, &byte, 1);
	setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	done = SSL_renegotiate_pending(p->ssl) == 0;
	return done && echo(p);
}

/* Answers a request; whether another may come. */
static bool
answer(struct peer *p)
{
	const struct loopback_row *row;
	unsigned i;

	if (strncmp(p->request, "CONNECT ", 8) == 0)
		return refuse(p);
	if (strncmp(p->request, "GET /renegotiate ", 17) == 0)
		return renegotiate(p);
	if ((row = find(p)) == NULL)
		return echo(p);
	if (row->n > 0 && !say(p, row->text, row->n))
		return false;
	for (i = 0; i < row->times; i++)
		if (!say(p, row->again, row->n_again))
			return false;
	end(p, row->after);
	return row->after == LOOPBACK_KEEP;
}

static void *
serve(void *arg)
{
	struct peer *p = arg;

	if (p->tls != NULL) {
		p->ssl = SSL_new(p->tls);
		SSL_set_fd(p->ssl, p->fd);
		if (SSL_accept(p->ssl) != 1)
			goto out;
	}
	while (read_request(p))
		if (!answer(p))
			break;
out:
	SSL_free(p->ssl);
	close(p->fd);
	free(p);
	return NULL;
}

static void __attribute__((noreturn))
run(int fd, const struct loopback_row *rows, size_t n, SSL_CTX *tls)
{
	struct peer *p;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		if ((p = calloc(1, sizeof(*p))) == NULL)
			_exit(1);
		p->rows = rows;
		p->n_rows = n;
		p->tls = tls;
		if ((p->fd = accept(fd, NULL, NULL)) == -1 ||
		    pthread_create(&thread, NULL, serve, p) != 0)
			_exit(1);
		pthread_detach(thread);
	}
}

static int
listen_on(int *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *sa = (struct sockaddr *)&in;
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(bind(fd, sa, len), 0);
	ck_assert_int_eq(getsockname(fd, sa, &len), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

void
loopback_start(
    struct loopback *l, const struct loopback_row *rows, size_t n, SSL_CTX *tls)
{
	int fd = listen_on(&l->port);

	ck_assert_int_eq(listen(fd, 512), 0);
	l->pid = fork();
	ck_assert_int_ne(l->pid, -1);
	if (l->pid == 0)
		run(fd, rows, n, tls);
	close(fd);
}

void
loopback_stop(struct loopback *l)
{
	kill(l->pid, SIGKILL);
	waitpid(l->pid, NULL, 0);
}

int
loopback_closed_port(void)
{
	int port;

	close(listen_on(&port));
	return port;
}

SSL_CTX *
loopback_tls(const char *address, long begins, long ends, const char *pem_file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *san;
	char text[64];
	FILE *f;

	snprintf(text, sizeof(text), "IP:%s", address);
	san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	ck_assert_int_eq(X509_set_version(cert, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), begins);
	X509_gmtime_adj(X509_getm_notAfter(cert), ends);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"loopback", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, san, -1);
	ck_assert_int_ne(X509_sign(cert, key, EVP_sha256()), 0);
	ck_assert_int_eq(SSL_CTX_use_certificate(ctx, cert), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
	f = fopen(pem_file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_X509(f, cert), 1);
	fclose(f);
	X509_EXTENSION_free(san);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}
