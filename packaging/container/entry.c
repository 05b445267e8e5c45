/* SPDX-License-Identifier: MIT */
/*
 * ctim-relay-container: the first process of the container.  Writes the
 * configuration from the environment, unless one is mounted, and runs the pool
 * with nginx in front of it.
 */
#include <sys/prctl.h>

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "packaging/container/arrange.h"
#include "packaging/container/supervise.h"

#define ENTRY_USAGE  64 /* sysexits(3) */
#define ENTRY_CONFIG 78

struct entry {
	struct arrange arrange;
	const char *pool; /* the program */
	int status;       /* -1: go on; else exit with it */
};

static const char entry_usage[] =
    "usage: ctim-relay-container [OPTION ...] [COMMAND [ARGUMENT ...]]\n"
    "\n"
    "The first process of ctim-relay's container: runs the pool and nginx in "
    "front\n"
    "of it, or, once the configuration is written, COMMAND instead.\n"
    "\n"
    "  -p, --port N          nginx listens there (9090 unless said)\n"
    "      --etc FOLDER      where a configuration may be mounted\n"
    "      --run FOLDER      for sockets and for what is written\n"
    "      --state FOLDER    for the key that is made when none is set\n"
    "      --share FOLDER    of container/nginx.conf and nginx/\n"
    "      --pool PROGRAM    the server\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "Variables are the keys of the configuration:\n"
    "  CTIM_RELAY_SERVER_WORKERS=4             [server] workers\n"
    "  CTIM_RELAY_AUTH_SECRET_KEY_FILE=/PATH   [auth] secret_key, out of a "
    "file\n"
    "  CTIM_RELAY_RELAY_OTX__PROVIDER=otx      provider in [relay otx]\n"
    "`ctim-relay check --keys` lists the keys.  A configuration that is "
    "mounted as\n" CTIM_SYSCONFDIR "/ctim-relay/ctim-relay.conf comes before "
    "all of them.\n";

static const struct option entry_options[] = { { "port", required_argument,
						   NULL, 'p' },
	{ "etc", required_argument, NULL, 'e' },
	{ "run", required_argument, NULL, 'r' },
	{ "state", required_argument, NULL, 's' },
	{ "share", required_argument, NULL, 'd' },
	{ "pool", required_argument, NULL, 'x' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

static int
entry_misused(void)
{
	arrange_say("try --help");
	return ENTRY_USAGE;
}

static int
entry_print(const char *text)
{
	return fputs(text, stdout) != EOF && fflush(stdout) == 0 ? 0 : 1;
}

/* A port, -1 when it is none. */
static int
entry_port(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	return *s >= '0' && *s <= '9' && *end == '\0' && n > 0 && n < 65536 ?
	    (int)n :
	    -1;
}

static void
entry_option(struct entry *e, int c)
{
	switch (c) {
	case 'p':
		if ((e->arrange.port = entry_port(optarg)) != -1)
			break;
		arrange_say("--port takes a number from 1 to 65535");
		e->status = entry_misused();
		break;
	case 'e':
		e->arrange.etc = optarg;
		break;
	case 'r':
		e->arrange.run = optarg;
		break;
	case 's':
		e->arrange.state = optarg;
		break;
	case 'd':
		e->arrange.share = optarg;
		break;
	case 'x':
		e->pool = optarg;
		break;
	case 'h':
		e->status = entry_print(entry_usage);
		break;
	case 'V':
		e->status =
		    entry_print("ctim-relay-container " CTIM_VERSION
				"\nReport faults to: " CTIM_BUG_REPORT "\n");
		break;
	default:
		e->status = entry_misused();
		break;
	}
}

/* SIGHUP: values in files may be others now. */
static bool
entry_reload(void *arg, int *deadline)
{
	struct entry *e = arg;
	struct conf *conf = arrange_all(&e->arrange);

	if (conf == NULL) {
		arrange_say("reload refused; what was before stays in force");
		return false;
	}
	*deadline = conf->deadline;
	conf_free(conf);
	return true;
}

/* What nginx has of our environment: no secret. */
static char **
entry_environment(void)
{
	static char *kept[3];
	static const char *const names[] = { "PATH", "TZ" };
	size_t i, n = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getenv(names[i]) != NULL &&
		    asprintf(&kept[n], "%s=%s", names[i], getenv(names[i])) !=
			-1)
			n++;
	return kept;
}

static int
entry_serve(struct entry *e, int deadline)
{
	char listen[PATH_MAX + 8], ready[96];
	const char *pool[] = { e->pool, "-c", e->arrange.conf, "--listen",
		listen, NULL };
	const char *nginx[] = { "nginx", "-e", "stderr", "-p", e->arrange.run,
		"-c", e->arrange.nginx, NULL };
	const struct supervise s = { .pool = { "the pool", pool, NULL },
		.nginx = { "nginx", nginx, entry_environment() },
		.socket = e->arrange.socket,
		.deadline = deadline,
		.ready = ready,
		.reload = entry_reload,
		.arg = e,
		.tell = arrange_say };

	(void)snprintf(listen, sizeof(listen), "unix:%s", e->arrange.socket);
	(void)snprintf(ready, sizeof(ready),
	    "serving on port %d: http://localhost:%d/ where it is published "
	    "so",
	    e->arrange.port, e->arrange.port);
	return supervise_run(&s);
}

/* Becomes COMMAND. */
static int
entry_become(char **argv)
{
	(void)execvp(argv[0], argv);
	(void)fprintf(
	    stderr, "ctim-relay-container: %s: %s\n", argv[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

int
main(int argc, char **argv)
{
	struct entry e = { .arrange = { .etc = CTIM_SYSCONFDIR "/ctim-relay",
			       .run = CTIM_RUNSTATEDIR "/ctim-relay",
			       .state = CTIM_LOCALSTATEDIR "/lib/ctim-relay",
			       .share = CTIM_DATADIR,
			       .port = 9090 },
		.pool = CTIM_LIBEXECDIR "/ctim-relay.fcgi",
		.status = -1 };
	struct conf *conf;
	int c, deadline;

	while (e.status == -1 &&
	    (c = getopt_long(argc, argv, "+p:hV", entry_options, NULL)) != -1)
		entry_option(&e, c);
	if (e.status != -1)
		return e.status;
	if (geteuid() == 0) {
		arrange_say("does not serve as root: leave --user out, or let "
			    "it be another user's number");
		return ENTRY_CONFIG;
	}
	if ((e.arrange.serves = optind == argc))
		supervise_signals();
	if ((conf = arrange_all(&e.arrange)) == NULL)
		return ENTRY_CONFIG;
	deadline = conf->deadline;
	conf_free(conf);
	if (!e.arrange.serves)
		return entry_become(argv + optind);
	/* Nobody else reads the secrets in our environment. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return entry_serve(&e, deadline);
}
