/* SPDX-License-Identifier: MIT */
/*
 * duration: "30d" or "12h", as people write how long something lasts.
 */
#ifndef CTIM_DURATION_H
#define CTIM_DURATION_H

#include <stdint.h>

/* Seconds of a number with one of s, m, h, d, w behind it; -1 when the text is
 * none, or reaches past the last time of CTIM. */
int64_t duration_parse(const char *);

#define DURATION_MAX 32 /* bytes of a text, with its NUL */

/* Writes seconds in the largest unit that fits, "never" for 0; returns out. */
char *duration_text(char out[DURATION_MAX], int64_t seconds);

#define DURATION_FORMS "30d, 12h, 90m, 45s or 2w"

#endif
