/* SPDX-License-Identifier: MIT */
/*
 * away PORT MS: a way to a port of this machine that is so many milliseconds
 * long, there and back.  Bytes arrive half of that later; those of a client not
 * before the handshake of TCP, which the kernel makes at once, would have taken
 * the whole.  Prints the port that it listens at.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK  65536
#define EVENTS 64
#define RETRY  1000 /* us until a socket that is full is tried again */

/* What was read at once; n 0: the end. */
struct chunk {
	STAILQ_ENTRY(chunk) next;
	long long due; /* us */
	size_t n, at;
	char data[];
};

/* What comes at one socket and leaves at the other's. */
struct way {
	TAILQ_ENTRY(way) link;
	STAILQ_HEAD(, chunk) chunks;
	struct way *other;
	long long begin; /* us, before which nothing was sent */
	int fd;
	int ended; /* nothing more comes from fd */
	int left;  /* nor goes to it */
};

static TAILQ_HEAD(, way) ways = TAILQ_HEAD_INITIALIZER(ways);
static long long half; /* us */
static int ep;

static long long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void
away_die(const char *what)
{
	perror(what);
	exit(1);
}

static struct way *
way_new(int fd, long long begin)
{
	struct way *w = calloc(1, sizeof(*w));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = w };
	int one = 1;

	if (w == NULL)
		away_die("calloc");
	w->fd = fd;
	w->begin = begin;
	STAILQ_INIT(&w->chunks);
	TAILQ_INSERT_TAIL(&ways, w, link);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == -1)
		away_die("epoll_ctl");
	return w;
}

static void
way_read(struct way *w)
{
	static char room[CHUNK];
	ssize_t n = recv(w->fd, room, sizeof(room), MSG_DONTWAIT);
	long long now = now_us();
	struct chunk *c;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		n = 0;
		w->ended = 1;
		(void)epoll_ctl(ep, EPOLL_CTL_DEL, w->fd, NULL);
	}
	if ((c = malloc(sizeof(*c) + (size_t)n)) == NULL)
		away_die("malloc");
	c->due = (now < w->begin ? w->begin : now) + half;
	c->n = (size_t)n;
	c->at = 0;
	memcpy(c->data, room, (size_t)n);
	STAILQ_INSERT_TAIL(&w->chunks, c, next);
}

/* Sends what has arrived.  Returns the us at which the next does, or -1. */
static long long
way_write(struct way *w, long long now)
{
	struct chunk *c;
	ssize_t n;

	while ((c = STAILQ_FIRST(&w->chunks)) != NULL && c->due <= now) {
		n = c->n == 0 || w->other->left ?
		    (ssize_t)(c->n - c->at) :
		    send(w->other->fd, c->data + c->at, c->n - c->at,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN)
			return now + RETRY;
		if (n == -1 || c->n == 0) {
			w->other->left = 1;
			(void)shutdown(w->other->fd, SHUT_WR);
		}
		c->at += n > 0 ? (size_t)n : c->n - c->at;
		if (c->at < c->n)
			return now + RETRY;
		STAILQ_REMOVE_HEAD(&w->chunks, next);
		free(c);
	}
	return c == NULL ? -1 : c->due;
}

static int
is_over(const struct way *w)
{
	return w->ended && STAILQ_EMPTY(&w->chunks);
}

/* All that has arrived by now.  Returns the ms until more does. */
static int
write_all(void)
{
	long long now = now_us(), due, first = -1;
	struct way *w, *next;

	for (w = TAILQ_FIRST(&ways); w != NULL; w = TAILQ_NEXT(w, link)) {
		due = way_write(w, now);
		if (due != -1 && (first == -1 || due < first))
			first = due;
	}
	for (w = TAILQ_FIRST(&ways); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->other == next || !is_over(w) || !is_over(w->other))
			continue;
		/* The second of the two, which stands behind the first. */
		TAILQ_REMOVE(&ways, w->other, link);
		TAILQ_REMOVE(&ways, w, link);
		(void)close(w->other->fd);
		(void)close(w->fd);
		free(w->other);
		free(w);
	}
	return first == -1 ? -1 : (int)((first - now + 999) / 1000);
}

static void
take(int listener, const struct sockaddr_in *to)
{
	int fd = accept(listener, NULL, NULL);
	int out = socket(AF_INET, SOCK_STREAM, 0);
	struct way *a, *b;

	if (fd == -1 || out == -1 ||
	    connect(out, (const struct sockaddr *)to, sizeof(*to)) == -1)
		away_die("connect");
	a = way_new(fd, now_us() + 2 * half);
	b = way_new(out, 0);
	a->other = b;
	b->other = a;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in to = at;
	socklen_t size = sizeof(at);
	struct epoll_event events[EVENTS], ev = { .events = EPOLLIN };
	int listener = socket(AF_INET, SOCK_STREAM, 0), i, n;

	if (argc != 3)
		return 2;
	to.sin_port = htons((uint16_t)atoi(argv[1]));
	half = atoi(argv[2]) * 500LL;
	ep = epoll_create1(0);
	if (ep == -1 || bind(listener, (struct sockaddr *)&at, size) == -1 ||
	    listen(listener, 4096) == -1 ||
	    getsockname(listener, (struct sockaddr *)&at, &size) == -1 ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev) == -1)
		away_die("listen");
	printf("%d\n", ntohs(at.sin_port));
	(void)fflush(stdout);
	for (;;) {
		n = epoll_wait(ep, events, EVENTS, write_all());
		for (i = 0; i < n; i++)
			if (events[i].data.ptr == NULL)
				take(listener, &to);
			else
				way_read(events[i].data.ptr);
	}
}
