/* SPDX-License-Identifier: MIT */
/*
 * The workers that should be there are the "fresh" ones.  A worker becomes
 * stale by a reload, or when it wants a successor; it is told to stop as soon
 * as there are enough fresh ones that serve.  One rule for reloads, worn
 * workers and those that somebody else stops: reconcile().
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "egress/egress_log.h"
#include "fcgi/net/listener.h"
#include "fcgi/net/balance.h"
#include "fcgi/master/binary.h"
#include "fcgi/master/control.h"
#include "fcgi/master/handover.h"
#include "fcgi/master/master.h"
#include "fcgi/master/master_own.h"
#include "fcgi/master/notify.h"
#include "fcgi/master/reload.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/pool/worker.h"
#include "figures/ledger.h"
#include "hook/hook.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/lists.h"
#include "shared/shared.h"
#include "start/descriptors.h"

#define TICK       20   /* ms between looks while work is under way */
#define WATCH_TICK 1000 /* ms between looks otherwise */
#define SILENCE \
	5000              /* ms more than the deadline for which a worker
				 * may give no sign of life */
#define EARLY       1000  /* ms of life under which a death is early */
#define PAUSE_FIRST 100   /* ms before a successor of an early death */
#define PAUSE_MAX   10000 /* ms that this grows to, doubling */
#define DRAIN_TIME  1000  /* ms for the listen queue at a stop */
#define LAST_WAIT   1000  /* ms that the last matches wait for a store */

/*
 * Called in the new process.  When the master dies, the kernel wakes it, even
 * where it was stopped; it sees then, or on its next look if the master died
 * meanwhile, who its parent is.
 */
static void
child_begin(struct master *m, int slot)
{
	if (prctl(PR_SET_PDEATHSIG, SIGCONT, 0, 0, 0) == -1)
		log_warning("PR_SET_PDEATHSIG: %s", strerror(errno));
	m->become = slot;
}

static void
spawn(struct master *m, int64_t now)
{
	struct balance_slot *s;
	int slot = 0;
	pid_t pid;

	while (slot < BALANCE_SLOTS && m->child[slot].pid != 0)
		slot++;
	if (slot == BALANCE_SLOTS)
		return;
	s = &m->share->slot[slot];
	/* Until it says so itself: the others are not all that there is. */
	atomic_store(
	    &s->places, master_conf(m)->threads + master_conf(m)->queue);
	atomic_store(&s->beat, now);
	atomic_store(&s->idle, 0);
	atomic_store(&s->ready, 0);
	atomic_store(&s->leave, 0);
	/* Of one that was killed. */
	atomic_store(&s->requests, 0);
	atomic_store(&s->readers, 0);
	atomic_store(&s->large, 0);
	if (slot >= m->top) {
		m->top = slot + 1;
		atomic_store(&m->share->top, m->top);
	}
	switch (pid = fork()) {
	case -1:
		log_error("no new worker: %s", strerror(errno));
		atomic_store(&s->beat, 0);
		m->next = now + PAUSE_MAX / 10;
		break;
	case 0:
		child_begin(m, slot);
		break;
	default:
		m->child[slot] = (struct child){ .pid = pid, .started = now };
		break;
	}
}

static void
master_tell(struct child *c, int sig)
{
	if (kill(c->pid, sig) == -1 && errno != ESRCH)
		log_warning("worker %d: %s", (int)c->pid, strerror(errno));
}

static void
tell_all(struct master *m, int sig)
{
	int i;

	for (i = 0; i < m->top; i++)
		if (m->child[i].pid != 0)
			master_tell(&m->child[i], sig);
}

/* Brings the workers nearer to what they should be.  Returns whether something
 * is still under way. */
static bool
reconcile(struct master *m)
{
	int64_t now = clock_ms();
	struct child *c;
	int i, fresh = 0, ready = 0, stale = 0, want = master_wanted(m);

	for (i = 0; i < m->top; i++) {
		c = &m->child[i];
		if (c->pid == 0)
			continue;
		if (atomic_load(&m->share->slot[i].leave) != 0)
			c->stale = true;
		if (c->stale) {
			stale++;
			continue;
		}
		fresh++;
		ready += atomic_load(&m->share->slot[i].ready);
	}
	for (; fresh < want && now >= m->next && m->become == -1; fresh++)
		spawn(m, now);
	for (i = 0; i < m->top && ready >= want && m->become == -1; i++) {
		c = &m->child[i];
		if (c->pid != 0 && c->stale && !c->told) {
			c->told = true;
			c->silent = 0;
			master_tell(c, SIGTERM);
		}
	}
	m->serves = ready >= want;
	return !m->serves || stale > 0;
}

static void
early_death(struct master *m, int64_t now)
{
	if (m->pause == 0 || now - m->early > 2 * PAUSE_MAX)
		m->pause = PAUSE_FIRST;
	else
		m->pause = m->pause > PAUSE_MAX / 2 ? PAUSE_MAX : m->pause * 2;
	m->early = now;
	m->next = now + m->pause;
	log_warning("the worker died within a second of its start; the next "
		    "starts in %d ms",
	    m->pause);
	/* A new binary may be the mend. */
	if (upgrade_runs(&m->upgrade))
		return;
	reload_fail(m,
	    "the new workers die as they start, the log has the reason; those "
	    "from before serve on");
}

/* A worker is gone. */
static void
buried(struct master *m, int slot, int status)
{
	struct child *c = &m->child[slot];
	int64_t now = clock_ms();
	bool expected = m->stopping || c->stale ||
	    atomic_load(&m->share->slot[slot].leave) != 0;

	m->deaths += !expected;
	if (WIFSIGNALED(status))
		log_error("worker %d was killed by signal %d (%s)", (int)c->pid,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0 || !expected)
		log_warning("worker %d ended with status %d", (int)c->pid,
		    WEXITSTATUS(status));
	else
		log_debug("worker %d ended", (int)c->pid);
	if (!expected && now - c->started < EARLY)
		early_death(m, now);
	else if (!expected)
		m->pause = 0;
	c->pid = 0;
	atomic_store(&m->share->slot[slot].beat, 0);
	atomic_store(&m->share->slot[slot].leave, 0);
}

/* Returns how many workers live. */
static int
reap(struct master *m)
{
	int i, status, alive = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (upgrade_buried(m, pid, status) ||
		    master_lost_maps(m, pid, status) ||
		    metrics_buried(m->setup->metrics, pid, status, clock_ms()))
			continue;
		for (i = 0; i < m->top; i++)
			if (m->child[i].pid == pid)
				buried(m, i, status);
	}
	for (i = 0; i < m->top; i++)
		alive += m->child[i].pid != 0;
	return alive;
}

/* How long a worker may give no sign of life, in ms.  One whose signs cannot be
 * seen has the time of its whole end, from when it was told to. */
static int64_t
master_patience(const struct master *m, const struct child *c)
{
	const struct conf *conf = master_conf(m);
	int64_t patience = (int64_t)m->deadline * 1000 + SILENCE;

	if (!c->blind)
		return patience;
	return !c->told ? INT64_MAX :
			  patience +
		((int64_t)conf->read_timeout * 2 + conf->write_timeout) * 1000;
}

/*
 * Kills workers that give no sign of life: stopped, or hung.  Time in which the
 * master did not look counts as one look at most: what stopped it, such as a
 * paused container, has stopped the workers as well.
 */
static void
master_watch(struct master *m)
{
	int64_t now = clock_ms(), passed = now - m->watched, beat;
	struct child *c;
	int i;

	m->watched = now;
	for (i = 0; i < m->top; i++) {
		c = &m->child[i];
		beat = atomic_load(&m->share->slot[i].beat);
		c->silent += passed < WATCH_TICK ? passed : WATCH_TICK;
		if (beat != c->beat)
			c->silent = 0;
		c->beat = beat;
		if (c->pid == 0 || c->silent <= master_patience(m, c))
			continue;
		log_error("worker %d gives no sign of life and is killed",
		    (int)c->pid);
		master_tell(c, SIGKILL);
		c->silent = 0;
	}
}

/* Everything ends, what was accepted is answered before.  The socket's file
 * goes first, so that nobody new comes while the listen queue is emptied. */
void
master_stop(struct master *m, const char *why)
{
	if (m->stopping)
		return;
	m->stopping = true;
	atomic_store(&m->setup->outside->stopping, true);
	notify_tell(&m->notify, "STOPPING=1\nSTATUS=stops");
	reload_fail(m, "the gateway stops");
	upgrade_end(&m->upgrade);
	m->kill_at = clock_ms() + (int64_t)m->deadline * 1000 + WORKER_GRACE;
	listener_unlink(m->setup->listener);
	control_leave(m->setup->control);
	metrics_close(m->setup->metrics);
	atomic_store(&m->share->drain, clock_ms() + DRAIN_TIME);
	tell_all(m, SIGTERM);
	log_info("stop: %s", why);
}

static void
handle(struct master *m, int sig)
{
	switch (sig) {
	case SIGTERM:
	case SIGINT:
		master_stop(m, strsignal(sig));
		break;
	case SIGHUP:
		(void)reload_ask(m);
		break;
	case SIGUSR2:
		(void)reload_ask_upgrade(m);
		break;
	case SIGUSR1:
		if (log_reopen() == -1)
			log_warning("log: %s", log_why(errno));
		egress_log_reopen();
		tell_all(m, SIGUSR1);
		break;
	}
}

static int
open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGUSR2);
	(void)sigaddset(&set, SIGCHLD);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Waits for a signal, for a tick; who asks is answered meanwhile.  0 when there
 * was none. */
static int
next_signal(struct master *m, bool busy)
{
	struct signalfd_siginfo info;
	struct pollfd p[1 + CONTROL_POLLS] = { { .fd = m->signals,
	    .events = POLLIN } };
	struct control *c = m->setup->control;
	int wait = busy ? TICK : WATCH_TICK;
	size_t n = control_poll(c, p + 1, &wait);

	(void)poll(p, (nfds_t)n + 1, wait);
	control_work(c, p + 1, n);
	if (read(m->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

static void
stop_by_force(struct master *m, int alive)
{
	if (clock_ms() < m->kill_at)
		return;
	tell_all(m, SIGKILL);
	m->kill_at = clock_ms() + 1000;
	log_error("%d workers did not end in time and are killed", alive);
}

/* Whether a worker serves and gives signs of life, or one that serves is too old
 * for these to be seen. */
static bool
master_progress(const struct master *m)
{
	int64_t now = clock_ms();
	const struct child *c;
	int i;

	for (i = 0; i < m->top; i++) {
		c = &m->child[i];
		if (c->pid != 0 && !c->told &&
		    (c->blind ||
			(atomic_load(&m->share->slot[i].ready) != 0 &&
			    balance_lives(m->share, i, now))))
			return true;
	}
	return false;
}

/* Until the end; in a new worker until it knows that it is one. */
static void
loop(struct master *m)
{
	int alive;
	bool busy;

	for (;;) {
		alive = reap(m);
		master_watch(m);
		hook_look(&m->changes, master_conf(m), m->setup->outside);
		(void)ledger_look(
		    &m->ledger, master_conf(m), m->setup->outside, clock_ms());
		if (m->stopping) {
			if (alive == 0)
				return;
			stop_by_force(m, alive);
			busy = true;
		} else {
			busy = reconcile(m);
			if (m->become != -1)
				return;
			reload_look(m);
			busy = busy || m->reload || m->telling;
		}
		master_show(m);
		if (m->stopping || master_progress(m))
			notify_alive(&m->notify);
		handle(m, next_signal(m, busy));
	}
}

/* The workers that the binary before has left are there to be replaced; and the
 * reload that this upgrade is goes on. */
static void
master_inherit(struct master *m, const struct handover *h)
{
	const struct handover_worker *w;

	for (w = h->worker; w < h->worker + h->workers; w++) {
		m->child[w->slot] = (struct child){ .pid = w->pid,
			.stale = true,
			.told = w->told,
			.blind = w->blind || h->share == NULL };
		if (w->slot >= m->top)
			m->top = w->slot + 1;
	}
	atomic_store(&m->share->top, m->top);
	if (m->deadline < h->deadline)
		m->deadline = h->deadline;
	m->turn = h->turn;
	m->reload = h->again;
	m->force = h->upgrade;
	m->upgraded = true;
}

int
master_run(const struct master_setup *setup)
{
	struct master m = { .setup = setup,
		.share = setup->share,
		.pid = getpid(),
		.signals = open_signals(),
		.become = -1,
		.since = (int64_t)time(NULL) };

	m.child = calloc(BALANCE_SLOTS, sizeof(*m.child));
	if (m.child == NULL || m.signals == -1) {
		log_error("start: %s", strerror(errno));
		free(m.child);
		return 1;
	}
	notify_open(&m.notify);
	/* The start is the first of what is told of. */
	m.turn = 1;
	m.telling = true;
	m.deadline = master_conf(&m)->deadline;
	m.watched = clock_ms();
	m.loaded = m.since;
	setup->control->answer = master_answer;
	setup->control->arg = &m;
	if (setup->before->given)
		master_inherit(&m, setup->before);
	binary_look(setup->binary);
	master_log_setup(&m, m.upgraded ? "upgrade" : "start");
	loop(&m);
	free(m.child);
	(void)close(m.signals);
	notify_close(&m.notify);
	buf_free(&m.said);
	buf_free(&m.upgrade.said);
	if (m.upgrade.pid != 0)
		(void)close(m.upgrade.out);
	if (m.become == -1) {
		ledger_save(
		    master_conf(&m), m.setup->outside, LAST_WAIT, false);
		master_end_maps(&m);
		log_info("stopped");
		control_tell(setup->control, MASTER_END, "ok: stopped\n");
		control_close(setup->control);
		return 0;
	}
	control_close(setup->control);
	metrics_forget(setup->metrics);
	return worker_run(master_conf(&m), setup->listener, setup->share,
	    setup->outside, (size_t)m.become, m.pid, master_wanted(&m));
}
