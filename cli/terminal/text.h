/* SPDX-License-Identifier: MIT */
/*
 * text: outside text on a terminal.
 *
 * What comes from a feed, a provider or another gateway may hold escape
 * sequences, line ends or characters that turn the reading direction around.
 * Nothing of that reaches a terminal from here.
 * Source: ECMA-48 (C0, C1); Unicode UAX #9 (bidirectional controls).
 */
#ifndef CTIM_TEXT_H
#define CTIM_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;

/* Adds len bytes, what a terminal could obey written as \x1b or \u202e. */
void text_add(struct buf *, const char *s, size_t len);
/* Adds a text that is made as printf(3) does, all of it made harmless. */
void text_addf(struct buf *, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));
/* text_add() for JSON text, where every such character becomes \uXXXX, which any
 * reader takes back; line ends and tabs between values stay. */
void text_add_json(struct buf *, const char *s, size_t len);
/* Prints s as text_add() writes it, or len bytes of JSON text as text_add_json()
 * does.  0, or -1 when memory ran out or not all could be written. */
int text_print(FILE *, const char *s);
int text_print_json(FILE *, const char *s, size_t len);
/* Columns that len bytes, free of control characters, take on a terminal. */
size_t text_width(const char *s, size_t len);

#endif
