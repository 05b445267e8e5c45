/* SPDX-License-Identifier: MIT */
/*
 * jsonfind_block: 64 bytes of JSON at a time: where its brackets are.
 *
 * The bytes are compared all at once, and strings are told from the rest with
 * arithmetic on one bit a byte, without a branch a byte.
 * Source: Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019,
 * section 3.1.
 */
#ifndef CTIM_JSONFIND_BLOCK_H
#define CTIM_JSONFIND_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#define JSONFIND_BLOCK 64

/* What one block hands on to the next; zero before the first. */
struct jsonfind_carry {
	uint64_t escaped; /* 1: the next byte is */
	uint64_t string;  /* all ones: the next byte is in one */
};

/* Bit i is byte i. */
struct jsonfind_bits {
	uint64_t brackets;    /* []{} outside strings */
	uint64_t backslashes; /* anywhere */
};

/* Looks at n bytes, 1 to 64, of the 64 readable ones at p; what is behind the n
 * must be blanks. */
void jsonfind_block(
    struct jsonfind_carry *, const char *p, unsigned n, struct jsonfind_bits *);

/* Where the n bytes of a word, one or more, begin first between p and end, small
 * and capital letters of ASCII being the same; end when they do not.  Of the
 * bytes from p to end alone any is read. */
const char *jsonfind_caseless(
    const char *p, const char *end, const char *word, size_t n);

#endif
