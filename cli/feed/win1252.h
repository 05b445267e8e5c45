/* SPDX-License-Identifier: MIT */
/*
 * win1252: text that is no UTF-8 made such, its bytes taken for Windows-1252, of
 * which Latin-1 is a part.
 * Source: the index "windows-1252" of https://encoding.spec.whatwg.org; the five
 * bytes that nobody has given a character are control characters there, too.
 */
#ifndef CTIM_WIN1252_H
#define CTIM_WIN1252_H

#include <stddef.h>

struct buf;

/* Adds the n bytes at s, which become at most three times as many; what is UTF-8
 * among them stays, as in lines that were put together.  Returns 0, or -1 when
 * they do not fit, or memory ran out. */
int win1252_utf8(struct buf *, const char *s, size_t n);

#endif
