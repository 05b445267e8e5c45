/* SPDX-License-Identifier: MIT */
/*
 * savedtext: reads one value as an editor or another system saved it in a file
 * or in the environment.
 */
#ifndef CTIM_SAVEDTEXT_H
#define CTIM_SAVEDTEXT_H

#include <stdbool.h>
#include <stddef.h>

#define SAVEDTEXT_WHY 96 /* bytes of a reason */

/* Takes a byte order mark off the beginning of len bytes, with a NUL behind
 * them, and one line end, LF or CRLF, off their end.  Returns how many are
 * left, with a NUL behind them. */
size_t savedtext_trim(char *text, size_t len);
/* Whether the text is in UTF-16, which some editors call "Unicode". */
bool savedtext_is_utf16(const char *text, size_t len);
/*
 * Checks that a text is one line without control characters; lines: line ends
 * and tabs are allowed.  Returns 0, or -1 with the fault in why, which quotes
 * nothing of the text: "a control character (0x0d) in line 1".
 */
int savedtext_plain(const char *text, bool lines, char why[SAVEDTEXT_WHY]);

#endif
