/* SPDX-License-Identifier: MIT */
/*
 * interrupt: long work that a person may end (Ctrl-C) where nothing is lost.
 */
#ifndef CTIM_INTERRUPT_H
#define CTIM_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP are only noted, and end a system call
 * that waits; once: a second one ends the process.  Signals that nohup(1), or a
 * shell that runs us in the background, ignores stay ignored. */
void interrupt_catch(bool once);
/* Whether such a signal came. */
bool interrupt_came(void);

#endif
