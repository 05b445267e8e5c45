/* SPDX-License-Identifier: MIT */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "fcgi/net/balance.h"
#include "fcgi/pool/overflow.h"
#include "fcgi/pool/parked.h"
#include "fcgi/pool/pool.h"
#include "log/log.h"
#include "os/clock.h"
#include "start/descriptors.h"

#define EVENTS     64           /* taken from epoll_wait(2) at a time */
#define SEND_MOST  (256 * 1024) /* bytes to one reader at a time */
#define END_TIME   200          /* ms for a peer who gets no more */
#define AGAIN_TICK 2            /* ms until a thread is woken once more */
#define READER_FDS 2            /* descriptors more of one with a reader */
#define NEVER      INT64_MAX

int
parked_init(struct pool *p)
{
	struct parked *s = &p->parked;
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = &s->wake };
	struct rlimit rl;
	int i;

	s->leave_at = s->cut_at = NEVER;
	s->wake = -1;
	if ((errno = pthread_mutex_init(&s->lock, NULL)) != 0 ||
	    getrlimit(RLIMIT_NOFILE, &rl) == -1 ||
	    (s->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    (s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1 ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->wake, &e) == -1)
		return -1;
	s->most = rl.rlim_cur > LONG_MAX ? LONG_MAX : (long)rl.rlim_cur;
	s->most += DESCRIPTORS_PARKED - descriptors_needed(p->conf);
	if (s->most < DESCRIPTORS_PARKED)
		s->most = DESCRIPTORS_PARKED;
	e = (struct epoll_event){ .events = EPOLLIN | EPOLLET,
		.data.ptr = p->share };
	for (i = 0; i < BALANCE_LANES; i++)
		if (epoll_ctl(s->epoll, EPOLL_CTL_ADD,
			balance_lane(p->share, i), &e) == -1)
			return -1;
	return 0;
}

void
parked_free(struct pool *p)
{
	if (p->parked.epoll != -1)
		(void)close(p->parked.epoll);
	if (p->parked.wake != -1)
		(void)close(p->parked.wake);
}

/* Under the lock: what there is too much of. */
static enum dropped_reason
parked_limit(const struct pool *p)
{
	const struct parked *s = &p->parked;
	size_t all = s->n[CONNECTION_REQUEST] + s->n[CONNECTION_READER] +
	    s->n[CONNECTION_END];

	if (all > (size_t)p->conf->connections ||
	    (long)(all + READER_FDS * s->n[CONNECTION_READER]) > s->most)
		return DROPPED_CROWD;
	return s->memory > s->memory_most ? DROPPED_MEMORY : DROPPED_NOT;
}

/* Under the lock: lets others see how many there are. */
static void
parked_tell(struct pool *p)
{
	atomic_store(&p->slot->requests, (int)p->parked.n[CONNECTION_REQUEST]);
	atomic_store(&p->slot->readers, (int)p->parked.n[CONNECTION_READER]);
}

/* Under the lock. */
static void
parked_link(struct pool *p, struct connection *c)
{
	struct parked *s = &p->parked;

	c->counted = record_memory(&c->record);
	s->memory += c->counted;
	s->n[c->wait]++;
	c->previous = NULL;
	c->next = s->first;
	if (s->first != NULL)
		s->first->previous = c;
	s->first = c;
	parked_tell(p);
}

/* Under the lock, in the set's thread. */
static void
parked_unlink(struct pool *p, struct connection *c)
{
	struct parked *s = &p->parked;

	(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	s->memory -= c->counted;
	s->n[c->wait]--;
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		s->first = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	parked_tell(p);
}

void
parked_add(struct pool *p, struct connection *c, enum connection_wait wait)
{
	struct parked *s = &p->parked;
	struct epoll_event e = {
		.events = wait == CONNECTION_READER ? EPOLLOUT : EPOLLIN,
		.data.ptr = c
	};
	bool full;

	if (wait == CONNECTION_NOTHING) {
		connection_free(c);
		return;
	}
	/* Its request is not needed any more. */
	if (wait != CONNECTION_REQUEST)
		record_free(&c->record);
	c->wait = wait;
	c->until = wait == CONNECTION_END ? clock_ms() + END_TIME : NEVER;
	(void)pthread_mutex_lock(&s->lock);
	/* Once it is in the set it is the set's thread's. */
	parked_link(p, c);
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &e) == -1) {
		if (connection_may_warn())
			log_warning(
			    "connection dropped: epoll: %s", strerror(errno));
		parked_unlink(p, c);
		connection_free(c);
	}
	full = parked_limit(p) != DROPPED_NOT;
	(void)pthread_mutex_unlock(&s->lock);
	if (full)
		(void)eventfd_write(s->wake, 1);
}

size_t
parked_count(struct pool *p, enum connection_wait wait)
{
	size_t n;

	(void)pthread_mutex_lock(&p->parked.lock);
	n = p->parked.n[wait];
	if (wait == CONNECTION_REQUEST && p->parked.handing)
		n++;
	(void)pthread_mutex_unlock(&p->parked.lock);
	return n;
}

void
parked_leave(struct pool *p, int64_t leave_at, int64_t cut_at, bool passing)
{
	(void)pthread_mutex_lock(&p->parked.lock);
	p->parked.passing = passing;
	p->parked.leave_at = leave_at;
	p->parked.cut_at = cut_at;
	(void)pthread_mutex_unlock(&p->parked.lock);
}

void
parked_tick(struct pool *p)
{
	bool any;

	(void)pthread_mutex_lock(&p->parked.lock);
	any = p->parked.first != NULL || p->parked.untold ||
	    atomic_load(&p->room.lost) > 0;
	(void)pthread_mutex_unlock(&p->parked.lock);
	if (any)
		(void)eventfd_write(p->parked.wake, 1);
}

void
parked_end(struct pool *p)
{
	atomic_store(&p->parked.ended, true);
	(void)eventfd_write(p->parked.wake, 1);
	(void)pthread_join(p->parked.thread, NULL);
}

/* Takes it out of the set. */
static void
parked_take(struct pool *p, struct connection *c)
{
	(void)pthread_mutex_lock(&p->parked.lock);
	parked_unlink(p, c);
	/* No thread may be left for its next request. */
	if (p->parked.cut_at != NEVER && !p->parked.passing)
		c->keep = false;
	(void)pthread_mutex_unlock(&p->parked.lock);
}

/* Takes out a connection that waited for a request.  parked_count() has it until
 * parked_handed(): a worker that leaves stays, with its threads, as long as there
 * is one.  The limits have it no more: its thread may have parked it anew. */
static void
parked_hand(struct pool *p, struct connection *c)
{
	(void)pthread_mutex_lock(&p->parked.lock);
	assert(c->wait == CONNECTION_REQUEST && !p->parked.handing);
	parked_unlink(p, c);
	p->parked.handing = true;
	(void)pthread_mutex_unlock(&p->parked.lock);
}

/* Others have it, or it is parked again. */
static void
parked_handed(struct pool *p)
{
	(void)pthread_mutex_lock(&p->parked.lock);
	p->parked.handing = false;
	(void)pthread_mutex_unlock(&p->parked.lock);
}

/* Something of a request has come.  Returns whether there is too much now. */
static bool
parked_read(struct pool *p, struct connection *c, unsigned char *input)
{
	enum record_result result = connection_read(c, input, 1);
	struct parked *s = &p->parked;
	size_t memory;
	bool full;

	if (result == RECORD_WHOLE) {
		parked_hand(p, c);
		overflow_dispatch(p, c);
		parked_handed(p);
		return false;
	}
	if (result != RECORD_MORE) {
		parked_take(p, c);
		parked_add(p, c, connection_drop(c, result));
		return false;
	}
	memory = record_memory(&c->record);
	if (memory == c->counted)
		return false;
	(void)pthread_mutex_lock(&s->lock);
	s->memory += memory - c->counted;
	c->counted = memory;
	full = parked_limit(p) != DROPPED_NOT;
	(void)pthread_mutex_unlock(&s->lock);
	return full;
}

/* A reader takes something again. */
static void
parked_send(struct pool *p, struct connection *c)
{
	int left = outgoing_send(&c->out, c->fd, SEND_MOST, &c->bytes);
	enum connection_wait wait = CONNECTION_NOTHING;

	if (left == 0)
		return;
	parked_take(p, c);
	if (left == -1)
		log_debug("the client left before its answer's end");
	if (left == 1)
		wait = connection_answered(c);
	if (wait == CONNECTION_REQUEST)
		connection_again(c);
	parked_add(p, c, wait);
}

/* What comes from a peer that was refused is of no interest, but its end. */
static void
parked_drain(struct pool *p, struct connection *c, unsigned char *input)
{
	ssize_t n = recv(c->fd, input, CONNECTION_INPUT, MSG_DONTWAIT);

	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		parked_take(p, c);
		connection_free(c);
	}
}

/* Returns whether the limits are to be looked at. */
static bool
parked_event(struct pool *p, void *what, unsigned char *input)
{
	struct connection *c = what;
	eventfd_t ignored;

	if (what == &p->parked.wake)
		return eventfd_read(p->parked.wake, &ignored) == 0;
	if (what == p->share) /* pool_nudge() follows */
		return false;
	switch (c->wait) {
	case CONNECTION_REQUEST:
		return parked_read(p, c, input);
	case CONNECTION_READER:
		parked_send(p, c);
		return false;
	default:
		parked_drain(p, c, input);
		return false;
	}
}

/* Why a connection's time is over, if it is. */
static enum dropped_reason
parked_late(const struct pool *p, const struct connection *c, int64_t now)
{
	const struct parked *s = &p->parked;

	switch (c->wait) {
	case CONNECTION_REQUEST:
		if (now >= (c->began == 0 ? s->leave_at : s->cut_at))
			return DROPPED_OVER;
		if (c->began == 0)
			/* One that is kept may wait for its next request. */
			return c->answers == 0 &&
				now - c->born >=
				    (int64_t)p->conf->read_timeout * 1000 ?
			    DROPPED_OVER :
			    DROPPED_NOT;
		return now - c->began >= (int64_t)p->conf->read_timeout * 1000 ?
		    DROPPED_LATE :
		    DROPPED_NOT;
	case CONNECTION_READER:
		return now - c->out.taken_at >=
			(int64_t)p->conf->write_timeout * 1000 ?
		    DROPPED_UNREAD :
		    DROPPED_NOT;
	default:
		return now >= c->until ? DROPPED_OVER : DROPPED_NOT;
	}
}

/* Who has to go, of equals the last in the list, who was parked first.  Of memory
 * only who has some is of use. */
static struct connection *
parked_slowest(const struct pool *p, enum dropped_reason why, int64_t now)
{
	struct connection *c, *slowest = NULL;

	for (c = p->parked.first; c != NULL; c = c->next) {
		if (why == DROPPED_MEMORY && c->counted == 0)
			continue;
		if (slowest == NULL || !connection_slower(slowest, c, now))
			slowest = c;
	}
	return slowest;
}

static void
parked_close(struct pool *p, struct connection *c, enum dropped_reason why)
{
	parked_unlink(p, c);
	connection_free(c);
	p->parked.dropped.n[why]++;
}

/* Counts what was dropped since the log had to be told of `before`, and tells the
 * log. */
static void
parked_tell_dropped(struct pool *p, size_t before, bool end)
{
	struct dropped *d = &p->parked.dropped;

	atomic_fetch_add(&p->share->dropped,
	    dropped_untold(d) - before + atomic_exchange(&p->room.lost, 0));
	dropped_tell(d, end);
	(void)pthread_mutex_lock(&p->parked.lock);
	p->parked.untold = dropped_untold(d) > 0;
	(void)pthread_mutex_unlock(&p->parked.lock);
}

/* Closes those whose time is over, and while there is too much, the slowest. */
static void
parked_look(struct pool *p)
{
	struct parked *s = &p->parked;
	size_t before = dropped_untold(&s->dropped);
	int64_t now = clock_ms();
	struct connection *c, *next;
	enum dropped_reason why;

	(void)pthread_mutex_lock(&s->lock);
	for (c = s->first; c != NULL; c = next) {
		next = c->next;
		if ((why = parked_late(p, c, now)) != DROPPED_NOT)
			parked_close(p, c, why);
	}
	while ((why = parked_limit(p)) != DROPPED_NOT &&
	    (c = parked_slowest(p, why, now)) != NULL)
		parked_close(p, c, why);
	(void)pthread_mutex_unlock(&s->lock);
	parked_tell_dropped(p, before, false);
}

/* One that is kept and on which nothing has begun, where such are passed on. */
static struct connection *
parked_kept(struct pool *p)
{
	struct connection *c;

	(void)pthread_mutex_lock(&p->parked.lock);
	c = p->parked.passing ? p->parked.first : NULL;
	while (c != NULL &&
	    (c->wait != CONNECTION_REQUEST || c->began != 0 || c->answers == 0))
		c = c->next;
	(void)pthread_mutex_unlock(&p->parked.lock);
	return c;
}

/* A worker that leaves passes what is kept on to others, as fast as these take
 * it: so none is closed under a request that is on its way. */
static void
parked_pass(struct pool *p)
{
	struct connection *c;
	bool passed = true;

	while (passed && (c = parked_kept(p)) != NULL) {
		parked_hand(p, c);
		passed = overflow_pass(p, c) == 0;
		if (!passed)
			parked_add(p, c, CONNECTION_REQUEST);
		parked_handed(p);
	}
}

/* The end: nobody is left for whom anything could be done. */
static void
parked_close_all(struct pool *p)
{
	size_t before = dropped_untold(&p->parked.dropped);

	(void)pthread_mutex_lock(&p->parked.lock);
	while (p->parked.first != NULL)
		parked_close(p, p->parked.first,
		    p->parked.first->wait == CONNECTION_READER ?
			DROPPED_STOPPED :
			DROPPED_OVER);
	(void)pthread_mutex_unlock(&p->parked.lock);
	parked_tell_dropped(p, before, true);
}

void *
parked_run(void *arg)
{
	struct pool *p = arg;
	struct epoll_event e[EVENTS];
	unsigned char input[CONNECTION_INPUT];
	int i, n;
	bool look, waits;

	while (!atomic_load(&p->parked.ended)) {
		waits = pool_nudge(p);
		n = epoll_wait(
		    p->parked.epoll, e, EVENTS, waits ? AGAIN_TICK : -1);
		look = false;
		for (i = 0; i < n; i++)
			look = parked_event(p, e[i].data.ptr, input) || look;
		if (!look)
			continue;
		parked_look(p);
		parked_pass(p);
	}
	parked_close_all(p);
	return NULL;
}
