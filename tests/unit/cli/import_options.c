/* SPDX-License-Identifier: MIT */
/* What a source keeps of the options of its import. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/import/import_options.h"
#include "tests/unit/unit.h"

#define WORDS_MAX 4096
#define ARGS_MAX  32

static const struct command cmd = { "try", "", "", NULL };
static const struct source feed = { .name = "feed",
	.feed = "https://feed.example/list" };

/* Reads options, ended by NULL, behind --source and --feed. */
static int
read_options(struct import_options *o, const char *const *words)
{
	static char text[ARGS_MAX][64];
	char *argv[ARGS_MAX + 1];
	int argc = 0;

	snprintf(text[argc++], 64, "try");
	snprintf(text[argc++], 64, "--source=feed");
	snprintf(text[argc++], 64, "--feed=%s", feed.feed);
	for (; *words != NULL; words++)
		snprintf(text[argc++], 64, "%s", *words);
	for (int i = 0; i < argc; i++)
		argv[i] = text[i];
	argv[argc] = NULL;
	return import_options(o, &cmd, argc, argv);
}

START_TEST(what_is_said_of_the_feed_is_kept)
{
	static const char *const given[] = { "--column", "value=a,b", "--tlp",
		"red", "--title", "x", "--subdomains", "--expires=30d", "-j",
		"--column=reason=\"q\"\xc3\xa4", "--any-network", "--replace",
		"--store=/x", NULL };
	struct import_options o, again;
	struct source source = feed;
	struct buf words;

	ck_assert_int_eq(read_options(&o, given), CMD_OK);
	ck_assert_ptr_null(o.file);
	buf_init(&words, WORDS_MAX);
	ck_assert_int_eq(import_options_words(&o, &words), 0);
	ck_assert_str_eq(words.data,
	    "[\"--column\",\"value=a,b\",\"--tlp\",\"red\",\"--expires\","
	    "\"30d\",\"--column\",\"reason=\\\"q\\\"\xc3\xa4\","
	    "\"--any-network\"]");
	source.options = words.data;
	ck_assert_int_eq(import_options_kept(&again, &cmd, &source), CMD_OK);
	ck_assert_str_eq(again.source.name, "feed");
	ck_assert_str_eq(again.source.feed, feed.feed);
	ck_assert_uint_eq(again.set, 0);
	ck_assert(again.replace && again.feed.any_network);
	ck_assert_int_eq(again.fallback.tlp, CTIM_RED);
	ck_assert_int_ne(again.fallback.expires, 0);
	ck_assert_uint_eq(again.feed.n_columns, o.feed.n_columns);
	for (size_t i = 0; i < o.feed.n_columns; i++)
		ck_assert_str_eq(again.columns[i].name, o.columns[i].name);
	import_options_free(&again);
	import_options_free(&o);
	buf_free(&words);
}
END_TEST

START_TEST(nothing_is_kept_of_nothing)
{
	static const char *const none[] = { NULL };
	struct import_options o;
	struct buf words;

	ck_assert_int_eq(read_options(&o, none), CMD_OK);
	buf_init(&words, WORDS_MAX);
	ck_assert_int_eq(import_options_words(&o, &words), 0);
	ck_assert_uint_eq(words.len, 0);
	import_options_free(&o);
	ck_assert_int_eq(import_options_kept(&o, &cmd, &feed), CMD_OK);
	ck_assert(o.replace);
	import_options_free(&o);
	buf_free(&words);
}
END_TEST

START_TEST(other_texts_are_no_options)
{
	static const char *const texts[] = { "[", "[\"--of-tomorrow\"]",
		"[\"--tlp\",\"blue\"]", "[\"--tlp\"]", "[1,\"--tlp\"]",
		"[\"--no-replace\",\"--replace\"]" };
	struct import_options o;
	struct source source = feed;

	for (size_t i = 0; i < COUNT(texts); i++) {
		source.options = texts[i];
		ck_assert_int_ne(
		    import_options_kept(&o, &cmd, &source), CMD_OK);
		import_options_free(&o);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_is_said_of_the_feed_is_kept,
		nothing_is_kept_of_nothing, other_texts_are_no_options };

	return unit_run("import_options", tests, COUNT(tests));
}
