/* SPDX-License-Identifier: MIT */
/*
 * The process around a pool: start, signals, the watch over deadlines, stop.
 */
#include <sys/prctl.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "egress/egress_log.h"
#include "fcgi/net/accept.h"
#include "fcgi/net/connection.h"
#include "fcgi/net/fastcgi.h"
#include "fcgi/net/listener.h"
#include "fcgi/net/balance.h"
#include "fcgi/pool/overflow.h"
#include "fcgi/pool/pool.h"
#include "fcgi/pool/worker.h"
#include "figures/ledger.h"
#include "hook/hook.h"
#include "http/http_engine.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/relay.h"
#include "shared/shared.h"

#define STACK_SIZE (1024 * 1024) /* bytes a thread */
#define MMAP_FROM  (256 * 1024)  /* bytes of a large buffer */
#define HEAP_FREE \
	(1024 * 1024)     /* bytes at the end of a heap that may be free */
#define WATCH_TICK   250  /* ms between looks at the deadlines */
#define STOP_TICK    10   /* ms between kicks of idle threads */
#define LEAVE_TICK   100  /* the same, after a while */
#define CUT_TIME     2000 /* ms for what is not whole at a stop */
#define MASTER_FIRST 50   /* ms that a stop waits for the master's */
#define DRAIN_TIME   1000 /* ms for the listen queue at a stop */
#define LAST_WAIT    1000 /* ms that the last matches wait for a store */

/* Only there so that the signal interrupts. */
static void
kick_handler(int sig)
{
	(void)sig;
}

static int
start_thread(pthread_t *id, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	int error;

	if ((error = pthread_attr_init(&attr)) != 0)
		return error;
	if ((error = pthread_attr_setstacksize(&attr, STACK_SIZE)) == 0)
		error = pthread_create(id, &attr, run, arg);
	(void)pthread_attr_destroy(&attr);
	return error;
}

static void
worker_free(struct pool *p)
{
	int i;

	parked_free(p);
	for (i = 0; p->thread != NULL && i <= p->threads; i++) {
		if (p->thread[i].session != NULL)
			session_free(p->thread[i].session);
		fastcgi_free(p->thread[i].fastcgi);
		connection_empty(&p->thread[i].spare);
		free(p->thread[i].input);
	}
	http_engine_free(p->engine);
	free(p->thread);
	if (p->epoll != -1)
		(void)close(p->epoll);
}

/* What one thread needs.  Who answers 503 has no session. */
static int
worker_init_thread(struct pool *p, int i)
{
	struct thread *t = &p->thread[i];
	pthread_condattr_t attr;

	t->fastcgi = fastcgi_new();
	t->input = malloc(CONNECTION_INPUT);
	if (t->fastcgi == NULL || t->input == NULL ||
	    !connection_fill(&t->spare, p->conf->max_body, &p->room) ||
	    (errno = pthread_condattr_init(&attr)) != 0)
		return -1;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	errno = pthread_cond_init(&t->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (errno != 0)
		return -1;
	if (i < p->threads)
		t->session = session_new(p->conf, p->outside, p->engine);
	return i < p->threads && t->session == NULL ? -1 : 0;
}

/* Divides the worker's part of [server] memory: half of it for large requests
 * that are answered, an eighth for those of them that wait, an eighth for
 * requests that are not whole, a quarter for answers that are not read. */
static void
worker_share(struct pool *p)
{
	size_t part = p->conf->memory / (size_t)p->workers;

	large_init(&p->large, part / 2, part / 8, p->conf->queue);
	p->parked.memory_most = p->conf->parked_memory < part / 8 ?
	    p->conf->parked_memory :
	    part / 8;
	p->room.memory_most =
	    (int64_t)(p->conf->write_memory < part / 4 ? p->conf->write_memory :
							 part / 4);
	p->room.disk_most = (int64_t)p->conf->spill;
}

/* Everything that threads need, before there are any. */
static int
worker_init(struct pool *p)
{
	struct sigaction sa = { .sa_handler = kick_handler };
	int i;

	p->ready_end = &p->ready;
	p->no_later = INT64_MAX;
	worker_share(p);
	/* Large buffers are mappings of their own, and go back when they are
	 * freed; unless told so, malloc(3) keeps ever larger ones.  What a heap
	 * has free, pool_watch() gives back, not each request. */
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_FROM);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_FREE);
	p->thread = calloc((size_t)p->threads + 1, sizeof(*p->thread));
	p->engine = http_engine_new(p->conf);
	if (p->thread == NULL || p->engine == NULL || fastcgi_init() == -1 ||
	    accept_join(p->listener, &p->epoll) == -1 ||
	    sigaction(SIGURG, &sa, NULL) == -1)
		return -1;
	for (i = 0; i <= p->threads; i++) {
		p->thread[i].pool = p;
		p->thread[i].fd = -1;
	}
	for (i = 0; i <= p->threads; i++)
		if (worker_init_thread(p, i) == -1)
			return -1;
	if (pthread_mutex_init(&p->lock, NULL) != 0 ||
	    pthread_mutex_init(&p->refusing, NULL) != 0 ||
	    pthread_cond_init(&p->full, NULL) != 0)
		return -1;
	return parked_init(p);
}

/* Ends the helpers, when nothing is accepted and nobody serves. */
static void
worker_join(struct pool *p, int threads, bool overflow)
{
	int i;

	for (i = 0; i < threads; i++)
		(void)pthread_join(p->thread[i].id, NULL);
	if (overflow)
		(void)pthread_join(p->overflow, NULL);
	parked_end(p);
}

/*
 * Whether the master has died.  Nobody is there then to start workers, or to end
 * this one: the next master shall have the socket now, and the kernel ends what
 * does not end by itself.
 */
static bool
worker_orphaned(struct pool *p)
{
	if (p->orphan || !pool_orphaned(p))
		return p->orphan;
	p->orphan = true;
	log_warning("the master is gone; this worker ends when what it has is "
		    "answered");
	(void)alarm((unsigned int)p->conf->deadline + WORKER_GRACE / 1000);
	listener_hang_up(p->listener, overflow_keep, p);
	return true;
}

/* Whether all ends, not this worker alone. */
static bool
worker_stops(const struct pool *p)
{
	return p->orphan || atomic_load(&p->share->drain) != 0;
}

/*
 * Says until when what is there may stay.  Where all ends, what is not a whole
 * request was not accepted work, and has a moment; where other workers go on, it
 * has read_timeout, and they get the connections that are kept.
 * Returns the clock_ms() at which everything is over.
 */
static int64_t
worker_leave_by(struct pool *p, int64_t began)
{
	int64_t deadline = (int64_t)p->conf->deadline * 1000;
	int64_t leave, over;
	/* Who is of another binary than its master has nobody to pass on to. */
	bool passing = p->master != 0 && atomic_load(&p->share->left) == 0;

	if (worker_stops(p)) {
		over = began + deadline + WORKER_GRACE - 2 * WATCH_TICK;
		parked_leave(p, began + CUT_TIME, began + CUT_TIME, false);
		(void)pthread_mutex_lock(&p->lock);
		p->passing = false;
		p->no_later = began + deadline + WORKER_GRACE / 2;
		(void)pthread_mutex_unlock(&p->lock);
		return over;
	}
	leave = began + (int64_t)p->conf->read_timeout * 1000;
	over = leave + (int64_t)p->conf->read_timeout * 1000;
	parked_leave(p, leave, over, passing);
	(void)pthread_mutex_lock(&p->lock);
	p->passing = passing;
	(void)pthread_mutex_unlock(&p->lock);
	return over + deadline + (int64_t)p->conf->write_timeout * 1000;
}

/* Opens the logs again, which were rotated. */
static void
worker_reopen(void)
{
	if (log_reopen() == -1)
		log_warning("log: %s", log_why(errno));
	egress_log_reopen();
}

/* Waits; the log may be opened again meanwhile. */
static void
worker_pause(int64_t since)
{
	int ms = clock_ms() - since < CUT_TIME ? STOP_TICK : LEAVE_TICK;
	struct timespec tick = { 0, ms * 1000000L };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	if (sigtimedwait(&set, NULL, &tick) == SIGUSR1)
		worker_reopen();
}

/* Whether all that was accepted is answered, and the answers are taken. */
static bool
worker_done(struct pool *p, int *running)
{
	bool done;

	(void)pthread_mutex_lock(&p->lock);
	*running = p->running;
	done = p->running == 0 && parked_count(p, CONNECTION_REQUEST) == 0 &&
	    parked_count(p, CONNECTION_READER) == 0;
	if (p->running > 0)
		pool_kick_all(p);
	(void)pthread_mutex_unlock(&p->lock);
	return done;
}

/* No new connections; waits until the accepted ones are answered. */
static void
worker_stop(struct pool *p)
{
	int64_t began = clock_ms(), over = worker_leave_by(p, began);
	bool all = worker_stops(p);
	int running;

	(void)pthread_mutex_lock(&p->lock);
	p->stopping = true;
	(void)pthread_cond_broadcast(&p->full);
	(void)pthread_mutex_unlock(&p->lock);
	/* Only now: overflow_full() may not see a queue that has no places
	 * before it sees that this worker stops. */
	atomic_store(&p->slot->places, 0);
	atomic_store(&p->slot->idle, 0);
	atomic_store(&p->slot->ready, 0);
	while (!worker_done(p, &running)) {
		worker_pause(began);
		atomic_store(&p->slot->beat, clock_ms());
		(void)worker_orphaned(p);
		pool_watch(p);
		if (!all && (all = worker_stops(p)))
			over = worker_leave_by(p, clock_ms());
		if (clock_ms() <= over)
			continue;
		if (running == 0)
			return; /* readers have had their time */
		log_error("worker ends by force: %d requests are past their "
			  "deadline",
		    running);
		_exit(1);
	}
}

/* Calls to services would never end. */
static void
worker_engine_died(const char *why)
{
	log_error("worker ends by force: its calls to services cannot go on: "
		  "%s",
	    why);
	_exit(1);
}

/* Returns 0, or an error number when not all could be started; those that were
 * have ended then. */
static int
worker_start(struct pool *p)
{
	bool overflow = false;
	int i = 0, error;

	error = http_engine_start(p->engine, worker_engine_died);
	if (error == 0)
		error = start_thread(&p->parked.thread, parked_run, p);
	if (error != 0)
		return error;
	while (i < p->threads && error == 0) {
		(void)pthread_mutex_lock(&p->lock);
		error =
		    start_thread(&p->thread[i].id, pool_thread, &p->thread[i]);
		if (error == 0) {
			p->running++;
			i++;
		}
		(void)pthread_mutex_unlock(&p->lock);
	}
	if (error == 0) {
		error = start_thread(&p->overflow, overflow_run, p);
		overflow = error == 0;
	}
	if (error != 0) {
		(void)pthread_mutex_lock(&p->lock);
		p->closing = true;
		(void)pthread_mutex_unlock(&p->lock);
		worker_stop(p);
		worker_join(p, i, overflow);
	}
	return error;
}

/* Has this worker answered as many as it should? */
static bool
worn(struct pool *p)
{
	uint64_t served;

	(void)pthread_mutex_lock(&p->lock);
	served = p->served;
	(void)pthread_mutex_unlock(&p->lock);
	return p->conf->max_requests > 0 &&
	    served >= (uint64_t)p->conf->max_requests;
}

/* Tells the master that a successor is wanted.  It looks at its workers after any
 * signal; this one means nothing else, whoever sends it. */
static void
worker_leave(struct pool *p)
{
	/* Its number may be another's by now. */
	if (atomic_exchange(&p->slot->leave, 1) == 0 && !pool_orphaned(p))
		(void)kill(p->master, SIGCHLD);
}

/* Whether nobody else looks at what this worker counts: there is no master, or
 * after an upgrade it has counts of its own. */
static bool
worker_counts(const struct pool *p)
{
	return p->master == 0 || atomic_load(&p->outside->left) != 0;
}

/* Does what a master would: runs the programs of stores that were changed, and
 * takes matches to stores. */
static void
worker_changes(struct pool *p)
{
	if (!worker_counts(p))
		return;
	hook_look(&p->changes, p->conf, p->outside);
	ledger_look_here(&p->ledger, p->conf, p->outside, clock_ms());
}

/* Where there is no master, all ends with this process. */
static void
worker_drain(struct pool *p)
{
	atomic_store(&p->share->drain, clock_ms() + DRAIN_TIME);
}

/* Until it is time to stop. */
static void
worker_wait(struct pool *p)
{
	static const struct timespec tick = { 0, WATCH_TICK * 1000000L };
	siginfo_t info;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGCONT); /* child_begin() */
	while (!worker_orphaned(p)) {
		atomic_store(&p->slot->beat, clock_ms());
		switch (sigtimedwait(&set, &info, &tick)) {
		case SIGTERM:
		case SIGINT:
			if (p->master == 0) {
				worker_drain(p);
				return;
			}
			if (info.si_pid == p->master)
				return;
			/*
			 * For us alone, or for the whole group: then the master
			 * has it too and says so in a moment.
			 */
			(void)poll(NULL, 0, MASTER_FIRST);
			if (atomic_load(&p->share->drain) == 0)
				worker_leave(p);
			return;
		case SIGUSR1:
			worker_reopen();
			break;
		}
		pool_watch(p);
		worker_changes(p);
		if (worn(p)) {
			if (p->master == 0) {
				worker_drain(p);
				return;
			}
			worker_leave(p);
		}
	}
}

int
worker_run(const struct conf *conf, const struct listener *listener,
    struct balance *share, struct shared *outside, size_t slot, pid_t master,
    int workers)
{
	struct pool p = { .conf = conf,
		.share = share,
		.outside = outside,
		.slot = &share->slot[slot],
		.listener = listener,
		.epoll = -1,
		.parked = { .epoll = -1, .wake = -1 },
		.master = master,
		.workers = workers,
		.threads = conf->threads };
	int error;

	if (worker_init(&p) == -1) {
		log_error("worker cannot start: %s", strerror(errno));
		worker_free(&p);
		return 1;
	}
	atomic_store(&p.slot->places, conf->queue);
	atomic_store(&p.slot->threads, conf->threads);
	error = worker_start(&p);
	if (error != 0) {
		log_error("worker cannot start: %s", strerror(error));
		worker_free(&p);
		return 1;
	}
	atomic_store(&p.slot->ready, 1);
	worker_wait(&p);
	worker_stop(&p);
	worker_join(&p, p.threads, true);
	worker_changes(&p);
	if (worker_counts(&p))
		ledger_save(conf, outside, LAST_WAIT, false);
	/* A leak checker stops what it looks at, which SIGCONT would undo. */
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	worker_free(&p);
	return 0;
}
