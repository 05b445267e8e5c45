/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/stat.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "fcgi/master/control.h"
#include "log/log.h"
#include "os/clock.h"

#define WAITING        128        /* connections not yet let in */
#define TALK_TIME      1000       /* ms for a question and its answer */
#define PAUSE          100        /* ms after accept4(2) failed */
#define ANSWER_MAX     (2U << 20) /* bytes */
#define SOCKET_MODE    0660
#define DIRECTORY_MODE 0755

void
control_init(struct control *c)
{
	size_t i;

	*c = (struct control){ .fd = -1 };
	for (i = 0; i < CONTROL_PLACES; i++) {
		c->talk[i].fd = -1;
		buf_init(&c->talk[i].answer, ANSWER_MAX);
	}
}

/* Makes the directory of the socket when it is missing; what is above it must
 * be there.  It is given away through a descriptor: what was made, nothing that
 * took its name meanwhile. */
static void
control_make_directory(const char *path, uid_t owner, gid_t gid)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	if (slash == NULL || slash == path ||
	    (size_t)snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path),
		path) >= sizeof(dir) ||
	    mkdir(dir, DIRECTORY_MODE) == -1)
		return;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fchmod(fd, DIRECTORY_MODE) == -1 ||
	    (owner != (uid_t)-1 && fchown(fd, owner, gid) == -1))
		log_warning("%s: %s", dir, strerror(errno));
	if (fd != -1)
		(void)close(fd);
}

int
control_open(struct control *c, const struct conf *conf, uid_t owner, gid_t gid,
    char *why)
{
	const struct unixsocket_setup setup = { .key = "[server] control",
		.mode = SOCKET_MODE,
		.owner = owner,
		.gid = gid,
		.group = conf->group };
	int flags;

	control_make_directory(conf->control, owner, gid);
	c->fd = unixsocket_open(&c->file, conf->control, &setup, why);
	if (c->fd == -1)
		return -1;
	if ((flags = fcntl(c->fd, F_GETFL)) == -1 ||
	    fcntl(c->fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    listen(c->fd, WAITING) == -1) {
		(void)unixsocket_why(
		    why, "%s: %s", conf->control, strerror(errno));
		control_close(c);
		return -1;
	}
	return 0;
}

void
control_leave(struct control *c)
{
	unixsocket_unlink(&c->file);
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
}

static void
control_drop(struct control_talk *t)
{
	if (t->fd != -1)
		(void)close(t->fd);
	t->fd = -1;
	buf_free(&t->answer);
}

void
control_close(struct control *c)
{
	size_t i;

	control_leave(c);
	for (i = 0; i < CONTROL_PLACES; i++)
		control_drop(&c->talk[i]);
}

static void
control_sooner(int *wait, int64_t left)
{
	if (left < 0)
		left = 0;
	if (*wait < 0 || left < *wait)
		*wait = (int)left;
}

size_t
control_poll(const struct control *c, struct pollfd *p, int *wait)
{
	const struct control_talk *t;
	int64_t now = clock_ms();
	size_t n = 0;

	if (c->fd != -1 && now >= c->pause)
		p[n++] = (struct pollfd){ .fd = c->fd, .events = POLLIN };
	else if (c->fd != -1)
		control_sooner(wait, c->pause - now);
	for (t = c->talk; t < c->talk + CONTROL_PLACES; t++) {
		if (t->fd == -1)
			continue;
		p[n++] = (struct pollfd){ .fd = t->fd,
			.events = (short)(t->answering ? POLLOUT :
				t->waits != 0          ? 0 :
							 POLLIN) };
		control_sooner(wait, t->until - now);
	}
	return n;
}

/* As much of the answer as the socket takes. */
static void
control_answer(struct control_talk *t)
{
	ssize_t n;

	n = send(t->fd, t->answer.data + t->sent, t->answer.len - t->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		t->sent += (size_t)n;
	else if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1 || t->sent == t->answer.len)
		control_drop(t);
}

/* Begins to send what is in the answer. */
static void
control_begin(struct control_talk *t)
{
	t->waits = 0;
	t->until = clock_ms() + TALK_TIME;
	t->answering = true;
	t->sent = 0;
	control_answer(t);
}

/* Who is at the other end, as the kernel saw when it connected (unix(7)). */
static uid_t
control_who(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1)
		return (uid_t)-1;
	return peer.uid;
}

/* The line is whole. */
static void
asked(const struct control *c, struct control_talk *t)
{
	t->waits = c->answer(c->arg, t->line, control_who(t->fd), &t->answer);
	if (t->waits != 0) {
		t->until = INT64_MAX;
		return;
	}
	if (t->answer.failed || t->answer.len == 0) {
		buf_reset(&t->answer);
		(void)buf_adds(&t->answer,
		    "error: the questions are ping, status and metrics, the "
		    "orders reload and stop\n");
	}
	control_begin(t);
}

void
control_hold(struct control *c, bool yes)
{
	c->pause = yes ? INT64_MAX : 0;
}

bool
control_talks(const struct control *c)
{
	const struct control_talk *t;

	for (t = c->talk; t < c->talk + CONTROL_PLACES; t++)
		if (t->fd != -1 && t->waits == 0)
			return true;
	return false;
}

void
control_tell(struct control *c, unsigned what, const char *text)
{
	struct control_talk *t;

	assert(what != 0);
	for (t = c->talk; t < c->talk + CONTROL_PLACES; t++) {
		if (t->fd == -1 || t->waits != what)
			continue;
		buf_reset(&t->answer);
		(void)buf_adds(&t->answer, text);
		control_begin(t);
	}
}

/* What came of a question. */
static void
listen_to(const struct control *c, struct control_talk *t)
{
	char *end;
	ssize_t n;

	n = recv(
	    t->fd, t->line + t->have, sizeof(t->line) - t->have, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		control_drop(t);
		return;
	}
	t->have += (size_t)n;
	end = memchr(t->line, '\n', t->have);
	if (end != NULL) {
		*end = '\0';
		if (end > t->line && end[-1] == '\r')
			end[-1] = '\0';
		asked(c, t);
	} else if (t->have == sizeof(t->line)) {
		t->line[0] = '\0';
		asked(c, t);
	}
}

/* A free place, else that of the one that has been silent longest; who waits
 * for something comes last. */
static struct control_talk *
control_place(struct control *c)
{
	struct control_talk *t, *best = &c->talk[0];
	int64_t late, latest = INT64_MAX;

	for (t = c->talk; t < c->talk + CONTROL_PLACES; t++) {
		if (t->fd == -1)
			return t;
		/* A silent one before one that is answered. */
		late = t->answering ? t->until + TALK_TIME : t->until;
		if (late < latest) {
			latest = late;
			best = t;
		}
	}
	control_drop(best);
	return best;
}

/* Lets in who waits, a few at a time; most have asked already. */
static void
let_in(struct control *c)
{
	struct control_talk *t;
	int fd, n;

	for (n = 0; n < CONTROL_PLACES; n++) {
		fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1) {
			if (errno != EAGAIN && errno != EINTR &&
			    errno != ECONNABORTED)
				c->pause = clock_ms() + PAUSE;
			return;
		}
		t = control_place(c);
		t->fd = fd;
		t->until = clock_ms() + TALK_TIME;
		t->have = 0;
		t->waits = 0;
		t->answering = false;
		listen_to(c, t);
	}
}

static void
control_go_on(const struct control *c, struct control_talk *t, short events)
{
	if (t->answering && (events & (POLLOUT | POLLHUP | POLLERR)))
		control_answer(t);
	else if (t->waits != 0 && (events & (POLLHUP | POLLERR)))
		control_drop(t);
	else if (!t->answering && t->waits == 0 && events != 0)
		listen_to(c, t);
}

void
control_work(struct control *c, const struct pollfd *p, size_t n)
{
	struct control_talk *t;
	size_t i;
	bool new = false;

	for (i = 0; i < n; i++) {
		if (p[i].revents == 0)
			continue;
		if (p[i].fd == c->fd) {
			new = true;
			continue;
		}
		for (t = c->talk; t < c->talk + CONTROL_PLACES; t++)
			if (t->fd == p[i].fd) {
				control_go_on(c, t, p[i].revents);
				break;
			}
	}
	for (t = c->talk; t < c->talk + CONTROL_PLACES; t++)
		if (t->fd != -1 && clock_ms() >= t->until)
			control_drop(t);
	/* Last, so that no descriptor that was polled is another one now. */
	if (new)
		let_in(c);
}
