/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "mapping/maps.h"
#include "egress/egress_log.h"
#include "fcgi/master/binary.h"
#include "fcgi/master/control.h"
#include "fcgi/master/master.h"
#include "fcgi/master/master_own.h"
#include "fcgi/master/notify.h"
#include "fcgi/master/reload.h"
#include "fcgi/metrics/metrics.h"
#include "figures/ledger.h"
#include "fcgi/net/balance.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/lists.h"
#include "start/descriptors.h"

#define SAID_MAX 16384 /* bytes of what is wrong with a configuration */

unsigned
reload_ask(struct master *m)
{
	m->reload = true;
	return m->turn + 1;
}

unsigned
reload_ask_upgrade(struct master *m)
{
	m->force = true;
	return reload_ask(m);
}

/* Whether the last change is complete: reloads come one after the other, so
 * that many of them do not pile up workers. */
static bool
reload_settled(const struct master *m)
{
	int i;

	for (i = 0; i < m->top; i++)
		if (m->child[i].pid != 0 && m->child[i].stale &&
		    !m->child[i].told)
			return false;
	return true;
}

/* The reload that was begun last is over.  what: a line for people, "ok: " or
 * "failed: " first; what was said of the configuration follows for who asked. */
static void
reload_over(struct master *m, const char *what)
{
	struct buf text;

	m->telling = false;
	notify_tell(&m->notify, "READY=1\nSTATUS=%s", what);
	buf_init(&text, SAID_MAX + 2048);
	(void)buf_addf(
	    &text, "%s\n%s", what, m->said.len > 0 ? m->said.data : "");
	control_tell(m->setup->control, m->turn,
	    text.failed ? "failed: no memory left\n" : text.data);
	buf_free(&text);
	buf_free(&m->said);
}

void
reload_fail(struct master *m, const char *why)
{
	char what[1024];

	if (!m->telling)
		return;
	(void)snprintf(what, sizeof(what), "failed: %s", why);
	reload_over(m, what);
}

void
reload_complain(void *arg, bool error, const char *line)
{
	struct master *m = arg;

	if (error)
		log_error("%s", line);
	else
		log_warning("%s", line);
	(void)buf_addf(&m->said, "%s%s\n", error ? "" : "warning: ", line);
}

/* Whether its workers would find as many descriptors as they may need. */
static bool
reload_enough(struct master *m, const struct conf *conf)
{
	struct rlimit rl;
	char why[CONF_ERROR_MAX];

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 ||
	    descriptors_check(conf, rl.rlim_cur, why) == 0)
		return true;
	reload_complain(m, true, why);
	return false;
}

/* Starts the map master of a new configuration, beside that of the old one. */
static bool
reload_open_maps(struct master *m, struct conf *conf)
{
	if ((conf->maps = maps_new(conf)) == NULL)
		reload_complain(m, true, "no memory left");
	else if (maps_start(conf->maps, reload_complain, m) == 0)
		return true;
	maps_free(conf->maps);
	conf->maps = NULL;
	return false;
}

/* NULL: it is refused, and said what is wrong with it. */
static struct conf *
reload_read(struct master *m)
{
	char why[METRICS_WHY];
	struct conf *new =
	    conf_load(m->setup->file, &relay_lists, reload_complain, m);

	if (new != NULL &&
	    (!reload_enough(m, new) || !reload_open_maps(m, new))) {
		conf_free(new);
		new = NULL;
	}
	if (new != NULL &&
	    metrics_move(m->setup->metrics, new->metrics, 0, why) == -1) {
		reload_complain(m, true, why);
		maps_free(new->maps);
		conf_free(new);
		new = NULL;
	}
	return new;
}

/* Puts the new configuration in the place of the old one; all workers that there
 * are become stale. */
static void
reload_take(struct master *m, struct conf *new)
{
	int i;

	master_tell_restart(m, new);
	/* Into the stores that were the relays' so far. */
	m->ledger.next = 0;
	(void)ledger_look(
	    &m->ledger, master_conf(m), m->setup->outside, clock_ms());
	/* Workers of the old one have its map master until they end. */
	maps_leave((*m->setup->conf)->maps);
	conf_free(*m->setup->conf);
	*m->setup->conf = new;
	if (m->deadline < new->deadline)
		m->deadline = new->deadline;
	if (log_open(new) == -1)
		log_warning(
		    "[log] target %s: %s", new->log_target, log_why(errno));
	egress_log_open(new);
	master_open_objects(new);
	binary_look(m->setup->binary);
	for (i = 0; i < m->top; i++)
		m->child[i].stale = m->child[i].pid != 0;
	m->serves = false;
	m->next = 0;
	m->pause = 0;
	m->reloads++;
	m->loaded = (int64_t)time(NULL);
	master_log_setup(m, "reload");
}

static void
reload_begin(struct master *m)
{
	const char *changed = binary_changed(m->setup->binary);
	struct conf *new;

	m->reload = false;
	m->telling = true;
	m->turn++;
	notify_tell(&m->notify,
	    "RELOADING=1\nMONOTONIC_USEC=%" PRId64
	    "\nSTATUS=reads the configuration again",
	    clock_ms() * 1000);
	buf_init(&m->said, SAID_MAX);
	if (m->force || changed != NULL) {
		upgrade_begin(m, changed);
		return;
	}
	if ((new = reload_read(m)) != NULL) {
		reload_take(m, new);
		return;
	}
	m->refused++;
	log_error("reload refused; the configuration from before stays in "
		  "force");
	reload_fail(m, "the configuration from before stays in force");
}

void
reload_look(struct master *m)
{
	char text[128];

	if (upgrade_runs(&m->upgrade)) {
		upgrade_look(m);
		return;
	}
	if (!reload_settled(m))
		return;
	if (m->telling && m->serves) {
		(void)snprintf(text, sizeof(text),
		    "ok: %d workers serve with the configuration as it is%s",
		    master_wanted(m),
		    m->upgraded ? ", and of the new binary" : "");
		m->upgraded = false;
		reload_over(m, text);
	}
	if (m->reload)
		reload_begin(m);
}
