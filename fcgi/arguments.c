/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fcgi/arguments.h"

#define EXIT_USAGE  64 /* sysexits(3) */
#define WORKERS_MAX 1024

static const char usage_text[] =
    "usage: ctim-relay.fcgi [-c FILE] [--listen ADDRESS] [--workers N]\n"
    "\n"
    "  -c, --config FILE     read this configuration\n"
    "  -l, --listen ADDRESS  serve on unix:PATH or HOST:PORT, unless a web "
    "server\n"
    "                        or spawner hands a socket over\n"
    "  -w, --workers N       processes; 0 serves in this one (mod_fcgid)\n"
    "      --check           say whether this program could serve with the\n"
    "                        configuration, and end\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "With a listening socket on descriptor 0 or in LISTEN_FDS it serves "
    "FastCGI\n"
    "on that; with GATEWAY_INTERFACE in the environment it answers one CGI\n"
    "request, and the command line is not looked at.\n";

/* A number of workers, -1 when it is none. */
static int
arguments_number(const char *s)
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
arguments_misused(const char *what, const char *value)
{
	if (what != NULL)
		(void)fprintf(stderr, "ctim-relay.fcgi: %s: %s\n", what, value);
	(void)fprintf(stderr, "Try `ctim-relay.fcgi --help`.\n");
	return EXIT_USAGE;
}

void
arguments_read(struct arguments *o, int argc, char **argv)
{
	static const struct option longs[] = { { "config", required_argument,
						   NULL, 'c' },
		{ "listen", required_argument, NULL, 'l' },
		{ "workers", required_argument, NULL, 'w' },
		{ "check", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	int c;

	*o = (struct arguments){ .workers = -1, .status = -1 };
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
			o->workers = arguments_number(optarg);
			if (o->workers == -1)
				o->status = arguments_misused(
				    "--workers takes a number "
				    "from 0 to 1024, not",
				    optarg);
			break;
		case 'k':
			o->check = true;
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
			o->status = arguments_misused(NULL, NULL);
			break;
		}
	}
	if (o->status == -1 && optind < argc)
		o->status =
		    arguments_misused("unexpected argument", argv[optind]);
}
