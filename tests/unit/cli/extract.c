/* SPDX-License-Identifier: MIT */
/* Observables in a text. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/extract/extract.h"
#include "cli/feed/feed_reader.h"
#include "tests/unit/unit.h"

static int
note(void *arg, enum observable_type type, const char *value)
{
	struct buf *out = arg;

	buf_addf(out, "%s%s:%s", out->len == 0 ? "" : " ",
	    observable_name(type), value);
	return 0;
}

static int
stop(void *arg, enum observable_type type, const char *value)
{
	(void)note(arg, type, value);
	return 7;
}

static int
search(const char *text, size_t len,
    int (*each)(void *, enum observable_type, const char *), struct buf *out)
{
	struct feed_reader r;
	FILE *f = fmemopen((void *)(uintptr_t)text, len, "r");
	int result;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(feed_reader_init(&r, f), 0);
	result = extract_read(&r, each, out);
	feed_reader_free(&r);
	fclose(f);
	return result;
}

static void
check(const char *text, size_t len, const char *found)
{
	struct buf out;

	buf_init(&out, 100000);
	ck_assert_int_eq(search(text, len, note, &out), 0);
	ck_assert_msg(strcmp(out.data, found) == 0,
	    "%s\n  gave     %s\n"
	    "  not      %s",
	    text, out.data, found);
	buf_free(&out);
}

START_TEST(what_is_found_in_a_text)
{
	static const struct {
		const char *text, *found;
	} cases[] = { { "at 192.0.2.1.", "ip:192.0.2.1" },
		{ "(192.0.2.1)", "ip:192.0.2.1" },
		{ "192[.]0[.]2[.]1", "ip:192.0.2.1" },
		{ "192.0.2.1:443/tcp", "ip:192.0.2.1" },
		{ "ip=192.0.2.1;port=1", "ip:192.0.2.1" },
		{ "192.0.2.1,192.0.2.2", "ip:192.0.2.1 ip:192.0.2.2" },
		{ "2001:db8::1", "ipv6:2001:db8::1" },
		{ "[2001:DB8::1]:80", "ipv6:2001:db8::1" },
		{ "**bad.example**", "domain:bad.example" },
		{ "bad(.)example", "domain:bad.example" },
		{ "bad(dot)example", "domain:bad.example" },
		{ "[bad[.]example]", "domain:bad.example" },
		{ "bad.example:8080", "domain:bad.example" },
		{ "bad.example/a/b?c", "domain:bad.example" },
		{ "Host:bad.example", "domain:bad.example" },
		{ "hxxp://bad[.]example/x.", "url:http://bad.example/x" },
		{ "hXXps[:]//bad.example", "url:https://bad.example/" },
		{ "<http://a.example/b>", "url:http://a.example/b" },
		{ "(http://a.example/b(c))", "url:http://a.example/b(c)" },
		{ "[t](http://a.example/)", "url:http://a.example/" },
		{ "href='http://a.example/'", "url:http://a.example/" },
		{ "http://a.example/?u=http://b.example/",
		    "url:http://a.example/?u=http://b.example/" },
		{ "http://a.example/,http://b.example/",
		    "url:http://a.example/ url:http://b.example/" },
		{ "x@a.example,", "email:x@a.example" },
		{ "mailto:x@a.example", "email:x@a.example" },
		{ "x[at]a[.]example", "email:x@a.example" },
		{ "SHA1:4F79D1A01B9B5CB3CB65A9911DB2A02EA3BB7C45",
		    "sha1:4f79d1a01b9b5cb3cb65a9911db2a02ea3bb7c45" },
		{ "\xe2\x80\x9c"
		  "a.example\xe2\x80\x9d",
		    "domain:a.example" },
		{ "m\xc3\xbcnchen.example", "domain:xn--mnchen-3ya.example" } };

	for (size_t i = 0; i < COUNT(cases); i++)
		check(cases[i].text, strlen(cases[i].text), cases[i].found);
}
END_TEST

START_TEST(what_is_not)
{
	static const char *const cases[] = { "report.pdf", "C:\\a\\evil.exe",
		"/usr/lib/libx.conf", "e.g.", "i.e", "v1.2", "1.2.3", "end.The",
		"std::string", "a::b", "::", "12:30:45", "http://", "hxxp://[",
		"http://localhost/", "x@", "@a.example@", "...", "[.]", "([{",
		"d41d8cd98f00b204", "a.b_c", "999.1.1.1" };

	for (size_t i = 0; i < COUNT(cases); i++)
		check(cases[i], strlen(cases[i]), "");
}
END_TEST

START_TEST(any_bytes_and_any_length_are_survived)
{
	char text[5000];
	struct buf out;

	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 12, " a.example\0", 11);
	text[sizeof(text) - 1] = '\xe2';
	check(text, sizeof(text), "domain:a.example");
	buf_init(&out, 100000);
	for (unsigned seed = 1; seed < 200; seed++) {
		for (size_t i = 0; i < sizeof(text); i++) {
			static const char some[] = "a.:/[]()@=,h1t\n\xe2\x80 ";

			text[i] = some[(seed * 2654435761U + i * seed * i) %
			    (sizeof(some) - 1)];
		}
		buf_reset(&out);
		ck_assert_int_eq(search(text, sizeof(text), note, &out), 0);
	}
	buf_free(&out);
}
END_TEST

START_TEST(who_is_called_may_end_it)
{
	static const char text[] = "a.example b.example";
	struct buf out;

	buf_init(&out, 1000);
	ck_assert_int_eq(search(text, sizeof(text) - 1, stop, &out), 7);
	ck_assert_str_eq(out.data, "domain:a.example");
	buf_free(&out);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_is_found_in_a_text, what_is_not,
		any_bytes_and_any_length_are_survived,
		who_is_called_may_end_it };

	return unit_run("extract", tests, COUNT(tests));
}
