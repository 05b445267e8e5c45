/* SPDX-License-Identifier: MIT */
/*
 * The provider that `make bench` asks: OTX and SpyCloud on loopback, each
 * answer made before the first request and sent after the same delay, so that
 * what is measured is who asks.  HTTP/1.1 with kept connections, GET alone, one thread.
 *
 * usage: upstream PORT DELAY [PULSES [ENTRIES [AT]]]
 *	PORT	of 127.0.0.1; 0 takes a free one.  It is printed.
 *	DELAY	ms between a request and its answer
 *	PULSES	of each observable (20)
 *	ENTRIES	of a pulse's one page (2000)
 *	AT	where the entries that match begin in it, in percent (75); -1
 *		leaves them out
 * /stats says what was asked since /reset; neither waits.  What asks for
 * slow.example waits three seconds more.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"

#define ROUTES    9
#define EVENTS    256
#define SLOW      "slow.example"
#define SLOW_TIME 3000000000 /* ns more for what asks for that */

struct connection {
	TAILQ_ENTRY(connection) later; /* in `due` while it waits */
	LIST_ENTRY(connection) next;
	int fd;
	int64_t due;                 /* ns; 0: it does not wait */
	const struct answer *answer; /* under way; NULL: none */
	size_t sent;
	size_t n; /* bytes in `in` */
	char in[4096];
	struct answer own; /* stats: text is `small` */
	char small[1024];
};

struct upstream {
	struct answers answers;
	int listener, signals, epoll;
	int64_t delay;                   /* ns */
	TAILQ_HEAD(due, connection) due; /* the first is the next */
	LIST_HEAD(all, connection) all;
	uint64_t asked[ROUTES], connections, bytes;
	size_t open, waiting, most_waiting;
};

static int64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- what answers what ---------------------------------------------------- */

static const struct answer *stats(
    struct upstream *, struct connection *, const char *);

static const struct answer *
ok(struct upstream *u, struct connection *c, const char *rest)
{
	(void)c, (void)rest;
	return &u->answers.ok;
}

static const struct answer *
nothing(struct upstream *u, struct connection *c, const char *rest)
{
	(void)c, (void)rest;
	return &u->answers.nothing;
}

static const struct answer *
general(struct upstream *u, struct connection *c, const char *rest)
{
	(void)c;
	return answers_general(&u->answers, rest);
}

static const struct answer *
page(struct upstream *u, struct connection *c, const char *rest)
{
	(void)c, (void)rest;
	return &u->answers.page;
}

static const struct answer *
records(struct upstream *u, struct connection *c, const char *rest)
{
	(void)c, (void)rest;
	return &u->answers.records;
}

static const struct answer *
catalog(struct upstream *u, struct connection *c, const char *rest)
{
	(void)c;
	return answers_catalog(&u->answers, rest);
}

static const struct answer *
reset(struct upstream *u, struct connection *c, const char *rest)
{
	(void)c, (void)rest;
	memset(u->asked, 0, sizeof(u->asked));
	u->connections = u->bytes = 0;
	u->most_waiting = u->waiting;
	return &u->answers.ok;
}

/* The first whose prefix fits; the names are those of /stats. */
static const struct route {
	const char *name;
	const char *prefix;
	const struct answer *(*find)(
	    struct upstream *, struct connection *, const char *rest);
	bool at_once;
} routes[ROUTES] = {
	{ "me", "/api/v1/user/me", ok, false },
	{ "general", "/api/v1/indicators/", general, false },
	{ "page", "/api/v1/pulses/", page, false },
	{ "records", "/breach/data/emails/", records, false },
	{ "catalog", "/breach/catalog/", catalog, false },
	{ "watchlist", "/watchlist/", ok, false },
	{ "stats", "/stats", stats, true },
	{ "reset", "/reset", reset, true },
	{ "other", "", nothing, false },
};

static const struct answer *
stats(struct upstream *u, struct connection *c, const char *rest)
{
	char body[768];
	size_t i, n = 0;

	(void)rest;
	for (i = 0; i < ROUTES; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, "\"%s\":%ju,",
		    routes[i].name, (uintmax_t)u->asked[i]);
	n += (size_t)snprintf(body + n, sizeof(body) - n,
	    "\"connections\":%ju,"
	    "\"open\":%zu,\"most_waiting\":%zu,\"bytes\":%ju",
	    (uintmax_t)u->connections, u->open, u->most_waiting,
	    (uintmax_t)u->bytes);
	c->own.text = c->small;
	c->own.len = (size_t)snprintf(c->small, sizeof(c->small),
	    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n{%s}", n + 2, body);
	return &c->own;
}

/* --- connections ---------------------------------------------------------- */

static void
drop(struct upstream *u, struct connection *c)
{
	if (c->due != 0) {
		TAILQ_REMOVE(&u->due, c, later);
		u->waiting--;
	}
	LIST_REMOVE(c, next);
	u->open--;
	(void)close(c->fd);
	free(c);
}

/* Sends what there is room for.  False: the client is gone. */
static bool
send_more(struct upstream *u, struct connection *c)
{
	ssize_t n;

	while (c->sent < c->answer->len) {
		n = send(c->fd, c->answer->text + c->sent,
		    c->answer->len - c->sent, MSG_NOSIGNAL);
		if (n == -1)
			return errno == EAGAIN;
		c->sent += (size_t)n;
		u->bytes += (uint64_t)n;
	}
	c->answer = NULL;
	return true;
}

/* Takes the path of a whole request out of what came, "" for no request;
 * false: there is none yet. */
static bool
take_path(struct connection *c, char *path, size_t size)
{
	const char *end = memmem(c->in, c->n, "\r\n\r\n", 4);
	const char *from, *to = NULL;
	size_t len;

	*path = '\0';
	if (end == NULL)
		return c->n == sizeof(c->in);
	len = (size_t)(end + 4 - c->in);
	from = len > 4 && memcmp(c->in, "GET ", 4) == 0 ? c->in + 4 : NULL;
	if (from != NULL)
		to = memchr(from, ' ', (size_t)(end - from));
	if (to != NULL && (size_t)(to - from) < size) {
		memcpy(path, from, (size_t)(to - from));
		path[to - from] = '\0';
	}
	memmove(c->in, c->in + len, c->n - len);
	c->n -= len;
	return true;
}

static void
ask(struct upstream *u, struct connection *c, const char *path)
{
	const struct route *r = routes;
	struct connection *before;

	while (strncmp(path, r->prefix, strlen(r->prefix)) != 0)
		r++;
	c->answer = r->find(u, c, path + strlen(r->prefix));
	c->sent = 0;
	u->asked[r - routes]++;
	if (r->at_once || u->delay == 0)
		return;
	c->due = now_ns() + u->delay;
	if (strstr(path, SLOW) != NULL)
		c->due += SLOW_TIME;
	/* All but the slow ones come last. */
	before = TAILQ_LAST(&u->due, due);
	while (before != NULL && before->due > c->due)
		before = TAILQ_PREV(before, due, later);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&u->due, c, later);
	else
		TAILQ_INSERT_AFTER(&u->due, before, c, later);
	if (++u->waiting > u->most_waiting)
		u->most_waiting = u->waiting;
}

/* Goes on as far as it can.  False: the connection is over. */
static bool
advance(struct upstream *u, struct connection *c)
{
	char path[2048];

	for (;;) {
		if (c->due != 0)
			return true;
		if (c->answer != NULL && !send_more(u, c))
			return false;
		if (c->answer != NULL || !take_path(c, path, sizeof(path)))
			return true;
		if (*path != '/')
			return false;
		ask(u, c, path);
	}
}

/* False: the client closed it. */
static bool
receive(struct connection *c)
{
	ssize_t n;

	while (c->n < sizeof(c->in)) {
		n = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, 0);
		if (n == -1)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		c->n += (size_t)n;
	}
	return true;
}

static void
accept_all(struct upstream *u)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP |
		    EPOLLET };
	struct connection *c;
	int fd, on = 1;

	while ((fd = accept4(u->listener, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if ((c = calloc(1, sizeof(*c))) == NULL)
			err(1, "a connection");
		c->fd = fd;
		e.data.ptr = c;
		if (epoll_ctl(u->epoll, EPOLL_CTL_ADD, fd, &e) == -1)
			err(1, "epoll_ctl");
		LIST_INSERT_HEAD(&u->all, c, next);
		u->connections++;
		u->open++;
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "accept4");
}

/* --- the loop ------------------------------------------------------------- */

static void
watch(struct upstream *u, int fd, void *what)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = what };

	if (epoll_ctl(u->epoll, EPOLL_CTL_ADD, fd, &e) == -1)
		err(1, "epoll_ctl");
}

static void
open_all(struct upstream *u, unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port) };
	socklen_t size = sizeof(sa);
	struct rlimit files;
	sigset_t stop;
	int on = 1;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
	u->signals = signalfd(-1, &stop, SFD_CLOEXEC);
	u->epoll = epoll_create1(EPOLL_CLOEXEC);
	u->listener =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->signals == -1 || u->epoll == -1 || u->listener == -1)
		err(1, "sockets");
	(void)setsockopt(
	    u->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(u->listener, (struct sockaddr *)&sa, size) == -1 ||
	    listen(u->listener, 4096) == -1 ||
	    getsockname(u->listener, (struct sockaddr *)&sa, &size) == -1)
		err(1, "port %u", port);
	watch(u, u->listener, &u->listener);
	watch(u, u->signals, &u->signals);
	printf("%u\n", ntohs(sa.sin_port));
	(void)fflush(stdout);
}

/* Sends what is due.  Returns the time until the next is, NULL for none. */
static struct timespec *
send_due(struct upstream *u, struct timespec *wait)
{
	struct connection *c;
	int64_t left;

	while ((c = TAILQ_FIRST(&u->due)) != NULL) {
		left = c->due - now_ns();
		if (left > 0) {
			wait->tv_sec = left / 1000000000;
			wait->tv_nsec = left % 1000000000;
			return wait;
		}
		TAILQ_REMOVE(&u->due, c, later);
		u->waiting--;
		c->due = 0;
		if (!advance(u, c))
			drop(u, c);
	}
	return NULL;
}

/* Until SIGTERM. */
static void
serve(struct upstream *u)
{
	struct epoll_event events[EVENTS];
	struct timespec wait;
	struct connection *c;
	int i, n;

	for (;;) {
		n = epoll_pwait2(
		    u->epoll, events, EVENTS, send_due(u, &wait), NULL);
		for (i = 0; i < n; i++) {
			if (events[i].data.ptr == &u->signals)
				return;
			if (events[i].data.ptr == &u->listener) {
				accept_all(u);
				continue;
			}
			c = events[i].data.ptr;
			if (((events[i].events & ~(uint32_t)EPOLLOUT) != 0 &&
				!receive(c)) ||
			    !advance(u, c))
				drop(u, c);
		}
	}
}

static long
number(char **argv, int argc, int i, long min, long fallback)
{
	char *end;
	long n;

	if (i >= argc)
		return fallback;
	n = strtol(argv[i], &end, 10);
	if (*argv[i] == '\0' || *end != '\0' || n < min || n > 1000000)
		errx(2, "%s is no such number", argv[i]);
	return n;
}

int
main(int argc, char **argv)
{
	struct upstream u = { 0 };

	if (argc < 3 || argc > 6)
		errx(2, "usage: upstream PORT DELAY [PULSES [ENTRIES [AT]]]");
	TAILQ_INIT(&u.due);
	LIST_INIT(&u.all);
	u.delay = number(argv, argc, 2, 0, 0) * 1000000;
	u.answers.pulses = (size_t)number(argv, argc, 3, 0, 20);
	u.answers.entries = (size_t)number(argv, argc, 4, 0, 2000);
	u.answers.at = (int)number(argv, argc, 5, -1, 75);
	answers_make(&u.answers);
	open_all(&u, (unsigned)number(argv, argc, 1, 0, 0));
	serve(&u);
	while (!LIST_EMPTY(&u.all))
		drop(&u, LIST_FIRST(&u.all));
	answers_free(&u.answers);
	return 0;
}
