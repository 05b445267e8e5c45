/* SPDX-License-Identifier: MIT */
/*
 * query_options: the command line of `ctim-relay query`.
 */
#ifndef CTIM_QUERY_OPTIONS_H
#define CTIM_QUERY_OPTIONS_H

#include <stdbool.h>

struct command;
struct options;
struct view_kind;

struct query_route {
	const char *name, *path;
	bool observables; /* the route takes some */
	bool entities;    /* the route answers some */
};

struct query_options {
	const char *config, *route_name, *file, *token_file, *answer;
	char *token; /* in argv */
	const char *url, *ca_file, *csv_in, *column, *text, *state;
	const char *batch_text;
	bool json, csv, ctim, all, help;
	/* Derived from these: */
	const struct query_route *route;
	const struct view_kind *view;
	int batch; /* 0: not given */
};

extern const struct options query_option_table;

/*
 * Reads the options and checks that they go together; the words behind them
 * begin at optind.  Returns CMD_OK; else the error has been printed, and the
 * result is its status.
 */
int query_options(
    struct query_options *, const struct command *, int argc, char **argv);

#endif
