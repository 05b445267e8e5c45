/* SPDX-License-Identifier: MIT */
/*
 * sharing: what the readers of STIX and MISP share.
 *
 * head is the beginning of a file, with a NUL behind it, from which its format
 * is found out.
 */
#ifndef CTIM_SHARING_H
#define CTIM_SHARING_H

#include <stdbool.h>

/* Whether it begins with form, blanks between its tokens aside. */
bool sharing_begins(const char *head, const char *form);
/* The value of the next member of this name, at whatever depth; NULL: there is
 * none. */
const char *sharing_member(const char *head, const char *name);
/* Whether a UUID is at s. */
bool sharing_uuid(const char *s);

struct json_object;
/* Whether a value says yes: true, 1, "1" or "true". */
bool sharing_yes(struct json_object *);

#endif
