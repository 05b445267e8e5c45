/* SPDX-License-Identifier: MIT */
/*
 * arrange: makes ready what pool and nginx start from: the folder of their
 * sockets, the configuration (a mounted one, else one from the environment),
 * nginx's configuration.
 */
#ifndef CTIM_ARRANGE_H
#define CTIM_ARRANGE_H

#include <limits.h>
#include <stdbool.h>

struct conf;

struct arrange {
	const char *etc;   /* folder of a mounted configuration */
	const char *run;   /* folder of sockets and of what is written */
	const char *state; /* folder of what is kept: store, cache, key */
	const char *share; /* folder of nginx/ and container/ */
	int port;          /* that nginx listens on */
	bool serves;       /* else a command runs: nginx has no part in it,
			    * and nothing is explained */
	/* Filled in by arrange_all(). */
	char conf[PATH_MAX];   /* the configuration that is in force */
	char nginx[PATH_MAX];  /* nginx's */
	char socket[PATH_MAX]; /* the pool's */
	bool mounted;
	bool guided; /* what a start should know has been said */
};

/*
 * Says on standard error what is wrong and what a first start should know.
 * Returns the configuration, which the caller frees; or NULL, and then what was
 * arranged before stays in force.
 */
struct conf *arrange_all(struct arrange *);
/* Prints a line on standard error, as all that the container itself says. */
void arrange_say(const char *line);

#endif
