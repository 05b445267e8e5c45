/*
 * uuid: random UUIDs (RFC 4122 version 4) as text.
 *
 * libuuid's own generator makes half a dozen system calls for each UUID to mix
 * bytes that getrandom(2) has mixed already; only its types and its text form
 * are used.
 * Each thread draws the bytes of several at a time.
 */
#ifndef CTIM_UUID_H
#define CTIM_UUID_H

#include <uuid/uuid.h>

/* Writes a new UUID, in lower case, with its NUL. */
void uuid4(char text[UUID_STR_LEN]);

#endif
