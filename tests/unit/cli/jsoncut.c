/* SPDX-License-Identifier: MIT */
/* Documents of JSON, cut into the elements on some paths. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/jsoncut.h"
#include "tests/unit/unit.h"

#define PATHS 6

static struct buf said;
static int stop_at; /* the number of elements; 0: never */

static int
cut(void *arg, const struct jsoncut_element *e)
{
	(void)arg;
	buf_addf(&said, "%" PRIu64 " %zu %s=%s\n", e->line, e->path, e->key,
	    e->text == NULL ? "(end)" : e->text);
	ck_assert(e->text == NULL || strlen(e->text) == e->n);
	return stop_at > 0 && --stop_at == 0 ? 7 : 0;
}

static int
skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	(void)arg;
	(void)reason;
	buf_addf(&said, "%" PRIu64 " ! %s\n", line, why);
	return 0;
}

/* What n bytes come to. */
static const char *
say(const char *bytes, size_t n, const char *const paths[])
{
	const struct feed_sink sink = { .skipped = skipped };
	char error[FEED_ERROR_MAX];
	struct feed_reader r;
	FILE *f;
	int result;

	if (said.max == 0)
		buf_init(&said, 64U << 20);
	buf_reset(&said);
	f = fmemopen((void *)(uintptr_t)bytes, n, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(feed_reader_init(&r, f), 0);
	result = jsoncut(&r, paths, cut, NULL, &sink, error);
	if (result == -1)
		buf_addf(&said, "= %s", error);
	else if (result != 0)
		buf_addf(&said, "= %d", result);
	feed_reader_free(&r);
	fclose(f);
	return said.data;
}

struct cut_case {
	const char *paths[PATHS];
	const char *text, *says;
};

static void
try(const struct cut_case *cases, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		ck_assert_str_eq(
		    say(cases[i].text, strlen(cases[i].text), cases[i].paths),
		    cases[i].says);
}

START_TEST(paths_lead_to_elements)
{
	static const struct cut_case cases[] = {
		{ { "[]" }, "[1,\n \"]\", {\"a\":[2]} ,[],null]",
		    "1 0 =1\n2 0 =\"]\"\n2 0 ={\"a\":[2]}\n2 0 =[]\n"
		    "2 0 =null\n" },
		{ { "[]" }, "[]", "" },
		{ { "[]" }, "{\"a\":[1]}", "" },
		{ { "[]" }, " \n ", "" },
		{ { "objects[]" },
		    "\xef\xbb\xbf{\"x\":{\"objects\":[0]},\"objects\":[1,2]}",
		    "1 0 objects=1\n1 0 objects=2\n" },
		{ { "*[]" }, "{\"a\":[1],\"b\":{\"c\":[0]},\"d\":[2]}",
		    "1 0 a=1\n1 0 d=2\n" },
		{ { "a.b[].c[]", "a.d" },
		    "{\"a\":{\"d\":true,\"b\":[{\"c\":[1]},{\"e\":[0]},"
		    "{\"c\":[2]}],\"d\":\"x\"}}",
		    "1 1 d=true\n1 0 c=1\n1 0 c=2\n1 1 d=\"x\"\n" },
		/* A name is what it says, not how it is spelled. */
		{ { "ob[]" }, "{\"\\u006fb\":[1],\"ob\\\"\":[2]}",
		    "1 0 ob=1\n" },
		/* What is behind an array is told before the object's end. */
		{ { "[].Event.Attribute[]", "[].Event.level", "[].Event{}" },
		    "[{\"Event\":{\"Attribute\":[1],\n\"level\":\"2\"}\n},"
		    "{\"Event\":{}}]",
		    "1 0 Attribute=1\n2 1 level=\"2\"\n2 2 =(end)\n"
		    "3 2 =(end)\n" },
		/* Other kinds of values than the path expects. */
		{ { "a[]", "b.c", "d{}" },
		    "{\"a\":{\"x\":1},\"b\":[1],\"d\":[2],\"a\":7}", "" },
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(strings_hold_what_they_like)
{
	static const struct cut_case cases[] = {
		{ { "[]" }, "[\"\\\"]\",\"\\\\\",{\"}\":\"\\\\\\\"{[\"}]",
		    "1 0 =\"\\\"]\"\n1 0 =\"\\\\\"\n"
		    "1 0 ={\"}\":\"\\\\\\\"{[\"}\n" },
		{ { "b[]" }, "{\"a\":\"\\\"]}\",\"]\":[\"[\"],\"b\":[1]}",
		    "1 0 b=1\n" },
		/* The caller finds out what is no JSON. */
		{ { "[]" }, "[\"a\nb\",,tru e]",
		    "1 0 =\"a\nb\"\n2 0 =\n2 0 =tru\n"
		    "= line 2: there is neither a comma nor the closing "
		    "bracket behind a value" },
		{ { "[]" }, "[1,]", "1 0 =1\n1 0 =\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(one_object_a_line)
{
	static const struct cut_case cases[] = {
		{ { "", "objects[]" },
		    "{\"v\":\"1\"}\r\n\n \t\n{\"objects\":[1,2]}\n"
		    "{\"objects\":[]}\n{\"v\":2}",
		    "1 0 ={\"v\":\"1\"}\n4 1 objects=1\n4 1 objects=2\n"
		    "5 0 ={\"objects\":[]}\n6 0 ={\"v\":2}\n" },
		/* A line that is broken costs itself alone. */
		{ { "", "a[]" },
		    "{\"v\":1}\n{\"v\n{\"v\":3}\n{\"v\":4} x\n7\n{\"v\":\n"
		    "{\"v\" 8}\n{v:9}\n{\"v\":[}\n{\"v\":11}\n",
		    "1 0 ={\"v\":1}\n"
		    "2 ! it is no JSON: it is not closed\n"
		    "3 0 ={\"v\":3}\n"
		    "4 0 ={\"v\":4}\n"
		    "4 ! it is no JSON: there is more behind the end of the "
		    "JSON\n"
		    "5 ! it is no JSON: this is neither an array nor an object "
		    "of JSON\n"
		    "6 ! it is no JSON: it is not closed\n"
		    "7 ! it is no JSON: an object has no colon behind the name "
		    "of a member\n"
		    "8 ! it is no JSON: an object has no name of a member "
		    "where one must be\n"
		    "9 ! it is no JSON: it is not closed\n"
		    "10 0 ={\"v\":11}\n" },
		/* So is one that is behind an array. */
		{ { "[]", "" }, "[1]\n]\n[2]\n{}\n",
		    "1 0 =1\n2 ! it is no JSON: this is neither an array nor "
		    "an object of JSON\n3 0 =2\n4 1 ={}\n" },
		/* An object over several lines is one; others may follow. */
		{ { "a[]" }, "{\n\"a\":[1]}\n{\n\"a\":[2]} [\n]",
		    "2 0 a=1\n4 0 a=2\n" },
		{ { "" }, "\n{\n\"v\":1}\n \n", "2 0 ={\n\"v\":1}\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(a_document_must_be_whole)
{
	static const struct cut_case cases[] = {
		{ { "[]" }, "[1,\n{\"a\":1},{\"b",
		    "1 0 =1\n2 0 ={\"a\":1}\n= line 2: the JSON is not closed: "
		    "the file was cut short" },
		{ { "a[]" }, "{\"b\":[[1]\n",
		    "= line 2: the JSON is not closed: the file was cut "
		    "short" },
		{ { "a[]" }, "{\"a\":[1]",
		    "1 0 a=1\n= line 1: the JSON is not closed: the file was "
		    "cut short" },
		{ { "[]" }, "[\n1]\n\n]",
		    "2 0 =1\n= line 4: there is more behind the end of the "
		    "JSON" },
		{ { "[]" }, "[1] [2]",
		    "1 0 =1\n= line 1: there is more behind the end of the "
		    "JSON" },
		{ { "a[]" }, "{\n\"a\":[1]}\n{\"a\":[2",
		    "2 0 a=1\n= line 3: the JSON is not closed: the "
		    "file was cut short" },
		{ { "" }, "{\"a\":1}{\"b\":2}\n",
		    "1 0 ={\"a\":1}\n= line 1: there is more behind the end of "
		    "the JSON" },
		{ { "[]" }, "\n7",
		    "= line 2: this is neither an array nor an object of "
		    "JSON" },
		{ { "[]" }, "\xff\xfe[", "= line 1: it is UTF-16" }
	};

	try(cases, COUNT(cases));
}
END_TEST

/* Elements of several megabytes are passed over in bounded memory, and what is
 * around them is read. */
START_TEST(huge_elements)
{
	static const struct {
		const char *before, *after, *says;
		char fill;
	} cases[] = {
		{ "[1,\"", "\",2]",
		    "1 0 =1\n1 ! it is longer than 1048576 bytes\n1 0 =2\n",
		    'x' },
		{ "{\"a\":1}\n{\"x\":\"", "\"}\n{\"b\":2}\n",
		    "1 1 ={\"a\":1}\n2 ! it is longer than 1048576 bytes\n"
		    "3 1 ={\"b\":2}\n",
		    'x' },
		/* What no path leads to may be as long as it likes. */
		{ "{\"x\":\"", "\",\"a\":[3]}", "1 2 a=3\n", 'x' },
		{ "{\"", "\":[0],\"a\":[3]}", "1 2 a=3\n", 'x' },
		{ "[1,", "",
		    "1 0 =1\n= line 1: the JSON is not closed: the file was "
		    "cut "
		    "short",
		    '[' },
		{ "[1,", "2]", "1 0 =1\n3145724 0 =2\n", '\n' }
	};
	static const char *const paths[] = { "[]", "", "a[]", NULL };
	static char text[3U << 20];
	size_t i, a, b;

	for (i = 0; i < COUNT(cases); i++) {
		a = strlen(cases[i].before);
		b = strlen(cases[i].after);
		memset(text, cases[i].fill, sizeof(text));
		memcpy(text, cases[i].before, a);
		memcpy(text + sizeof(text) - b, cases[i].after, b);
		ck_assert_str_eq(say(text, sizeof(text), paths), cases[i].says);
	}
}
END_TEST

START_TEST(a_callback_ends_the_walk)
{
	static const char *const texts[] = { "[1,2,3]", "{\"a\":[1,2]}",
		"{\"b\":1}\n{\"b\":2}\n" };
	static const char *const paths[] = { "[]", "", "a[]", NULL };
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		stop_at = 1;
		say(texts[i], strlen(texts[i]), paths);
		ck_assert_str_eq(strchr(said.data, '\n'), "\n= 7");
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { paths_lead_to_elements,
		strings_hold_what_they_like, one_object_a_line,
		a_document_must_be_whole, huge_elements,
		a_callback_ends_the_walk };

	return unit_run("jsoncut", tests, COUNT(tests));
}
