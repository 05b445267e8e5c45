/* SPDX-License-Identifier: MIT */
/*
 * egress_spelling: a value as others than the gateway may read it: services,
 * browsers, people.
 *
 * Each replaces what out held, and returns -1 when memory ran out or out is too
 * small; no result is longer than the text.
 */
#ifndef CTIM_EGRESS_SPELLING_H
#define CTIM_EGRESS_SPELLING_H

struct buf;

/* Takes one layer of percent-encoding off; a NUL becomes another control
 * character.  Returns 1 when there was any, else 0. */
int egress_decode(struct buf *out, const char *text);
/* In small letters of ASCII; defanged spellings mended (indicator_defanged());
 * dots and ASCII's letters of other scripts' sets as in ASCII.  Returns 0. */
int egress_mend(struct buf *out, const char *mended);
/* Of a mended text the characters of host names, and those that stand around a
 * host in a URL or an e-mail address, alone.  Returns 0. */
int egress_bare(struct buf *out, const char *mended);

#endif
