/*
 * settings: the configuration, as the commands use it.
 */
#ifndef CTIM_SETTINGS_H
#define CTIM_SETTINGS_H

#include <stdbool.h>

struct command;
struct conf;
struct relay_conf;

/* Reads the configuration (file NULL: the usual one).  NULL after its errors
 * have been printed; the command returns CMD_CONFIG.  Warnings are left to
 * `check`. */
struct conf *settings_load(const struct command *, const char *file);
/*
 * The same for what only looks for a gateway that runs: an error costs no more
 * than what it is about.  After errors it is printed which value is gone by:
 * that of `name` in `section`, which are `control` in `server` or `target` in
 * `log`.  NULL when memory ran out, or there is no such file.
 */
struct conf *settings_rest(const struct command *, const char *file,
    const char *section, const char *name);
/* The defaults, for what works without a configuration; NULL after it was said
 * that memory ran out. */
struct conf *settings_default(const struct command *);
/* The relay of a name; NULL after it was said which there are. */
const struct relay_conf *settings_relay(
    const struct command *, const struct conf *, const char *name);

#define SETTINGS_DENIED 160 /* bytes of the words below */

/* Whether this user may not read path, which need not be there; then text says
 * who may. */
bool settings_denied(const char *path, char text[SETTINGS_DENIED]);
/* What to warn of when a gateway that root starts with it serves as root, and
 * none runs that another user started; else NULL. */
const char *settings_as_root(const struct conf *);
/* What is to be added to why a cache cannot be used, "" for nothing. */
const char *settings_cache_hint(const char *why);

/* Whether the gateway takes keys from a host; without a configuration, no. */
bool settings_lists(const struct conf *, const char *host);

#endif
