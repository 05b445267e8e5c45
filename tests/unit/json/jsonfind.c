/* SPDX-License-Identifier: MIT */
/* A page is searched as it arrives, with the outcome of parsing it whole. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "json/jsonfind.h"
#include "json/jsonfind_block.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "tests/unit/unit.h"

#define PAGE_MAX (8U << 20)

/* It is built twice: for a processor with SSE2, and for any. */
#ifdef JSONFIND_PORTABLE
#define SUITE "jsonfind_portable"
#else
#define SUITE "jsonfind"
#endif

/* In the tables ' stands for ". */
static void
add_text(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++)
		buf_addc(b, *text == '\'' ? '"' : *text);
}

/* Feeds a page in pieces of n bytes, each in memory of its own. */
static enum jsonfind_state
feed(struct jsonfind *s, const char *page, size_t len, size_t n)
{
	size_t at, step;
	char *piece;

	for (at = 0; at < len; at += step) {
		step = len - at < n ? len - at : n;
		piece = malloc(step);
		ck_assert_ptr_nonnull(piece);
		memcpy(piece, page + at, step);
		jsonfind_add(s, piece, step);
		free(piece);
	}
	return jsonfind_end(s);
}

static const size_t pieces[] = { 1, 2, 3, 7, 63, 64, 65, 100, 1000, PAGE_MAX };

/* F: found, with the number of the element's member n.  M: it is not there, and
 * the top is this.  B: no such page, and why. */
static const struct {
	const char *value, *page;
	char outcome;
	const char *what;
} pages[] = { { "a", "{'results':[{'indicator':'a','n':1}]}", 'F', "1" },
	{ "a", "{'results':[{'n':1},{'indicator':'a','n':2}]}", 'F', "2" },
	{ "a", "{'results':[{'indicator':'a','n':1},{'indicator':'a','n':2}]}",
	    'F', "1" },
	{ "a", " \n{ 'results' : [ { 'indicator' : 'a' , 'n' : 3 } ] } \n", 'F',
	    "3" },
	{ "a", "\xef\xbb\xbf{'results':[{'indicator':'a','n':3}]}", 'F', "3" },
	{ "a", "{'x':{'y':[1]},'results':[{'indicator':'a','n':4}]}", 'F',
	    "4" },
	{ "a",
	    "{'results':[{'x':[{'indicator':'b'}],'indicator':'a',"
	    "'n':5}]}",
	    'F', "5" },
	{ "a",
	    "{'results':['a',7,null,[{'indicator':'a'}],"
	    "{'indicator':'a','n':6}]}",
	    'F', "6" },
	{ "a", "{'results':[{'indicator':'b','indicator':'a','n':7}]}", 'F',
	    "7" },
	{ "a", "{'re\\u0073ults':[{'indicator':'a','n':8}]}", 'F', "8" },
	{ "a", "{'results':[{'indic\\u0061tor':'a','n':9}]}", 'F', "9" },
	{ "a", "{'results':[{'indicator':'\\u0061','n':10}]}", 'F', "10" },
	{ "http://x/a", "{'results':[{'indicator':'http://x/a','n':11}]}", 'F',
	    "11" },
	{ "http://x/a", "{'results':[{'indicator':'http:\\/\\/x\\/a','n':12}]}",
	    'F', "12" },
	{ "q\"q", "{'results':[{'indicator':'q\\\"q','n':13}]}", 'F', "13" },
	{ "b\\", "{'results':[{'indicator':'b\\\\','n':14}]}", 'F', "14" },
	{ "\\\\b", "{'results':[{'indicator':'\\\\\\\\b','n':15}]}", 'F',
	    "15" },
	{ "\t\x01", "{'results':[{'indicator':'\\t\\u0001','n':16}]}", 'F',
	    "16" },
	{ "\xc3\xa9", "{'results':[{'indicator':'\xc3\xa9','n':17}]}", 'F',
	    "17" },
	{ "\xc3\xa9", "{'results':[{'indicator':'\\u00e9','n':18}]}", 'F',
	    "18" },
	{ "\xf0\x9f\x98\x80",
	    "{'results':[{'indicator':'\\ud83d\\ude00',"
	    "'n':19}]}",
	    'F', "19" },
	{ "{[", "{'results':[{'x':'}]','indicator':'{[','n':20}]}", 'F', "20" },
	{ "a", "{'results':[{'x':'\\\\','indicator':'a','n':21}]}", 'F', "21" },
	{ "a", "{'results':[{'x':'\\\\\\'}','indicator':'a','n':22}]}", 'F',
	    "22" },
	{ "a", "{'results':[{'indicator':'a','n':23}", 'F', "23" },
	{ "a",
	    "{'results':[{'big':99999999999999999999,'indicator':'a',"
	    "'n':24}]}",
	    'F', "24" },
	{ "a", "{'results':[{'x':'\xff\\ud800','indicator':'a','n':25}]}", 'F',
	    "25" },

	{ "a", "{'results':[],'next':'n'}", 'M', "{'results':[],'next':'n'}" },
	{ "a", "{'next':'n','results':[{'indicator':'b'},{'x':'a'}],'z':[{}]}",
	    'M', "{'next':'n','results':[],'z':[{}]}" },
	{ "a", "{'results':[{'x':{'indicator':'a'}}]}", 'M', "{'results':[]}" },
	{ "a", "{'results':[{'indicator':['a']}]}", 'M', "{'results':[]}" },
	{ "a", "{'results':[{'x':'indicator','y':'a'}]}", 'M',
	    "{'results':[]}" },
	{ "a", "{'results':[{'x':['indicator','a']}]}", 'M', "{'results':[]}" },
	{ "a",
	    "{'results':[{'indicator':'A'},{'indicator':'aa'},"
	    "{'indicator':'\\u0061\\u0000'},{'indicator':'a '}]}",
	    'M', "{'results':[]}" },
	{ "a", "{'results':[{'indicator':'a','indicator':'b'}]}", 'M',
	    "{'results':[]}" },
	{ "a", "{'results':{'results':[{'indicator':'a'}]}}", 'M',
	    "{'results':{'results':[{'indicator':'a'}]}}" },
	{ "a", "{'x':{'results':[{'indicator':'a'}]}}", 'M',
	    "{'x':{'results':[{'indicator':'a'}]}}" },
	{ "a", "{'x\\'results':[{'indicator':'a'}]}", 'M',
	    "{'x\\'results':[{'indicator':'a'}]}" },
	{ "a", "{'xresults':[{'indicator':'a'}]}", 'M',
	    "{'xresults':[{'indicator':'a'}]}" },
	{ "a", "{'results':null}", 'M', "{'results':null}" },
	{ "a", "{}", 'M', "{}" },
	{ "a", "[{'indicator':'a'}]", 'M', "[{'indicator':'a'}]" },
	{ "a", "[[{'indicator':'a'}]]", 'M', "[[{'indicator':'a'}]]" },
	{ "a", "'{[\\''", 'M', "'{[\\''" }, { "a", "5", 'M', "5" },
	{ "a", "null", 'M', "null" },
	{ "q\"q", "{'results':[{'indicator':'q','x':'q'}]}", 'M',
	    "{'results':[]}" },

	{ "a", "", 'B', "text that ends too early" },
	{ "a", "{", 'B', "text that ends too early" },
	{ "a", "{'results':[{'indicator':'b'}", 'B',
	    "text that ends too early" },
	{ "a", "{'results':[{'indicator':'b'}]", 'B',
	    "text that ends too early" },
	{ "a", "{'results':[{'indicator':'a'", 'B',
	    "text that ends too early" },
	{ "a", "{'next':'n", 'B', "text that ends too early" },
	{ "a", "'\\'", 'B', "text that ends too early" },
	{ "a", "{'results':[{'x':1]]}", 'B', "brackets that do not match" },
	{ "a", "{'results':[}", 'B', "brackets that do not match" },
	{ "a", "}", 'B', "brackets that do not match" },
	{ "a", "{'results':[]}}", 'B', "brackets that do not match" },
	{ "a", "{'results':[]}{'results':[{'indicator':'a'}]}", 'B',
	    "text after the page" },
	{ "a", "{'results':[]} x", 'B', "text after the value" },
	{ "a", "['results':[{'indicator':'a'}]]", 'B',
	    "neither a comma nor an end" },
	{ "a", "<html>gone</html>", 'B', "no JSON value where one must be" },
	{ "a", "{'results':[],}", 'B', "no string where one must be" },
	{ "a", "{'results':[{'indicator':'a',}]}", 'B',
	    "no string where one must be" } };

static void
check_page(size_t row, size_t n)
{
	struct buf page, value, what;
	struct jsonfind *s;
	enum jsonfind_state state;
	struct json_object *top;
	const char *why;
	char outcome;

	buf_init(&page, PAGE_MAX);
	buf_init(&what, PAGE_MAX);
	buf_init(&value, 100);
	add_text(&page, pages[row].page);
	add_text(&what, pages[row].what);
	buf_adds(&value, pages[row].value);
	s = jsonfind_new("results", "indicator", value.data);
	ck_assert_ptr_nonnull(s);
	state = feed(s, page.data, page.len, n);
	outcome = state == JSONFIND_FOUND ? 'F' :
	    state == JSONFIND_MORE        ? 'M' :
					    'B';
	ck_assert_msg(outcome == pages[row].outcome, "%s by %zu: %c %s",
	    page.data, n, outcome, outcome == 'B' ? jsonfind_why(s) : "");
	if (outcome == 'B') {
		ck_assert_str_eq(jsonfind_why(s), what.data);
	} else if (outcome == 'F') {
		ck_assert_int_eq(json_object_get_int(
				     jsonin_member(jsonfind_element(s), "n")),
		    atoi(what.data));
	} else {
		top = jsonin_parse(what.data, what.len, 100, &why);
		ck_assert_ptr_null(why);
		ck_assert_msg(json_object_equal(jsonfind_top(s), top),
		    "%s by %zu: %s", page.data, n,
		    json_object_to_json_string(jsonfind_top(s)));
		json_object_put(top);
	}
	jsonfind_free(s);
	buf_free(&page);
	buf_free(&value);
	buf_free(&what);
}

START_TEST(a_page_is_found_absent_or_bad_in_pieces_of_any_size)
{
	size_t row, i;

	for (row = 0; row < COUNT(pages); row++)
		for (i = 0; i < COUNT(pieces); i++)
			check_page(row, pieces[i]);
}
END_TEST

/* A page with n levels in one element, objects and arrays in turn. */
static const char *
outcome_of_depth(int depth)
{
	struct buf page;
	struct jsonfind *s = jsonfind_new("results", "indicator", "a");
	const char *why;
	int i;

	buf_init(&page, PAGE_MAX);
	add_text(&page, "{'results':[");
	for (i = 3; i <= depth; i++)
		add_text(&page, i % 2 == 1 ? "{'x':" : "[");
	add_text(&page, "0");
	for (i = depth; i >= 3; i--)
		add_text(&page, i % 2 == 1 ? "}" : "]");
	add_text(&page, "]}");
	why = feed(s, page.data, page.len, 50) == JSONFIND_MORE ?
	    NULL :
	    jsonfind_why(s);
	jsonfind_free(s);
	buf_free(&page);
	return why;
}

START_TEST(depth_ends_at_32_in_elements_too)
{
	ck_assert_ptr_null(outcome_of_depth(JSON_DEPTH));
	ck_assert_str_eq(outcome_of_depth(JSON_DEPTH + 1), "nested too deep");
}
END_TEST

/* One element of n bytes that holds the value. */
static enum jsonfind_state
find_in_element(size_t n, size_t piece, const char **why)
{
	static const char head[] = "{\"indicator\":\"a\",\"x\":\"";
	static const char tail[] = "\"}";
	struct buf page;
	struct jsonfind *s = jsonfind_new("results", "indicator", "a");
	enum jsonfind_state state;
	size_t i;

	buf_init(&page, PAGE_MAX);
	add_text(&page, "{'results':[");
	buf_adds(&page, head);
	for (i = strlen(head) + strlen(tail); i < n; i++)
		buf_addc(&page, 'x');
	buf_adds(&page, tail);
	add_text(&page, "]}");
	state = feed(s, page.data, page.len, piece);
	*why = jsonfind_why(s);
	jsonfind_free(s);
	buf_free(&page);
	return state;
}

START_TEST(an_element_has_a_most_of_bytes)
{
	const char *why;
	size_t i;

	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(find_in_element(JSONFIND_ELEMENT,
				     i == 0 ? 16384 : PAGE_MAX, &why),
		    JSONFIND_FOUND);
		ck_assert_int_eq(find_in_element(JSONFIND_ELEMENT + 1,
				     i == 0 ? 16384 : PAGE_MAX, &why),
		    JSONFIND_BAD);
		ck_assert_str_eq(why, "an entry of the list that is too large");
	}
}
END_TEST

START_TEST(so_has_what_is_outside_the_list)
{
	struct jsonfind *s = jsonfind_new("results", "indicator", "a");
	char blanks[4096];
	size_t n;

	memset(blanks, ' ', sizeof(blanks));
	for (n = 0; n < JSONFIND_TOP; n += sizeof(blanks))
		ck_assert_int_eq(
		    jsonfind_add(s, blanks, sizeof(blanks)), JSONFIND_MORE);
	ck_assert_int_eq(jsonfind_add(s, blanks, 1), JSONFIND_BAD);
	ck_assert_str_eq(jsonfind_why(s), "too much outside the list");
	ck_assert_int_eq(jsonfind_end(s), JSONFIND_BAD);
	jsonfind_free(s);
}
END_TEST

START_TEST(what_is_skipped_may_be_large)
{
	struct jsonfind *s = jsonfind_new("results", "indicator", "a");
	char blanks[4096];
	size_t n;

	memset(blanks, ' ', sizeof(blanks));
	jsonfind_add(s, "{\"results\":[[\"", 14);
	for (n = 0; n < 2 * JSONFIND_ELEMENT; n += sizeof(blanks))
		jsonfind_add(s, blanks, sizeof(blanks));
	jsonfind_add(s, "\"],", 3);
	for (n = 0; n < 2 * JSONFIND_TOP; n += sizeof(blanks))
		jsonfind_add(s, blanks, sizeof(blanks));
	ck_assert_int_eq(
	    jsonfind_add(s, "{\"indicator\":\"a\"}", 17), JSONFIND_FOUND);
	jsonfind_free(s);
}
END_TEST

static bool
without_case(const char *text, size_t n, const void *arg)
{
	(*(unsigned *)(uintptr_t)arg)++;
	return n == 2 && strncasecmp(text, "a\\", n) == 0;
}

/* Of one page in pieces: the n of the element that is found, or what it is. */
static int
also(const char *page, const char *core, size_t piece, unsigned *asked)
{
	struct jsonfind *s = jsonfind_new("results", "indicator", "a\\");
	enum jsonfind_state state;
	int n;

	*asked = 0;
	jsonfind_also(s, core, strlen(core), without_case, asked);
	state = feed(s, page, strlen(page), piece);
	n = state == JSONFIND_MORE ?
	    -1 :
	    state == JSONFIND_BAD ?
	    -2 :
	    json_object_get_int(jsonin_member(jsonfind_element(s), "n"));
	jsonfind_free(s);
	return n;
}

#define PAGE(elements) "{\"results\":[" elements "],\"next\":null}"
#define ENTRY(text, n)                        \
	"{\"x\":[{\"indicator\":\"a\\\\\"}]," \
	"\"indicator\":\"" text "\",\"n\":" n "}"

START_TEST(what_stands_for_the_same_is_found_where_the_value_is_not)
{
	static const struct {
		const char *page;
		int n;
	} rows[] = { { PAGE(ENTRY("A\\\\", "1")), 1 },
		{ PAGE(ENTRY("b", "1") "," ENTRY(
		      "\\u0041\\u005c", "2") "," ENTRY("A\\\\", "3")),
		    2 },
		{ PAGE(ENTRY("A\\\\", "1") "," ENTRY("a\\\\", "2")), 2 },
		{ PAGE(ENTRY("a\\\\", "1") "," ENTRY("A\\\\", "2")), 1 },
		{ PAGE(ENTRY("b", "1") ",{},[],7,{\"indicator\":null},"
				       "{\"indicator\":[\"A\\\\\"]}"),
		    -1 },
		{ "{\"results\":[" ENTRY("A\\\\", "1"), -2 },
		{ PAGE("{\"indicator\":\"A\\\\\",}"), -2 } };
	unsigned asked;
	size_t i, piece;

	for (i = 0; i < COUNT(rows); i++)
		for (piece = 1; piece < 150; piece++) {
			ck_assert_msg(
			    also(rows[i].page, "", piece, &asked) == rows[i].n,
			    "%zu by %zu", i, piece);
			ck_assert_msg(
			    also(rows[i].page, "A", piece, &asked) == rows[i].n,
			    "%zu by %zu with a core", i, piece);
		}
	/* Nothing is asked once the value is there. */
	ck_assert_int_eq(also(rows[3].page, "", 1000, &asked), 1);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(of_elements_without_the_core_none_is_compared)
{
#define OTHER "{\"indicator\":\"other\"},"
	static const char page[] =
	    PAGE(OTHER OTHER OTHER "{\"indicator\":\"XWZ\"}," OTHER OTHER
				   "{\"indicator\":\"\\u0042\"}");
	static const struct {
		const char *core;
		unsigned asked;
	} rows[] = { { "wz", 2 },
		/* The value does not have it: all are compared. */
		{ "q", 7 }, { "", 7 } };
	struct jsonfind *s;
	unsigned asked;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		s = jsonfind_new("results", "indicator", "v.wz");
		asked = 0;
		jsonfind_also(s, rows[i].core, strlen(rows[i].core),
		    without_case, &asked);
		ck_assert_int_eq(
		    feed(s, page, sizeof(page) - 1, 1000), JSONFIND_MORE);
		ck_assert_uint_eq(asked, rows[i].asked);
		jsonfind_free(s);
	}
}
END_TEST

START_TEST(a_word_is_found_at_every_place_without_its_case)
{
	static const char word[] = "aB.c-\xc3\xbcZ1";
	const size_t n = sizeof(word) - 1, max = 3 * JSONFIND_BLOCK;
	size_t len, at;
	char *text;

	for (len = 0; len < max; len++)
		for (at = 0; at <= len; at++) {
			text = malloc(len + 1);
			ck_assert_ptr_nonnull(text);
			/* Each one looks like a beginning and an end. */
			memset(text, 'a', len);
			if (at + n <= len)
				memcpy(text + at, "Ab.C-\xc3\xbcz1", n);
			text = realloc(text, len == 0 ? 1 : len);
			ck_assert(jsonfind_caseless(text, text + len, word,
				      n) == text + (at + n <= len ? at : len));
			free(text);
		}
}
END_TEST

START_TEST(the_answer_stays)
{
	struct jsonfind *s = jsonfind_new("results", "indicator", "a");

	jsonfind_add(s, "{\"results\":[{\"indicator\":\"a\"}", 29);
	ck_assert_int_eq(jsonfind_add(s, "]}]]]", 5), JSONFIND_FOUND);
	ck_assert_int_eq(jsonfind_end(s), JSONFIND_FOUND);
	jsonfind_free(s);
	s = jsonfind_new("results", "indicator", "a");
	ck_assert_int_eq(jsonfind_add(s, "]", 1), JSONFIND_BAD);
	ck_assert_int_eq(
	    jsonfind_add(s, "{\"results\":[{\"indicator\":\"a\"}", 29),
	    JSONFIND_BAD);
	jsonfind_free(s);
	s = jsonfind_new("results", "indicator", "a");
	jsonfind_add(s, "{}", 2);
	ck_assert_int_eq(jsonfind_end(s), JSONFIND_MORE);
	ck_assert_int_eq(jsonfind_end(s), JSONFIND_MORE);
	ck_assert(json_object_is_type(jsonfind_top(s), json_type_object));
	jsonfind_free(s);
}
END_TEST

/* Numbers that are the same in every run. */
static uint64_t seed;

static unsigned
random_below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

/* Each is one character of a string, and how it may be written. */
static const struct {
	const char *text, *forms[4];
} letters[] = { { "a", { "a", "\\u0061", "a", NULL } },
	{ "/", { "/", "\\/", "\\u002f", NULL } },
	{ "\"", { "\\\"", "\\u0022", NULL, NULL } },
	{ "\\", { "\\\\", "\\u005C", "\\\\", NULL } },
	{ "{", { "{", "\\u007b", NULL, NULL } },
	{ "}", { "}", "}", NULL, NULL } }, { "[", { "[", NULL, NULL, NULL } },
	{ "]", { "]", NULL, NULL, NULL } }, { ":", { ":", NULL, NULL, NULL } },
	{ ",", { ",", NULL, NULL, NULL } },
	{ "\n", { "\\n", "\\u000a", NULL, NULL } },
	{ "\xc3\xa9", { "\xc3\xa9", "\\u00e9", "\\u00E9", NULL } },
	{ "\xf0\x9f\x98\x80",
	    { "\xf0\x9f\x98\x80", "\\ud83d\\ude00", NULL, NULL } } };

static void
add_letter(struct buf *b, size_t letter, bool plain)
{
	unsigned n = 0;

	while (n < 4 && letters[letter].forms[n] != NULL)
		n++;
	buf_adds(b, letters[letter].forms[plain ? 0 : random_below(n)]);
}

static void
add_string(struct buf *b, bool plain)
{
	unsigned n = random_below(6);

	buf_addc(b, '"');
	while (n-- > 0)
		add_letter(b, plain ? 0 : random_below(COUNT(letters)), plain);
	buf_addc(b, '"');
}

/* The value looked for, in one of the ways to write it, or something else. */
static void
add_value(struct buf *b, const unsigned *value, unsigned n)
{
	unsigned i;

	if (random_below(8) != 0) {
		add_string(b, random_below(2) == 0);
		return;
	}
	buf_addc(b, '"');
	for (i = 0; i < n; i++)
		add_letter(b, value[i], false);
	buf_addc(b, '"');
}

static void
add_blanks(struct buf *b)
{
	if (random_below(6) == 0)
		buf_adds(b, random_below(2) == 0 ? " " : "\r\n\t");
}

static const char *const names[] = { "\"indicator\":", "\"results\" :",
	"\"ind\\u0069cator\" : ", "\"x\":", "\"{\\\"\":", "\"\":" };

static void
add_thing(struct buf *b, const unsigned *value, unsigned n, int depth)
{
	unsigned kind = random_below(depth < 5 ? 8 : 6);
	unsigned members = random_below(4), i;

	add_blanks(b);
	if (kind < 4) {
		add_value(b, value, n);
	} else if (kind < 6) {
		buf_adds(b, kind == 4 ? "-1.5e3" : "null");
	} else {
		buf_addc(b, kind == 6 ? '{' : '[');
		for (i = 0; i < members; i++) {
			if (i > 0)
				buf_addc(b, ',');
			add_blanks(b);
			if (kind == 6)
				buf_adds(b, names[random_below(COUNT(names))]);
			add_thing(b, value, n, depth + 1);
		}
		add_blanks(b);
		buf_addc(b, kind == 6 ? '}' : ']');
	}
	add_blanks(b);
}

/* {…, "results": […], …}, as random as can be. */
static void
add_page(struct buf *b, const unsigned *value, unsigned n)
{
	unsigned elements = random_below(30), i, k;

	buf_addc(b, '{');
	for (i = random_below(3); i > 0; i--) {
		buf_adds(b, names[3 + random_below(3)]);
		add_thing(b, value, n, 2);
		buf_addc(b, ',');
	}
	buf_adds(
	    b, random_below(4) == 0 ? "\"r\\u0065sults\": [" : "\"results\":[");
	for (i = 0; i < elements; i++) {
		if (i > 0)
			buf_addc(b, ',');
		if (random_below(4) == 0) {
			add_thing(b, value, n, 2);
			continue;
		}
		buf_addf(b, "{\"n\":%u", i);
		for (k = random_below(4); k > 0; k--) {
			buf_addc(b, ',');
			buf_adds(b, names[random_below(COUNT(names))]);
			add_thing(b, value, n, 3);
		}
		buf_addc(b, '}');
	}
	buf_adds(b, "],\"next\":");
	add_thing(b, value, n, 2);
	buf_addc(b, '}');
}

/* What json-c's reading of the whole page says; -1: none of them. */
static int64_t
place_of(struct json_object *page, const char *value)
{
	struct json_object *list = jsonin_member(page, "results");
	const char *text;
	size_t i;

	for (i = 0; i < jsonin_length(list); i++) {
		text = jsonin_string(jsonin_at(list, i), "indicator");
		if (text != NULL && strcmp(text, value) == 0)
			return (int64_t)i;
	}
	return -1;
}

static void
check_random(const struct buf *page, const char *value)
{
	struct json_object *whole, *list;
	struct jsonfind *s = jsonfind_new("results", "indicator", value);
	enum jsonfind_state state = JSONFIND_MORE;
	const char *why;
	int64_t place;
	size_t at, n;

	whole = jsonin_answer(page->data, page->len, &why);
	ck_assert_msg(whole != NULL, "%s: %s", why, page->data);
	for (at = 0; at < page->len; at += n) {
		n = 1 + random_below(random_below(2) == 0 ? 20 : 400);
		n = n > page->len - at ? page->len - at : n;
		state = jsonfind_add(s, page->data + at, n);
	}
	state = jsonfind_end(s);
	place = place_of(whole, value);
	ck_assert_msg(state == (place == -1 ? JSONFIND_MORE : JSONFIND_FOUND),
	    "%d %s: %s in %s", (int)state,
	    state == JSONFIND_BAD ? jsonfind_why(s) : "", value, page->data);
	list = jsonin_member(whole, "results");
	if (place != -1) {
		ck_assert(json_object_equal(
		    jsonfind_element(s), jsonin_at(list, (size_t)place)));
	} else {
		json_object_array_del_idx(list, 0, jsonin_length(list));
		ck_assert_msg(json_object_equal(jsonfind_top(s), whole), "%s",
		    page->data);
	}
	jsonfind_free(s);
	json_object_put(whole);
}

START_TEST(random_pages_give_what_parsing_them_whole_gives)
{
	struct buf page, value;
	unsigned letter[4], n, i, round;

	buf_init(&page, PAGE_MAX);
	buf_init(&value, 100);
	seed = 20200521;
	for (round = 0; round < 4000; round++) {
		buf_reset(&page);
		buf_reset(&value);
		n = random_below(COUNT(letter)) + 1;
		for (i = 0; i < n; i++) {
			letter[i] = random_below(COUNT(letters));
			buf_adds(&value, letters[letter[i]].text);
		}
		add_page(&page, letter, n);
		check_random(&page, value.data);
	}
	buf_free(&page);
	buf_free(&value);
}
END_TEST

/* Whatever is cut off or changed, nothing is read that is not there. */
START_TEST(broken_pages_break_nothing)
{
	static const char bytes[] = "\"\\{}[]:,ua\xff";
	const unsigned letter[] = { 0, 2 };
	struct buf page;
	struct jsonfind *s;
	unsigned round, k;
	size_t len;

	buf_init(&page, PAGE_MAX);
	seed = 7;
	for (round = 0; round < 4000; round++) {
		buf_reset(&page);
		add_page(&page, letter, 2);
		for (k = random_below(4); k > 0; k--)
			page.data[random_below((unsigned)page.len)] =
			    bytes[random_below(sizeof(bytes) - 1)];
		len = random_below((unsigned)page.len + 1);
		s = jsonfind_new("results", "indicator", "a\"");
		if (feed(s, page.data, len, 1 + random_below(300)) ==
		    JSONFIND_BAD)
			ck_assert_ptr_nonnull(jsonfind_why(s));
		jsonfind_free(s);
	}
	buf_free(&page);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_page_is_found_absent_or_bad_in_pieces_of_any_size,
		depth_ends_at_32_in_elements_too,
		an_element_has_a_most_of_bytes, so_has_what_is_outside_the_list,
		what_is_skipped_may_be_large,
		what_stands_for_the_same_is_found_where_the_value_is_not,
		of_elements_without_the_core_none_is_compared,
		a_word_is_found_at_every_place_without_its_case,
		the_answer_stays,
		random_pages_give_what_parsing_them_whole_gives,
		broken_pages_break_nothing
	};

	return unit_run(SUITE, tests, COUNT(tests));
}
