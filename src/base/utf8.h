/* SPDX-License-Identifier: MIT */
/*
 * utf8: text from outside, checked byte by byte.
 *
 * Well-formed means RFC 3629: no overlong forms, no surrogates, nothing above
 * U+10FFFF.  U+0000 is well-formed here; callers that take C strings never see
 * one.
 */
#ifndef CTIM_UTF8_H
#define CTIM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes (1 to 4) of the well-formed sequence at p, of which n bytes may be
 * looked at; 0 when there is none, n = 0 included. */
size_t utf8_length(const unsigned char *p, size_t n);

/*
 * The first character of the n bytes (at least 1) at s: its code point, and how
 * many bytes it takes in *length.  A byte that begins no well-formed sequence
 * is taken alone, and is -1.
 */
int32_t utf8_next(const char *s, size_t n, size_t *length);

/* Whether all n bytes at s are well-formed. */
bool utf8_valid(const char *s, size_t n);

/* Bytes of the longest prefix of the well-formed string s that has at most
 * max_code_points code points. */
size_t utf8_cut(const char *s, size_t max_code_points);

/* Bytes (1 or 2) of the control character (C0, DEL, C1) at s, of which n bytes
 * may be looked at; 0 when there is none.  Text without any is one line, ends
 * no header field and moves no terminal. */
size_t utf8_control(const char *s, size_t n);

/*
 * Makes one line of text for people out of the n well-formed bytes at s, in
 * place: control characters (C0, DEL, C1, U+2028, U+2029) become blanks, and
 * blanks at both ends go.  Returns where the text begins inside s, ended by a
 * NUL that may overwrite s[n].
 */
char *utf8_line(char *s, size_t n);

#endif
