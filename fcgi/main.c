/* SPDX-License-Identifier: MIT */
/*
 * ctim-relay.fcgi: the server.  Finds out in which of its three ways it was
 * started, reads the configuration and hands over.
 */
#include <sys/resource.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "egress/egress_log.h"
#include "fcgi/cgi.h"
#include "fcgi/net/listener.h"
#include "fcgi/net/balance.h"
#include "fcgi/master/control.h"
#include "fcgi/master/master.h"
#include "fcgi/pool/pool.h"
#include "fcgi/pool/worker.h"
#include "fcgi/privilege.h"
#include "log/log.h"
#include "relay/lists.h"
#include "shared/shared.h"
#include "start/descriptors.h"
#include "start/pathtrust.h"

#define EXIT_USAGE   64 /* sysexits(3) */
#define EXIT_CONFIG  78
#define WORKERS_MAX  1024
#define WARNINGS_MAX 65536 /* bytes of the configuration's warnings */

/* descriptors.h: 3 + 2 + 1 standard and the log's, 1 + 2 signals and a file. */
_Static_assert(9 + LISTENER_MAX + 2 * BALANCE_LANES + CONTROL_PLACES + 2 <=
	DESCRIPTORS_PROCESS,
    "what master and worker have is counted");

struct options {
	const char *file;   /* NULL: conf_path() */
	const char *listen; /* NULL: [server] listen */
	int workers;        /* -1: [server] workers */
	int status;         /* -1: go on; else exit with it */
};

static const char usage_text[] =
    "usage: ctim-relay.fcgi [-c FILE] [--listen ADDRESS] [--workers N]\n"
    "\n"
    "  -c, --config FILE     read this configuration\n"
    "  -l, --listen ADDRESS  serve on unix:PATH or HOST:PORT, unless a web "
    "server\n"
    "                        or spawner hands a socket over\n"
    "  -w, --workers N       processes; 0 serves in this one (mod_fcgid)\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "With a listening socket on descriptor 0 or in LISTEN_FDS it serves "
    "FastCGI\n"
    "on that; with GATEWAY_INTERFACE in the environment it answers one CGI\n"
    "request, and the command line is not looked at.\n";

/* A number of workers, -1 when it is none. */
static int
main_number(const char *s)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0 ||
	    n > WORKERS_MAX)
		return -1;
	return (int)n;
}

static int
misused(const char *what, const char *value)
{
	if (what != NULL)
		(void)fprintf(stderr, "ctim-relay.fcgi: %s: %s\n", what, value);
	(void)fprintf(stderr, "Try `ctim-relay.fcgi --help`.\n");
	return EXIT_USAGE;
}

static void
main_parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = { { "config", required_argument,
						   NULL, 'c' },
		{ "listen", required_argument, NULL, 'l' },
		{ "workers", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	int c;

	*o = (struct options){ .workers = -1, .status = -1 };
	while (o->status == -1 &&
	    (c = getopt_long(argc, argv, "c:l:w:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->file = optarg;
			break;
		case 'l':
			o->listen = optarg;
			break;
		case 'w':
			o->workers = main_number(optarg);
			if (o->workers == -1)
				o->status = misused("--workers takes a number "
						    "from 0 to 1024, not",
				    optarg);
			break;
		case 'h':
			(void)fputs(usage_text, stdout);
			o->status = fflush(stdout) == 0 ? 0 : 1;
			break;
		case 'V':
			(void)puts("ctim-relay.fcgi " CTIM_VERSION
				   "\nBuilt with " CTIM_LIBRARIES
				   "\nReport faults to: " CTIM_BUG_REPORT);
			o->status = fflush(stdout) == 0 ? 0 : 1;
			break;
		default:
			o->status = misused(NULL, NULL);
			break;
		}
	}
	if (o->status == -1 && optind < argc)
		o->status = misused("unexpected argument", argv[optind]);
}

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
main_prepare(const struct options *o, const struct conf *conf,
    struct listener *l, struct control *c, bool found, struct buf *warnings)
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
	if (o->workers != 0)
		open_control(conf, c, w.doubtful ? &none : &p);
	/* Here, so that workers share its pages and need not open it, and an
	 * upgrade meanwhile does not mix two builds. */
	master_open_network();
	if (!w.doubtful && privilege_drop(&p, why) == -1)
		return main_failed(why);
	if (found && o->listen != NULL)
		log_warning("--listen is not used: a socket was handed over");
	return 0;
}

/* Serves; *conf may be another one afterwards. */
static int
main_serve(const struct options *o, struct conf **conf, struct listener *l,
    struct control *c)
{
	struct master_setup setup = { .conf = conf,
		.file = o->file,
		.workers = o->workers,
		.listener = l,
		.control = c };
	int status;

	setup.share = balance_new();
	if (setup.share == NULL)
		return main_failed(strerror(errno));
	privilege_harden();
	if (o->workers == 0) {
		atomic_store(&setup.share->top, 1);
		setup.share->outside->alone = true;
		log_info("start: %s, this process only, threads %d", l->text,
		    (*conf)->threads);
		status =
		    worker_run(*conf, l, setup.share, 0, 0, (*conf)->workers);
	} else {
		status = master_run(&setup);
	}
	balance_free(setup.share);
	return status;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct listener l;
	struct control control;
	struct conf *conf;
	struct buf warnings;
	bool found;
	int status;

	standard_descriptors();
	found = listener_find(&l);
	if (!found && getenv("GATEWAY_INTERFACE") != NULL)
		return cgi_run();
	main_parse(&o, argc, argv);
	if (o.status != -1)
		return o.status;
	buf_init(&warnings, WARNINGS_MAX);
	conf = conf_load(o.file, &relay_lists, main_complain, &warnings);
	if (conf == NULL) {
		buf_free(&warnings);
		return EXIT_CONFIG;
	}
	/* Before there is a socket by which others see that we run. */
	worker_signals();
	control_init(&control);
	status = enough_descriptors(conf) ?
	    main_prepare(&o, conf, &l, &control, found, &warnings) :
	    EXIT_CONFIG;
	if (status == 0) {
		log_warnings(&warnings);
		status = main_serve(&o, &conf, &l, &control);
	}
	buf_free(&warnings);
	control_close(&control);
	listener_close(&l);
	conf_free(conf);
	return status;
}
