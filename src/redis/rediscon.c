/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "redis/rediscon.h"
#include "redis/rediscon_tls.h"
#include "redis/redislib.h"
#include "os/clock.h"
#include "os/pollone.h"

/* The type in which hiredis passes the number of members of an array. */
#if HIREDIS_MAJOR < 1
#define MEMBERS int
#else
#define MEMBERS size_t
#endif
#define CHUNK 16384 /* bytes of one read */
#define NAME  256   /* bytes of a host or a port */

/* Belongs to libc while it runs. */
struct rediscon_lookup {
	struct gaicb cb;
	struct gaicb *list[1];
	struct addrinfo hints;
	char host[NAME], port[NAME];
};

int
rediscon_fail(struct rediscon *r, const char *why)
{
	snprintf(r->why, sizeof(r->why), "%s", why);
	return -1;
}

void
rediscon_close(struct rediscon *r)
{
	rediscon_tls_end(r);
	if (r->fd != -1)
		close(r->fd);
	r->fd = -1;
	if (r->reader != NULL)
		redisReaderFree(r->reader);
	r->reader = NULL;
}

/* Gives up a lookup.  One that cannot be cancelled is left to libc, which writes
 * into its memory when the name server answers at last. */
static void
drop_lookup(struct rediscon *r)
{
	if (r->lookup != NULL &&
	    gai_cancel(&r->lookup->cb) != EAI_NOTCANCELED) {
		if (r->lookup->cb.ar_result != NULL)
			freeaddrinfo(r->lookup->cb.ar_result);
		free(r->lookup);
	}
	r->lookup = NULL;
}

void
rediscon_free(struct rediscon *r)
{
	rediscon_close(r);
	drop_lookup(r);
}

/* Begins to look a name up. */
static struct rediscon_lookup *
begin_lookup(const char *host, const char *port)
{
	struct rediscon_lookup *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	snprintf(l->host, sizeof(l->host), "%s", host);
	snprintf(l->port, sizeof(l->port), "%s", port);
	l->hints.ai_socktype = SOCK_STREAM;
	l->hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
	l->cb.ar_name = l->host;
	l->cb.ar_service = l->port;
	l->cb.ar_request = &l->hints;
	l->list[0] = &l->cb;
	if (getaddrinfo_a(GAI_NOWAIT, l->list, 1, NULL) != 0) {
		free(l);
		return NULL;
	}
	return l;
}

/* Waits for the end of a lookup that an earlier call may have begun. */
static struct addrinfo *
end_lookup(struct rediscon *r, int64_t until)
{
	const struct gaicb *list[1] = { &r->lookup->cb };
	struct addrinfo *found;
	struct timespec left;
	int64_t ms;
	int code;

	while ((code = gai_error(&r->lookup->cb)) == EAI_INPROGRESS &&
	    (ms = until - clock_ms()) > 0) {
		left.tv_sec = ms / 1000;
		left.tv_nsec = ms % 1000 * 1000000;
		(void)gai_suspend(list, 1, &left);
	}
	if (code == EAI_INPROGRESS) {
		rediscon_fail(r, "its name is still being looked up");
		return NULL;
	}
	found = r->lookup->cb.ar_result;
	free(r->lookup);
	r->lookup = NULL;
	if (code != 0 || found == NULL) {
		rediscon_fail(r, gai_strerror(code));
		return NULL;
	}
	return found;
}

static struct addrinfo *
addresses(struct rediscon *r, const char *host, const char *port, int64_t until)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;

	/* That of another may be under way still, from a Sentinel for one. */
	if (r->lookup != NULL &&
	    (strcmp(r->lookup->host, host) != 0 ||
		strcmp(r->lookup->port, port) != 0))
		drop_lookup(r);
	if (getaddrinfo(host, port, &hints, &found) == 0)
		return found;
	if (r->lookup == NULL &&
	    (r->lookup = begin_lookup(host, port)) == NULL) {
		rediscon_fail(r, "its name cannot be looked up");
		return NULL;
	}
	return end_lookup(r, until);
}

int
rediscon_wait(struct rediscon *r, short events, int64_t until)
{
	int n = pollone(r->fd, events, until);

	if (n > 0)
		return 0;
	return rediscon_fail(
	    r, n == -1 ? strerror(errno) : "it did not answer in time");
}

/* Connects r->fd to an address; it and those after it share the time. */
static int
rediscon_join(struct rediscon *r, const struct addrinfo *a, int64_t end)
{
	const struct addrinfo *more;
	int64_t now = clock_ms(), until, n = 0;
	int error = 0, on = 1;
	socklen_t size = sizeof(error);

	for (more = a; more != NULL; more = more->ai_next)
		n++;
	until = now + (end - now) / n;
	if (connect(r->fd, a->ai_addr, a->ai_addrlen) == -1) {
		if (errno != EINPROGRESS && errno != EINTR)
			return rediscon_fail(r, strerror(errno));
		if (rediscon_wait(r, POLLOUT, until) == -1)
			return -1;
		if (getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &size) ==
		    -1)
			error = errno;
		if (error != 0)
			return rediscon_fail(r, strerror(error));
	}
	(void)setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return 0;
}

void
rediscon_drop(struct rediscon_reply *reply)
{
	if (reply == NULL)
		return;
	free(reply->pair[0]);
	free(reply->pair[1]);
	free(reply);
}

static void
rediscon_drop_object(void *reply)
{
	rediscon_drop(reply);
}

/* Makes a reply, or the half of one that is a pair. */
static struct rediscon_reply *
rediscon_make(const redisReadTask *task, enum rediscon_type type,
    long long integer, const char *p, size_t n)
{
	struct rediscon_reply *reply, *whole;

	if ((reply = calloc(1, sizeof(*reply) + n + 1)) == NULL)
		return NULL;
	reply->type = type;
	reply->integer = integer;
	reply->len = n;
	if (n > 0)
		memcpy(reply->text, p, n);
	if (task->parent != NULL) {
		whole = task->parent->obj;
		whole->pair[task->idx] = reply;
	}
	return reply;
}

/* The functions by which hiredis makes a reply: after a NULL it parses no
 * further.  That is how a type that nothing here asks for is refused. */

static void *
rediscon_make_string(const redisReadTask *task, char *p, size_t n)
{
	switch (task->type) {
	case REDIS_REPLY_STATUS:
		return rediscon_make(task, REDISCON_STATUS, 0, p, n);
	case REDIS_REPLY_ERROR:
		return rediscon_make(task, REDISCON_ERROR, 0, p, n);
	case REDIS_REPLY_STRING:
		return rediscon_make(task, REDISCON_STRING, 0, p, n);
	}
	return NULL;
}

static void *
rediscon_make_integer(const redisReadTask *task, long long n)
{
	return rediscon_make(task, REDISCON_INTEGER, n, NULL, 0);
}

/* A list that is nil comes here too. */
static void *
rediscon_make_nil(const redisReadTask *task)
{
	return rediscon_make(task, REDISCON_NIL, 0, NULL, 0);
}

/* hiredis would take any number of members, one within the other. */
static void *
rediscon_make_array(const redisReadTask *task, MEMBERS n)
{
	return task->type != REDIS_REPLY_ARRAY || n != 2 ||
		task->parent != NULL ?
	    NULL :
	    rediscon_make(task, REDISCON_PAIR, 0, NULL, 0);
}

#if HIREDIS_MAJOR >= 1
static void *
rediscon_make_double(const redisReadTask *task, double d, char *p, size_t n)
{
	(void)task;
	(void)d;
	(void)p;
	(void)n;
	return NULL;
}

static void *
rediscon_make_bool(const redisReadTask *task, int b)
{
	(void)task;
	(void)b;
	return NULL;
}
#endif

static redisReplyObjectFunctions rediscon_functions = {
	.createString = rediscon_make_string,
	.createArray = rediscon_make_array,
	.createInteger = rediscon_make_integer,
#if HIREDIS_MAJOR >= 1
	.createDouble = rediscon_make_double,
	.createBool = rediscon_make_bool,
#endif
	.createNil = rediscon_make_nil,
	.freeObject = rediscon_drop_object
};

int
rediscon_adopt(struct rediscon *r, int fd)
{
	r->fd = fd;
	r->reader = redisReaderCreateWithFunctions(&rediscon_functions);
	if (r->reader == NULL) {
		rediscon_close(r);
		return rediscon_fail(r, "memory ran out");
	}
	return 0;
}

int
rediscon_open(struct rediscon *r, const char *host, const char *port,
    const char *authorities, int64_t until)
{
	struct addrinfo *all, *a;

	rediscon_close(r);
	if ((all = addresses(r, host, port, until)) == NULL)
		return -1;
	for (a = all; a != NULL && r->fd == -1; a = a->ai_next) {
		r->fd = socket(a->ai_family,
		    a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    a->ai_protocol);
		if (r->fd == -1) {
			rediscon_fail(r, strerror(errno));
		} else if (rediscon_join(r, a, until) == -1) {
			close(r->fd);
			r->fd = -1;
		}
	}
	freeaddrinfo(all);
	if (r->fd == -1 ||
	    (authorities != NULL &&
		rediscon_tls_begin(r, host, authorities, until) == -1))
		return -1;
	return rediscon_adopt(r, r->fd);
}

/* Some of n bytes: how many went, or -1. */
static ssize_t
rediscon_put(struct rediscon *r, const char *p, size_t n, int64_t until)
{
	ssize_t done;

	if (r->tls != NULL)
		return rediscon_tls_write(r, p, n, until);
	while ((done = send(r->fd, p, n, MSG_NOSIGNAL)) == -1) {
		if (errno != EAGAIN && errno != EINTR)
			return rediscon_fail(r, strerror(errno));
		if (rediscon_wait(r, POLLOUT, until) == -1)
			return -1;
	}
	return done;
}

int
rediscon_send(
    struct rediscon *r, const struct rediscon_arg *arg, size_t n, int64_t until)
{
	const char *v[REDISCON_ARGS];
	size_t lens[REDISCON_ARGS], i;
	char *text = NULL, *p;
	long long left; /* hiredis 0.14 returns an int */
	ssize_t done;

	assert(n <= REDISCON_ARGS);
	for (i = 0; i < n; i++) {
		v[i] = arg[i].p;
		lens[i] = arg[i].len;
	}
	left = redisFormatCommandArgv(&text, (int)i, v, lens);
	if (left <= 0 || text == NULL)
		return rediscon_fail(r, "memory ran out");
	for (p = text; left > 0; p += done, left -= done)
		if ((done = rediscon_put(r, p, (size_t)left, until)) == -1)
			break;
	explicit_bzero(text, (size_t)(p - text) + (size_t)left);
	redisFreeCommand(text);
	return left == 0 ? 0 : -1;
}

/* Some bytes: how many, 0 at the end, or -1. */
static ssize_t
rediscon_get(struct rediscon *r, char *p, size_t n, int64_t until)
{
	ssize_t got;

	if (r->tls != NULL)
		return rediscon_tls_read(r, p, n, until);
	do {
		if (rediscon_wait(r, POLLIN, until) == -1)
			return -1;
		got = recv(r->fd, p, n, 0);
	} while (got == -1 && (errno == EAGAIN || errno == EINTR));
	return got == -1 ? rediscon_fail(r, strerror(errno)) : got;
}

/* Hands the bytes that have arrived to the reader: how many, or -1. */
static ssize_t
read_more(struct rediscon *r, int64_t until)
{
	char chunk[CHUNK];
	ssize_t n = rediscon_get(r, chunk, sizeof(chunk), until);

	if (n == -1)
		return -1;
	if (n == 0)
		return rediscon_fail(r, "it closed the connection");
	if (redisReaderFeed(r->reader, chunk, (size_t)n) != REDIS_OK)
		return rediscon_fail(r, "memory ran out");
	return n;
}

struct rediscon_reply *
rediscon_reply(struct rediscon *r, size_t max, int64_t until)
{
	void *reply = NULL;
	size_t seen = 0;
	ssize_t n;

	while (redisReaderGetReply(r->reader, &reply) == REDIS_OK) {
		if (reply != NULL)
			return reply;
		if (seen > max) {
			rediscon_fail(r, "it answers too much");
			return NULL;
		}
		if ((n = read_more(r, until)) == -1)
			return NULL;
		seen += (size_t)n;
	}
	rediscon_fail(r, "it does not answer as a Redis server");
	return NULL;
}

bool
rediscon_quiet(const struct rediscon *r)
{
	return r->fd != -1 &&
	    (pollone(r->fd, POLLIN, 0) == 0 ||
		(r->tls != NULL && rediscon_tls_quiet(r)));
}

__attribute__((visibility("default")))
const struct redislib ctim_relay_redislib = { .build = network_build,
	.open = rediscon_open,
	.send = rediscon_send,
	.reply = rediscon_reply,
	.drop = rediscon_drop,
	.quiet = rediscon_quiet,
	.close = rediscon_close,
	.free = rediscon_free };
