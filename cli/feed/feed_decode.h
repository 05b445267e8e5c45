/* SPDX-License-Identifier: MIT */
/*
 * feed_decode: the bytes of a feed as plain lines: gzip is unpacked, UTF-16
 * becomes UTF-8, and the line ends CR and CR LF become LF; each as it is read,
 * in bounded memory.
 * Source: RFC 1952 (gzip, members one after another), RFC 2781 (UTF-16).
 */
#ifndef CTIM_FEED_DECODE_H
#define CTIM_FEED_DECODE_H

#include <stddef.h>
#include <stdio.h>

struct feed_decode;

/* What is unpacked is at most so many bytes, and, from a size on, at most so
 * many times what it is packed: lists are below 50 times. */
#define FEED_DECODE_MAX   (8ULL << 30)
#define FEED_DECODE_SMALL (64ULL << 20)
#define FEED_DECODE_RATIO 200

/* Returns NULL when memory ran out.  The file stays the caller's. */
struct feed_decode *feed_decode_new(FILE *);
void feed_decode_free(struct feed_decode *); /* NULL is fine */
/* Writes at most room bytes; returns how many, and 0 at the end or when there is
 * an error. */
size_t feed_decode_read(struct feed_decode *, char *out, size_t room);
/* What is wrong, for people; NULL: nothing.  It then stays. */
const char *feed_decode_error(const struct feed_decode *);

#endif
