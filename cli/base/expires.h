/* SPDX-License-Identifier: MIT */
/*
 * expires: "30d", "12h" or a date on the command line, as a time.
 */
#ifndef CTIM_EXPIRES_H
#define CTIM_EXPIRES_H

#include <stdint.h>

/*
 * Returns seconds since 1970 for a number followed by s, m, h, d or w, counted
 * from now, or for a time that rfc3339_parse() takes; -1 when the text is
 * neither, or the time is not after now.
 */
int64_t expires_parse(const char *, int64_t now);

#define EXPIRES_FORMS "30d, 12h, or a time such as 2030-12-31T00:00:00Z"

#endif
