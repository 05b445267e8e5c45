/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "json/jsonfind.h"
#include "json/jsonfind_block.h"
#include "json/jsonfind_text.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"

/* Where the scan is; what it keeps follows from that. */
enum where {
	TOP,    /* outside the array: all */
	ARRAY,  /* between its elements: nothing */
	ELEMENT /* in an object of it: that object */
};

struct jsonfind {
	const char *array, *member, *value;
	bool (*same)(const char *, size_t, const void *);
	const void *arg;
	const char *core;  /* what value and all that stands for
			   * the same hold */
	size_t core_n;     /* 0: that is not known */
	struct buf needle; /* the value as a JSON string;
						 * empty: only with escapes */
	enum jsonfind_state state;
	const char *why;
	struct jsonfind_carry carry;
	enum where where;
	unsigned depth;
	uint64_t objects; /* bit d: depth d is one */
	bool whole;       /* the last bracket came */
	bool ended;
	struct buf top;
	struct buf element; /* of earlier pieces */
	bool escapes;       /* so far in the element */
	struct buf scratch;
	/* Of the piece at hand: */
	const char *from; /* not kept yet */
	const char *end;
	const char *hit;           /* jsonfind_find()'s */
	uint64_t backslashes;      /* of block and element */
	struct json_object *found; /* until the state says so, one
						 * that stands for the same */
	struct json_object *page;
};

static void
jsonfind_bad(struct jsonfind *s, const char *why)
{
	s->state = JSONFIND_BAD;
	s->why = why;
}

/* The value in quotes, where it needs no escape (RFC 8259 section 7). */
static void
make_needle(struct jsonfind *s)
{
	const unsigned char *p = (const unsigned char *)s->value;

	buf_init(&s->needle, strlen(s->value) + 2);
	for (; *p != '\0'; p++)
		if (*p < 0x20 || *p == '"' || *p == '\\')
			return;
	(void)buf_addc(&s->needle, '"');
	(void)buf_adds(&s->needle, s->value);
	(void)buf_addc(&s->needle, '"');
}

struct jsonfind *
jsonfind_new(const char *array, const char *member, const char *value)
{
	struct jsonfind *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->array = array;
	s->member = member;
	s->value = value;
	buf_init(&s->top, JSONFIND_TOP);
	buf_init(&s->element, JSONFIND_ELEMENT);
	buf_init(&s->scratch, JSONFIND_ELEMENT);
	make_needle(s);
	if (s->needle.failed) {
		jsonfind_free(s);
		return NULL;
	}
	return s;
}

void
jsonfind_also(struct jsonfind *s, const char *core, size_t core_n,
    bool (*same)(const char *text, size_t n, const void *arg), const void *arg)
{
	const char *end = s->value + strlen(s->value);

	s->same = same;
	s->arg = arg;
	if (core_n > 0 &&
	    jsonfind_caseless(s->value, end, core, core_n) < end) {
		s->core = core;
		s->core_n = core_n;
	}
}

void
jsonfind_free(struct jsonfind *s)
{
	if (s == NULL)
		return;
	json_object_put(s->found);
	json_object_put(s->page);
	buf_free(&s->needle);
	buf_free(&s->top);
	buf_free(&s->element);
	buf_free(&s->scratch);
	free(s);
}

/* Keeps what is before to. */
static void
jsonfind_keep(struct jsonfind *s, const char *to)
{
	struct buf *b = s->where == TOP ? &s->top : &s->element;

	if (buf_add(b, s->from, (size_t)(to - s->from)) == -1)
		jsonfind_bad(s,
		    b->starved ? jsonscan_no_memory :
			s->where == TOP ?
				 "too much outside the list" :
				 "an entry of the list that is too large");
	s->from = to;
}

/* The next place that only an element which may be the one has, or end. */
static const char *
jsonfind_find(const struct jsonfind *s, const char *p, const char *end)
{
	const char *hit = NULL;

	if (s->core_n > 0)
		return jsonfind_caseless(p, end, s->core, s->core_n);
	if (s->needle.len > 0)
		hit =
		    memmem(p, (size_t)(end - p), s->needle.data, s->needle.len);
	return hit == NULL ? end : hit;
}

/* The element, n bytes at p, is the one (exact: has the value itself), unless it
 * only looks like it. */
static void
jsonfind_take(struct jsonfind *s, const char *p, size_t n, bool exact)
{
	struct json_object *element;
	const char *why, *text;

	if ((element = jsonin_answer(p, n, &why)) == NULL) {
		jsonfind_bad(s, why);
		return;
	}
	text = jsonin_string(element, s->member);
	if (text == NULL ||
	    !(exact ? strcmp(text, s->value) == 0 :
		      s->same(text, strlen(text), s->arg))) {
		json_object_put(element);
		return;
	}
	json_object_put(s->found);
	s->found = element;
	if (exact)
		s->state = JSONFIND_FOUND;
}

/* The first element that stands for the same is kept, should the value itself
 * not come. */
static void
jsonfind_compare(struct jsonfind *s, const char *p, size_t n)
{
	const char *text;
	size_t len;

	if (s->state != JSONFIND_MORE || s->same == NULL || s->found != NULL)
		return;
	text = jsonfind_string(p, n, s->member, &s->scratch, &len);
	if (text != NULL && s->same(text, len, s->arg))
		jsonfind_take(s, p, n, false);
}

/* The element ends at to.  It is looked into only when the value, or the core,
 * stands in it somewhere, or could with escapes; without a core, its string is
 * compared all the same. */
static void
jsonfind_end_element(struct jsonfind *s, const char *to)
{
	const char *p = s->from;
	size_t n = (size_t)(to - p);
	bool maybe;

	if (s->element.len > 0 || n > JSONFIND_ELEMENT) {
		jsonfind_keep(s, to);
		p = s->element.data;
		n = s->element.len;
		maybe = jsonfind_find(s, p, p + n) < p + n;
	} else {
		/* The piece is searched once, from one hit to the next. */
		if (s->hit < p)
			s->hit = jsonfind_find(s, p, s->end);
		maybe = s->hit < to;
	}
	maybe = maybe || s->escapes;
	if (s->state == JSONFIND_MORE && maybe &&
	    jsonfind_has(p, n, s->member, s->value, &s->scratch))
		jsonfind_take(s, p, n, true);
	if (maybe || s->core_n == 0)
		jsonfind_compare(s, p, n);
	buf_reset(&s->element);
	s->where = ARRAY;
}

/* A list in the page itself begins at `at`. */
static void
begin_list(struct jsonfind *s, const char *at)
{
	jsonfind_keep(s, at + 1);
	if (s->state == JSONFIND_MORE && (s->objects >> 1 & 1) != 0 &&
	    jsonfind_names(s->top.data, s->top.len - 1, s->array, &s->scratch))
		s->where = ARRAY;
}

/* place: of the bracket in its block. */
static void
enter(struct jsonfind *s, const char *at, unsigned place, bool object)
{
	if (s->depth == JSON_DEPTH) {
		jsonfind_bad(s, "nested too deep");
		return;
	}
	if (s->whole) {
		jsonfind_bad(s, "text after the page");
		return;
	}
	s->depth++;
	s->objects &= ~(UINT64_C(1) << s->depth);
	s->objects |= (uint64_t)object << s->depth;
	if (s->where == TOP && s->depth == 2 && !object) {
		begin_list(s, at);
	} else if (s->where == ARRAY && s->depth == 3 && object) {
		s->where = ELEMENT;
		s->from = at;
		s->escapes = false;
		s->backslashes &= ~UINT64_C(0) << place;
	}
}

static void
jsonfind_leave(struct jsonfind *s, const char *at, unsigned place, bool object)
{
	if (s->depth == 0 || (s->objects >> s->depth & 1) != object) {
		jsonfind_bad(s, "brackets that do not match");
		return;
	}
	s->depth--;
	if (s->where == ELEMENT && s->depth == 2) {
		if (s->backslashes & ((UINT64_C(1) << place) - 1))
			s->escapes = true;
		jsonfind_end_element(s, at + 1);
	} else if (s->where == ARRAY && s->depth == 1) {
		s->where = TOP;
		s->from = at;
	} else if (s->depth == 0) {
		s->whole = true;
	}
}

/* n bytes at `at`; bytes are the same, with blanks behind up to a block. */
static void
block(struct jsonfind *s, const char *bytes, const char *at, unsigned n)
{
	struct jsonfind_bits bits;
	unsigned place;
	char c;

	jsonfind_block(&s->carry, bytes, n, &bits);
	s->backslashes = bits.backslashes;
	for (; bits.brackets != 0 && s->state == JSONFIND_MORE;
	     bits.brackets &= bits.brackets - 1) {
		place = (unsigned)__builtin_ctzll(bits.brackets);
		c = bytes[place];
		if (c == '{' || c == '[')
			enter(s, at + place, place, c == '{');
		else
			jsonfind_leave(s, at + place, place, c == '}');
	}
	if (s->where == ELEMENT && s->backslashes != 0)
		s->escapes = true;
}

enum jsonfind_state
jsonfind_add(struct jsonfind *s, const char *p, size_t n)
{
	char last[JSONFIND_BLOCK];
	size_t at;

	if (s->state != JSONFIND_MORE || n == 0)
		return s->state;
	s->from = p;
	s->end = p + n;
	s->hit = jsonfind_find(s, p, s->end);
	for (at = 0; n - at >= JSONFIND_BLOCK; at += JSONFIND_BLOCK) {
		block(s, p + at, p + at, JSONFIND_BLOCK);
		if (s->state != JSONFIND_MORE)
			return s->state;
	}
	if (at < n) {
		memset(last, ' ', sizeof(last));
		memcpy(last, p + at, n - at);
		block(s, last, p + at, (unsigned)(n - at));
	}
	if (s->state == JSONFIND_MORE && s->where != ARRAY)
		jsonfind_keep(s, s->end);
	return s->state;
}

enum jsonfind_state
jsonfind_end(struct jsonfind *s)
{
	const char *why;

	if (s->state != JSONFIND_MORE || s->ended)
		return s->state;
	s->ended = true;
	if (s->depth != 0 || s->carry.string != 0) {
		jsonfind_bad(s, "text that ends too early");
		return s->state;
	}
	s->page = jsonin_answer(s->top.data, s->top.len, &why);
	if (why != NULL)
		jsonfind_bad(s, why);
	else if (s->found != NULL)
		s->state = JSONFIND_FOUND;
	return s->state;
}

struct json_object *
jsonfind_element(const struct jsonfind *s)
{
	return s->found;
}

struct json_object *
jsonfind_top(const struct jsonfind *s)
{
	return s->page;
}

const char *
jsonfind_why(const struct jsonfind *s)
{
	return s->why;
}
