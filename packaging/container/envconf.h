/* SPDX-License-Identifier: MIT */
/*
 * envconf: a configuration from environment variables, as containers are
 * configured: CTIM_RELAY_SERVER_WORKERS is [server] workers,
 * CTIM_RELAY_RELAY_OTX__RATE is rate in [relay otx], and _FILE behind a name
 * says that the value is in a file.  Which keys there are, the tables of the
 * configuration say (conf.h); an exact name comes first, so that
 * CTIM_RELAY_HTTP_CA_FILE is ca_file.  Nothing here does I/O.
 */
#ifndef CTIM_ENVCONF_H
#define CTIM_ENVCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/conf_read.h"

struct buf;

/* One key that is set. */
struct envconf_row {
	char *variable;    /* the name, for people; NULL: a default of ours */
	const char *value; /* of the environment, or of the caller */
	bool file;         /* value is the path of a file that holds it */
	const struct conf_key *key;
	char section[CONF_SECTION_MAX + 1]; /* "server", "relay otx" */
	char *text;    /* what stands in the configuration; NULL until then */
	unsigned line; /* where; 0 until then */
};

struct envconf {
	struct envconf_row *row; /* by section, then key */
	size_t n, room;
	bool good; /* nothing was refused, and memory sufficed */
	/* Takes a line without a newline, an error or a warning; it begins with
	 * the name of the variable and holds no value. */
	void (*tell)(void *arg, bool error, const char *line);
	void *arg;
};

/*
 * Takes the rows from environ ("NAME=value", ended by NULL), which must outlive
 * them.  An empty value is as none, unless the key is a list.  Variables of the
 * prefix that name no key are told in one warning, as Kubernetes makes some by
 * itself.  e->tell and e->arg are the caller's.
 */
void envconf_take(
    struct envconf *, char *const *environ, const struct conf_lists *);
/* Sets a key that no variable has set; name is one of section's rows of
 * conf_keys(), text is copied and written as it is. */
void envconf_default(
    struct envconf *, const char *section, const char *name, const char *text);
/* Whether a section has a key that is set; name NULL: any, and section then the
 * beginning of one. */
bool envconf_has(const struct envconf *, const char *section, const char *name);
/*
 * Finds for a row what stands in the configuration, so that it is read back to
 * the same bytes: the value itself or, where the format cannot hold it, env: and
 * the variable's name.  What neither can is told and refused.  Rows with a file
 * and defaults are left as they are.
 */
void envconf_express(struct envconf *);
/* Writes the configuration, and notes the lines.  Returns 0, or -1 when it did
 * not fit. */
int envconf_write(struct envconf *, struct buf *out);
/* The row in that line of it, or the first below that [section]; NULL: none, or a
 * default. */
const struct envconf_row *envconf_at(const struct envconf *, unsigned line);
void envconf_free(struct envconf *);

#endif
