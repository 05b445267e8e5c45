/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/pool/fcgiask.h"
#include "net/fcgiframe.h"
#include "os/clock.h"

#define PAIRS_MAX 4096 /* bytes of the variables */
#define HOST_MAX  256

int
fcgiask_is_address(const char *s)
{
	const char *colon = strrchr(s, ':');

	return strncmp(s, "unix:/", 6) == 0 ||
	    (colon != NULL && colon != s && colon[1] != '\0' &&
		strspn(colon + 1, "0123456789") == strlen(colon + 1) &&
		strchr(s, '/') == NULL);
}

static int
fcgiask_fail(char *why, const char *address, const char *text)
{
	(void)snprintf(why, FCGIASK_WHY, "%.200s: %s", address, text);
	return -1;
}

/* The socket's own time-outs bound every call; the whole is bounded by until,
 * which the caller looks at between them. */
static int
fcgiask_connected(int family, const struct sockaddr *sa, socklen_t size, int ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };
	int fd, error;

	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) == 0 &&
	    connect(fd, sa, size) == 0)
		return fd;
	error = errno == EINPROGRESS ? ETIMEDOUT : errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static int
connect_tcp(const char *address, int ms, char *why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	struct addrinfo *list, *ai;
	const char *colon = strrchr(address, ':');
	size_t len = (size_t)(colon - address);
	char host[HOST_MAX];
	int64_t until = clock_ms() + ms;
	int fd = -1, error;

	if (len >= 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return fcgiask_fail(why, address, "too long for a name");
	memcpy(host, address, len);
	host[len] = '\0';
	if ((error = getaddrinfo(host, colon + 1, &hints, &list)) != 0)
		return fcgiask_fail(why, host, gai_strerror(error));
	for (ai = list; ai != NULL && fd == -1 && ms > 0; ai = ai->ai_next) {
		fd = fcgiask_connected(
		    ai->ai_family, ai->ai_addr, ai->ai_addrlen, ms);
		ms = (int)(until - clock_ms());
	}
	error = errno;
	freeaddrinfo(list);
	return fd != -1 ? fd : fcgiask_fail(why, address, strerror(error));
}

static int
connect_to(const char *address, int ms, char *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *path = address + strlen("unix:");
	int fd;

	if (strncmp(address, "unix:", 5) != 0)
		return connect_tcp(address, ms, why);
	if (strlen(path) >= sizeof(sa.sun_path))
		return fcgiask_fail(
		    why, path, "too long for the path of a socket");
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = fcgiask_connected(AF_UNIX, (struct sockaddr *)&sa, sizeof(sa), ms);
	return fd != -1 ? fd : fcgiask_fail(why, path, strerror(errno));
}

static void
add_record(
    struct buf *b, enum fcgiframe_type type, const char *content, size_t len)
{
	unsigned char head[FCGIFRAME_HEADER];

	fcgiframe_write(head, type, 1, len);
	(void)buf_add(b, head, sizeof(head));
	(void)buf_add(b, content, len);
}

/* Names and values are shorter than 128 bytes, or it is too long: a path that
 * long is nobody's. */
static void
add_pair(struct buf *b, const char *name, const char *value)
{
	size_t n = strlen(name), v = strlen(value);

	if (n > 127 || v > 127) {
		b->failed = true;
		return;
	}
	(void)buf_addc(b, (char)n);
	(void)buf_addc(b, (char)v);
	(void)buf_add(b, name, n);
	(void)buf_add(b, value, v);
}

/* The whole request, as a web server sends it. */
static void
add_request(struct buf *b, const char *path, const char *check)
{
	static const char begin[FCGIFRAME_BODY] = { 0,
		FCGIFRAME_ROLE_RESPONDER };
	const struct {
		const char *name, *value;
	} pairs[] = { { "GATEWAY_INTERFACE", "CGI/1.1" },
		{ "SERVER_PROTOCOL", "HTTP/1.1" },
		{ "SERVER_NAME", "localhost" }, { "SERVER_PORT", "80" },
		{ "REMOTE_ADDR", "127.0.0.1" }, { "HTTP_HOST", "localhost" },
		{ "REQUEST_METHOD", "GET" }, { "REQUEST_URI", path },
		{ "SCRIPT_NAME", path }, { "QUERY_STRING", "" },
		{ "HTTP_HEALTH_CHECK", check } };
	struct buf params;
	size_t i;

	buf_init(&params, PAIRS_MAX);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		add_pair(&params, pairs[i].name, pairs[i].value);
	add_record(b, FCGIFRAME_BEGIN_REQUEST, begin, sizeof(begin));
	add_record(b, FCGIFRAME_PARAMS, params.data, params.len);
	add_record(b, FCGIFRAME_PARAMS, "", 0);
	add_record(b, FCGIFRAME_STDIN, "", 0);
	b->failed = b->failed || params.failed;
	buf_free(&params);
}

/* Everything until the peer closes; NULL or what went wrong. */
static const char *
exchange(int fd, const struct buf *request, int64_t until, struct buf *got)
{
	char some[4096];
	ssize_t n;

	if (send(fd, request->data, request->len, MSG_NOSIGNAL) !=
	    (ssize_t)request->len)
		return strerror(errno);
	for (;;) {
		if (clock_ms() > until)
			return "no answer in time";
		n = recv(fd, some, sizeof(some), 0);
		if (n == 0)
			return NULL;
		if (n == -1)
			return errno == EAGAIN ? "no answer in time" :
						 strerror(errno);
		if (buf_add(got, some, (size_t)n) == -1)
			return "the answer is too long";
	}
}

/* Puts the STDOUT records of got together; whether the answer is whole. */
static bool
unwrap(const struct buf *got, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)got->data;
	struct fcgiframe f;
	size_t left = got->len;

	while (left >= FCGIFRAME_HEADER) {
		fcgiframe_read(&f, p);
		left -= FCGIFRAME_HEADER;
		if (f.version != FCGIFRAME_VERSION ||
		    left < f.content + f.padding)
			return false;
		if (f.type == FCGIFRAME_STDOUT)
			(void)buf_add(out, p + FCGIFRAME_HEADER, f.content);
		if (f.type == FCGIFRAME_END_REQUEST)
			return !out->failed;
		left -= f.content + f.padding;
		p += FCGIFRAME_HEADER + f.content + f.padding;
	}
	return false;
}

/* The CGI answer in out: its status, or -1; body gets the rest. */
static int
fcgiask_split(const struct buf *out, struct buf *body)
{
	const char *end = strstr(out->data, "\r\n\r\n");
	long status = 200;

	if (end == NULL)
		return -1;
	if (strncmp(out->data, "Status: ", 8) == 0)
		status = strtol(out->data + 8, NULL, 10);
	buf_reset(body);
	(void)buf_adds(body, end + 4);
	return status < 100 || status > 999 || body->failed ? -1 : (int)status;
}

int
fcgiask(const char *address, const char *path, const char *check, int ms,
    struct buf *body, char why[FCGIASK_WHY])
{
	struct buf request, got, out;
	const char *wrong;
	int64_t until = clock_ms() + ms;
	int fd, status = -1;

	if ((fd = connect_to(address, ms, why)) == -1)
		return -1;
	buf_init(&request, FCGIASK_MAX);
	buf_init(&got, FCGIASK_MAX);
	buf_init(&out, FCGIASK_MAX);
	add_request(&request, path, check);
	wrong = request.failed ? "the path is too long" :
				 exchange(fd, &request, until, &got);
	(void)close(fd);
	if (wrong == NULL &&
	    (!unwrap(&got, &out) || (status = fcgiask_split(&out, body)) == -1))
		wrong = "what answers there does not speak FastCGI";
	if (wrong != NULL)
		(void)fcgiask_fail(why, address, wrong);
	buf_free(&request);
	buf_free(&got);
	buf_free(&out);
	return wrong != NULL ? -1 : status;
}
