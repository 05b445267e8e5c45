/*
 * interrupt: long work that a person may end (Ctrl-C) where nothing is lost.
 */
#ifndef CTIM_INTERRUPT_H
#define CTIM_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP are only noted; a second one ends the
 * process.  One that is ignored stays so. */
void interrupt_catch(void);
/* Whether one came. */
bool interrupt_came(void);

#endif
