/* SPDX-License-Identifier: MIT */
/*
 * conf_setting: the values of a configuration as they were written, before the
 * table gives them a meaning, and the values behind env: and file:.
 */
#ifndef CTIM_CONF_SETTING_H
#define CTIM_CONF_SETTING_H

#include <stdbool.h>
#include <stdio.h>

#include "conf/conf.h"

struct stat;

/* A value in force: as written, or the default. */
struct setting {
	char *section;              /* "server", "relay otx" */
	const struct conf_key *key; /* NULL until its provider is known */
	char *name, *text;
	char *file; /* NULL for a default */
	unsigned line;
	bool readable;        /* others may read the file */
	struct setting *next; /* in the order of the files */
};

struct settings {
	struct setting *first, **last;
};

/* A configuration with its settings, which live as long as the values. */
struct whole {
	struct conf conf; /* first: conf_free() casts back */
	struct setting *settings;
};

void settings_init(struct settings *);
void settings_free(struct setting *first);

/* Adds a setting with copies of all texts; file NULL: a default.  NULL when
 * memory ran out. */
struct setting *setting_add(struct settings *, const char *section,
    const char *name, const char *text, const char *file, unsigned line,
    bool readable);
struct setting *setting_find(
    struct setting *first, const char *section, const char *name);
/* Whether a key is a list, which may be empty and may have line ends in it. */
bool conf_key_is_list(const struct conf_key *);
/*
 * The value of a setting with a key: its text, the variable of env:NAME, or the
 * content of file:PATH, which ends in a newline for a key with lines.  The caller frees it; NULL with a reason in why
 * (CONF_ERROR_MAX bytes), also for a secret that everybody may read.
 */
char *setting_value(const struct setting *, char *why);

/*
 * Opens a regular file to read, and fills in st; the caller closes it.  NULL
 * with the reason in *what.  Never waits, not even at a named pipe without a
 * writer.
 */
FILE *conf_setting_open(const char *path, struct stat *st, const char **what);

#endif
