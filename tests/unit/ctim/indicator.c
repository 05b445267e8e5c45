/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "ctim/indicator.h"
#include "tests/unit/unit.h"

#define D    OBSERVABLE_DOMAIN
#define E    OBSERVABLE_EMAIL
#define I    OBSERVABLE_IP
#define I6   OBSERVABLE_IPV6
#define U    OBSERVABLE_URL
#define NONE OBSERVABLE_UNKNOWN

#define MD5  "d8414d743778cae103c15461200ec64d"
#define SHA1 "4f79d1a01b9b5cb3cb65a9911db2a02ea3bb7c45"
#define SHA256 \
	"efdd3ee0f816eba8ab1cba3643e42b40aaa16654d5120c67169d1b002e7f714d"
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *in;
	enum observable_type type;
	const char *out;
} values[] = {
	/* Domains. */
	{ "evil.example", D, "evil.example" },
	{ "  EVIL.Example.\r\n", D, "evil.example" },
	{ "evil[.]example", D, "evil.example" },
	{ "evil(.)example", D, "evil.example" },
	{ "evil[dot]example", D, "evil.example" },
	{ "b\xc3\xbc"
	  "cher.example",
	    D, "xn--bcher-kva.example" },
	{ "B\xc3\x9c"
	  "CHER.example.",
	    D, "xn--bcher-kva.example" },
	{ "_dmarc.evil.example", D, "_dmarc.evil.example" },
	{ "1.2.3.example", D, "1.2.3.example" },
	{ "xn--p1ai.xn--p1ai", D, "xn--p1ai.xn--p1ai" },
	{ L63 ".example", D, L63 ".example" }, { L63 "a.example", NONE, NULL },
	{ L63 "." L63 "." L63 "." L63 ".example", NONE, NULL },
	{ "localhost", NONE, NULL }, { "evil..example", NONE, NULL },
	{ ".evil.example", NONE, NULL }, { "evil.example..", NONE, NULL },
	{ "-evil.example", NONE, NULL }, { "evil-.example", NONE, NULL },
	{ "evil.123", NONE, NULL }, { "evil,example.org", NONE, NULL },
	{ "*.evil.example", NONE, NULL }, { "ev il.example", NONE, NULL },
	{ "evil.exam\x01ple", NONE, NULL }, { "evil.example\xff", NONE, NULL },
	/* Addresses and networks. */
	{ "192.0.2.1", I, "192.0.2.1" }, { "192[.]0[.]2[.]1", I, "192.0.2.1" },
	{ "10.1.2.3/8", I, "10.0.0.0/8" },
	{ "192.0.2.129/25", I, "192.0.2.128/25" },
	{ "192.0.2.1/32", I, "192.0.2.1" }, { "0.0.0.0/0", I, "0.0.0.0/0" },
	{ "192.0.2.1/33", NONE, NULL }, { "192.0.2.1/", NONE, NULL },
	{ "192.0.2.1/08", NONE, NULL }, { "192.0.2.1/-1", NONE, NULL },
	{ "192.0.2.1/255.255.255.0", NONE, NULL }, { "192.0.2.01", NONE, NULL },
	{ "192.0.2.256", NONE, NULL }, { "192.0.2", NONE, NULL },
	{ "3221225985", NONE, NULL }, { "2001:DB8:0:0::1", I6, "2001:db8::1" },
	{ "2001[:]db8[:][:]1", I6, "2001:db8::1" },
	{ "2001:db8:ffff::/32", I6, "2001:db8::/32" },
	{ "2001:db8::1/128", I6, "2001:db8::1" },
	{ "::ffff:192.0.2.1", I6, "::ffff:192.0.2.1" }, { "::", I6, "::" },
	{ "2001:db8::1/129", NONE, NULL }, { "2001:db8::1::2", NONE, NULL },
	{ "fe80::1%eth0", NONE, NULL }, { "192.0.2.1:443", NONE, NULL },
	/* URLs. */
	{ "http://Evil.example", U, "http://evil.example/" },
	{ "hxxp://evil[.]example/a[.]b", U, "http://evil.example/a.b" },
	{ "hXXps://evil[.]example:443/", U, "https://evil.example/" },
	{ "hxxp[:]//evil.example/", U, "http://evil.example/" },
	{ "hxxps[://]evil(.)example/x", U, "https://evil.example/x" },
	{ "fxp://evil.example/", U, "ftp://evil.example/" },
	{ "http://[2001:db8::1]/", U, "http://[2001:db8::1]/" },
	{ "http://evil.example?a[.]b", U, "http://evil.example/?a%5B.%5Db" },
	{ "http://joe((.))x@evil.example/", NONE, NULL },
	{ "gopher://evil.example/", NONE, NULL }, { "http://", NONE, NULL },
	{ "evil.example/path", NONE, NULL },
	/* E-mail addresses. */
	{ "John.Doe@EVIL.Example", E, "John.Doe@evil.example" },
	{ "joe[at]evil[.]example", E, "joe@evil.example" },
	{ "joe[@]b\xc3\xbc"
	  "cher.example",
	    E, "joe@xn--bcher-kva.example" },
	{ "@evil.example", NONE, NULL }, { "joe@", NONE, NULL },
	{ "joe@localhost", NONE, NULL }, { "a@b@evil.example", NONE, NULL },
	/* Hashes. */
	{ MD5, OBSERVABLE_MD5, MD5 },
	{ "D8414D743778CAE103C15461200EC64D", OBSERVABLE_MD5, MD5 },
	{ SHA1, OBSERVABLE_SHA1, SHA1 }, { SHA256, OBSERVABLE_SHA256, SHA256 },
	{ SHA256 "0", NONE, NULL },
	{ "d8414d743778cae103c15461200ec64g", NONE, NULL },
	/* Nothing. */
	{ "", NONE, NULL }, { " \t ", NONE, NULL }, { "-", NONE, NULL },
	{ "/", NONE, NULL }, { ":", NONE, NULL }, { ".", NONE, NULL },
	{ "[.]", NONE, NULL }, { "hxxp:", NONE, NULL }
};

START_TEST(finds_the_type_and_the_normal_form)
{
	char out[INDICATOR_MAX + 1];
	enum observable_type type;
	size_t i;

	for (i = 0; i < COUNT(values); i++) {
		type = indicator_detect(values[i].in, out);
		ck_assert_msg(type == values[i].type, "%s: type %d",
		    values[i].in, (int)type);
		if (type == NONE)
			continue;
		ck_assert_str_eq(out, values[i].out);
		/* Twice is once, and the type can be said as well. */
		ck_assert_int_eq(indicator_detect(values[i].out, out), type);
		ck_assert_str_eq(out, values[i].out);
		ck_assert_int_eq(
		    indicator_normalise(type, values[i].in, out), 0);
		ck_assert_str_eq(out, values[i].out);
	}
}
END_TEST

START_TEST(a_value_is_only_what_it_is)
{
	static const struct {
		enum observable_type type;
		const char *value;
	} cases[] = { { I, "2001:db8::1" }, { I6, "192.0.2.1" },
		{ D, "192.0.2.1" }, { D, MD5 }, { D, "http://evil.example/" },
		{ U, "evil.example" }, { E, "evil.example" },
		{ OBSERVABLE_MD5, SHA1 }, { OBSERVABLE_SHA1, MD5 },
		{ OBSERVABLE_SHA256, MD5 }, { I, "192.0.2.1/evil" }, { I, "" },
		{ D, "" }, { U, "" }, { OBSERVABLE_UNKNOWN, "evil.example" } };
	char out[INDICATOR_MAX + 1];
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_msg(indicator_normalise(
				  cases[i].type, cases[i].value, out) == -1,
		    "case %zu: %s", i, cases[i].value);
}
END_TEST

START_TEST(a_hostname_need_be_no_domain)
{
	static const struct {
		const char *value, *normal; /* NULL: it is none */
	} cases[] = { { "PC-17", "pc-17" }, { "srv_01", "srv_01" },
		{ "DB1.Corp.Example.", "db1.corp.example." }, { " 10 ", "10" },
		{ "-\xc3\x84-", "-\xc3\x84-" }, { "", NULL },
		{ "two words", NULL }, { "a\nb", NULL }, { "\xff", NULL } };
	char out[INDICATOR_MAX + 1];
	size_t i;
	int r;

	for (i = 0; i < COUNT(cases); i++) {
		r = indicator_normalise(
		    OBSERVABLE_HOSTNAME, cases[i].value, out);
		ck_assert_msg(r == (cases[i].normal == NULL ? -1 : 0), "%s",
		    cases[i].value);
		if (r == 0)
			ck_assert_str_eq(out, cases[i].normal);
	}
	/* No feed means one that does not say so. */
	ck_assert_int_eq(indicator_detect("PC-17", out), OBSERVABLE_UNKNOWN);
}
END_TEST

START_TEST(values_of_a_type_without_a_normal_form_stay_as_they_are)
{
	char out[INDICATOR_MAX + 1];
	int type, n = 0;

	for (type = -1; type <= OBSERVABLE_TYPES; type++)
		n += indicator_type(type);
	ck_assert_int_eq(n, 9);
	ck_assert(indicator_type(OBSERVABLE_URL));
	for (type = OBSERVABLE_FILE_NAME; type <= OBSERVABLE_MUTEX; type++) {
		ck_assert(!indicator_type(type));
		ck_assert_int_eq(indicator_normalise((enum observable_type)type,
				     " A[.]b c\\d ", out),
		    0);
		ck_assert_str_eq(out, "A[.]b c\\d");
		ck_assert_int_eq(
		    indicator_normalise((enum observable_type)type, " ", out),
		    -1);
		ck_assert_int_eq(indicator_normalise(
				     (enum observable_type)type, "a\nb", out),
		    -1);
		ck_assert_int_eq(indicator_normalise(
				     (enum observable_type)type, "\xff", out),
		    -1);
	}
	ck_assert_int_eq(indicator_normalise(OBSERVABLE_UNKNOWN, "a", out), -1);
}
END_TEST

/* Of all types the local part of an address takes the most. */
START_TEST(local_parts_are_text_and_not_long)
{
	static const char *const bad[] = { "a\x01"
					   "b@evil.example",
		"a b@evil.example",
		"a\x7f"
		"b@evil.example",
		"a\xff@evil.example" };
	char address[128], out[INDICATOR_MAX + 1];

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(indicator_detect(bad[i], out) == NONE, "%zu", i);
	memset(address, 'a', 65);
	strcpy(address + 64, "@evil.example");
	ck_assert_int_eq(indicator_detect(address, out), OBSERVABLE_EMAIL);
	strcpy(address + 64, "a@evil.example");
	ck_assert_int_eq(indicator_detect(address, out), NONE);
}
END_TEST

START_TEST(long_values)
{
	static char url[INDICATOR_MAX + 64], out[INDICATOR_MAX + 1];

	memset(url, 'a', sizeof(url));
	memcpy(url, "http://x.example/", 17);
	url[INDICATOR_MAX] = '\0';
	ck_assert_int_eq(indicator_detect(url, out), U);
	ck_assert_str_eq(out, url);
	url[INDICATOR_MAX] = 'a';
	url[INDICATOR_MAX + 1] = '\0';
	ck_assert_int_eq(indicator_detect(url, out), NONE);
	/* Blanks around it count: they are written out with it. */
	url[INDICATOR_MAX - 3] = url[INDICATOR_MAX - 2] = ' ';
	url[INDICATOR_MAX - 1] = '\t';
	url[INDICATOR_MAX] = '\0';
	ck_assert_int_eq(indicator_detect(url, out), U);
	ck_assert_uint_eq(strlen(out), INDICATOR_MAX - 3);
	url[INDICATOR_MAX] = ' ';
	url[INDICATOR_MAX + 1] = '\0';
	ck_assert_int_eq(indicator_detect(url, out), NONE);
	ck_assert_int_eq(indicator_normalise(U, url, out), -1);
	memset(url, '.', INDICATOR_MAX);
	url[INDICATOR_MAX] = '\0';
	ck_assert_int_eq(indicator_detect(url, out), NONE);
	memset(url, '[', INDICATOR_MAX);
	ck_assert_int_eq(indicator_detect(url, out), NONE);
}
END_TEST

START_TEST(prefixes)
{
	static const struct {
		const char *value;
		int bits;
	} cases[] = { { "10.0.0.0/8", 8 }, { "0.0.0.0/0", 0 },
		{ "2001:db8::/32", 32 }, { "192.0.2.1", -1 },
		{ "http://evil.example/8", -1 }, { "evil.example", -1 } };
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_int_eq(
		    indicator_prefix(cases[i].value), cases[i].bits);
}
END_TEST

START_TEST(networks_of_an_address)
{
	static const struct {
		enum observable_type type;
		const char *value;
		int bits;
		const char *network;
	} cases[] = { { I, "10.255.3.7", 8, "10.0.0.0/8" },
		{ I, "10.255.3.7", 9, "10.128.0.0/9" },
		{ I, "10.255.3.7", 31, "10.255.3.6/31" },
		{ I, "10.255.3.7", 32, "10.255.3.7" },
		{ I, "10.255.3.7", 0, "0.0.0.0/0" },
		{ I, "10.255.3.7", 33, NULL }, { I, "10.255.3.7", -1, NULL },
		{ I, "10.0.0.0/8", 8, NULL }, { I, "2001:db8::1", 8, NULL },
		{ I6, "2001:db8:ffff::1", 33, "2001:db8:8000::/33" },
		{ I6, "2001:db8::1", 128, "2001:db8::1" },
		{ I6, "2001:db8::1", 129, NULL },
		{ D, "evil.example", 8, NULL } };
	char out[INDICATOR_MAX + 1];
	size_t i;
	int r;

	for (i = 0; i < COUNT(cases); i++) {
		r = indicator_network(
		    cases[i].type, cases[i].value, cases[i].bits, out);
		ck_assert_int_eq(r, cases[i].network == NULL ? -1 : 0);
		if (r == 0)
			ck_assert_str_eq(out, cases[i].network);
	}
}
END_TEST

START_TEST(hosts_of_urls)
{
	static const struct {
		const char *url;
		enum observable_type type;
		const char *host;
	} cases[] = { { "http://a.evil.example/x", D, "a.evil.example" },
		{ "https://192.0.2.1:8443/", I, "192.0.2.1" },
		{ "http://[2001:db8::1]/", I6, "2001:db8::1" },
		{ "http://localhost/", NONE, NULL },
		{ "evil.example", NONE, NULL } };
	char out[INDICATOR_MAX + 1];
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(
		    indicator_url_host(cases[i].url, out), cases[i].type);
		if (cases[i].type != NONE)
			ck_assert_str_eq(out, cases[i].host);
	}
}
END_TEST

START_TEST(parents_of_a_domain)
{
	const char *s = "a.b.example";

	ck_assert_str_eq(s = indicator_parent(s), "b.example");
	ck_assert_str_eq(s = indicator_parent(s), "example");
	ck_assert_ptr_null(indicator_parent(s));
}
END_TEST

START_TEST(an_ipv4_address_is_what_the_system_takes)
{
	static const char *const parts[] = { "0", "00", "1", "01", "9", "10",
		"010", "99", "100", "255", "256", "260", "1000", "", "1a",
		"-1" };
	unsigned char addr[4];
	char text[64], normal[INDICATOR_MAX + 1], again[64];
	size_t i, n = COUNT(parts);
	bool good;

	for (i = 0; i < n * n * n * n; i++) {
		snprintf(text, sizeof(text), "%s.%s.%s.%s", parts[i % n],
		    parts[i / n % n], parts[i / n / n % n],
		    parts[i / n / n / n]);
		good = inet_pton(AF_INET, text, addr) == 1;
		ck_assert_int_eq(
		    indicator_normalise(OBSERVABLE_IP, text, normal),
		    good ? 0 : -1);
		if (!good)
			continue;
		inet_ntop(AF_INET, addr, again, sizeof(again));
		ck_assert_str_eq(normal, again);
	}
	for (i = 0; i < COUNT(parts); i++)
		ck_assert_int_eq(
		    indicator_normalise(OBSERVABLE_IP, parts[i], normal), -1);
	ck_assert_int_eq(
	    indicator_normalise(OBSERVABLE_IP, "1.2.3.4.", normal), -1);
	ck_assert_int_eq(
	    indicator_normalise(OBSERVABLE_IP, "1.2.3.4.5", normal), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { finds_the_type_and_the_normal_form,
		a_value_is_only_what_it_is, a_hostname_need_be_no_domain,
		values_of_a_type_without_a_normal_form_stay_as_they_are,
		local_parts_are_text_and_not_long, long_values, prefixes,
		networks_of_an_address, hosts_of_urls, parents_of_a_domain,
		an_ipv4_address_is_what_the_system_takes };

	return unit_run("indicator", tests, COUNT(tests));
}
