/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "net/network.h"
#include "net/url.h"
#include "tests/unit/unit.h"

/* out NULL: no URL that we take. */
static const struct {
	const char *in, *out, *host;
} urls[] = { { "http://evil.example", "http://evil.example/", "evil.example" },
	{ "HTTPS://EVIL.Example:443/Path?Q=1#F",
	    "https://evil.example/Path?Q=1#F", "evil.example" },
	{ "http://evil.example:80/", "http://evil.example/", "evil.example" },
	{ "http://evil.example:8080/", "http://evil.example:8080/",
	    "evil.example" },
	{ "http://evil.example./a", "http://evil.example/a", "evil.example" },
	{ "https://evil.example?q", "https://evil.example/?q", "evil.example" },
	{ "http://u:P@Evil.example/", "http://u:P@evil.example/",
	    "evil.example" },
	{ "ftp://evil.example/x", "ftp://evil.example/x", "evil.example" },
	{ "http://evil.example/a/../b/./c", "http://evil.example/a/../b/./c",
	    "evil.example" },
	{ "http://evil.example/%7Ea%2f", "http://evil.example/%7Ea%2f",
	    "evil.example" },
	{ "http://B\xc3\xbc"
	  "cher.example/\xc3\xbc",
	    "http://xn--bcher-kva.example/\xc3\xbc", "xn--bcher-kva.example" },
	{ "http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/",
	    "xn--bcher-kva.example" },
	{ "http://192.0.2.1/", "http://192.0.2.1/", "192.0.2.1" },
	{ "http://[2001:DB8:0::1]:8080/x", "http://[2001:db8::1]:8080/x",
	    "2001:db8::1" },
	{ "http://localhost/", "http://localhost/", "localhost" },
	/* Numbers are addresses, however the host that has them is written. */
	{ "http://1/", "http://0.0.0.1/", "0.0.0.1" },
	{ "http://1./", "http://0.0.0.1/", "0.0.0.1" },
	{ "http://%31/", "http://0.0.0.1/", "0.0.0.1" },
	{ "http://\xef\xbc\x91/", "http://0.0.0.1/", "0.0.0.1" },
	{ "http://192.0.2.1./", "http://192.0.2.1/", "192.0.2.1" },
	{ "http://192.0.2.%31/", "http://192.0.2.1/", "192.0.2.1" },
	{ "http://%45vil.example/", "http://evil.example/", "evil.example" },
	{ "http://evil.example../", NULL, NULL },
	{ "http://evil%252e.example/", NULL, NULL }, { "", NULL, NULL },
	{ "evil.example", NULL, NULL }, { "http:", NULL, NULL },
	{ "http://", NULL, NULL }, { "http:/evil.example/", NULL, NULL },
	{ "http:///evil.example/", NULL, NULL },
	{ "://evil.example/", NULL, NULL },
	{ "file:///etc/passwd", NULL, NULL },
	{ "javascript://evil.example/", NULL, NULL },
	{ "httpx://evil.example/", NULL, NULL },
	{ "http://evil example/", NULL, NULL },
	{ "http://evil.example/a b", NULL, NULL },
	{ "http://evil.example:99999/", NULL, NULL },
	{ "http://evil.example/\r\nX: y", NULL, NULL },
	{ "http://[::1/", NULL, NULL } };

START_TEST(normal_forms)
{
	char out[URL_MAX + 1];
	size_t i;
	int r;

	for (i = 0; i < COUNT(urls); i++) {
		r = url_normalise(urls[i].in, out, sizeof(out));
		if (urls[i].out == NULL) {
			ck_assert_msg(r == -1, "%s", urls[i].in);
			continue;
		}
		ck_assert_msg(r == 0, "%s", urls[i].in);
		ck_assert_str_eq(out, urls[i].out);
		/* What is normal stays as it is. */
		r = url_normalise(urls[i].out, out, sizeof(out));
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(out, urls[i].out);
		ck_assert_int_eq(url_host(out, out, sizeof(out)), 0);
		ck_assert_str_eq(out, urls[i].host);
	}
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	char url[URL_MAX + 64], out[URL_MAX + 1], small[8];

	memset(url, 'a', sizeof(url));
	memcpy(url, "http://x.example/", 17);
	url[URL_MAX] = '\0';
	ck_assert_int_eq(url_normalise(url, out, sizeof(out)), 0);
	url[URL_MAX] = 'a';
	url[URL_MAX + 1] = '\0';
	ck_assert_int_eq(url_normalise(url, out, sizeof(out)), -1);
	ck_assert_int_eq(
	    url_normalise("http://x.example/", small, sizeof(small)), -1);
	ck_assert_int_eq(
	    url_host("http://xx.example/", small, sizeof(small)), -1);
	ck_assert_int_eq(url_punycode("b\xc3\xbc"
				      "cher.example",
			     small, sizeof(small)),
	    -1);
}
END_TEST

/* The program's locale is plain C here, as a server's is. */
START_TEST(punycode_whatever_the_locale)
{
	char out[256];

	ck_assert_int_eq(url_punycode("B\xc3\x9c"
				      "CHER.example",
			     out, sizeof(out)),
	    0);
	ck_assert_str_eq(out, "xn--bcher-kva.example");
	ck_assert_int_eq(
	    url_punycode("\xe6\x97\xa5\xe6\x9c\xac.jp.", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "xn--wgv71a.jp");
	ck_assert_int_eq(url_punycode("\xff.example", out, sizeof(out)), -1);
}
END_TEST

START_TEST(templates)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = { { "https://example.org/look/{type}/{value}", true },
		{ "https://example.org/?q={value}", true },
		{ "http://{value}.example.org/", true },
		{ "https://example.org/", true },
		{ "ftp://example.org/{value}", false },
		{ "javascript:alert('{value}')", false }, { "{value}", false },
		{ "", false }, { "https://", false },
		{ "https://example.org/a b", false },
		/* What libcurl takes and RFC 3986 does not. */
		{ "https://example.org/a\"b", false },
		{ "https://example.org/<b>", false },
		{ "https://example.org/a\\b", false },
		{ "https://example.org/{other}", false },
		{ "https://example.org/?q=a|b", false },
		{ "https://example.org/?q=`{value}`", false },
		{ "https://example.org/?q[]={value}", false },
		{ "https://example.org/^", false },
		{ "https://example.org/\xc3\xbc", false },
		{ "https://example.org/\t", false },
		{ "https://example.org/\x7f", false },
		{ "https://example.org/%", false },
		{ "https://example.org/%4", false },
		{ "https://example.org/%4x", false },
		{ "https://example.org/%x4", false },
		{ "https://example.org/%4fb#a", true },
		{ "https://example.org/#a#{value}", false },
		{ "https://[2001:db8::1]:8443/{value}", true },
		{ "https://[2001:db8::1]?q={value}", true },
		{ "https://example.org?q={value}|", false } };
	char big[URL_MAX + 2];
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_msg(url_template(cases[i].text) == cases[i].good,
		    "%s", cases[i].text);
	memset(big, 'a', sizeof(big));
	memcpy(big, "http://x.example/", 17);
	big[URL_MAX + 1] = '\0';
	ck_assert(!url_template(big));
	big[URL_MAX] = '\0';
	ck_assert(url_template(big));
}
END_TEST

START_TEST(bases_have_nothing_but_a_path)
{
	static const struct {
		const char *url;
		bool good;
	} cases[] = { { "https://example.org", true },
		{ "http://example.org:8080/a/b", true },
		{ "ftp://example.org/", false },
		{ "https://me@example.org/", false },
		{ "https://example.org/?q", false },
		{ "https://example.org/#a", false }, { "https:///a", false } };
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_msg(url_is_base(cases[i].url) == cases[i].good, "%s",
		    cases[i].url);
}
END_TEST

/* Whether the functions of url.h say of a text what libcurl's say. */
static void
read_alike(const char *text)
{
	static const struct {
		int (*ours)(const char *, char *, size_t);
		size_t theirs; /* offset of it */
	} functions[] = { { url_normalise,
			      offsetof(struct url_functions, normalise) },
		{ url_host, offsetof(struct url_functions, host) },
		{ url_origin, offsetof(struct url_functions, origin) } };
	char ours[URL_MAX + 1], theirs[URL_MAX + 1];
	int (*other)(const char *, char *, size_t);
	size_t i;
	int r;

	for (i = 0; i < COUNT(functions); i++) {
		memcpy(&other, (const char *)&url_curl + functions[i].theirs,
		    sizeof(other));
		r = functions[i].ours(text, ours, sizeof(ours));
		ck_assert_msg(r == other(text, theirs, sizeof(theirs)),
		    "%zu of %s", i, text);
		ck_assert_msg(
		    r == -1 || strcmp(ours, theirs) == 0, "%zu of %s", i, text);
	}
	if (strncmp(text, "http", 4) == 0)
		ck_assert_msg(url_is_base(text) == url_curl.is_base(text),
		    "base %s", text);
}

/* Plain URLs are read without libcurl, and as it reads them: made of pieces on
 * both sides of what is plain. */
START_TEST(plain_urls_are_read_as_libcurl_reads_them)
{
	static const char *const schemes[] = { "http", "https", "ftp", "HTTP",
		"Https", "file", "httpx" };
	static const char *const hosts[] = { "a", "A.Example", "a.example.",
		"a..b", ".a", "1.2.3.4", "01.2.3.4", "1.2.3", "0x7f.1", "127.1",
		"1.2.3.4.", "1.2.3.256", "1.2.3.4.5", "4294967295", "a.1",
		"1.a", "a.0x1", "a-b_c.d", "-a", "_a._b", "xn--bcher-kva.de",
		"a.-b", "[::1]", "", "u@h", "u:p@h", "a%41", "a b", "b\xc3\xbc",
		"a,b", "a.9x", "0x1.0x2.0x3.a", "999.1.1.1" };
	static const char *const ports[] = { "", ":", ":80", ":443", ":21",
		":8080", ":0", ":00080", ":65535", ":65536", ":99999", ":1a",
		":080", ":4430", ":65529", ":123456" };
	static const char *const rests[] = { "", "/", "/a/../b", "//", "?",
		"?q", "/?", "/a?b", "/a?b?", "/#", "/a#f", "/a?#f", "/a b",
		"/\xc3\xbc", "/%41%2f%zz", "/a\\b", "/a|b\"<>", "/\x7f",
		"/a?b=c&d", "\\a", "/a:80@b", "/;a", "/\t" };
	char text[128];
	size_t s, h, p, r;

	for (s = 0; s < COUNT(schemes); s++)
		for (h = 0; h < COUNT(hosts); h++)
			for (p = 0; p < COUNT(ports); p++)
				for (r = 0; r < COUNT(rests); r++) {
					snprintf(text, sizeof(text),
					    "%s://%s%s%s", schemes[s], hosts[h],
					    ports[p], rests[r]);
					read_alike(text);
				}
}
END_TEST

/* sign NULL: it cannot be signed. */
START_TEST(the_form_that_is_signed)
{
	static const struct {
		const char *url;
		bool once;
		const char *sent, *sign;
	} rows[] = { { "https://a.example", false, "/", "/" },
		{ "https://a.example?b#c?d", false, "/?b=", "/?b=" },
		{ "https://a.example/?b=%2B+&a=%2f%C3%bc&&a-=2&a=%20", false,
		    "/?a=%20&a=%2F%C3%BC&a-=2&b=%2B%20",
		    "/?a=%20&a=%2F%C3%BC&a-=2&b=%2B%20" },
		{ "https://a.example/a%20b/%7e:/%?=x&y=1=2", false,
		    "/a%20b/~%3A/%25?=x&y=1%3D2",
		    "/a%2520b/~%253A/%2525?=x&y=1%3D2" },
		{ "https://a.example/a%20b//c%2Fd/", true, "/a%20b//c%2Fd/",
		    "/a%20b//c%2Fd/" },
		{ "https://a.example/%00?%00=%0", false, "/%00?%00=%250",
		    "/%2500?%00=%250" },
		{ "https://a.example/a//b", false, NULL, NULL },
		{ "https://a.example/a/%2E./b", true, NULL, NULL },
		{ "https://a.example/a/%2e", false, NULL, NULL } };
	static const char host[] = "https://a.example";
	struct buf sent, sign;
	const char *why;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		buf_init(&sent, 1000);
		buf_init(&sign, 1000);
		why = url_to_sign(rows[i].url, rows[i].once, &sent, &sign);
		ck_assert_msg(
		    (why != NULL) == (rows[i].sent == NULL), "%s", rows[i].url);
		if (rows[i].sent != NULL) {
			ck_assert_str_eq(
			    sent.data + strlen(host), rows[i].sent);
			ck_assert_str_eq(
			    sign.data + strlen(host), rows[i].sign);
			ck_assert(!sent.failed && !sign.failed);
		}
		buf_free(&sent);
		buf_free(&sign);
	}
}
END_TEST

START_TEST(a_form_with_too_much_in_it)
{
	char url[2000] = "https://a.example/?";
	struct buf sent, sign;
	size_t i;

	for (i = 0; i < 128; i++) {
		buf_init(&sent, 2000);
		buf_init(&sign, 2000);
		strcat(url, "a=1&");
		ck_assert((url_to_sign(url, false, &sent, &sign) != NULL) ==
		    (i == 127));
		buf_free(&sent);
		buf_free(&sign);
	}
	buf_init(&sent, 100);
	buf_init(&sign, 100);
	(void)url_to_sign(url, false, &sent, &sign);
	ck_assert(sent.failed || sign.failed);
	buf_free(&sent);
	buf_free(&sign);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { normal_forms,
		plain_urls_are_read_as_libcurl_reads_them,
		what_does_not_fit_is_refused, punycode_whatever_the_locale,
		templates, bases_have_nothing_but_a_path,
		the_form_that_is_signed, a_form_with_too_much_in_it };

	return unit_run("url", tests, COUNT(tests));
}
