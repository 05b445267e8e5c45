/* SPDX-License-Identifier: MIT */
/*
 * secret: small files that hold credentials, and their bytes in memory.
 */
#ifndef CTIM_SECRET_H
#define CTIM_SECRET_H

#include <stddef.h>

struct buf;
struct command;

#define SECRET_MAX 16384 /* bytes of such a file */

/*
 * Reads a file ("-": standard input) into out, an empty buffer, without a byte
 * order mark and one line end, LF or CRLF.  Refuses, as the gateway does, a
 * file that others than its owner and group may read or write, a NUL byte in
 * it, and a file that is larger than out may be.  Returns CMD_OK; else the
 * error has been printed, and the result is its status.
 */
int secret_read(const struct command *, const char *path, struct buf *out);
/* Reads a key or a token in the same way: one line without control
 * characters. */
int secret_line(const struct command *, const char *path, struct buf *out);
/* Makes a file of n bytes that its owner alone may read, and writes it to the
 * disk itself.  Returns 1; 0 when there is such a file already; -1 with errno,
 * and no file. */
int secret_make(const char *path, const void *bytes, size_t n);
/* Overwrites the bytes of the buffer and frees it. */
void secret_free(struct buf *);

#endif
