/* SPDX-License-Identifier: MIT */
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
	char *file; /* the file that is being read */
	unsigned line;
	bool readable;
	char *seen[256]; /* names of the sections */
	size_t n;
	struct settings settings;
	struct relay_conf **relay_tail;
	size_t relays;
	size_t named; /* [relay NAME] sections, good or not */
};

/* Reports an error, which makes the configuration invalid, or a warning.  line
 * 0: about the file as a whole. */
void conf_complain(struct loading *, bool error, const char *file,
    unsigned line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Applies the settings of a section, one of a kind, to base, and the defaults of all
 * other keys. */
void conf_apply(struct loading *, const char *section, const char *kind,
    const struct conf_key *, void *base);
/* The same of a relay, whose provider is found (conf_provider.c). */
void conf_apply_relay(struct loading *, struct relay_conf *);

/* Checks keys that depend on others, which the table cannot express. */
void conf_check(struct loading *);

#endif
