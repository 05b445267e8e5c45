/*
 * conf_loading: a configuration while it is read (conf_load.c) and checked
 * (conf_check.c).  Only these two include it.
 */
#ifndef CTIM_CONF_LOADING_H
#define CTIM_CONF_LOADING_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf_setting.h"

struct loading {
	const struct conf_lists *lists;
	struct conf *conf;
	void (*complain)(void *, bool, const char *);
	void *arg;
	bool good;
	char *file; /* the one being read */
	unsigned line;
	bool readable;
	char *seen[256]; /* sections, with where they were */
	size_t n;
	struct settings settings;
	struct relay_conf **relay_tail;
	size_t relays;
	size_t named; /* [relay NAME]s, good ones or not */
};

/* Tells of an error, after which there is no configuration, or of a warning.
 * line 0: of the file as a whole. */
void conf_complain(struct loading *, bool error, const char *file,
    unsigned line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* What the table cannot say: one key that depends on another. */
void conf_check(struct loading *);

#endif
