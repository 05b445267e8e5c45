/*
 * One lock, the pool's, for the threads' states and the refused.  It is held
 * for a moment, twice a request.
 *
 * Threads in accept4(2) are woken by SIGURG (which nobody else sends, and which
 * is harmless where it is not caught).  It is only sent under the lock to a
 * thread that is marked idle, and the first system call after that mark goes is
 * a recv(2) that takes EINTR; so no other call ever sees it.  A thread that is
 * marked but not yet in the call misses it, so who depends on it repeats it.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "answer/transport.h"
#include "conf/conf.h"
#include "fcgi/net/fastcgi.h"
#include "fcgi/net/listener.h"
#include "fcgi/pool/balance.h"
#include "fcgi/pool/pool.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/relay.h"
#include "shared/shared.h"

#define HEAD_TIME   10000 /* ms for a request's variables */
#define WATCH_GRACE 700   /* ms after a deadline that an answer is cut */
#define BACK_OFF    50    /* ms when descriptors ran out */
#define EAGAIN_TICK 250   /* ms between tries of a non-blocking socket */
#define WARN_EVERY  1000  /* ms between warnings of a failing accept */

static void
kick(struct thread *t)
{
	(void)pthread_kill(t->id, SIGURG);
}

void
pool_kick_one(struct pool *p)
{
	int i;

	for (i = 0; i < p->threads; i++)
		if (p->thread[i].idle) {
			kick(&p->thread[i]);
			return;
		}
}

void
pool_kick_all(struct pool *p)
{
	int i;

	for (i = 0; i < p->threads; i++)
		if (p->thread[i].idle)
			kick(&p->thread[i]);
	if (p->overflowing)
		(void)pthread_kill(p->overflow, SIGURG);
}

/* Waits for ms; whether somebody is in a listen queue.  One that was hung up is
 * always "readable". */
static bool
pool_poll(const struct pool *p, int ms)
{
	const struct listener *l = p->listener;
	struct pollfd in[LISTENER_MAX];
	size_t i;

	for (i = 0; i < l->n; i++)
		in[i] = (struct pollfd){ .fd = l->fd[i], .events = POLLIN };
	if (poll(in, (nfds_t)l->n, ms) < 1)
		return false;
	for (i = 0; i < l->n; i++)
		if ((in[i].revents & (POLLIN | POLLHUP)) == POLLIN)
			return true;
	return false;
}

bool
pool_pending(const struct pool *p)
{
	return pool_poll(p, 0);
}

bool
pool_orphaned(const struct pool *p)
{
	return p->master != 0 && getppid() != p->master;
}

int
pool_accept(const struct pool *p)
{
	struct epoll_event e = { .data.fd = p->listener->fd[0] };

	if (p->epoll != -1 && epoll_wait(p->epoll, &e, 1, -1) != 1)
		return -1;
	return accept4(e.data.fd, NULL, NULL, SOCK_CLOEXEC);
}

void
pool_accept_failed(const struct pool *p, int error)
{
	static _Atomic int64_t last;
	int64_t now = clock_ms(), before;

	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
		return;
	case EAGAIN:
		/* Another was quicker; or somebody made the socket that we
		 * share with others non-blocking. */
		if (p->epoll == -1)
			(void)pool_poll(p, EAGAIN_TICK);
		return;
	case EINVAL: /* a worker has hung up for all of them */
		if (pool_orphaned(p)) {
			(void)poll(NULL, 0, BACK_OFF);
			return;
		}
		break;
	}
	before = atomic_load(&last);
	if ((before == 0 || now - before > WARN_EVERY) &&
	    atomic_compare_exchange_strong(&last, &before, now))
		log_warning("accept: %s", strerror(error));
	(void)poll(NULL, 0, BACK_OFF);
}

/* Under the lock. */
static void
set_idle(struct pool *p, struct thread *t, bool idle)
{
	t->idle = idle;
	p->idle += idle ? 1 : -1;
	atomic_store(&p->slot->idle, p->idle);
	if (p->idle == 0)
		(void)pthread_cond_signal(&p->full);
}

/* Under the lock: t has a connection. */
static void
pool_begin(struct pool *p, struct thread *t, int fd, int64_t since)
{
	t->fd = fd;
	t->deadline = since + (int64_t)p->conf->deadline * 1000;
}

/* The next connection: from the queue, else from the socket.  false when there
 * will be none. */
static bool
pool_take(struct pool *p, struct thread *t)
{
	int64_t since;
	int fd, error;

	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		fd = balance_take(p->share, &since);
		if (fd != -1) {
			pool_begin(p, t, fd, since);
			break;
		}
		if (p->closing &&
		    (clock_ms() >= atomic_load(&p->share->drain) ||
			!pool_pending(p))) {
			(void)pthread_mutex_unlock(&p->lock);
			return false;
		}
		set_idle(p, t, true);
		(void)pthread_mutex_unlock(&p->lock);
		fd = pool_accept(p);
		error = errno;
		(void)pthread_mutex_lock(&p->lock);
		set_idle(p, t, false);
		if (fd != -1) {
			pool_begin(p, t, fd, clock_ms());
			/* A kick for the queue may have been meant for us. */
			if (atomic_load(&p->share->queued) > 0)
				pool_kick_one(p);
			break;
		}
		(void)pthread_mutex_unlock(&p->lock);
		pool_accept_failed(p, error);
		(void)pthread_mutex_lock(&p->lock);
	}
	p->served++;
	(void)pthread_mutex_unlock(&p->lock);
	return true;
}

static void
answer_relay(void *arg, struct transport *t)
{
	struct thread *self = arg;

	relay_serve(self->session, t);
}

void
pool_answer_busy(void *arg, struct transport *t)
{
	struct thread *self = arg;

	counters_refused(&self->pool->share->outside->counters);
	relay_busy(self->pool->conf, t);
}

void
pool_serve(
    struct thread *t, int64_t head, void (*answer)(void *, struct transport *))
{
	struct pool *p = t->pool;
	int fd = t->fd;

	fastcgi_serve(t->fastcgi, fd, head, t->deadline, answer, t);
	(void)pthread_mutex_lock(&p->lock);
	t->fd = -1;
	(void)pthread_mutex_unlock(&p->lock);
	(void)close(fd);
}

void
pool_unblock_kick(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGURG);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void *
pool_thread(void *arg)
{
	struct thread *t = arg;
	struct pool *p = t->pool;
	int64_t now;

	pool_unblock_kick();
	while (pool_take(p, t)) {
		now = clock_ms();
		if (now < t->deadline) {
			pool_serve(t, now + HEAD_TIME, answer_relay);
			continue;
		}
		/* It waited too long for a thread. */
		(void)pthread_mutex_lock(&p->lock);
		t->deadline = now + POOL_REFUSED_TIME;
		(void)pthread_mutex_unlock(&p->lock);
		pool_serve(t, t->deadline, pool_answer_busy);
	}
	(void)pthread_mutex_lock(&p->lock);
	p->running--;
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
	 * A thread became idle while a connection was put into the queue, or
	 * took one from there when the kernel had just woken it for another.
	 */
	if (p->idle > 0 &&
	    (atomic_load(&p->share->queued) > 0 || pool_pending(p)))
		pool_kick_one(p);
	(void)pthread_mutex_unlock(&p->lock);
}
