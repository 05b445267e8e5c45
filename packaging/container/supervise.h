/* SPDX-License-Identifier: MIT */
/*
 * supervise: the first process of a container: starts the pool and, once that
 * serves, nginx in front of it; ends both in that other order; buries what they
 * leave behind.
 * Source: wait(2), signal(7), prctl(2); nginx's signals QUIT and TERM.
 */
#ifndef CTIM_SUPERVISE_H
#define CTIM_SUPERVISE_H

#include <stdbool.h>

struct supervised {
	const char *name;        /* for people */
	const char *const *argv; /* argv[0] is looked for in PATH */
	char *const *env;        /* NULL: as ours */
};

struct supervise {
	struct supervised pool, nginx;
	const char *socket; /* path by which nginx finds the pool */
	int deadline;       /* seconds that the pool takes for a request */
	const char *ready;  /* what is said once nginx is started */
	/* SIGHUP: makes the configuration anew, and *deadline.  False: the old
	 * one stays, and the reason has been told. */
	bool (*reload)(void *arg, int *deadline);
	void *arg;
	void (*tell)(const char *line);
};

/* Blocks the signals that supervise_run() takes; before there is something that
 * a signal could leave half done. */
void supervise_signals(void);
/*
 * Runs both until one of them ends, or SIGTERM, SIGINT or SIGQUIT comes; a second
 * of these cuts short what nginx still sends.  Returns the exit status: 0 after
 * a signal, when both ended well; else that of the one that ended first, 128 and
 * the signal when it was killed.
 */
int supervise_run(const struct supervise *);

#endif
