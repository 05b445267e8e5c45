/* SPDX-License-Identifier: MIT */
/* Texts as reports, mails and logs have them, and what is found in each. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/extract/extract.h"
#include "cli/feed/feed_reader.h"
#include "tests/unit/unit.h"

static const struct {
	const char *text, *found;
} spoken[] = { { "hxxps[://]example[.]com/test[.]html",
		   "url:https://example.com/test.html" },
	{ "hXXp://bad[.]example/wp-content/a[.]php?x=1[.]2",
	    "url:http://bad.example/wp-content/a.php?x=1.2" },
	{ "http://192[.168.1.1/x", "url:http://192.168.1.1/x" },
	{ "http://192,168,0,1", "" },
	{ "[https://x.example/a.html](https://x.example/a.html)",
	    "url:https://x.example/a.html url:https://x.example/a.html" },
	{ "DownloadString('https://x.example/a.ps1');Start-Sleep",
	    "url:https://x.example/a.ps1" },
	{ "spf=pass smtp.mailfrom=a@b.example;", "email:a@b.example" },
	{ "_dmarc.example.com", "domain:_dmarc.example.com" },
	{ "serial 0f:e9:73:75:20:22:a6:06:ad:f2:a3:6e:34:5d:c0:ed", "" },
	{ "SSH MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", "" },
	{ "EUI-64 00:11:22:33:44:55:66:77", "" }, { "1:2:3:4:5:6::7:8", "" },
	{ "www[.example.com", "domain:www.example.com" },
	{ "example[.com", "domain:example.com" },
	{ "example.]com", "domain:example.com" },
	{ "a@example(.)com[.tld", "email:a@example.com.tld" },
	{ "example\\.com", "domain:example.com" },
	{ "example [.] com", "domain:example.com" },
	{ "a{at}example.com", "email:a@example.com" },
	{ "a [at] example [dot] com", "email:a@example.com" },
	{ "0x1a1db93766e31994507511c9c70a1dd94465cf6d",
	    "sha1:1a1db93766e31994507511c9c70a1dd94465cf6d" },
	{ "https:\\/\\/x.example\\/j", "url:https://x.example/j" },
	{ "tcp://192[.]0[.]2[.]1:80/path", "ip:192.0.2.1" },
	{ "192.0.2.0/255.255.255.0", "ip:192.0.2.0/24" },
	{ "192.0.2.58\xc2\xa0"
	  "192.0.2.59",
	    "ip:192.0.2.58 ip:192.0.2.59" },
	{ "\xe3\x80\x8c"
	  "192.0.2.8\xe3\x80\x8d",
	    "ip:192.0.2.8" },
	{ "\xe3\x80\x8ehttp://example.com\xe3\x80\x8f",
	    "url:http://example.com/" },
	{ "\xc2\xab"
	  "bad.example\xc2\xbb\xef\xbc\x8c\xe2\x80\x98"
	  "a.example\xe2\x80\x99",
	    "domain:bad.example domain:a.example" },
	{ "bad.example\xe2\x80\x99s server", "domain:bad.example" },
	{ "bad.example's server", "domain:bad.example" },
	{ "http://a.example\xe2\x86\x92http://b.example",
	    "url:http://a.example/ url:http://b.example/" },
	{ "(http://a.example),(http://b.example)",
	    "url:http://a.example/ url:http://b.example/" },
	{ "{http://a.example/x};", "url:http://a.example/x" },
	{ "\xe5\x8f\x82\xe8\xa7\x81http://evil.example/"
	  "x\xe4\xb8\x8b\xe8\xbd\xbd",
	    "url:http://evil.example/x" },
	{ "\xe5\x9f\x9f\xe5\x90\x8d"
	  "evil.example\xe8\xa2\xab\xe5\xb0\x81",
	    "domain:evil.example" },
	{ "\xe5\x9c\xb0\xe5\x9d\x80"
	  "192.0.2.1\xe7\x9a\x84",
	    "ip:192.0.2.1" },
	{ "\xe4\xbe\x8b\xe3\x81\x88.jp", "domain:xn--r8jz45g.jp" },
	{ "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84",
	    "domain:xn--e1afmkfd.xn--p1ai" },
	{ "\xd1\x81\xd0\xb0\xd0\xb9\xd1\x82"
	  "1.\xd1\x80\xd1\x84",
	    "domain:xn--1-7sb1a4ah.xn--p1ai" },
	{ "http://\xe4\xbe\x8b\xe3\x81\x88.jp/\xe7\xb5\x8c\xe8\xb7\xaf",
	    "url:http://xn--r8jz45g.jp/%E7%B5%8C%E8%B7%AF" },
	{ "see http://evil.example\xe4\xb8\x8b", "url:http://evil.example/" },
	{ "https://r.example/?u=https%3A%2F%2Fevil.example%2Fx&v=1",
	    "url:https://r.example/?u=https%3A%2F%2Fevil.example%2Fx&v=1 "
	    "url:https://evil.example/x" },
	{ "u=https%3A%2F%2Fevil.example%2Fx", "url:https://evil.example/x" },
	{ "u=https%253A%252F%252Fevil.example%252Fx",
	    "url:https://evil.example/x" },
	{ "{\"u\":\"https:\\/\\/x.example\\/j\\nnext\"}",
	    "url:https://x.example/j" },
	{ "foo\\nbar.example", "domain:bar.example" },
	{ "C:\\Users\\.ssh\\bad.example", "domain:bad.example" },
	{ "2001:db8::", "ipv6:2001:db8::" },
	{ "::ffff:192.0.2.128", "ipv6:::ffff:192.0.2.128" },
	{ "(2001:db8::1).", "ipv6:2001:db8::1" },
	{ "[2001:db8::1]:443", "ipv6:2001:db8::1" },
	{ "http://[2001:db8::1]:443/x", "url:http://[2001:db8::1]:443/x" },
	{ "192.0.2.1-192.0.2.6",
	    "ip:192.0.2.1 ip:192.0.2.2/31 ip:192.0.2.4/31 ip:192.0.2.6" },
	{ "198.51.100.4 - 198.51.100.7", "ip:198.51.100.4/30" },
	{ "198.51.100.4\xe2\x80\x93"
	  "198.51.100.7",
	    "ip:198.51.100.4/30" },
	{ "198.51.100.4 \xe2\x80\x93 198.51.100.7.", "ip:198.51.100.4/30" },
	{ "2001:db8::4-2001:db8::7", "ipv6:2001:db8::4/126" },
	{ "192.0.2.9 - 192.0.2.1", "ip:192.0.2.9 ip:192.0.2.1" },
	{ "192.0.2.9 - - [x]", "ip:192.0.2.9" },
	{ "192.0.2.9 - bad.example", "ip:192.0.2.9 domain:bad.example" },
	{ "os.path.join System.out report.pdf console.log e.g. i.e.", "" },
	{ "report.pdf:12 main.c:42 src/a.c", "" },
	{ "bad.com report.zip", "domain:bad.com domain:report.zip" },
	{ "foo.com.np a.ck", "domain:foo.com.np domain:a.ck" },
	{ "x.zzz x[.]zzz", "domain:x.zzz" }, { "x.zzz:80", "domain:x.zzz" },
	{ "git@github.com:foo/bar.git", "email:git@github.com" },
	{ "o'neil@b.example", "email:o'neil@b.example" },
	{ "'a.example','b.example'", "domain:a.example domain:b.example" },
	{ "icon@2x.png", "" },
	{ "<a href=\"http://a.example/?x=1&amp;y=2\">t</a>",
	    "url:http://a.example/?x=1&amp;y=2" },
	{ "&quot;http://a.example/x&quot;", "url:http://a.example/x" },
	{ "**http://a.example/x**", "url:http://a.example/x" },
	{ "_bad.example_", "domain:bad.example" },
	{ "example.com (at) noon", "domain:example.com" }, { "see (at) 5", "" },
	{ "https://evil.example/a(b)c)", "url:https://evil.example/a(b)c" },
	{ "tcp://bad.example:80 udp://192.0.2.1",
	    "domain:bad.example ip:192.0.2.1" },
	{ "HTTP://EVIL.EXAMPLE/A", "url:http://evil.example/A" },
	{ "a1::b2 std::vec 1::2", "" }, { "1.2.3.4.5 v1.2.3.4 999.1.1.1", "" },
	{ "end.The next.In", "" },
	{ "192.0.2.0/24, 2001:db8::/32;",
	    "ip:192.0.2.0/24 ipv6:2001:db8::/32" },
	{ "192.0.2.0/255.255.255.224", "ip:192.0.2.0/27" },
	{ "192.0.2.1/33", "ip:192.0.2.1" },
	{ "mailto:x@a.example?subject=y", "email:x@a.example" },
	{ "http://a.example/x\\\"", "url:http://a.example/x" },
	{ "http://192[.]168,0,1", "" },
	{ "http://0300.1.1.1/ http://3232235521/", "" },
	{ "name=bad.example&x=1", "domain:bad.example" }, { "a . example", "" },
	{ "foo [.] bar [.] com", "domain:foo.bar.com" },
	{ "192 [.] 0 [.] 2 [.] 1", "ip:192.0.2.1" },
	{ "hxxp : //a.example", "domain:a.example" },
	{ "http[:]//a[.]example/[x]", "url:http://a.example/%5Bx%5D" },
	{ "[http[:]//a[.]example/x]", "url:http://a.example/x" },
	{ "http://user:pw@a.example/", "url:http://user:pw@a.example/" },
	{ "http://a.example/o'neil", "url:http://a.example/o'neil" },
	{ "curl 'http://a.example/x'", "url:http://a.example/x" },
	{ "http://a.example/\xc3\xbc", "url:http://a.example/%C3%BC" },
	{ "m\xc3\xbcnchen.de", "domain:xn--mnchen-3ya.de" },
	{ "\xef\xbc\xb7\xef\xbd\x89\xef\xbd\x84\xef\xbd\x85.example", "" },
	{ "192.0.2.1\xe3\x80\x82"
	  "192.0.2.2\xe3\x80\x81"
	  "a.example",
	    "ip:192.0.2.1 ip:192.0.2.2 domain:a.example" },
	{ "a.example\xe2\x80\xa6"
	  "b.example",
	    "domain:a.example domain:b.example" },
	{ "https://t.me/x?y=a@b.example", "url:https://t.me/x?y=a@b.example" },
	{ "bad[.com/x evil[.net:80", "domain:bad.com domain:evil.net" },
	{ "list[.5] x[.y", "" },
	{ "0xdeadbeef 0xD8414D743778CAE103C15461200EC64D",
	    "md5:d8414d743778cae103c15461200ec64d" },
	{ "sha256="
	  "efdd3ee0f816eba8ab1cba3643e42b40aaa16654d5120c67169d1b002e7f714d",
	    "sha256:"
	    "efdd3ee0f816eba8ab1cba3643e42b40aaa16654d5120c67169d1b002e7f714"
	    "d" } };

static int
note(void *arg, enum observable_type type, const char *value)
{
	struct buf *out = arg;

	return buf_addf(out, "%s%s:%s", out->len == 0 ? "" : " ",
	    observable_name(type), value);
}

static void
search(const char *text, size_t len, struct buf *out)
{
	struct feed_reader r;
	FILE *f = fmemopen((void *)(uintptr_t)text, len, "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(feed_reader_init(&r, f), 0);
	buf_reset(out);
	ck_assert_int_eq(extract_read(&r, note, out), 0);
	feed_reader_free(&r);
	fclose(f);
}

START_TEST(what_a_text_speaks_of)
{
	struct buf out;
	char text[512];
	size_t i;

	buf_init(&out, 100000);
	for (i = 0; i < COUNT(spoken); i++) {
		search(spoken[i].text, strlen(spoken[i].text), &out);
		ck_assert_msg(strcmp(out.data, spoken[i].found) == 0,
		    "%s\n  gave     %s\n  not      %s", spoken[i].text,
		    out.data, spoken[i].found);
		/* The same inside a text. */
		snprintf(text, sizeof(text), "That\n%s\nwas.", spoken[i].text);
		search(text, strlen(text), &out);
		ck_assert_str_eq(out.data, spoken[i].found);
	}
	buf_free(&out);
}
END_TEST

/* A list without a blank is longer than what is looked at together: each of it is
 * found, and nothing that a cut made. */
START_TEST(a_word_of_any_length)
{
	struct buf out, text;
	const char *at;
	size_t i, n = 0;

	buf_init(&out, 1000000);
	buf_init(&text, 1000000);
	for (i = 0; i < 20000; i++)
		buf_addf(&text, "%zu.a%zu.example%s", i, i,
		    i % 3 == 0     ? "," :
			i % 3 == 1 ? ";" :
				     "|");
	search(text.data, text.len, &out);
	for (at = out.data; (at = strstr(at, ".example")) != NULL; at++, n++)
		;
	ck_assert_uint_eq(n, 20000);
	buf_reset(&text);
	/* One that is too long is none, and what follows it is found. */
	buf_adds(&text, "http://a.example/");
	for (i = 0; i < 40000; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, ",b.example c.example");
	search(text.data, text.len, &out);
	ck_assert_str_eq(out.data, "domain:b.example domain:c.example");
	buf_free(&text);
	buf_free(&out);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_a_text_speaks_of,
		a_word_of_any_length };

	return unit_run("extract_cases", tests, COUNT(tests));
}
