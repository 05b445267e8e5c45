/* SPDX-License-Identifier: MIT */
/* Odd spellings of values, and the one form that each has. */
#include <stddef.h>

#include "ctim/indicator.h"
#include "tests/unit/unit.h"

#define DOMAIN OBSERVABLE_DOMAIN
#define EMAIL  OBSERVABLE_EMAIL
#define IP     OBSERVABLE_IP
#define IPV6   OBSERVABLE_IPV6
#define MD5    OBSERVABLE_MD5
#define URL    OBSERVABLE_URL
#define NONE   OBSERVABLE_UNKNOWN

static const struct {
	const char *value;
	enum observable_type type;
	const char *normal;
} spelled[] = {
	/* Domains: case, dot at the end, other scripts, dots of other scripts. */
	{ "evil.example", DOMAIN, "evil.example" },
	{ "EVIL.Example.", DOMAIN, "evil.example" },
	{ "\tevil.example \r\n", DOMAIN, "evil.example" },
	{ "_DMARC.Evil.example", DOMAIN, "_dmarc.evil.example" },
	{ "xn--BCHER-kva.example", DOMAIN, "xn--bcher-kva.example" },
	{ "b\xc3\xbc"
	  "cher.example",
	    DOMAIN, "xn--bcher-kva.example" },
	{ "B\xc3\x9c"
	  "CHER.Example.",
	    DOMAIN, "xn--bcher-kva.example" },
	{ "bu\xcc\x88"
	  "cher.example",
	    DOMAIN, "xn--bcher-kva.example" },
	{ "\xe6\x97\xa5\xe6\x9c\xac\xe3\x80\x82jp", DOMAIN, "xn--wgv71a.jp" },
	{ "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84",
	    DOMAIN, "xn--e1afmkfd.xn--p1ai" },
	{ "\xef\xbd\x85\xef\xbd\x96\xef\xbd\x89\xef\xbd\x8c.example", DOMAIN,
	    "evil.example" },
	{ "evil..example", NONE, NULL }, { "*.evil.example", NONE, NULL },
	/* Defanged: each bracket, half of them, words, blanks, a backslash. */
	{ "evil[.]example", DOMAIN, "evil.example" },
	{ "evil(.)example", DOMAIN, "evil.example" },
	{ "evil{.}example", DOMAIN, "evil.example" },
	{ "evil[dot]example", DOMAIN, "evil.example" },
	{ "evil(DOT)example", DOMAIN, "evil.example" },
	{ "evil{dot}example", DOMAIN, "evil.example" },
	{ "evil [.] example", DOMAIN, "evil.example" },
	{ "www [.] evil\t(dot) example", DOMAIN, "www.evil.example" },
	{ "www[.evil[.]example", DOMAIN, "www.evil.example" },
	{ "www[.evil.example", DOMAIN, "www.evil.example" },
	{ "evil.]example", DOMAIN, "evil.example" },
	{ "evil\\.example", DOMAIN, "evil.example" },
	{ "192[.]0[.]2[.]1", IP, "192.0.2.1" },
	{ "192[.0.2.1", IP, "192.0.2.1" },
	{ "192.0.2[.]0/24", IP, "192.0.2.0/24" },
	{ "192.0.2[.]0[/]24", IP, "192.0.2.0/24" },
	{ "2001[:]db8[:][:]1", IPV6, "2001:db8::1" },
	{ "joe[at]evil[.]example", EMAIL, "joe@evil.example" },
	{ "joe [at] evil [dot] example", EMAIL, "joe@evil.example" },
	{ "joe(at)evil.example", EMAIL, "joe@evil.example" },
	{ "joe{at}evil.example", EMAIL, "joe@evil.example" },
	{ "joe[@]evil.example", EMAIL, "joe@evil.example" },
	{ "joe(@)evil.example", EMAIL, "joe@evil.example" },
	{ "evil [.example", NONE, NULL }, { "evil ] example", NONE, NULL },
	{ "evil[.", NONE, NULL }, { "[.]evil.example", NONE, NULL },
	{ "evil[.)example", NONE, NULL }, { "evil((.))example", NONE, NULL },
	{ "evil[[..example", NONE, NULL },
	/* Defanged URLs: all of the value, when scheme or host is. */
	{ "hxxp://evil.example/a[.]php", URL, "http://evil.example/a.php" },
	{ "hXXps://evil.example/", URL, "https://evil.example/" },
	{ "HXXPS[://]evil[.]example/x[.]php?q=1[.]2", URL,
	    "https://evil.example/x.php?q=1.2" },
	{ "hxxps[:]//evil[.]example", URL, "https://evil.example/" },
	{ "hxxps[:][//]evil[.]example", URL, "https://evil.example/" },
	{ "hxxp[:][/][/]evil[.]example[/]a[/]b", URL,
	    "http://evil.example/a/b" },
	{ "hxxp://evil[.]example[:]8080/", URL, "http://evil.example:8080/" },
	{ "hxxp:\\/\\/evil\\.example\\/a\\.b", URL, "http://evil.example/a.b" },
	{ "https:\\/\\/evil.example\\/j", URL, "https://evil.example/j" },
	{ "http://evil(.)example/a(.)b", URL, "http://evil.example/a.b" },
	{ "http://joe[@]evil.example/", URL, "http://joe@evil.example/" },
	{ "fxp://evil.example/a", URL, "ftp://evil.example/a" },
	{ "hxxp://192[.168.1.1/x", URL, "http://192.168.1.1/x" },
	{ "hxxp://evil.example/(.)/x", URL, "http://evil.example/x" },
	{ "http://evil.example/a[.]b", URL, "http://evil.example/a%5B.%5Db" },
	{ "http://evil.example/?a[dot]b", URL,
	    "http://evil.example/?a%5Bdot%5Db" },
	{ "http://evil.example/(a)", URL, "http://evil.example/(a)" },
	{ "hxxp://evil[.]example/a b", NONE, NULL }, { "hxxp://", NONE, NULL },
	/* URLs: case, port, user, dot at the end, other scripts, addresses. */
	{ "HTTP://EVIL.Example/Path?Q", URL, "http://evil.example/Path?Q" },
	{ "http://evil.example", URL, "http://evil.example/" },
	{ "http://evil.example:80", URL, "http://evil.example/" },
	{ "https://evil.example:443/a", URL, "https://evil.example/a" },
	{ "https://evil.example:80/a", URL, "https://evil.example:80/a" },
	{ "ftp://evil.example:21/a", URL, "ftp://evil.example/a" },
	{ "http://evil.example.:80/", URL, "http://evil.example/" },
	{ "http://evil.example?q", URL, "http://evil.example/?q" },
	{ "http://evil.example/?", URL, "http://evil.example/" },
	{ "http://@evil.example/", URL, "http://evil.example/" },
	{ "http://:@evil.example/", URL, "http://evil.example/" },
	{ "http://joe@evil.example/", URL, "http://joe@evil.example/" },
	{ "http://b\xc3\xbc"
	  "cher.example/",
	    URL, "http://xn--bcher-kva.example/" },
	{ "http://192.0.2.1/", URL, "http://192.0.2.1/" },
	{ "http://192,168,0,1/", NONE, NULL },
	{ "http://192,168,0,1", NONE, NULL },
	{ "http://[2001:DB8:0:0::1]/", URL, "http://[2001:db8::1]/" },
	{ "http://[::FFFF:192.0.2.1]/", URL, "http://[::ffff:192.0.2.1]/" },
	/* What is behind the host: encoding, dots. */
	{ "http://evil.example/\xc3\xbc", URL, "http://evil.example/%C3%BC" },
	{ "http://evil.example/%c3%bc", URL, "http://evil.example/%C3%BC" },
	{ "http://evil.example/?q=\xe6\x97\xa5#\xe6\x9c\xac", URL,
	    "http://evil.example/?q=%E6%97%A5#%E6%9C%AC" },
	{ "http://evil.example/%7euser/%41", URL,
	    "http://evil.example/~user/A" },
	{ "http://evil.example/%2f%3F%25", URL,
	    "http://evil.example/%2F%3F%25" },
	{ "http://evil.example/100%", URL, "http://evil.example/100%25" },
	{ "http://evil.example/%zz%4", URL, "http://evil.example/%25zz%254" },
	{ "http://evil.example/\"<>^`{|}", URL,
	    "http://evil.example/%22%3C%3E%5E%60%7B%7C%7D" },
	{ "http://evil.example/?a[]=1", URL, "http://evil.example/?a%5B%5D=1" },
	{ "http://evil.example/!$&'()*+,;=:@-._~", URL,
	    "http://evil.example/!$&'()*+,;=:@-._~" },
	{ "http://evil.example/#a#b", URL, "http://evil.example/#a%23b" },
	{ "http://evil.example/a/./b/../c", URL, "http://evil.example/a/c" },
	{ "http://evil.example/../../a", URL, "http://evil.example/a" },
	{ "http://evil.example/a/%2e%2E/b", URL, "http://evil.example/b" },
	{ "http://evil.example/a/..", URL, "http://evil.example/" },
	{ "http://evil.example/a/.", URL, "http://evil.example/a/" },
	{ "http://evil.example/a/.b/..c/...", URL,
	    "http://evil.example/a/.b/..c/..." },
	{ "http://evil.example/a//../b", URL, "http://evil.example/a/b" },
	{ "http://evil.example/?a/../b", URL, "http://evil.example/?a/../b" },
	{ "http://evil.example/%00", URL, "http://evil.example/%00" },
	{ "http://evil.example/%", URL, "http://evil.example/%25" },
	/* Addresses: forms of IPv6, IPv4-mapped, networks. */
	{ "2001:0DB8:0000:0000:0000:0000:0000:0001", IPV6, "2001:db8::1" },
	{ "2001:db8:0:0:1:0:0:1", IPV6, "2001:db8::1:0:0:1" },
	{ "[2001:DB8::1]", NONE, NULL },
	{ "::ffff:192.0.2.1", IPV6, "::ffff:192.0.2.1" },
	{ "::FFFF:c000:201", IPV6, "::ffff:192.0.2.1" },
	{ "2001:db8::/32", IPV6, "2001:db8::/32" },
	{ "2001:db8:1::/32", IPV6, "2001:db8::/32" },
	{ "192.0.2.77/24", IP, "192.0.2.0/24" },
	{ "192.0.2.1/32", IP, "192.0.2.1" }, { "192.0.2.001", NONE, NULL },
	{ "0300.0.2.1", NONE, NULL }, { "192.0.2.1.", NONE, NULL },
	{ "[192.0.2.1]", NONE, NULL }, { "[2001:db8::1", NONE, NULL },
	{ "[]", NONE, NULL },
	/* E-mail addresses and hashes. */
	{ "Joe.Doe@EVIL.Example.", EMAIL, "Joe.Doe@evil.example" },
	{ "joe@b\xc3\xbc"
	  "cher.example",
	    EMAIL, "joe@xn--bcher-kva.example" },
	{ "D8414D743778CAE103C15461200EC64D", MD5,
	    "d8414d743778cae103c15461200ec64d" }
};

START_TEST(one_form_for_all_spellings)
{
	char out[INDICATOR_MAX + 1], again[INDICATOR_MAX + 1];
	enum observable_type type;
	size_t i;

	for (i = 0; i < COUNT(spelled); i++) {
		type = indicator_detect(spelled[i].value, out);
		ck_assert_msg(type == spelled[i].type, "%s: type %d",
		    spelled[i].value, (int)type);
		if (type == NONE)
			continue;
		ck_assert_msg(strcmp(out, spelled[i].normal) == 0, "%s: %s",
		    spelled[i].value, out);
		ck_assert_int_eq(
		    indicator_normalise(type, spelled[i].value, again), 0);
		ck_assert_str_eq(again, out);
		/* A normal form stays as it is. */
		ck_assert_int_eq(indicator_detect(out, again), type);
		ck_assert_str_eq(again, out);
	}
}
END_TEST

/* A value of 2048 bytes may be longer in its normal form, and is none then. */
START_TEST(a_normal_form_that_is_too_long)
{
	char url[INDICATOR_MAX + 1], out[INDICATOR_MAX + 1];

	memset(url, '"', sizeof(url));
	memcpy(url, "http://x.example/", 17);
	url[17 + (INDICATOR_MAX - 17) / 3] = '\0';
	ck_assert_int_eq(indicator_detect(url, out), URL);
	ck_assert_uint_eq(strlen(out), 17 + (INDICATOR_MAX - 17) / 3 * 3);
	url[17 + (INDICATOR_MAX - 17) / 3] = '"';
	url[INDICATOR_MAX] = '\0';
	ck_assert_int_eq(indicator_detect(url, out), NONE);
	ck_assert_int_eq(indicator_normalise(URL, url, out), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { one_form_for_all_spellings,
		a_normal_form_that_is_too_long };

	return unit_run("indicator_spelling", tests, COUNT(tests));
}
