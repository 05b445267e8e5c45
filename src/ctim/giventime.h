/* SPDX-License-Identifier: MIT */
/*
 * giventime: times as services write them, as CTIM takes them: RFC 3339 in UTC,
 * from 1970 to the first second of 2525.
 *
 * Taken are all that rfc3339_parse() takes, and beside it blanks around a time and
 * before its zone, a zone of hours alone, UTC and GMT, a fraction behind a comma,
 * and seconds or milliseconds since 1970 (those above 10^11), also as text.
 */
#ifndef CTIM_GIVENTIME_H
#define CTIM_GIVENTIME_H

#include <stdint.h>

#include "base/rfc3339.h"

/* Both return 0, or -1 when it is no time of CTIM's. */
int giventime_text(char out[RFC3339_MAX], const char *given);
int giventime_number(char out[RFC3339_MAX], double given);
/* The same for the end of a period: one beyond 2525 is for ever. */
int giventime_end(char out[RFC3339_MAX], const char *given);
/*
 * The time so many seconds (below 0: before) after one that giventime_text()
 * wrote, with six digits of its fraction where either has one; beyond 2525 for
 * ever.  Returns 0, or -1 when it is before 1970.
 */
int giventime_after(
    char out[RFC3339_MAX], const char *time, double days, double seconds);
/* Below 0, 0 or above 0 as one of two such times is before the other. */
int giventime_compare(const char *a, const char *b);

#endif
