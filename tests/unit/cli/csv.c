/* SPDX-License-Identifier: MIT */
/* Rows of a table, and the sets and cells that a query keeps. */
#include <stdio.h>
#include <string.h>

#include "base/set.h"
#include "cli/table/csv.h"
#include "cli/terminal/rows.h"
#include "tests/unit/unit.h"

START_TEST(fields_are_quoted_and_parted_as_the_table_likes)
{
	static const struct {
		const char *text;
		char comma;
		const char *fields[4];
	} cases[] = { { "a,b\n", ',', { "a", "b" } },
		{ "a,b", ',', { "a", "b" } },
		{ "a;b,c\r\n", ';', { "a", "b,c" } },
		{ "a\t\tb", '\t', { "a", "", "b" } },
		{ " \"a,b\" , c ", ',', { "a,b", "c" } },
		{ "\"a\"\"b\",\"c\nd\"\nnext", ',', { "a\"b", "c\nd" } },
		{ ",", ',', { "", "" } },
		/* RFC 4180: blanks in quotes belong to the field. */
		{ "\" a \" , \"b\t\"\r\n", ',', { " a ", "b\t" } },
		{ "\"a \" \tb \r\n", ',', { "a  \tb" } },
		{ "\" \",\"\r\"\r\n", ',', { " ", "\r" } },
		{ "\n", ',', { "" } } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct csv in = { NULL, cases[i].text,
			cases[i].text + strlen(cases[i].text), cases[i].comma,
			0 };
		struct csv_row row;
		size_t n = 0;

		csv_row_init(&row);
		csv_read(&in, &row);
		ck_assert_ptr_null(row.wrong);
		for (; n < 4 && cases[i].fields[n] != NULL; n++)
			ck_assert_str_eq(
			    csv_field(&row, n), cases[i].fields[n]);
		ck_assert_uint_eq(row.n, n);
		ck_assert_ptr_null(csv_field(&row, n));
		csv_row_free(&row);
	}
}
END_TEST

START_TEST(wrong_rows_say_why)
{
	static char many[CSV_COLUMNS + 2], nul[] = "a\0b,c\n";
	struct csv in = { NULL, "\"a,b\n", NULL, ',', 0 };
	struct csv_row row;

	csv_row_init(&row);
	in.end = in.p + strlen(in.p);
	csv_read(&in, &row);
	ck_assert(csv_is_open(&row));
	memset(many, ',', sizeof(many) - 1);
	in = (struct csv){ NULL, many, many + sizeof(many) - 1, ',', 0 };
	csv_read(&in, &row);
	ck_assert_ptr_nonnull(row.wrong);
	ck_assert(!csv_is_open(&row));
	in = (struct csv){ NULL, nul, nul + sizeof(nul) - 1, ',', 0 };
	csv_read(&in, &row);
	ck_assert_ptr_nonnull(strstr(row.wrong, "NUL"));
	csv_row_free(&row);
}
END_TEST

/* Whatever is wrong with a row, quotes in it are followed: what is in them is
 * no row of its own. */
START_TEST(quotes_of_a_wrong_row_are_followed)
{
	static char text[4 * CSV_ROW_MAX];
	struct csv in = { NULL, text, NULL, ',', 0 };
	struct csv_row row;
	static const struct {
		const char *before; /* as often as it says */
		size_t times, n;
		const char *why;
	} cases[] = { { "a\0b,", 1, 4, "it has a NUL byte" },
		{ "\"a\0b\",", 1, 6, "it has a NUL byte" },
		{ ",", CSV_COLUMNS, 1, "it has more than 256 columns" },
		{ "aaaa", CSV_ROW_MAX / 4, 4,
		    "it is longer than 65536 bytes" } };
	static const char behind[] = "x,\"b\nc \"\"d\"\"\n,e\",f\n"
				     "next\n";

	csv_row_init(&row);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *p = text;

		for (size_t k = 0; k < cases[i].times; k++, p += cases[i].n)
			memcpy(p, cases[i].before, cases[i].n);
		memcpy(p, behind, sizeof(behind));
		in.p = text;
		in.end = p + sizeof(behind) - 1;
		csv_read(&in, &row);
		ck_assert_str_eq(row.wrong, cases[i].why);
		csv_read(&in, &row);
		ck_assert_ptr_null(row.wrong);
		ck_assert_str_eq(csv_field(&row, 0), "next");
	}
	csv_row_free(&row);
}
END_TEST

/* Nothing that is behind such a quote may make the row look like one that
 * others can follow. */
START_TEST(an_open_quote_is_the_end_whatever_is_behind_it)
{
	static char text[4 * CSV_ROW_MAX];
	static const char *const before[] = { "\"", "a,\"", "a\1b,\"" };
	struct csv in = { NULL, text, text + sizeof(text), ',', 0 };
	struct csv_row row;

	csv_row_init(&row);
	for (size_t i = 0; i < COUNT(before); i++) {
		memset(text, 'x', sizeof(text));
		memcpy(text, before[i], strlen(before[i]));
		for (size_t k = 0; k < strlen(before[i]); k++)
			if (text[k] == '\1')
				text[k] = '\0';
		text[sizeof(text) - 4] = '\0';
		text[sizeof(text) - 3] = '\n';
		in.p = text;
		csv_read(&in, &row);
		ck_assert(csv_is_open(&row));
	}
	csv_row_free(&row);
}
END_TEST

START_TEST(a_row_is_taken_up_to_its_limit)
{
	static char text[CSV_ROW_MAX + 2];
	struct csv in = { NULL, text, NULL, ',', 0 };
	struct csv_row row;

	csv_row_init(&row);
	for (size_t over = 0; over < 2; over++) {
		memset(text, 'x', sizeof(text));
		text[7] = ',';
		text[CSV_ROW_MAX + over] = '\n';
		in.p = text;
		in.end = text + CSV_ROW_MAX + over + 1;
		csv_read(&in, &row);
		ck_assert_uint_eq(row.wrong != NULL, over);
	}
	csv_row_free(&row);
}
END_TEST

START_TEST(everything_is_new_once)
{
	struct set set = { .used = 0 };
	char text[16];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			snprintf(text, sizeof(text), "%d", i);
			ck_assert_int_eq(
			    set_has(&set, text, strlen(text)), round == 1);
			ck_assert_int_eq(
			    set_new(&set, text, strlen(text)), round == 0);
		}
	ck_assert(set_new(&set, "", 0));
	ck_assert(set_has(&set, "", 0));
	set_free(&set);
	ck_assert(!set_has(&set, "1", 1));
}
END_TEST

START_TEST(cells_wait_and_are_one_line)
{
	static const char *const names[] = { "A", "B", NULL };
	static char text[4096];
	char longer[400], *last;
	struct rows rows;
	struct table *t = table_new(names);
	FILE *f = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(f);
	rows_init(&rows, 2);
	rows_cell(&rows, "x\ny", TABLE_RED);
	rows_cell(&rows, NULL, TABLE_PLAIN);
	memset(longer, 'z', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	/* Characters are counted: the last of them has two bytes. */
	memcpy(longer + 159, "\xc3\xa9", 2);
	rows_short(&rows, longer, TABLE_PLAIN);
	rows_short(&rows, "short", TABLE_PLAIN);
	longer[161] = '\0'; /* 160 characters */
	rows_short(&rows, longer, TABLE_PLAIN);
	rows_short(&rows, NULL, TABLE_PLAIN);
	ck_assert_uint_eq(rows_count(&rows), 3);
	rows_put(&rows, t);
	ck_assert_int_eq(table_print(t, f), 0);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "x y "));
	ck_assert_ptr_nonnull(strstr(text, "z\xc3\xa9 ...  short"));
	last = strrchr(text, '\xc3');
	ck_assert_ptr_nonnull(last);
	ck_assert_ptr_null(strstr(last, "..."));
	rows_free(&rows);
	table_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		fields_are_quoted_and_parted_as_the_table_likes,
		wrong_rows_say_why, quotes_of_a_wrong_row_are_followed,
		an_open_quote_is_the_end_whatever_is_behind_it,
		a_row_is_taken_up_to_its_limit, everything_is_new_once,
		cells_wait_and_are_one_line
	};

	return unit_run("csv", tests, COUNT(tests));
}
