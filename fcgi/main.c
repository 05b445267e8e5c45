/* SPDX-License-Identifier: MIT */
/*
 * ctim-relay.fcgi: the server.  Finds out in which of its three ways it was
 * started, reads the configuration and hands over.
 */
#include <sys/resource.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "mapping/maps.h"
#include "egress/egress_log.h"
#include "fcgi/arguments.h"
#include "fcgi/cgi.h"
#include "fcgi/net/listener.h"
#include "fcgi/net/balance.h"
#include "fcgi/master/binary.h"
#include "fcgi/master/control.h"
#include "fcgi/master/handover.h"
#include "fcgi/master/master.h"
#include "fcgi/master/upgrade.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/pool/pool.h"
#include "fcgi/pool/worker.h"
#include "fcgi/privilege.h"
#include "log/log.h"
#include "net/network.h"
#include "os/clock.h"
#include "relay/lists.h"
#include "shared/shared.h"
#include "start/descriptors.h"
#include "start/pathtrust.h"

#define EXIT_CONFIG  78
#define TAKEOVER     1000  /* ms that the metrics of a dead master get */
#define WARNINGS_MAX 65536 /* bytes of the configuration's warnings */

/* descriptors.h: 3 + 2 + 1 standard and the log's, 1 + 1 + 2 signals, the service
 * manager and a file, 1 + 2 memory and what an upgrade opens, 2 of metrics. */
_Static_assert(14 + LISTENER_MAX + 2 * BALANCE_LANES + CONTROL_PLACES + 2 <=
	DESCRIPTORS_PROCESS,
    "what master and worker have is counted");

/* Descriptors 0 to 2 exist: else a socket could become standard error. */
static void
standard_descriptors(void)
{
	int fd, null;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		null = open("/dev/null", O_RDWR);
		if (null == -1 || (null != fd && dup2(null, fd) == -1))
			exit(1);
		if (null > 2)
			(void)close(null);
	}
}

/* Takes as many descriptors as we may have.  Returns whether they are enough. */
static bool
enough_descriptors(const struct conf *conf)
{
	struct rlimit rl;
	char why[CONF_ERROR_MAX];

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return true;
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		(void)getrlimit(RLIMIT_NOFILE, &rl);
	if (descriptors_check(conf, rl.rlim_cur, why) == 0)
		return true;
	(void)fprintf(stderr, "%s\n", why);
	return false;
}

/* Errors at once; warnings when the log is open: a line each in arg. */
static void
main_complain(void *arg, bool error, const char *line)
{
	struct buf *warnings = arg;

	if (error)
		(void)fprintf(stderr, "%s\n", line);
	else if (buf_adds(warnings, line) == 0)
		(void)buf_addc(warnings, '\n');
}

static void
log_warnings(struct buf *warnings)
{
	char *line = warnings->data, *end;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		log_warning("%s", line);
	}
	buf_free(warnings);
}

static int
main_failed(const char *why)
{
	(void)fprintf(stderr, "ctim-relay.fcgi: %s\n", why);
	return 1;
}

/* Without it everything but the commands that ask on it works. */
static void
open_control(
    const struct conf *conf, struct control *c, const struct privilege *p)
{
	char why[CONTROL_WHY];

	if (control_open(c, conf, p->uid, p->gid, why) == -1)
		log_warning("[server] control: %s; ctim-relay status, ping, "
			    "reload and stop do not reach this pool",
		    why);
}

/* Where metrics are to be had.  Returns 0, or -1 with a reason. */
static int
main_open_metrics(const struct arguments *o, const struct conf *conf,
    struct metrics *m, char why[METRICS_WHY])
{
	if (o->workers != 0)
		return metrics_move(m, conf->metrics, TAKEOVER, why);
	if (conf->metrics != NULL)
		log_warning("[server] metrics: with --workers 0 there is no "
			    "process that could answer there");
	return 0;
}

/* What a start as root says of who may change what it is told. */
struct weighing {
	struct buf *warnings;
	bool refused;
	bool doubtful; /* root should do nothing more for what
					 * the configuration names */
};

static void
weigh(void *arg, const struct pathtrust_finding *f)
{
	struct weighing *w = arg;

	w->doubtful = true;
	/* What is there since 0.1, and what root has no part in, ends no
	 * service. */
	if (f->shared || f->kind == PATHTRUST_STORE ||
	    f->kind == PATHTRUST_CACHE) {
		(void)buf_addf(
		    w->warnings, "%s; to mend it: %s\n", f->text, f->mend);
		return;
	}
	w->refused = true;
	(void)fprintf(stderr, "%s; to mend it: %s\n", f->text, f->mend);
}

static void
main_look_at_paths(const struct conf *conf, struct weighing *w)
{
	struct pathtrust_who who;

	if (geteuid() != 0)
		return;
	pathtrust_find(conf, &who);
	(void)pathtrust_look(conf, &who, weigh, w);
	w->doubtful = w->doubtful || pathtrust_log_is_led(conf, &who);
}

static int
open_log(const struct conf *conf, const struct privilege *p)
{
	char why[2048];

	if (log_open(conf) == -1) {
		(void)snprintf(why, sizeof(why), "[log] target %s: %s",
		    conf->log_target, log_why(errno));
		return main_failed(why);
	}
	if (p->change && geteuid() == 0 && log_give(p->uid, p->gid) == -1)
		log_warning("[log] target %s: %s; it will not be opened again "
			    "after its rotation",
		    conf->log_target, strerror(errno));
	egress_log_open(conf);
	if (p->change && geteuid() == 0 &&
	    egress_log_give(p->uid, p->gid) == -1)
		log_warning("[egress] log %s: %s; it will not be opened again "
			    "after its rotation",
		    conf->egress.log, strerror(errno));
	return 0;
}

/*
 * The sockets, the log, then no more root.  Where somebody else may change what
 * the configuration says, all but the first socket is made without root's
 * rights.  Returns 0 or an exit status.
 */
static int
main_prepare(const struct arguments *o, const struct conf *conf,
    struct listener *l, const struct handover *own, bool found,
    struct buf *warnings)
{
	struct weighing w = { .warnings = warnings };
	struct privilege p, none = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	char why[LISTENER_WHY > PRIVILEGE_WHY ? LISTENER_WHY : PRIVILEGE_WHY];
	int status;

	if (privilege_find(&p, conf, why) == -1)
		return main_failed(why);
	main_look_at_paths(conf, &w);
	if (w.refused)
		return EXIT_CONFIG;
	if (!found &&
	    listener_open(l, o->listen != NULL ? o->listen : conf->listen, conf,
		p.uid, why) == -1)
		return main_failed(why);
	if (w.doubtful && privilege_drop(&p, why) == -1)
		return main_failed(why);
	if ((status = open_log(conf, &p)) != 0)
		return status;
	if (!found && l->note[0] != '\0')
		log_warning(
		    "%s: not on all of its addresses: %s", l->text, l->note);
	if (p.change && !w.doubtful)
		cache_give(conf, p.uid, p.gid);
	if (main_open_metrics(o, conf, own->metrics, why) == -1)
		return main_failed(why);
	if (o->workers != 0)
		open_control(conf, own->control, w.doubtful ? &none : &p);
	/* Here, so that workers share its pages and need not open it, and an
	 * upgrade meanwhile does not mix two builds. */
	master_open_objects(conf);
	if (!w.doubtful && privilege_drop(&p, why) == -1)
		return main_failed(why);
	if (found && o->listen != NULL)
		log_warning("--listen is not used: a socket was handed over");
	return 0;
}

/* After an upgrade: sockets are there, and root is no more. */
static void
main_go_on(const struct arguments *o, const struct conf *conf,
    const struct handover *h)
{
	const struct listener *l = &h->listener;
	char why[METRICS_WHY];

	if (log_adopt(conf, h->log) == -1)
		log_warning(
		    "[log] target %s: %s", conf->log_target, log_why(errno));
	egress_log_adopt(conf, h->egress);
	if (l->own && o->listen == NULL && strcmp(l->text, conf->listen) != 0)
		log_warning("the listening socket stays as it is until a "
			    "restart");
	if (h->control->fd != -1 &&
	    strcmp(h->control->file.path, conf->control) != 0)
		log_warning("the control socket stays as it is until a "
			    "restart");
	if (metrics_move(h->metrics, conf->metrics, 0, why) == -1)
		log_error("%s; metrics stay where they were", why);
	master_open_objects(conf);
}

/* --check: for people, and for the pool that is to be succeeded. */
static int
main_check(const struct conf *conf, struct buf *warnings)
{
	struct weighing w = { .warnings = warnings };
	struct privilege p;
	char why[PRIVILEGE_WHY], net[NETWORK_WHY];

	if (!enough_descriptors(conf))
		return EXIT_CONFIG;
	if (privilege_find(&p, conf, why) == -1)
		return main_failed(why);
	main_look_at_paths(conf, &w);
	(void)fputs(warnings->len > 0 ? warnings->data : "", stderr);
	if (w.refused)
		return EXIT_CONFIG;
	if (network_open(net) == NULL)
		return main_failed(net);
	(void)puts(UPGRADE_WORD "ctim-relay.fcgi " CTIM_VERSION
				", and the configuration is good");
	return fflush(stdout) == 0 ? 0 : 1;
}

/*
 * The configuration; NULL with all that is wrong said.  After an upgrade the old
 * workers serve on, and it was good a moment ago: so it is read again every
 * second, until it is or somebody ends us.
 */
static struct conf *
main_load(const struct arguments *o, bool upgraded, struct buf *warnings)
{
	static const struct timespec second = { 1, 0 };
	struct conf *conf;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	while ((conf = conf_load(o->file, &relay_lists_start, main_complain,
		    warnings)) == NULL &&
	    upgraded && sigtimedwait(&set, NULL, &second) == -1)
		buf_reset(warnings);
	return conf;
}

static void
main_log(void *arg, bool error, const char *line)
{
	(void)arg;
	(void)error;
	log_error("%s", line);
}

/* The map master of a pool, or what makes one when it is needed.  A map that is
 * wrong costs its own relays their answers, and no other. */
static int
main_open_maps(struct conf *conf, bool pool)
{
	if ((conf->maps = maps_new(conf)) == NULL)
		return main_failed(strerror(ENOMEM));
	if (pool)
		(void)maps_start(conf->maps, main_log, NULL);
	return 0;
}

/* Serves; *conf may be another one afterwards. */
static int
main_serve(const struct arguments *o, struct conf **conf, struct listener *l,
    struct binary *b, const struct handover *before)
{
	struct master_setup setup = { .conf = conf,
		.file = o->file,
		.workers = o->workers,
		.listener = l,
		.binary = b,
		.before = before,
		.control = before->control,
		.metrics = before->metrics };
	int status;

	setup.share = before->share != NULL ? before->share : balance_new();
	if (setup.share == NULL)
		return main_failed(strerror(errno));
	setup.outside = shared_new();
	if (setup.outside == NULL)
		return main_failed(strerror(errno));
	if (before->given && before->share == NULL)
		setup.share->paces.born = clock_ms();
	setup.outside->pace = &setup.share->paces;
	privilege_harden();
	if ((status = main_open_maps(*conf, o->workers != 0)) != 0)
		return status;
	if (o->workers == 0) {
		atomic_store(&setup.share->top, 1);
		setup.outside->alone = true;
		log_info("start: %s, this process only, threads %d", l->text,
		    (*conf)->threads);
		status = worker_run(*conf, l, setup.share, setup.outside, 0, 0,
		    (*conf)->workers);
	} else {
		status = master_run(&setup);
	}
	balance_free(setup.share);
	shared_free(setup.outside);
	return status;
}

/* With the configuration.  Returns the exit status. */
static int
main_work(const struct arguments *o, struct conf **conf, struct listener *l,
    bool found, struct binary *b, const struct handover *before,
    struct buf *warnings)
{
	int status = 0;

	/* Before there is a socket by which others see that we run. */
	worker_signals();
	if (!enough_descriptors(*conf))
		status = EXIT_CONFIG;
	else if (before->given)
		main_go_on(o, *conf, before);
	else
		status = main_prepare(o, *conf, l, before, found, warnings);
	if (status == 0) {
		log_warnings(warnings);
		status = main_serve(o, conf, l, b, before);
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct arguments o;
	struct listener l;
	struct control control;
	struct metrics metrics;
	struct handover before;
	struct binary binary;
	struct conf *conf;
	struct buf warnings;
	char why[HANDOVER_WHY];
	bool found;
	int status;

	standard_descriptors();
	control_init(&control);
	metrics_init(&metrics);
	if (handover_take(&before, &control, &metrics, why) == -1)
		return main_failed(why);
	if ((found = before.given))
		l = before.listener;
	else
		found = listener_find(&l);
	if (!found && getenv("GATEWAY_INTERFACE") != NULL)
		return cgi_run();
	arguments_read(&o, argc, argv);
	if (o.status != -1)
		return o.status;
	binary_find(&binary, argv);
	buf_init(&warnings, WARNINGS_MAX);
	conf = main_load(&o, before.given, &warnings);
	if (conf == NULL)
		status = EXIT_CONFIG;
	else if (o.check)
		status = main_check(conf, &warnings);
	else
		status = main_work(
		    &o, &conf, &l, found, &binary, &before, &warnings);
	buf_free(&warnings);
	control_close(&control);
	metrics_forget(&metrics);
	listener_close(&l);
	handover_free(&before);
	binary_free(&binary);
	if (conf != NULL)
		maps_free(conf->maps);
	conf_free(conf);
	return status;
}
