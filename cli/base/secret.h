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
 * The bytes of a file ("-": standard input) into out, an empty buffer, without
 * a byte order mark and one line end, LF or CRLF.  A file that others than its owner and group may read
 * or write is refused, as the gateway refuses it, and so are a NUL byte in it
 * and one that is larger than out may be.
 * Returns CMD_OK; else what is wrong has been printed, and it is the status.
 */
int secret_read(const struct command *, const char *path, struct buf *out);
/* The same for a key or a token, which is one line without control characters. */
int secret_line(const struct command *, const char *path, struct buf *out);
/* Makes a file of n bytes that its owner alone may read, and which is on the
 * disk before this returns.  1; 0 when there is such a file already; -1 with
 * errno, and no file. */
int secret_make(const char *path, const void *bytes, size_t n);
/* Overwrites what the buffer holds and frees it. */
void secret_free(struct buf *);

#endif
