/* SPDX-License-Identifier: MIT */
/*
 * jsoncanon: JSON in its canonical form: the same value has the same bytes.
 *
 * Members are sorted by their UTF-16 units, numbers are written as ECMAScript
 * does.  Integers keep their digits, also beyond 2^53; what is not finite becomes
 * null.
 * Source: RFC 8785, section 3.2; jsonout.h already writes strings so.
 */
#ifndef CTIM_JSONCANON_H
#define CTIM_JSONCANON_H

struct json_object;
struct jsonout;

/* Any value, NULL for null, read only. */
void jsoncanon_value(struct jsonout *, struct json_object *);
/* The same without members and elements that are null. */
void jsoncanon_filled(struct jsonout *, struct json_object *);

#endif
