/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "mapping/maps.h"
#include "fcgi/net/listener.h"
#include "fcgi/net/balance.h"
#include "fcgi/master/master.h"
#include "fcgi/master/master_own.h"
#include "fcgi/master/reload.h"
#include "fcgi/master/status.h"
#include "fcgi/metrics/metrics.h"
#include "log/log.h"
#include "net/network.h"
#include "os/clock.h"

#define COUNT_AFTER 2000 /* ms between two counts of map workers */

const struct conf *
master_conf(const struct master *m)
{
	return *m->setup->conf;
}

int
master_wanted(const struct master *m)
{
	long n;

	if (m->setup->workers > 0)
		return m->setup->workers;
	if (master_conf(m)->workers > 0)
		return master_conf(m)->workers;
	n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > 1024 ? 1024 : (int)n;
}

static bool
differ(const char *a, const char *b)
{
	return a != b && (a == NULL || b == NULL || strcmp(a, b) != 0);
}

void
master_tell_restart(const struct master *m, const struct conf *new)
{
	const struct conf *old = master_conf(m);

	if (m->setup->listener->own &&
	    (differ(old->listen, new->listen) ||
		differ(old->socket_group, new->socket_group) ||
		old->socket_mode != new->socket_mode))
		log_warning("the listening socket stays as it is until a "
			    "restart");
	if (differ(old->control, new->control))
		log_warning("the control socket stays as it is until a "
			    "restart");
	if (differ(old->user, new->user) || differ(old->group, new->group))
		log_warning("user and group stay as they are until a restart");
}

void
master_log_setup(const struct master *m, const char *what)
{
	const struct relay_conf *r;
	struct buf names;

	buf_init(&names, 1024);
	for (r = master_conf(m)->relays; r != NULL; r = r->next)
		(void)buf_addf(&names, " %s", r->name);
	log_info("%s: %s, workers %d, threads %d%s%s, relays:%s%s", what,
	    m->setup->listener->text, master_wanted(m), master_conf(m)->threads,
	    m->setup->metrics->fd == -1 ? "" : ", metrics ",
	    m->setup->metrics->text, names.len > 0 ? names.data : " none",
	    names.failed ? " ..." : "");
	buf_free(&names);
}

bool
master_lost_maps(struct master *m, pid_t pid, int status)
{
	if (pid != maps_pid(master_conf(m)->maps))
		return false;
	log_error("the map master ended with status %d: a reload starts "
		  "another",
	    status);
	if (!m->stopping)
		(void)reload_ask(m);
	return true;
}

void
master_end_maps(struct master *m)
{
	struct conf *conf = *m->setup->conf;

	maps_free(conf->maps);
	conf->maps = NULL;
}

/* What the worker in a slot is doing. */
static enum status_worker
worker_state(const struct master *m, int slot, int64_t now)
{
	const struct child *c = &m->child[slot];

	if (m->stopping || c->told || atomic_load(&m->share->slot[slot].leave))
		return STATUS_ENDING;
	if (atomic_load(&m->share->slot[slot].ready) == 0)
		return STATUS_STARTING;
	return balance_lives(m->share, slot, now) ? STATUS_SERVING :
						    STATUS_SILENT;
}

static void
master_status(struct master *m, const char *question, struct buf *out)
{
	struct status s = { .conf = master_conf(m),
		.share = m->share,
		.outside = m->setup->outside,
		.started = m->since,
		.loaded = m->loaded,
		.reloads = m->reloads,
		.refused = m->refused,
		.deaths = m->deaths,
		.wanted = master_wanted(m),
		.map_workers = maps_workers(master_conf(m)->maps),
		.stopping = m->stopping };
	int64_t now = clock_ms();
	int i;

	for (i = 0; i < m->top; i++)
		if (m->child[i].pid != 0)
			s.worker[worker_state(m, i, now)]++;
	status_answer(&s, question, out);
}

/* Puts the number of map workers there.  Who is asked for it may be busy, so it is
 * not asked at each turn. */
static void
master_figure_maps(struct master *m, int64_t now)
{
	if (now - m->counted < COUNT_AFTER)
		return;
	atomic_store(
	    &m->figures->map_workers, maps_workers(master_conf(m)->maps));
	m->counted = clock_ms();
}

/* Puts the numbers where master_metrics() finds them. */
static void
master_figure(struct master *m)
{
	struct master_figures *f = m->figures;
	int64_t now = clock_ms();
	int worker[STATUS_WORKERS] = { 0 }, i;

	for (i = 0; i < m->top; i++)
		if (m->child[i].pid != 0)
			worker[worker_state(m, i, now)]++;
	for (i = 0; i < STATUS_WORKERS; i++)
		atomic_store(&f->worker[i], worker[i]);
	atomic_store(&f->started, m->since);
	atomic_store(&f->loaded, m->loaded);
	atomic_store(&f->reloads, m->reloads);
	atomic_store(&f->refused, m->refused);
	atomic_store(&f->deaths, m->deaths);
	atomic_store(&f->wanted, master_wanted(m));
	atomic_store(&f->stopping, m->stopping);
	master_figure_maps(m, now);
}

/* Writes the metrics, in a process of its own; arg is the master as it was when
 * that was made. */
static void
master_metrics(void *arg, struct buf *out)
{
	const struct master *m = arg;
	struct master_figures *f = m->figures;
	struct status s = { .share = m->share,
		.outside = m->setup->outside,
		.started = atomic_load(&f->started),
		.loaded = atomic_load(&f->loaded),
		.reloads = atomic_load(&f->reloads),
		.refused = atomic_load(&f->refused),
		.deaths = atomic_load(&f->deaths),
		.wanted = atomic_load(&f->wanted),
		.map_workers = atomic_load(&f->map_workers),
		.stopping = atomic_load(&f->stopping) };
	int i;

	for (i = 0; i < STATUS_WORKERS; i++)
		s.worker[i] = atomic_load(&f->worker[i]);
	status_answer(&s, "metrics", out);
}

void
master_show(struct master *m)
{
	struct metrics *metrics = m->setup->metrics;
	void *memory;

	if (metrics->fd == -1)
		return;
	if (m->figures == NULL) {
		memory = mmap(NULL, sizeof(*m->figures), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return;
		m->figures = memory;
	}
	master_figure(m);
	metrics_look(metrics, clock_ms(), master_metrics, m);
}

static unsigned
master_order_stop(struct master *m)
{
	master_stop(m, "asked for on the control socket");
	return MASTER_END;
}

static unsigned
master_order_reload(struct master *m)
{
	return m->stopping ? MASTER_END : reload_ask(m);
}

/* Orders, which only root and the user who serves may give: the group of the
 * socket may ask. */
static const struct {
	const char *order;
	unsigned (*take)(struct master *);
} master_orders[] = { { "reload", master_order_reload },
	{ "stop", master_order_stop } };

unsigned
master_answer(void *arg, const char *question, uid_t who, struct buf *out)
{
	struct master *m = arg;
	size_t i;

	for (i = 0; i < sizeof(master_orders) / sizeof(*master_orders); i++) {
		if (strcmp(master_orders[i].order, question) != 0)
			continue;
		if (who == 0 || who == geteuid())
			return master_orders[i].take(m);
		log_warning("control: user %jd may not order %s", (intmax_t)who,
		    question);
		(void)buf_addf(out,
		    "failed: only root and the user that serves (uid %jd) may "
		    "order that\n",
		    (intmax_t)geteuid());
		return 0;
	}
	master_status(m, question, out);
	return 0;
}

void
master_open_objects(const struct conf *conf)
{
	char why[NETWORK_WHY];

	if (network_open(why) == NULL)
		log_error("%s; no relay can call its service", why);
	if (cache_load(conf, why) == -1)
		log_error("%s; nothing is cached", why);
}
