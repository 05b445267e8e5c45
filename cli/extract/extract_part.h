/* SPDX-License-Identifier: MIT */
/*
 * extract_part: what the files of extract.h share.
 */
#ifndef CTIM_EXTRACT_PART_H
#define CTIM_EXTRACT_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctim/observable.h"

struct tld;

/* A search in a text. */
struct search {
	int (*each)(void *, enum observable_type, const char *);
	void *arg;
	int stop; /* what it returned */
	struct tld *tld;
	int depth; /* how often what is read was percent-encoded */
};

/* What a character outside ASCII does to the words beside it. */
enum mark {
	MARK_NONE, /* a letter of the Latin script, or what combines with one */
	MARK_APART, /* it parts words: a blank, a quotation mark, a bracket, … */
	MARK_OTHER, /* a letter of another script */
	MARK_CLOSE  /* … of one that has no blanks between words */
};
enum mark extract_mark(int32_t code_point);
/* The same of the character at s, of which n bytes may be looked at; MARK_NONE
 * for ASCII.  *length is its bytes. */
enum mark extract_mark_at(const char *s, size_t n, size_t *length);
/*
 * Whether a name or an address ends at text[at] of n bytes, because a letter of
 * another script touches an ASCII one; or a number that is an address so far.
 */
bool extract_mark_touches(const char *text, size_t at, size_t n);

/*
 * Takes what stands in the n bytes of a word, up to the last that cannot go on
 * behind its end when more follows.  text[n] can be written.  Returns the bytes
 * that are done.
 */
size_t extract_word(struct search *, char *text, size_t n, bool more);

/* Whether a URL begins at text[at]: bytes of its scheme and "://", else 0. */
size_t extract_url_begins(const char *text, size_t at);
/* Bytes of the URL at text[at] of n bytes, with the punctuation behind it. */
size_t extract_url_length(const char *text, size_t at, size_t n);
/* Takes a URL with punctuation behind it, which it cuts. */
void extract_url_take(struct search *, char *url);
/* Takes percent-encoded URLs in a text; returns whether there is one. */
bool extract_url_encoded(struct search *, const char *text);

/* Takes a piece of a word that is no URL; writes into it. */
void extract_piece(struct search *, char *piece);

#endif
