/* SPDX-License-Identifier: MIT */
/* The headers with the key of a feed. */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/import/fetch.h"
#include "cli/import/fetch_header.h"
#include "tests/unit/unit.h"

START_TEST(only_the_place_of_a_key_is_taken)
{
	static const char *const good[] = { "Auth-Key: file:/etc/x",
		"Auth-Key:file:/etc/x", "X-Key: \t env:NAME",
		"Authorization: env:A B" };
	static const char *const bad[] = { "", ":", "Auth-Key",
		"Auth-Key:", "Auth-Key: 0123456789",
		"Auth-Key: file:", "Auth-Key: file:x", "Auth-Key: file:/",
		"Auth-Key: env:", ": file:/etc/x", "A B: file:/etc/x",
		"A\r\nB: file:/etc/x", "Auth-Key: file:/a\r\nB: c",
		"Auth-Key: file:/a\x7f", "\xc3\xa4: file:/etc/x",
		"file:/etc/x" };
	size_t i;

	for (i = 0; i < COUNT(good); i++)
		ck_assert_msg(fetch_header_good(good[i]), "%s", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!fetch_header_good(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(the_value_is_read_where_it_is)
{
	char path[] = "/tmp/ctim-fetch-header.XXXXXX", text[64];
	char why[CONF_ERROR_MAX];
	int fd = mkstemp(path);
	char *line;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, "a b\n", 4), 4);
	close(fd);
	snprintf(text, sizeof(text), "Auth-Key:file:%s", path);
	line = fetch_header_line(text, why);
	ck_assert_str_eq(line, "Auth-Key: a b");
	fetch_header_free(line);
	ck_assert_int_eq(chmod(path, 0604), 0);
	ck_assert_ptr_null(fetch_header_line(text, why));
	ck_assert_ptr_nonnull(strstr(why, "everybody may read it"));
	unlink(path);
	ck_assert_ptr_null(fetch_header_line(text, why));
	ck_assert_ptr_nonnull(strstr(why, "cannot be read"));
	ck_assert_int_eq(setenv("CTIM_FETCH", "k", 1), 0);
	line = fetch_header_line("X: env:CTIM_FETCH", why);
	ck_assert_str_eq(line, "X: k");
	fetch_header_free(line);
	ck_assert_int_eq(setenv("CTIM_FETCH", "k\r\nY: z", 1), 0);
	ck_assert_ptr_null(fetch_header_line("X: env:CTIM_FETCH", why));
	ck_assert_int_eq(unsetenv("CTIM_FETCH"), 0);
	ck_assert_ptr_null(fetch_header_line("X: env:CTIM_FETCH", why));
}
END_TEST

START_TEST(the_user_of_an_address_becomes_a_header)
{
	static const struct {
		const char *url, *plain, *line; /* line NULL: none */
	} cases[] = {
		{ "https://h.example/a@b?c@d", "https://h.example/a@b?c@d",
		    NULL },
		{ "https://u:p@h.example/a", "https://h.example/a",
		    "Authorization: Basic dTpw" },
		{ "https://u@h.example", "https://h.example",
		    "Authorization: Basic dTo=" },
		{ "https://u:p@q@h.example:8443?x", "https://h.example:8443?x",
		    "Authorization: Basic dTpwQHE=" },
		{ "https://%75:%3A%zz%4@h.example/", "https://h.example/",
		    "Authorization: Basic dTo6JXp6JTQ=" },
		{ "https://@h.example/", "https://h.example/",
		    "Authorization: Basic Og==" },
		{ "no address", "no address", NULL },
	};
	char plain[FETCH_URL_MAX], *line;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(
		    fetch_header_user(cases[i].url, plain, &line), 0);
		ck_assert_str_eq(plain, cases[i].plain);
		ck_assert_pstr_eq(line, cases[i].line);
		fetch_header_free(line);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { only_the_place_of_a_key_is_taken,
		the_value_is_read_where_it_is,
		the_user_of_an_address_becomes_a_header };

	return unit_run("fetch_header", tests, COUNT(tests));
}
