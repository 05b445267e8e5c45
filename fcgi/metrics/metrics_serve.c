/* SPDX-License-Identifier: MIT */
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "fcgi/metrics/metrics_http.h"
#include "fcgi/metrics/metrics_serve.h"
#include "os/clock.h"
#include "os/closeall.h"

#define PAUSE      100        /* ms after accept4(2) failed */
#define LINGER     1000       /* ms in which the other side may read the end */
#define ANSWER_MAX (8U << 20) /* bytes */
#define POLLS      (2 + METRICS_PLACES)

enum talk_state {
	TALK_ASKS,
	TALK_ANSWERED, /* as far as the socket takes it */
	TALK_ENDS      /* all is sent: what still comes is read, so that the
			* answer is not lost by a reset (RFC 9112, 9.6) */
};

struct talk {
	int fd; /* -1: the place is free */
	enum talk_state state;
	int64_t until; /* clock_ms() at which it is dropped */
	char asked[METRICS_HTTP_ASKED];
	size_t have;
	struct buf answer;
	size_t sent;
};

struct metrics_server {
	int fd;      /* listening; -1: nobody new comes */
	int signals; /* signalfd(2) */
	pid_t parent;
	int64_t pause; /* clock_ms() until which nobody is let in */
	void (*text)(void *, struct buf *);
	void *arg;
	struct talk talk[METRICS_PLACES];
};

static void
talk_drop(struct talk *t)
{
	if (t->fd != -1)
		(void)close(t->fd);
	t->fd = -1;
	buf_free(&t->answer);
}

/* Sends what the socket takes. */
static void
talk_send(struct talk *t)
{
	ssize_t n = 0;

	if (t->sent < t->answer.len)
		n = send(t->fd, t->answer.data + t->sent,
		    t->answer.len - t->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		talk_drop(t);
		return;
	}
	t->sent += (size_t)n;
	if (t->sent < t->answer.len)
		return;
	buf_free(&t->answer);
	(void)shutdown(t->fd, SHUT_WR);
	t->state = TALK_ENDS;
	t->until = clock_ms() + LINGER;
}

static void
talk_answer(
    const struct metrics_server *s, struct talk *t, int status, bool head)
{
	const int64_t now = (int64_t)time(NULL);
	struct buf body;

	buf_init(&body, ANSWER_MAX);
	buf_init(&t->answer, ANSWER_MAX + METRICS_HTTP_ASKED);
	if (status == 200)
		s->text(s->arg, &body);
	if (body.failed) {
		buf_reset(&body);
		status = 503;
	}
	metrics_http_answer(&t->answer, status, head, body.len, now);
	if (status == 200 && !head)
		(void)buf_add(&t->answer, body.data, body.len);
	buf_free(&body);
	if (t->answer.failed) {
		talk_drop(t);
		return;
	}
	t->state = TALK_ANSWERED;
	t->sent = 0;
	t->until = clock_ms() + METRICS_TIME;
	talk_send(t);
}

/* Reads what has come. */
static void
talk_listen(const struct metrics_server *s, struct talk *t)
{
	ssize_t n;
	int status;
	bool head;

	n = recv(t->fd, t->asked + t->have, sizeof(t->asked) - t->have,
	    MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		talk_drop(t);
		return;
	}
	t->have += (size_t)n;
	status = metrics_http_read(t->asked, t->have, &head);
	if (status != 0)
		talk_answer(s, t, status, head);
}

/* Reads what nobody wants, until the other side closes. */
static void
talk_end(struct talk *t)
{
	ssize_t n;

	n = recv(t->fd, t->asked, sizeof(t->asked), MSG_DONTWAIT);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		talk_drop(t);
}

static void
talk_go_on(const struct metrics_server *s, struct talk *t)
{
	switch (t->state) {
	case TALK_ASKS:
		talk_listen(s, t);
		break;
	case TALK_ANSWERED:
		talk_send(t);
		break;
	case TALK_ENDS:
		talk_end(t);
		break;
	}
}

/* A free place, else that of the one whose time is over first; one that is being
 * answered comes last. */
static struct talk *
metrics_place(struct metrics_server *s)
{
	struct talk *t, *best = &s->talk[0];
	int64_t late, latest = INT64_MAX;

	for (t = s->talk; t < s->talk + METRICS_PLACES; t++) {
		if (t->fd == -1)
			return t;
		late = t->state == TALK_ANSWERED ? t->until + METRICS_TIME :
						   t->until;
		if (late < latest) {
			latest = late;
			best = t;
		}
	}
	talk_drop(best);
	return best;
}

static void
metrics_leave(struct metrics_server *s)
{
	if (s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
}

/* Lets in who waits, a few at a time; most have asked already. */
static void
metrics_let_in(struct metrics_server *s)
{
	struct talk *t;
	int fd, n;

	for (n = 0; n < METRICS_PLACES && s->fd != -1; n++) {
		fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1 && errno == EINVAL) {
			metrics_leave(s); /* it was shut down */
		} else if (fd == -1) {
			if (errno != EAGAIN && errno != EINTR &&
			    errno != ECONNABORTED)
				s->pause = clock_ms() + PAUSE;
			return;
		} else {
			t = metrics_place(s);
			t->fd = fd;
			t->state = TALK_ASKS;
			t->have = 0;
			t->until = clock_ms() + METRICS_TIME;
			talk_listen(s, t);
		}
	}
}

static void
metrics_sooner(int *wait, int64_t left)
{
	if (left < 0)
		left = 0;
	if (*wait < 0 || left < *wait)
		*wait = (int)left;
}

/* What to wait for, how long, and who has what place in p. */
static nfds_t
metrics_polls(
    struct metrics_server *s, struct pollfd *p, struct talk **who, int *wait)
{
	int64_t now = clock_ms();
	struct talk *t;
	nfds_t n = 0;

	*wait = -1;
	p[n++] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	for (t = s->talk; t < s->talk + METRICS_PLACES; t++) {
		if (t->fd == -1)
			continue;
		who[n] = t;
		p[n++] = (struct pollfd){ .fd = t->fd,
			.events =
			    t->state == TALK_ANSWERED ? POLLOUT : POLLIN };
		metrics_sooner(wait, t->until - now);
	}
	who[n] = NULL;
	if (s->fd != -1 && now >= s->pause)
		p[n++] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	else if (s->fd != -1)
		metrics_sooner(wait, s->pause - now);
	return n;
}

/* Waits, and does what there is to do.  False: it is to end. */
static bool
metrics_turn(struct metrics_server *s)
{
	struct pollfd p[POLLS];
	struct talk *who[POLLS] = { NULL }, *t;
	struct signalfd_siginfo info;
	nfds_t n, i;
	bool new = false;
	int wait;

	n = metrics_polls(s, p, who, &wait);
	if (s->fd == -1 && n == 1)
		return false;
	if (poll(p, n, wait) <= 0)
		n = 0;
	for (i = 1; i < n; i++) {
		if (p[i].revents == 0)
			continue;
		if (who[i] != NULL)
			talk_go_on(s, who[i]);
		else
			new = true;
	}
	for (t = s->talk; t < s->talk + METRICS_PLACES; t++)
		if (t->fd != -1 && clock_ms() >= t->until)
			talk_drop(t);
	/* Last, so that no place that was polled is another one's now. */
	if (new)
		metrics_let_in(s);
	if (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
	    info.ssi_signo == SIGTERM)
		metrics_leave(s);
	return getppid() == s->parent;
}

/* What a master and those who share its terminal are told is not for us, but for
 * SIGTERM. */
static int
metrics_signals(void)
{
	sigset_t all, end;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGTERM);
	return signalfd(-1, &end, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
metrics_serve(
    int fd, pid_t parent, void (*text)(void *arg, struct buf *), void *arg)
{
	static struct metrics_server s;
	size_t i;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	closeall(fd, -1);
	s = (struct metrics_server){ .fd = fd,
		.signals = metrics_signals(),
		.parent = parent,
		.text = text,
		.arg = arg };
	for (i = 0; i < METRICS_PLACES; i++) {
		s.talk[i].fd = -1;
		buf_init(&s.talk[i].answer, 0);
	}
	if (s.signals == -1 || getppid() != parent)
		return;
	while (metrics_turn(&s))
		;
}
