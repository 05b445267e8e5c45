/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/extract/extract.h"
#include "cli/extract/extract_part.h"
#include "cli/extract/tld.h"
#include "cli/feed/feed_reader.h"
#include "ctim/indicator.h"

#define WORD_MAX 16384 /* bytes of a word that are looked at together */
#define PEEKED   128   /* bytes behind a word that may belong to it */
#define BLANKS   " \t"

/* A word that is being read. */
struct word {
	char text[WORD_MAX + 1];
	size_t n;
	bool endless; /* its beginning was left out: it was one piece */
};

/* Leaves out the n first bytes. */
static void
extract_leave(struct word *w, size_t n)
{
	memmove(w->text, w->text + n, w->n - n);
	w->n -= n;
}

/* Takes a word, of one that goes on what is done. */
static void
extract_take(struct search *s, struct word *w, bool more)
{
	size_t done;

	if (w->endless) {
		w->text[w->n] = '\0';
		extract_leave(w, strcspn(w->text, ",;|"));
		w->endless = w->n == 0;
	}
	done = w->n == 0 ? 0 : extract_word(s, w->text, w->n, more);
	if (more && done == 0)
		w->endless = true;
	extract_leave(w, w->endless ? w->n : done);
	w->endless = w->endless && more;
}

static void
extract_add(struct search *s, struct word *w, const char *text, size_t n)
{
	if (w->n + n > WORD_MAX)
		extract_take(s, w, true);
	memcpy(w->text + w->n, text, n);
	w->n += n;
}

/* Copies what the reader has next. */
static void
extract_peek(struct feed_reader *r, char peeked[PEEKED + 1])
{
	size_t n = feed_reader_fill(r, PEEKED);

	if (n > PEEKED)
		n = PEEKED;
	memcpy(peeked, r->data + r->at, n);
	peeked[n] = '\0';
}

static void
extract_pass(struct feed_reader *r, size_t n)
{
	while (n-- > 0)
		(void)feed_reader_byte(r);
}

/* Bytes of the dash that s begins with: ASCII's, or those of ranges. */
static size_t
extract_dash(const char *s)
{
	if (*s == '-')
		return 1;
	return strncmp(s, "\xe2\x80\x93", 3) == 0 ||
		strncmp(s, "\xe2\x80\x94", 3) == 0 ?
	    3 :
	    0;
}

/* Whether a word is an address. */
static bool
extract_is_address(const char *text, size_t n)
{
	char word[PEEKED + 1], normal[INDICATOR_MAX + 1];
	enum observable_type type;

	if (n == 0 || n > PEEKED)
		return false;
	memcpy(word, text, n);
	word[n] = '\0';
	type = indicator_detect(word, normal);
	return (type == OBSERVABLE_IP || type == OBSERVABLE_IPV6) &&
	    indicator_prefix(normal) == -1;
}

/* Goes on with the word behind " - " when it is a range of addresses.  Here and
 * below s is what stands behind the address; its first byte is read. */
static bool
extract_join_range(
    struct search *search, struct feed_reader *r, struct word *w, const char *s)
{
	size_t n = strspn(s, BLANKS), dash = extract_dash(s + n), end;

	if (dash == 0)
		return false;
	n += dash;
	n += strspn(s + n, BLANKS);
	end = strspn(s + n, "0123456789abcdefABCDEF.:[]()");
	while (end > 0 && strchr(".:])", s[n + end - 1]) != NULL)
		end--;
	if (!extract_is_address(s + n, end) ||
	    !extract_is_address(w->text, w->n))
		return false;
	extract_add(search, w, "-", 1);
	extract_pass(r, n - 1);
	return true;
}

/* Goes on with the word behind a blank and "[.]" or "(at)". */
static bool
extract_join_mark(
    struct search *search, struct feed_reader *r, struct word *w, const char *s)
{
	size_t blanks = strspn(s, BLANKS);
	const char *mended;
	size_t n = indicator_defanged(s + blanks, &mended);

	if (n < 3 || strchr(".@", *mended) == NULL)
		return false;
	extract_add(search, w, s + blanks, n);
	n += blanks;
	extract_pass(r, n + strspn(s + n, BLANKS) - 1);
	return true;
}

/* Reads the character that begins with c, n bytes, or the blanks and marks at
 * which a word goes on, and ends the word otherwise. */
static void
extract_apart(struct search *s, struct feed_reader *r, struct word *w,
    const char *peeked, size_t n)
{
	if (w->n > 0 && *peeked != '\n' &&
	    (extract_join_range(s, r, w, peeked) ||
		(strspn(peeked, BLANKS) > 0 &&
		    extract_join_mark(s, r, w, peeked))))
		return;
	extract_pass(r, n - 1);
	extract_take(s, w, false);
}

/* Adds a character to the word, or ends it with what parts words. */
static void
extract_character(
    struct search *s, struct feed_reader *r, struct word *w, int c)
{
	char peeked[1 + PEEKED + 1];
	size_t n = 1;
	bool apart;

	peeked[0] = (char)c;
	if (c < 0x80) {
		apart = c <= ' ' || c == 0x7f || strchr("\"<>`", c) != NULL;
		if (apart)
			extract_peek(r, peeked + 1);
	} else {
		extract_peek(r, peeked + 1);
		apart = extract_mark_at(peeked, 1 + strnlen(peeked + 1, 3),
			    &n) == MARK_APART;
	}
	if (apart) {
		extract_apart(s, r, w, peeked, n);
		return;
	}
	extract_add(s, w, peeked, n);
	extract_pass(r, n - 1);
}

/* Reads a character, that of an escape in a string of JSON ("\\u0026") as what
 * it means; EOF at the end. */
static int
extract_byte(struct feed_reader *r)
{
	static const char hex[] = "0123456789abcdef";
	char peeked[PEEKED + 1];
	const char *high, *low;
	int c = feed_reader_byte(r);

	if (c != '\\')
		return c;
	extract_peek(r, peeked);
	if (strncmp(peeked, "u00", 3) != 0 || peeked[3] == '\0' ||
	    peeked[4] == '\0' ||
	    (high = strchr(hex, tolower((unsigned char)peeked[3]))) == NULL ||
	    (low = strchr(hex, tolower((unsigned char)peeked[4]))) == NULL ||
	    high - hex > 7)
		return c;
	extract_pass(r, 5);
	return (int)((high - hex) * 16 + (low - hex));
}

int
extract_read(struct feed_reader *r,
    int (*each)(void *, enum observable_type, const char *), void *arg)
{
	struct search s = { .each = each, .arg = arg };
	struct word w = { .n = 0 };
	int c;

	s.tld = tld_open();
	while (s.stop == 0 && (c = extract_byte(r)) != EOF)
		extract_character(&s, r, &w, c);
	if (s.stop == 0)
		extract_take(&s, &w, false);
	tld_close(s.tld);
	return s.stop;
}
