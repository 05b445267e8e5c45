/* SPDX-License-Identifier: MIT */
/*
 * check_show: what `check` prints.  All functions write to standard output and
 * return what the program exits with.
 */
#ifndef CTIM_CHECK_SHOW_H
#define CTIM_CHECK_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct conf;

struct check_found {
	const char *file;
	struct conf *conf; /* NULL: the configuration cannot be used */
	struct buf errors, warnings; /* JSON arrays of strings … */
	bool whole;                  /* … if so: memory may run out */
	size_t n_errors, n_warnings;
};

/* Prints a summary for people. */
int check_show(const struct check_found *);
/* Prints the summary and the complaints as one object. */
int check_show_json(const struct check_found *);
/* Prints every key in force and its value, as INI or as an object of
 * sections. */
int check_show_values(const struct check_found *, bool json);
/* Prints every key there is, those of the providers included. */
int check_show_keys(bool json);

#endif
