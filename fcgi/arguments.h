/* SPDX-License-Identifier: MIT */
/*
 * arguments: the command line of the server.
 */
#ifndef CTIM_ARGUMENTS_H
#define CTIM_ARGUMENTS_H

#include <stdbool.h>

struct arguments {
	const char *file;   /* NULL: conf_path() */
	const char *listen; /* NULL: [server] listen */
	int workers;        /* -1: [server] workers */
	bool check;         /* say whether all is well, and end */
	int status;         /* -1: go on; else exit with it */
};

/* Reads it; what is to be printed is printed, also what is wrong. */
void arguments_read(struct arguments *, int argc, char **argv);

#endif
