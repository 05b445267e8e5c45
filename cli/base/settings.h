/* SPDX-License-Identifier: MIT */
/*
 * settings: the configuration, as the commands use it.
 */
#ifndef CTIM_SETTINGS_H
#define CTIM_SETTINGS_H

#include <stdbool.h>

struct command;
struct conf;
struct relay_conf;

/* Reads the configuration (file NULL: the usual one).  Returns NULL after
 * printing its errors; the command returns CMD_CONFIG then.  Warnings are left
 * to `check`. */
struct conf *settings_load(const struct command *, const char *file);
/*
 * Reads the configuration for a command that only looks for a running gateway:
 * an error costs no more than the key that has it.  After errors, prints which
 * value of `name` in `section` is used: `control` in `server`, or `target` in
 * `log`.  Returns NULL when memory ran out, or there is no such file.
 */
struct conf *settings_rest(const struct command *, const char *file,
    const char *section, const char *name);
/* The defaults, for commands that work without a configuration.  Returns NULL
 * after saying that memory ran out. */
struct conf *settings_default(const struct command *);
/* Returns the relay of a name; NULL after saying which relays there are. */
const struct relay_conf *settings_relay(
    const struct command *, const struct conf *, const char *name);

#define SETTINGS_DENIED 160 /* bytes of the words below */

/* Whether this user may not read path, which need not exist; then text says who
 * may. */
bool settings_denied(const char *path, char text[SETTINGS_DENIED]);
/* Returns the warning for a gateway that root starts with this configuration,
 * and that would serve as root; NULL when there is nothing to warn of, or
 * another user runs it. */
const char *settings_as_root(const struct conf *);
/* Returns what to add to the reason why a cache cannot be used, "" for
 * nothing. */
const char *settings_cache_hint(const char *why);

/* Whether the gateway takes keys from a host; without a configuration (NULL),
 * it does not. */
bool settings_lists(const struct conf *, const char *host);

#endif
