/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <locale.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "tests/unit/unit.h"

static const char *const names[] = { "NAME", ">N", "NOTE", NULL };

static char output[8192];

/* What table_print() writes to something that is no terminal. */
static const char *
plain(const struct table *t)
{
	FILE *f = fmemopen(output, sizeof(output), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(table_print(t, f), 0);
	fclose(f);
	return output;
}

/* The same for a terminal of so many columns. */
static const char *
on_terminal(const struct table *t, unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	int far_end, terminal;
	FILE *f;
	size_t n = 0;
	ssize_t r;

	ck_assert_int_eq(openpty(&far_end, &terminal, NULL, NULL, &size), 0);
	ck_assert_ptr_nonnull(f = fdopen(terminal, "w"));
	ck_assert_int_eq(table_print(t, f), 0);
	fclose(f);
	while ((r = read(far_end, output + n, sizeof(output) - 1 - n)) > 0)
		n += (size_t)r;
	output[n] = '\0';
	close(far_end);
	return output;
}

static struct table *
make(const char *name, long long n, const char *note)
{
	struct table *t = table_new(names);

	table_cell(t, name, TABLE_RED);
	table_number(t, n);
	table_cell(t, note, TABLE_PLAIN);
	return t;
}

START_TEST(columns_are_aligned_and_lines_have_no_blanks_at_their_end)
{
	struct table *t = make("a", 5, NULL);

	table_cell(t, "longer", TABLE_PLAIN);
	table_number(t, -1234);
	table_cell(t, "", TABLE_PLAIN);
	ck_assert_str_eq(plain(t),
	    "NAME        N  NOTE\n"
	    "a           5  -\n"
	    "longer  -1234\n");
	table_free(t);
}
END_TEST

START_TEST(wide_characters_count_as_two_and_combining_ones_as_none)
{
	struct table *t = make("\xe6\x97\xa5\xe6\x9c\xac", 1, "x");

	table_cell(t, "abe\xcc\x81z", TABLE_PLAIN);
	table_number(t, 1);
	table_cell(t, "x", TABLE_PLAIN);
	ck_assert_str_eq(plain(t),
	    "NAME  N  NOTE\n"
	    "\xe6\x97\xa5\xe6\x9c\xac  1  x\n"
	    "abe\xcc\x81z  1  x\n");
	table_free(t);
}
END_TEST

START_TEST(what_a_terminal_would_obey_is_shown_instead)
{
	struct table *t = make("\033[2J\x7f\n", 1,
	    "\xc2\x9b"
	    "1m\xe2\x80\xae\xff");

	ck_assert_str_eq(plain(t),
	    "NAME             N  NOTE\n"
	    "\\x1b[2J\\x7f\\x0a  1  \\u009b1m\\u202e\\xff\n");
	table_free(t);
}
END_TEST

START_TEST(a_table_without_rows_prints_nothing)
{
	struct table *t = table_new(names);

	memset(output, 0, sizeof(output));
	ck_assert_str_eq(plain(t), "");
	table_free(t);
}
END_TEST

START_TEST(a_table_without_memory_fails)
{
	ck_assert_int_eq(table_print(NULL, stdout), -1);
}
END_TEST

START_TEST(a_terminal_gets_colours_and_folded_cells)
{
	struct table *t;

	NEEDS_TERMINAL();
	t = make("a", 1, "some words that do not all fit into forty columns");
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	ck_assert_str_eq(on_terminal(t, 40),
	    "\033[1mNAME\033[0m  \033[1mN\033[0m  \033[1mNOTE\033[0m\r\n"
	    "\033[1;31ma\033[0m     1  some words that do not all fit\r\n"
	    "         into forty columns\r\n");
	setenv("NO_COLOR", "1", 1);
	ck_assert_ptr_null(strchr(on_terminal(t, 40), '\033'));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	ck_assert_ptr_null(strchr(on_terminal(t, 40), '\033'));
	table_free(t);
}
END_TEST

START_TEST(a_word_longer_than_its_column_is_cut_between_characters)
{
	struct table *t;

	NEEDS_TERMINAL();
	t = make("a", 1,
	    "0123456789012345678901234567890123"
	    "\xc3\xa9\xc3\xa9");
	setenv("NO_COLOR", "1", 1);
	ck_assert_str_eq(on_terminal(t, 40),
	    "NAME  N  NOTE\r\n"
	    "a     1  0123456789012345678901234567890\r\n"
	    "         123\xc3\xa9\xc3\xa9\r\n");
	table_free(t);
}
END_TEST

START_TEST(json_stays_json_when_it_is_made_harmless)
{
	static const char json[] = "{\n\t\"a\": \"\x7f\xc2\x9b\xe2\x80\xae"
				   "\xf3\xa0\x80\x81\xc3\xa9\"}";
	struct buf b;

	buf_init(&b, 1000);
	text_add_json(&b, json, strlen(json));
	ck_assert_str_eq(b.data,
	    "{\n\t\"a\": \"\\u007f\\u009b\\u202e"
	    "\\udb40\\udc01\xc3\xa9\"}");
	buf_free(&b);
}
END_TEST

START_TEST(every_character_of_a_text_can_be_escaped)
{
	/* Each becomes the most bytes that a text can grow by. */
	static const char text[] = "\x1b\xff\x7f";
	char *out;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	ck_assert_int_eq(text_print(f, text), 0);
	ck_assert_int_eq(text_print_json(f, text, 3), 0);
	ck_assert_int_eq(text_print(f, ""), 0);
	fclose(f);
	ck_assert_str_eq(out, "\\x1b\\xff\\x7f\\u001b\\ufffd\\u007f");
	free(out);
	f = fmemopen(NULL, 1, "r");
	ck_assert_int_eq(text_print(f, text), -1);
	fclose(f);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		columns_are_aligned_and_lines_have_no_blanks_at_their_end,
		wide_characters_count_as_two_and_combining_ones_as_none,
		what_a_terminal_would_obey_is_shown_instead,
		a_table_without_rows_prints_nothing,
		a_table_without_memory_fails,
		a_terminal_gets_colours_and_folded_cells,
		a_word_longer_than_its_column_is_cut_between_characters,
		json_stays_json_when_it_is_made_harmless,
		every_character_of_a_text_can_be_escaped
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return unit_run("table", tests, COUNT(tests));
}
