/* SPDX-License-Identifier: MIT */
/*
 * prompt: a question to the person at the terminal.
 *
 * Asked on the controlling terminal, not on standard input, which may carry
 * data.  Whatever ends the question, a signal included, the terminal is left
 * as it was found.
 */
#ifndef CTIM_PROMPT_H
#define CTIM_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Asks, and puts the line that is typed, without its newline, into answer
 * (size bytes, NUL-terminated).  echo: what is typed can be seen.
 * Returns its length; or -1 with errno: ENXIO or ENOTTY when there is no
 * terminal, E2BIG when the line did not fit, ENODATA when the terminal's input
 * ended.  A signal that would end the process still does.
 */
ssize_t prompt_ask(const char *question, bool echo, char *answer, size_t size);

#endif
