/* SPDX-License-Identifier: MIT */
/*
 * rfc3339: times as text.
 * Source: RFC 3339, section 5.6; CTIM, "Time".
 */
#ifndef CTIM_RFC3339_H
#define CTIM_RFC3339_H

#include <stdint.h>

#define RFC3339_MAX 32 /* "2020-04-16T00:00:00Z" + NUL, with room */

/* CTIM's times reach from 1970 to the first second of 2525, which says "for
 * ever". */
#define RFC3339_LAST INT64_C(17514144000)
/* Seconds since 1970 as RFC 3339 in UTC; times outside CTIM's are clamped. */
void rfc3339_text(char text[RFC3339_MAX], int64_t seconds);
/* Milliseconds since 1970, with these in the text.  Returns 0, or -1 when the
 * time is outside CTIM's. */
int rfc3339_milli(char text[RFC3339_MAX], int64_t ms);
/*
 * A time as a service wrote it, anything that rfc3339_parse() takes, as RFC
 * 3339 in UTC with so many digits (0 to 9) of the second's fraction; -1: as
 * many as it was written with.  Returns 0, or -1 when it is no time.
 */
int rfc3339_again(char text[RFC3339_MAX], const char *given, int digits);
/* Reads RFC 3339, a date alone ("2020-04-16"), or one with a time after a
 * blank; without a zone in UTC.  Returns seconds since 1970, or -1. */
int64_t rfc3339_parse(const char *);

#endif
