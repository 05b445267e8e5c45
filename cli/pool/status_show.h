/* SPDX-License-Identifier: MIT */
/* status_show: prints the state of the running pool for people. */
#ifndef CTIM_STATUS_SHOW_H
#define CTIM_STATUS_SHOW_H

#include <stddef.h>
#include <stdio.h>

/* Prints the JSON text (len bytes) of an answer to "status".  Returns 0, or -1
 * when it is none, memory ran out or the file could not be written. */
int status_show(FILE *, const char *text, size_t len);

#endif
