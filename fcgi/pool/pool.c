/*
 * One lock, the pool's, for the threads' states and the requests that wait for
 * one.  It is held for a moment, twice a request.
 *
 * Threads in accept4(2) are woken by SIGURG (which nobody else sends, and which
 * is harmless where it is not caught).  It is only sent under the lock to a
 * thread that is marked as accepting, and the first system call after that mark
 * goes is one that takes EINTR; so no other call ever sees it.  A thread that is
 * marked but not yet in the call misses it, so who depends on it repeats it.
 */
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer/transport.h"
#include "conf/conf.h"
#include "fcgi/net/accept.h"
#include "fcgi/net/connection.h"
#include "fcgi/net/fastcgi.h"
#include "fcgi/pool/balance.h"
#include "fcgi/pool/pool.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/relay.h"
#include "shared/shared.h"

#define ACCEPTORS   2    /* threads in accept4(2): one takes, one stands by */
#define SPARES      4    /* connections a thread has ready */
#define READS       64   /* times recv(2) for what just came */
#define FIRST_WAIT  1    /* ms for the bytes of a connection that just came */
#define REFUSE_TIME 1000 /* ms for an answer that refuses */
#define WATCH_GRACE 700  /* ms after a deadline that an answer is cut */
#define BACK_OFF    50   /* ms between looks at a socket that was hung up */

static void
kick(struct thread *t)
{
	(void)pthread_kill(t->id, SIGURG);
}

/* Under the lock: who slept last wakes, if somebody sleeps. */
static bool
pool_wake_top(struct pool *p)
{
	struct thread *t = p->top;

	if (t == NULL)
		return false;
	p->top = t->below;
	t->sleeps = false;
	(void)pthread_cond_signal(&t->wake);
	return true;
}

/* Under the lock: one idle thread looks whether there is something for it. */
static void
pool_wake_one(struct pool *p)
{
	int i;

	if (pool_wake_top(p))
		return;
	for (i = 0; i < p->threads; i++)
		if (p->thread[i].accepting) {
			kick(&p->thread[i]);
			return;
		}
}

void
pool_kick_all(struct pool *p)
{
	int i;

	while (pool_wake_top(p))
		;
	for (i = 0; i < p->threads; i++)
		if (p->thread[i].accepting)
			kick(&p->thread[i]);
	if (p->overflowing)
		(void)pthread_kill(p->overflow, SIGURG);
}

/* Under the lock: whether the queue has something for this worker. */
static bool
pool_queued(const struct pool *p)
{
	return !p->passing && atomic_load(&p->share->queued) > 0;
}

bool
pool_nudge(struct pool *p)
{
	bool waits;

	(void)pthread_mutex_lock(&p->lock);
	waits = p->waiting > 0 && p->idle > 0;
	if (waits || (p->idle > 0 && pool_queued(p)))
		pool_wake_one(p);
	(void)pthread_mutex_unlock(&p->lock);
	return waits;
}

bool
pool_orphaned(const struct pool *p)
{
	return p->master != 0 && getppid() != p->master;
}

void
pool_accept_failed(const struct pool *p, int error)
{
	/* A worker without a master has hung up for all of them. */
	if (error == EINVAL && pool_orphaned(p))
		(void)poll(NULL, 0, BACK_OFF);
	else
		accept_failed(p->listener, p->epoll, error);
}

/* Under the lock: what others see of the idle threads.  One that leaves has
 * none for them. */
static void
pool_tell_idle(struct pool *p)
{
	int idle = p->idle - p->waiting;

	atomic_store(&p->slot->idle, p->stopping || idle < 0 ? 0 : idle);
	if (p->idle == 0)
		(void)pthread_cond_signal(&p->full);
}

/* Under the lock. */
static void
pool_set_idle(struct pool *p, bool idle)
{
	p->idle += idle ? 1 : -1;
	pool_tell_idle(p);
}

/* Under the lock: the whole request of this worker that waits longest. */
static struct connection *
pool_take_ready(struct pool *p)
{
	struct connection *c = p->ready;

	if (c == NULL)
		return NULL;
	if ((p->ready = c->next) == NULL)
		p->ready_end = &p->ready;
	p->waiting--;
	return c;
}

/* Takes one of the thread's spare connections. */
static struct connection *
pool_take_spare(struct thread *t)
{
	struct connection *c = t->spare;

	t->spare = c->next;
	t->spares--;
	return c;
}

static void
pool_add_spare(struct thread *t, struct connection *c)
{
	c->next = t->spare;
	t->spare = c;
	t->spares++;
}

bool
pool_fill_spares(struct thread *t)
{
	struct pool *p = t->pool;
	struct connection *c;

	while (t->spares < SPARES) {
		c = connection_new(p->conf->max_body, &p->room);
		if (c == NULL)
			return false;
		pool_add_spare(t, c);
	}
	return true;
}

/* What becomes of a connection that was the thread's.  There is mostly a spare
 * one in its place, also when memory is short. */
static void
pool_next(struct thread *t, struct connection *c, enum connection_wait wait)
{
	if (wait == CONNECTION_REQUEST && c->answers > 0)
		connection_again(c);
	if (wait != CONNECTION_NOTHING) {
		(void)pool_fill_spares(t);
		if (t->spares > 0) {
			parked_add(t->pool, c, wait);
			return;
		}
		log_error("no memory left: a connection is dropped");
	}
	connection_close(c);
	if (t->spares < SPARES)
		pool_add_spare(t, c);
	else
		connection_free(c);
}

/* Under the lock: the whole request of all workers that waits longest. */
static struct connection *
pool_take_queued(struct pool *p, struct thread *t)
{
	struct connection_note note;
	struct connection *c;
	enum connection_wait wait;
	int fd[BALANCE_FDS];

	while (pool_queued(p) &&
	    balance_take(p->share, fd, &note, sizeof(note)) == 0) {
		c = pool_take_spare(t);
		wait = CONNECTION_REQUEST;
		if (connection_unpack(c, &note, fd) == -1)
			wait = connection_drop(c, RECORD_STARVED);
		else if (c->whole != 0)
			return c;
		/* Else one that is kept, from a worker that leaves. */
		pool_next(t, c, wait);
	}
	return NULL;
}

/* Reads what is there.  The bytes of a connection that just came are mostly
 * there, or come in a moment, which is less than parking takes; but only a
 * thread that is not missed waits for them. */
static enum record_result
pool_read(struct thread *t, struct connection *c)
{
	struct pollfd in = { .fd = c->fd, .events = POLLIN };
	enum record_result result = connection_read(c, t->input, READS);

	if (result == RECORD_MORE && c->began == 0 &&
	    atomic_load(&t->pool->slot->idle) > 0 &&
	    poll(&in, 1, FIRST_WAIT) > 0)
		result = connection_read(c, t->input, READS);
	return result;
}

/* A socket that the thread accepted.  Returns the connection when its request is
 * whole, else NULL. */
static struct connection *
pool_receive(struct thread *t, int fd)
{
	struct connection *c = pool_take_spare(t);
	enum record_result result;

	connection_open(c, fd);
	result = pool_read(t, c);
	if (result == RECORD_WHOLE)
		return c;
	pool_next(t, c,
	    result == RECORD_MORE ? CONNECTION_REQUEST :
				    connection_drop(c, result));
	return NULL;
}

/* Under the lock: somebody waits for the next connection.  Who has made its
 * answer is back sooner than another wakes. */
static void
pool_stand_by(struct pool *p)
{
	if (p->accepting == 0 && atomic_load(&p->ending) == 0 && !p->closing)
		(void)pool_wake_top(p);
}

/* Under the lock, which is given up meanwhile: the next connection. */
static struct connection *
pool_take_new(struct pool *p, struct thread *t)
{
	struct connection *c = NULL;
	int fd, error;

	p->accepting++;
	t->accepting = true;
	pool_set_idle(p, true);
	(void)pthread_mutex_unlock(&p->lock);
	fd = accept_next(p->listener, p->epoll);
	error = errno;
	(void)pthread_mutex_lock(&p->lock);
	pool_set_idle(p, false);
	t->accepting = false;
	p->accepting--;
	pool_stand_by(p);
	/* A kick may have been meant for others. */
	if (fd != -1 && (p->waiting > 0 || pool_queued(p)))
		pool_wake_one(p);
	(void)pthread_mutex_unlock(&p->lock);
	if (fd == -1)
		pool_accept_failed(p, error);
	else
		c = pool_receive(t, fd);
	(void)pthread_mutex_lock(&p->lock);
	return c;
}

/* Under the lock, which is given up meanwhile. */
static void
pool_sleep(struct pool *p, struct thread *t)
{
	t->sleeps = true;
	t->below = p->top;
	p->top = t;
	pool_set_idle(p, true);
	while (t->sleeps)
		(void)pthread_cond_wait(&t->wake, &p->lock);
	pool_set_idle(p, false);
}

/* Under the lock, once nothing more comes from the overflow thread: whether
 * connections still come from the listen queue. */
static bool
pool_drains(const struct pool *p)
{
	return clock_ms() < atomic_load(&p->share->drain) &&
	    accept_pending(p->listener);
}

/* The next whole request.  NULL when there will be none. */
static struct connection *
pool_take(struct pool *p, struct thread *t)
{
	struct connection *c;

	(void)pthread_mutex_lock(&p->lock);
	if (t->ending)
		atomic_fetch_sub(&p->ending, 1);
	t->ending = false;
	while ((c = pool_take_ready(p)) == NULL &&
	    (c = pool_take_queued(p, t)) == NULL) {
		if (!p->closing || pool_drains(p)) {
			if (p->accepting >= ACCEPTORS)
				pool_sleep(p, t);
			else if ((c = pool_take_new(p, t)) != NULL)
				break;
		} else if (parked_count(p, CONNECTION_REQUEST) > 0) {
			pool_sleep(p, t);
		} else {
			break;
		}
	}
	pool_tell_idle(p);
	if (c != NULL) {
		pool_stand_by(p);
		t->fd = c->fd;
		t->deadline = c->whole + (int64_t)p->conf->deadline * 1000;
		if (t->deadline > p->no_later)
			t->deadline = p->no_later;
		t->keep = !p->closing || p->passing;
		p->served++;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return c;
}

static void
pool_answer_relay(void *arg, struct transport *t)
{
	struct thread *self = arg;

	relay_serve(self->session, t);
	self->ending = true;
	atomic_fetch_add(&self->pool->ending, 1);
}

/* An answer: 503. */
static void
pool_answer_busy(void *arg, struct transport *t)
{
	struct thread *self = arg;

	counters_refused(&self->pool->share->outside->counters);
	relay_busy(self->pool->conf, t);
}

/* Serves the connection that the thread has. */
static void
pool_serve(struct thread *t, struct connection *c,
    void (*answer)(void *, struct transport *))
{
	struct pool *p = t->pool;
	enum connection_wait wait;

	wait = fastcgi_serve(t->fastcgi, c, t->deadline, t->keep, answer, t);
	(void)pthread_mutex_lock(&p->lock);
	t->fd = -1;
	(void)pthread_mutex_unlock(&p->lock);
	pool_next(t, c, wait);
}

void
pool_refuse(struct pool *p, struct connection *c)
{
	struct thread *t = &p->thread[p->threads];

	(void)pthread_mutex_lock(&p->refusing);
	(void)pthread_mutex_lock(&p->lock);
	t->fd = c->fd;
	t->keep = !p->closing || p->passing;
	t->deadline = clock_ms() + REFUSE_TIME;
	(void)pthread_mutex_unlock(&p->lock);
	pool_serve(t, c, pool_answer_busy);
	(void)pthread_mutex_unlock(&p->refusing);
}

bool
pool_hand(struct pool *p, struct connection *c)
{
	bool taken;

	(void)pthread_mutex_lock(&p->lock);
	if ((taken = p->waiting < p->idle)) {
		c->next = NULL;
		*p->ready_end = c;
		p->ready_end = &c->next;
		p->waiting++;
		pool_tell_idle(p);
		pool_wake_one(p);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return taken;
}

struct connection *
pool_arrive(struct pool *p, int fd)
{
	struct thread *t = &p->thread[p->threads];
	struct connection *c;

	(void)pthread_mutex_lock(&p->refusing);
	c = pool_receive(t, fd);
	if (c != NULL && !pool_fill_spares(t) && t->spares == 0) {
		pool_next(t, c, connection_drop(c, RECORD_STARVED));
		c = NULL;
	}
	(void)pthread_mutex_unlock(&p->refusing);
	return c;
}

void *
pool_thread(void *arg)
{
	struct thread *t = arg;
	struct pool *p = t->pool;
	struct connection *c;

	accept_unblock_kick();
	/* Who waited too long for a thread is refused. */
	while ((c = pool_take(p, t)) != NULL)
		pool_serve(t, c,
		    clock_ms() < t->deadline ? pool_answer_relay :
					       pool_answer_busy);
	(void)pthread_mutex_lock(&p->lock);
	p->running--;
	/* Who sleeps may find the end, too. */
	pool_kick_all(p);
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

void
pool_watch(struct pool *p)
{
	int64_t now = clock_ms();
	int i;

	(void)pthread_mutex_lock(&p->lock);
	for (i = 0; i <= p->threads; i++)
		if (p->thread[i].fd != -1 &&
		    now > p->thread[i].deadline + WATCH_GRACE)
			(void)shutdown(p->thread[i].fd, SHUT_RDWR);
	/*
	 * A thread became idle while a request was put into the queue, or took
	 * one from there when the kernel had just woken it for another.
	 */
	if (p->idle > 0 &&
	    (p->waiting > 0 || pool_queued(p) || accept_pending(p->listener)))
		pool_wake_one(p);
	(void)pthread_mutex_unlock(&p->lock);
	parked_tick(p);
}
