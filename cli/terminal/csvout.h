/* SPDX-License-Identifier: MIT */
/*
 * csvout: CSV for other programs.
 * Source: RFC 4180.
 */
#ifndef CTIM_CSVOUT_H
#define CTIM_CSVOUT_H

struct buf;

#define CSVOUT_SHOWN (32U << 10)

/* A field (NULL is empty), quoted where RFC 4180 wants it, and end: a comma or
 * the row's end. */
void csvout_field(struct buf *, const char *text, const char *end);

/* The same for people, who may open it in a spreadsheet or on a terminal: what
 * would be a formula has a ' before it, and what a terminal could obey is
 * written as text_add() does.  At most CSVOUT_SHOWN bytes. */
void csvout_shown(struct buf *, const char *text, const char *end);

#endif
