/* SPDX-License-Identifier: MIT */
/* One table of options for all commands. */
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/base/options.h"
#include "tests/unit/unit.h"

struct into {
	const char *config, *name;
	bool json, follow, help;
	long n, watch;
	int word;
};

static int
yes_or_no(const char *text)
{
	return strcmp(text, "yes") == 0 ? 1 : strcmp(text, "no") == 0 ? 0 : -1;
}

static int
set_watch(const struct options_found *found)
{
	*(long *)found->at = 2;
	return found->text == NULL ? CMD_OK : options_number(found);
}

#define AT(member) offsetof(struct into, member)

static const struct options_kind
    number = { .set = options_number, .called = "-n", .least = 1, .most = 9 },
    word = { .set = options_word, .word = yes_or_no, .words = "yes, no" },
    watch = { .set = set_watch, .least = 1, .most = 60 };

static const struct options_row rows[] = { OPTIONS_CONFIG(struct into),
	OPTIONS_JSON(struct into), { NULL, 0, NULL, 0, NULL, "A heading\n" },
	{ "name", 0, &options_text, AT(name), "NAME", "a name" },
	{ "no-follow", 'F', &options_off, AT(follow), NULL, "no more" },
	{ "lines", 'n', &number, AT(n), "N", "so many" },
	{ "word", 0, &word, AT(word), "W", "yes or no" },
	{ "watch", 'w', &watch, AT(watch), "[S]", "again and again" },
	{ "help", 'h', &options_stop, AT(help), NULL, NULL } };

static const struct options table = { .rows = rows, .n = COUNT(rows) };
static const struct command cmd = { "try", "[OPTION ...]", "try it", NULL };

/* Reads up to three words; optind is where the others begin. */
static int
read_words(struct into *o, const char *a, const char *b, const char *c)
{
	static char name[] = "try", text[3][32];
	const char *const given[] = { a, b, c };
	char *argv[5] = { name };
	int argc = 1;

	*o = (struct into){ .follow = true, .word = -1 };
	for (size_t i = 0; i < COUNT(given) && given[i] != NULL; i++) {
		snprintf(text[i], sizeof(text[i]), "%s", given[i]);
		argv[argc++] = text[i];
	}
	return options_read(&table, &cmd, o, argc, argv);
}

START_TEST(every_kind_has_its_place)
{
	struct into o;

	ck_assert_int_eq(read_words(&o, "-jcf", "--name=x", "w"), CMD_OK);
	ck_assert(o.json && o.follow && !o.help);
	ck_assert_str_eq(o.config, "f");
	ck_assert_str_eq(o.name, "x");
	ck_assert_int_eq(optind, 3);
	ck_assert_int_eq(read_words(&o, "-Fn9", "--word", "no"), CMD_OK);
	ck_assert(!o.follow && o.n == 9 && o.word == 0);
	ck_assert(options_given(&table, &o, "name") == false);
	ck_assert_int_eq(read_words(&o, "--js", "--name", ""), CMD_OK);
	ck_assert(options_given(&table, &o, "name"));
	ck_assert(options_given(&table, &o, "json"));
}
END_TEST

START_TEST(an_argument_may_be_left_away)
{
	static const struct {
		const char *a, *b;
		long watch;
		int rest;
	} cases[] = { { "-w", NULL, 2, 2 }, { "-w5", "6", 5, 2 },
		{ "-w", "5", 5, 3 }, { "--watch", "5", 5, 3 },
		{ "--watch=7", "5", 7, 2 }, { "-w", "-j", 2, 3 } };
	struct into o;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(
		    read_words(&o, cases[i].a, cases[i].b, NULL), CMD_OK);
		ck_assert_int_eq(o.watch, cases[i].watch);
		ck_assert_int_eq(optind, cases[i].rest);
	}
}
END_TEST

START_TEST(wrong_ones_are_refused)
{
	static const char *const cases[][2] = { { "-n", "0" }, { "-n", "10" },
		{ "-n", "x" }, { "-n", NULL }, { "--word", "perhaps" },
		{ "-x", NULL }, { "--nope", NULL }, { "--json=1", NULL },
		{ "-w", "0" }, { "-A", NULL } };
	struct into o;

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_int_eq(
		    read_words(&o, cases[i][0], cases[i][1], NULL), CMD_USAGE);
}
END_TEST

START_TEST(nothing_is_read_behind_help)
{
	struct into o;

	ck_assert_int_eq(read_words(&o, "-h", "--nope", NULL), CMD_OK);
	ck_assert(o.help);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { every_kind_has_its_place,
		an_argument_may_be_left_away, wrong_ones_are_refused,
		nothing_is_read_behind_help };

	return unit_run("options", tests, COUNT(tests));
}
