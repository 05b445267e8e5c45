/* SPDX-License-Identifier: MIT */
/*
 * uuid: UUIDs as text: random ones (RFC 4122 version 4), and those of names
 * (version 5).
 *
 * libuuid's own generators make half a dozen system calls for each random UUID,
 * to mix bytes that getrandom(2) has mixed already, and hash a name at a fifth of
 * libcrypto's speed; only libuuid's types, its name spaces and its text form are
 * used.
 * Each thread draws the bytes of several at a time.
 */
#ifndef CTIM_UUID_H
#define CTIM_UUID_H

#include <stddef.h>

#include <uuid/uuid.h>

/* Writes a new UUID, in lower case, with its NUL. */
void uuid4(char text[UUID_STR_LEN]);
/* The same for the one of n bytes in the name space of X.500 (RFC 4122, appendix
 * C): always the same one for the same name. */
void uuid5(char text[UUID_STR_LEN], const char *name, size_t n);

#endif
