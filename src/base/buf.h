/* SPDX-License-Identifier: MIT */
/*
 * buf: a growing byte buffer that cannot be made without its maximum.
 *
 * The bytes belong to the buffer; data is always followed by a NUL that is not
 * counted, so it can be read as a string.  A pointer into data is good until
 * the next call that adds.  An addition that does not fit changes nothing but
 * the failed mark, which stays until buf_reset(): a writer may add many times
 * and look once.
 */
#ifndef CTIM_BUF_H
#define CTIM_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;   /* never NULL, NUL-terminated */
	size_t len;   /* bytes in use, without the NUL */
	size_t cap;   /* bytes allocated, 0 while data is static */
	size_t max;   /* most bytes that len may reach */
	bool failed;  /* something did not fit, or memory ran out */
	bool starved; /* … and memory did */
};

/* An empty buffer that holds at most max bytes.  Allocates nothing. */
void buf_init(struct buf *, size_t max);
/* An empty buffer in size bytes (at least 1) of the caller's memory: it
 * allocates nothing, holds size - 1 bytes and is not for buf_free(). */
void buf_fixed(struct buf *, char *room, size_t size);
/* Empties it and takes the marks off; keeps the memory. */
void buf_reset(struct buf *);
/* Gives the memory back; the buffer is as after buf_init(). */
void buf_free(struct buf *);
/* The same for what is secret: the bytes are overwritten before. */
void buf_wipe(struct buf *);

/* All return 0, or -1 when the addition did not fit or memory ran out. */
int buf_add(struct buf *, const void *, size_t);
int buf_addc(struct buf *, char);
int buf_adds(struct buf *, const char *);
int buf_addi(struct buf *, int64_t); /* in decimal */
int buf_addf(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
int buf_vaddf(struct buf *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));

/*
 * Makes room for n more bytes and a NUL.  The caller writes them, the NUL too,
 * and adds the number of bytes to len.  NULL when they would pass the maximum,
 * or memory ran out.
 */
char *buf_room(struct buf *, size_t n);

#endif
