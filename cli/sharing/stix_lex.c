/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "cli/sharing/stix_lex.h"

#define BLANKS " \t\r\n\v\f"

const char stix_lex_memory[] = "memory ran out";

void
stix_lex_fail(struct stix_lex *r, const char *why)
{
	if (r->wrong == NULL) {
		r->wrong = why;
		r->at = (size_t)(r->token - r->start);
	}
	r->kind = STIX_END; /* so that every loop ends */
	r->s = "";
}

/* Reads a string whose opening quote is at s; either quote will do, though the
 * grammar has only one. */
static void
stix_lex_string(struct stix_lex *r)
{
	char quote = *r->s++;

	r->kind = STIX_STRING;
	r->text = r->texts->len;
	for (; *r->s != quote && *r->s != '\0'; r->s++) {
		if (*r->s == '\\' && (r->s[1] == quote || r->s[1] == '\\'))
			r->s++;
		buf_addc(r->texts, *r->s);
	}
	if (buf_addc(r->texts, '\0') == -1)
		stix_lex_fail(r, stix_lex_memory);
	else if (*r->s == '\0')
		stix_lex_fail(r, "a string is not closed");
	else
		r->s++;
}

static bool
stix_in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Reads a name, a number, or a literal such as t'2014-01-13T07:03:17Z'. */
static void
stix_lex_name(struct stix_lex *r)
{
	size_t n = 0, text = r->texts->len;

	while (stix_in_word(r->s[n]))
		n++;
	r->kind = STIX_WORD;
	if (strchr("0123456789-", *r->s) != NULL) {
		r->kind = STIX_LITERAL;
		if (r->s[n] == '.')
			for (n++; stix_in_word(r->s[n]);)
				n++;
	}
	if (n == 1 && strchr("hbt", *r->s) != NULL && r->s[1] == '\'') {
		r->s++;
		stix_lex_string(r);
		r->kind = r->kind == STIX_STRING ? STIX_LITERAL : r->kind;
		r->texts->len = text;
		return;
	}
	r->s += n;
}

void
stix_lex_next(struct stix_lex *r)
{
	if (r->wrong != NULL)
		return;
	r->s += strspn(r->s, BLANKS);
	r->token = r->s;
	r->kind = (unsigned char)*r->s;
	if (r->kind == '\0')
		return;
	if (r->kind == '\'' || r->kind == '"')
		stix_lex_string(r);
	else if (stix_in_word(*r->s))
		stix_lex_name(r);
	else if (r->s[0] == '!' || (r->s[0] == '<' && r->s[1] == '>')) {
		r->kind = '!';
		r->s += 1 + (r->s[1] == '=' || r->s[1] == '>');
	} else if (strchr("<>=", r->s[0]) != NULL) {
		r->kind = r->s[0] == '=' ? '=' : '<';
		r->s += 1 + (r->s[1] == '=');
	} else if (strchr("[]():.,*", r->s[0]) != NULL)
		r->s++;
	else
		stix_lex_fail(r, "there is a character that no pattern has");
}

bool
stix_lex_is(const struct stix_lex *r, const char *word)
{
	size_t n = strlen(word);

	return r->kind == STIX_WORD && (size_t)(r->s - r->token) == n &&
	    memcmp(r->token, word, n) == 0;
}

/* Goes on behind a word, when it is this one. */
bool
stix_lex_word(struct stix_lex *r, const char *word)
{
	if (!stix_lex_is(r, word))
		return false;
	stix_lex_next(r);
	return true;
}

void
stix_lex_expect(struct stix_lex *r, int kind, const char *why)
{
	if (r->kind == kind)
		stix_lex_next(r);
	else
		stix_lex_fail(r, why);
}

void
stix_lex_begin(struct stix_lex *r, const char *text, struct buf *texts)
{
	*r = (struct stix_lex){ .s = text, .start = text, .texts = texts };
	stix_lex_next(r);
}
