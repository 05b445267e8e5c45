/* SPDX-License-Identifier: MIT */
/*
 * stix_lex: the tokens of a STIX pattern.
 * Source: the grammar of STIX 2.1 section 9.
 */
#ifndef CTIM_STIX_LEX_H
#define CTIM_STIX_LEX_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* A token's kind: its one character, '=', '!' (also "<>"), '<' (all
 * orders), or one of these. */
enum { STIX_END, STIX_WORD = 'w', STIX_STRING = 's', STIX_LITERAL = 'n' };

/* Where the reading is.  After a mistake every token is STIX_END. */
struct stix_lex {
	const char *s;     /* behind the token */
	const char *token; /* where it begins */
	int kind;
	size_t text; /* of a string, in texts: without quotes and escapes */
	struct buf *texts;
	const char *start;
	const char *wrong; /* the first mistake, a constant, or NULL */
	size_t at;         /* and its offset */
};

/* The mistake when memory ran out: this very pointer. */
extern const char stix_lex_memory[];

/* Begins with the first token; texts takes the strings. */
void stix_lex_begin(struct stix_lex *, const char *text, struct buf *texts);
/* Goes on to the next token. */
void stix_lex_next(struct stix_lex *);
/* Says that there is a mistake at this token. */
void stix_lex_fail(struct stix_lex *, const char *why);
/* Whether the token is this word; stix_lex_word() then goes on behind it. */
bool stix_lex_is(const struct stix_lex *, const char *word);
bool stix_lex_word(struct stix_lex *, const char *word);
/* Goes on behind a token of a kind, which must be there. */
void stix_lex_expect(struct stix_lex *, int kind, const char *why);

#endif
