/* SPDX-License-Identifier: MIT */
/*
 * reload: brings a new configuration into force, and says what came of it: in
 * the log, to the service manager, and on the control socket to those who asked
 * for it.
 *
 * One comes after the other: a reload is complete when the workers with its
 * configuration serve.  The start of the pool is the first.
 */
#ifndef CTIM_RELOAD_H
#define CTIM_RELOAD_H

#include <stdbool.h>

struct master;

/* Asks for one.  Returns its number, for control_tell(); never 0. */
unsigned reload_ask(struct master *);
/* Asks for one that is an upgrade, whether the binary has changed or not. */
unsigned reload_ask_upgrade(struct master *);
/* One line about what is wrong, or doubtful: to the log, and to who asked. */
void reload_complain(void *master, bool error, const char *line);
/* Says that the last one is complete, begins the next that was asked for.  For
 * the master's loop, after it has looked at its workers. */
void reload_look(struct master *);
/* Says why the one that is under way, if any, came to nothing; one line. */
void reload_fail(struct master *, const char *why);

#endif
