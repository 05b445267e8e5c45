/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed.h"
#include "tests/unit/unit.h"

#define MD5 "d8414d743778cae103c15461200ec64d"
#define SHA256 \
	"efdd3ee0f816eba8ab1cba3643e42b40aaa16654d5120c67169d1b002e7f714d"
#define OPEN \
	"a quote is not closed: the file was cut short, or a quote is missing"
#define EXPIRES "expires is no time after 1970-01-01T00:00:00Z, nor never"
#define DISPOSITION                                                \
	"disposition is not Clean, Malicious, Suspicious, Common " \
	"or Unknown"
static struct buf said; /* what the last feed gave, as text */
static int stop_after;

static int
count_down(void)
{
	return stop_after > 0 && --stop_after == 0;
}

/* "LINE TYPE VALUE" and what else the feed said: reason in parentheses, then
 * disposition, severity, confidence, tlp, priority, times, count, expiry. */
static int
entry(void *arg, uint64_t line, const struct feed_entry *e)
{
	const struct {
		const char *name;
		int64_t n, none;
	} fields[] = { { "d", e->disposition, -1 }, { "s", e->severity, -1 },
		{ "c", e->confidence, -1 }, { "t", e->tlp, -1 },
		{ "p", e->priority, -1 }, { "first", e->first_seen, 0 },
		{ "last", e->last_seen, 0 }, { "n", e->count, 0 },
		{ "x", e->expires, -1 } };
	size_t i;

	(void)arg;
	buf_addf(&said, "%" PRIu64 " %s %s", line, observable_name(e->type),
	    e->value);
	if (e->reason != NULL)
		buf_addf(&said, " (%s)", e->reason);
	for (i = 0; i < COUNT(fields); i++)
		if (fields[i].n != fields[i].none)
			buf_addf(
			    &said, " %s=%" PRId64, fields[i].name, fields[i].n);
	buf_addc(&said, '\n');
	return count_down();
}

static int
skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	(void)arg;
	(void)reason;
	buf_addf(&said, "%" PRIu64 " ! %s\n", line, why);
	return count_down();
}

/* What n bytes as a feed say, with "= " and the error at the end of one. */
static const char *
say(const char *bytes, size_t n, const struct feed_options *o)
{
	const struct feed_sink sink = { .entry = entry, .skipped = skipped };
	char error[FEED_ERROR_MAX];
	FILE *f;
	int r;

	if (said.max == 0)
		buf_init(&said, 64U << 20);
	buf_reset(&said);
	f = n == 0 ? fopen("/dev/null", "r") :
		     fmemopen((void *)(uintptr_t)bytes, n, "r");
	ck_assert_ptr_nonnull(f);
	r = feed_read(f, o, &sink, error);
	fclose(f);
	if (r == -1)
		buf_addf(&said, "= %s", error);
	if (r == 1)
		buf_adds(&said, "= stopped");
	return said.data;
}

struct feed_case {
	const char *feed, *says;
};

static void
try(const struct feed_case *cases, size_t n, enum feed_format format)
{
	const struct feed_options o = { .format = format };
	size_t i;

	for (i = 0; i < n; i++)
		ck_assert_str_eq(say(cases[i].feed, strlen(cases[i].feed), &o),
		    cases[i].says);
}

START_TEST(text)
{
	static const struct feed_case cases[] = { { "", "" },
		{ "\n\n# a comment\n; another\n   \n", "" },
		{ "192.0.2.1\nevil.example\r\n  " MD5 "  \n",
		    "1 ip 192.0.2.1\n2 domain evil.example\n3 md5 " MD5 "\n" },
		{ "192.0.2.1", "1 ip 192.0.2.1\n" },
		/* Comments: ipsum, Spamhaus, FireHOL and others. */
		{ "# IP\tnumber of (black)lists\n#\n192.0.2.1\t10\n",
		    "3 ip 192.0.2.1 (10)\n" },
		{ "192.0.2.0/24 ; SBL256894\n",
		    "1 ip 192.0.2.0/24 (SBL256894)\n" },
		{ "192.0.2.1#scanner\n192.0.2.2 # seen, twice\n192.0.2.3,x y\n",
		    "1 ip 192.0.2.1 (scanner)\n"
		    "2 ip 192.0.2.2 (seen, twice)\n3 ip 192.0.2.3 (x y)\n" },
		{ "http://evil.example/a;b,c#d why\n",
		    "1 url http://evil.example/a;b,c#d (why)\n" },
		{ "evil.example \x1b[31mred\xc2\x9b\n",
		    "1 domain evil.example ([31mred)\n" },
		/* Hosts files. */
		{ "127.0.0.1 localhost localhost.localdomain\n::1 localhost\n"
		  "255.255.255.255 broadcasthost\nfe80::1%lo0 localhost\n"
		  "ff02::1 ip6-allnodes\n0.0.0.0 0.0.0.0\n127.0.0.1 local\n",
		    "1 ! a name of the machine itself\n"
		    "2 ! a name of the machine itself\n"
		    "3 ! a name of the machine itself\n"
		    "4 ! a name of the machine itself\n"
		    "5 ! a name of the machine itself\n"
		    "6 ! a name of the machine itself\n"
		    "7 ! a name of the machine itself\n" },
		{ "0.0.0.0 evil.example # ads\n127.0.0.1\ta.example "
		  "b.example\n",
		    "1 domain evil.example\n2 domain a.example\n"
		    "2 domain b.example\n" },
		{ "127.0.0.1\t3\n", "1 ! 127.0.0.1: a loopback address\n" },
		/* Names begin with anything; a number alone is a comment. */
		{ "0.0.0.0 1-1ads.example\n0.0.0.0\t2o7.example\n"
		  "0.0.0.0 _thums.example # 3\n:: \xc3\xbcnsafe.example\n"
		  "127.0.0.1 42 # lists\n0.0.0.0 192.0.2.1\n",
		    "1 domain 1-1ads.example\n2 domain 2o7.example\n"
		    "3 domain _thums.example\n4 domain xn--nsafe-jva.example\n"
		    "5 ! 127.0.0.1: a loopback address\n6 ip 192.0.2.1\n" },
		/* A name follows a blank, not the mark of a comment. */
		{ "192.0.2.7 # localhost scanner\n127.0.0.1 # loopback\n"
		  "0.0.0.0\t# bogon\n192.0.2.8; localhost\n"
		  "127.0.0.1,evil.example\n",
		    "1 ip 192.0.2.7 (localhost scanner)\n"
		    "2 ! 127.0.0.1: a loopback address\n"
		    "3 ! 0.0.0.0: the unspecified address\n"
		    "4 ip 192.0.2.8 (localhost)\n"
		    "5 ! 127.0.0.1: a loopback address\n" },
		{ "192.0.2.1 evil.example\n",
		    "1 ip 192.0.2.1 (evil.example)\n" },
		/* What is none. */
		{ "192.0.2.1\nnonsense\n192.0.2.2\n",
		    "1 ip 192.0.2.1\n2 ! \"nonsense\" is no indicator\n"
		    "3 ip 192.0.2.2\n" },
		/* Windows-1252 costs a value, never what is said of one. */
		{ "\xffvil.example\nevil.example caf\xe9\n"
		  "192.0.2.1 \x80 9 \x96 \x93"
		  "x\x94\n192.0.2.2 caf\xc3\xa9\n",
		    "1 ! it is not UTF-8\n2 domain evil.example (caf\xc3\xa9)\n"
		    "3 ip 192.0.2.1 (\xe2\x82\xac 9 \xe2\x80\x93 "
		    "\xe2\x80\x9cx\xe2\x80\x9d)\n"
		    "4 ip 192.0.2.2 (caf\xc3\xa9)\n" },
		{ "0.0.0.0 a.example # caf\xe9\n0.0.0.0 b.example\n",
		    "1 domain a.example\n2 domain b.example\n" },
		{ "\xef\xbb\xbf"
		  "192.0.2.1\n",
		    "1 ip 192.0.2.1\n" },
		{ "[2001:db8::1]\n[.]\n",
		    "1 ipv6 2001:db8::1\n"
		    "2 ! \"[.]\" is no indicator\n" } };

	try(cases, COUNT(cases), FEED_AUTO);
}
END_TEST

START_TEST(csv)
{
	static const struct feed_case cases[] = {
		{ "ip,score\n192.0.2.1,3\n192.0.2.2,5\n",
		    "2 ip 192.0.2.1\n3 ip 192.0.2.2\n" },
		{ "\xef\xbb\xbfIP Address,Comment\r\n192.0.2.1,\"a, "
		  "\"\"b\"\"\"\r\n",
		    "2 ip 192.0.2.1 (a, \"b\")\n" },
		{ "value\n192.0.2.1\n\nevil.example",
		    "2 ip 192.0.2.1\n4 domain evil.example\n" },
		/* A field may go on over lines; what is behind keeps its number. */
		{ "value,reason\nevil.example,\"two\nlines\"\n192.0.2.1,x\n",
		    "2 domain evil.example (two lines)\n4 ip 192.0.2.1 (x)\n" },
		/* Every field. */
		{ "value,type,disposition,severity,confidence,tlp,priority,"
		  "reason,"
		  "first_seen,last_seen,count,expires\n"
		  "evil.example,domain,Malicious,high,Low,RED,95,why,"
		  "1970-01-02,1970-01-01T00:00:09Z,7,1970-01-01 00:01:00\n",
		    "2 domain evil.example (why) d=2 s=5 c=3 t=3 p=95 "
		    "first=86400 last=9 n=7 x=60\n" },
		{ "value,disposition,confidence,tlp,expires,first_seen\n"
		  "192.0.2.1,1,0,TLP:CLEAR,never,60\n192.0.2.2,,29,,,60000\n"
		  "192.0.2.3,,100,,,last week\n",
		    "2 ip 192.0.2.1 d=1 c=0 t=0 first=60 x=0\n"
		    "3 ip 192.0.2.2 c=3 first=60000\n4 ip 192.0.2.3 c=5\n" },
		/* A cell that is not understood costs itself, but the row where the
		 * judgement or its end would be another. */
		{ "value,disposition,severity,confidence,tlp,priority,expires\n"
		  "192.0.2.1,rotten,,,,,\n192.0.2.1,,bad,,,,\n"
		  "192.0.2.1,,,Critical,,,\n192.0.2.1,,,,purple,,\n"
		  "192.0.2.1,,,,,101,\n192.0.2.1,,,,,,soon\n,,,,,,\n",
		    "2 ! " DISPOSITION "\n3 ip 192.0.2.1\n4 ip 192.0.2.1\n"
		    "5 ip 192.0.2.1\n6 ip 192.0.2.1\n7 ! " EXPIRES "\n"
		    "8 ! it has no value\n" },
		/* The type a feed says holds. */
		{ "ioc_value,ioc_type\n192.0.2.1:443,ip:port\n2001:db8::1,ip\n"
		  "evil.example,ip\nevil.example,registry key\n",
		    "2 ip 192.0.2.1\n3 ipv6 2001:db8::1\n"
		    "4 ! \"evil.example\" is no indicator of type \"ip\"\n"
		    "5 ! \"evil.example\" is no indicator of type "
		    "\"registry key\"\n" },
		/* abuse.ch: the header is a comment, blanks before quotes. */
		{ "################\n# URLhaus Database, \"dump\n#\n"
		  "# id,dateadded,url,threat\n"
		  "\"1\", \"1970-01-01 00:01:00\", \"http://evil.example/x\", "
		  "\"malware_download\"\n# number of entries: 1\n",
		    "5 url http://evil.example/x (malware_download) "
		    "first=60\n" },
		{ "# "
		  "\"first_seen_utc\",\"sha256_hash\",\"md5_hash\","
		  "\"signature\"\n"
		  "\"1970-01-01 00:01:00\", \"" SHA256 "\", \"" MD5
		  "\", \"x\"\n",
		    "2 sha256 " SHA256 " (x) first=60\n2 md5 " MD5
		    " (x) first=60\n" },
		{ "# Feodo\n\"first_seen_utc\",\"dst_ip\",\"dst_port\"\n"
		  "\"1970-01-01 00:01:00\",\"192.0.2.1\",\"443\"\n",
		    "3 ip 192.0.2.1 first=60\n" },
		/* Short, long and broken rows. */
		{ "type,value\nip\nip,192.0.2.1,more,and more\n",
		    "2 ! it has no value\n3 ip 192.0.2.1\n" },
		/* A comment that only looks like a header. */
		{ "# domain, url and more\nevil.example\n",
		    "2 domain evil.example\n" }
	};

	try(cases, COUNT(cases), FEED_AUTO);
}
END_TEST

/* What is behind such a quote cannot be told from what is in it, and must not be
 * taken for removed. */
START_TEST(a_quote_that_is_not_closed)
{
	static const struct feed_case cases[] = {
		{ "value,reason\n192.0.2.1,x\n192.0.2.2,\"open\n192.0.2.3,x\n",
		    "2 ip 192.0.2.1 (x)\n= line 3: " OPEN },
		{ "value,\"reason\n192.0.2.1,x\n", "= line 1: " OPEN },
		/* The first row, its header in a comment. */
		{ "# url,reason\n\nhttp://evil.example/x,\"open\n"
		  "http://evil.example/y,x\n",
		    "= line 3: " OPEN },
		{ "# url,reason,type\n\"http://evil.example/x,x,url\n"
		  "http://evil.example/y,x,url\n",
		    "= line 2: " OPEN }
	};

	try(cases, 1, FEED_AUTO);
	try(cases + 1, 1, FEED_CSV);
	try(cases + 2, 2, FEED_AUTO);
}
END_TEST

/* Where no expiry is written as the beginning of time, nobody knows whether it
 * is meant as never or as long ago: neither is guessed. */
START_TEST(times_and_counts_that_are_none)
{
	static const struct feed_case cases[] = {
		{ "value,expires\n192.0.2.1,0\n192.0.2.2,1970-01-01T00:00:00Z\n"
		  "192.0.2.3,1\n192.0.2.4,NEVER\n192.0.2.5,-1\n",
		    "2 ! " EXPIRES "\n3 ! " EXPIRES "\n4 ip 192.0.2.3 x=1\n"
		    "5 ip 192.0.2.4 x=0\n6 ! " EXPIRES "\n" },
		/* Kept without what is none of it. */
		{ "value,count,first_seen,last_seen\n192.0.2.1,-1,-1,-1\n"
		  "192.0.2.2,1.5,1e9,x\n"
		  "192.0.2.3,99999999999999999999,99999999999999999999,\n"
		  "192.0.2.4,0,0,0\n",
		    "2 ip 192.0.2.1\n3 ip 192.0.2.2\n4 ip 192.0.2.3\n"
		    "5 ip 192.0.2.4\n" },
		/* As the feed has them: abuse.ch's last day is a date alone. */
		{ "value,first_seen,last_seen\n"
		  "192.0.2.1,1970-01-02 00:00:09,1970-01-02\n",
		    "2 ip 192.0.2.1 first=86409 last=86400\n" },
		{ "value,priority\n192.0.2.1,-1\n192.0.2.2,0\n"
		  "192.0.2.3,4294967296\n",
		    "2 ip 192.0.2.1\n3 ip 192.0.2.2 p=0\n4 ip 192.0.2.3\n" },
		{ "{\"value\":\"192.0.2.1\",\"expires\":0}\n"
		  "{\"value\":\"192.0.2.2\",\"count\":-3,\"first_seen\":-1}\n"
		  "{\"value\":\"192.0.2.3\",\"priority\":-1}\n",
		    "1 ! " EXPIRES "\n2 ip 192.0.2.2\n3 ip 192.0.2.3\n" }
	};

	try(cases, COUNT(cases), FEED_AUTO);
}
END_TEST

START_TEST(csv_without_a_column_for_the_value)
{
	static const struct feed_case cases[] = {
		{ "colour,size\nred,3\n",
		    "= no column of the header is known to "
		    "hold the value; name it with --column value=NAME, where "
		    "NAME is one of: colour, size" },
		{ "", "" }
	};

	try(cases, COUNT(cases), FEED_CSV);
}
END_TEST

START_TEST(csv_with_a_header_that_cannot_be_read)
{
	static const char nul[] = "\nip,a\0b\n192.0.2.1,x\n";
	struct feed_options o = { .format = FEED_CSV };
	char wide[1024] = "ip";

	ck_assert_str_eq(say(nul, sizeof(nul) - 1, &o),
	    "= line 2: this should be the header, and it has a NUL byte");
	memset(wide + 2, ',', 300);
	memcpy(wide + 302, "\n192.0.2.1\n", 12);
	ck_assert_str_eq(say(wide, strlen(wide), &o),
	    "= line 1: this should be the header, and it has more than 256 "
	    "columns");
}
END_TEST

START_TEST(columns_as_said)
{
	static const struct feed_column columns[] = { { FEED_VALUE,
							  "Bad Thing" },
		{ FEED_REASON, "ip" }, { FEED_SEVERITY, "" } };
	static const struct feed_column missing[] = { { FEED_VALUE, "gone" } };
	static const char feed[] =
	    "ip,bad thing,severity\n10.0.0.1,evil.example,8\n";
	static const char json[] =
	    "{\"ip\":\"10.0.0.1\",\"Bad Thing\":\"evil.example\","
	    "\"severity\":8}\n";
	struct feed_options o = { .columns = columns,
		.n_columns = COUNT(columns) };

	ck_assert_str_eq(
	    say(feed, strlen(feed), &o), "2 domain evil.example (10.0.0.1)\n");
	ck_assert_str_eq(
	    say(json, strlen(json), &o), "1 domain evil.example (10.0.0.1)\n");
	/* They are of a table, whether its header looks like one or not. */
	o = (struct feed_options){ .columns = missing, .n_columns = 1 };
	ck_assert_str_eq(say(feed, strlen(feed), &o),
	    "= there is no column "
	    "\"gone\"; the header has: ip, bad thing, severity");
}
END_TEST

START_TEST(json)
{
	static const struct feed_case cases[] = { { "[]", "" },
		{ " [ ] \n", "" },
		{ "{\"type\":\"ip\",\"value\":\"192.0.2.1\"}\n\n"
		  "{\"value\":\"EVIL.example\",\"reason\":\"why\\n\",\"count\":"
		  "3,"
		  "\"severity\":\"High\",\"priority\":100,\"expires\":60}",
		    "1 ip 192.0.2.1\n"
		    "3 domain evil.example (why) s=5 p=100 n=3 x=60\n" },
		{ "[\n {\"value\":\"192.0.2.1\"},\n {\"ip\":\"192.0.2.2\","
		  "\"tags\":[\"a]\",\"{\\\"\"]}\n]\n",
		    "2 ip 192.0.2.1\n3 ip 192.0.2.2 (a], {\")\n" },
		{ "[{\"value\":\"192.0.2.1\"}, 7, \"x,y\", null, [1,[2]],\n{}]",
		    "1 ip 192.0.2.1\n1 ! it is no JSON object\n"
		    "1 ! \"x,y\" is no indicator\n1 ! it is no JSON object\n"
		    "1 ! it is no JSON object\n2 ! it has no value\n" },
		{ "{\"value\":7}\n{\"value\":[\"192.0.2.1\"]}\n{\"value\":\"\"}"
		  "\n",
		    "1 ! \"7\" is no indicator\n2 ip 192.0.2.1\n"
		    "3 ! it has no value\n" },
		{ "{\"value\":\"192.0.2.1\",\"tlp\":\"purple\"}\n",
		    "1 ip 192.0.2.1\n" },
		{ "{\"value\":\"192.0.2.1\\u0000\"}\n",
		    "1 ! it has no value\n" },
		/* Cut off: an array must be whole, or --replace would take half
		 * a feed for all of it. */
		{ "[{\"value\":\"192.0.2.1\"},{\"val",
		    "1 ip 192.0.2.1\n"
		    "= line 1: the JSON is not closed: the file was cut "
		    "short" },
		{ "[{\"value\":\"192.0.2.1\"}] x",
		    "1 ip 192.0.2.1\n"
		    "= line 1: there is more behind the end of the JSON" } };

	try(cases, COUNT(cases), FEED_AUTO);
}
END_TEST

START_TEST(a_broken_line_of_json_is_one_line)
{
	static const char feed[] = "{\"value\":\"192.0.2.1\"}\n{\"val\n"
				   "{\"value\":\"192.0.2.2\"}\n";
	const struct feed_options o = { .format = FEED_AUTO };

	say(feed, strlen(feed), &o);
	ck_assert_ptr_nonnull(strstr(said.data,
	    "1 ip 192.0.2.1\n2 ! it is no "
	    "JSON: "));
	ck_assert_ptr_nonnull(strstr(said.data, "\n3 ip 192.0.2.2\n"));
}
END_TEST

/* Arrays in an object, and the object over several lines that is none of these.
 */
START_TEST(an_array_in_an_object)
{
	static const struct feed_case cases[] = {
		{ "{\"data\":[\n  {\"value\":\"192.0.2.1\"},\n"
		  "  {\"value\":\"192.0.2.2\"}\n]}\n",
		    "2 ip 192.0.2.1\n3 ip 192.0.2.2\n" },
		{ "\n \n{\n\"value\":\"192.0.2.1\"\n}\n", "3 ip 192.0.2.1\n" },
		{ "{\"data\":[{\"value\":\"192.0.2.1\"}]}\n",
		    "1 ip 192.0.2.1\n" },
		/* URLhaus: an array for each id. */
		{ "{\"3\":[{\"url\":\"http://a.example/x\"}],\n"
		  "\"4\":[{\"url\":\"http://b.example/y\"}]}\n",
		    "1 url http://a.example/x\n2 url http://b.example/y\n" },
		/* An object with a list of strings is an object still. */
		{ "{\"ip\":\"192.0.2.1\",\"tags\":[\"a\",\"b\"]}\n",
		    "1 ip 192.0.2.1 (a, b)\n" },
		{ "{\"domains\":[\"a.example\",\"b.example\"]}\n",
		    "1 domain a.example\n1 domain b.example\n" }
	};
	const struct feed_options o = { .format = FEED_JSON };
	static const char number[] = "7\n{\"value\":\"192.0.2.1\"}\n";

	try(cases, COUNT(cases), FEED_AUTO);
	say(number, strlen(number), &o);
	ck_assert_msg(said.data[0] == '=', "%s", said.data);
}
END_TEST

START_TEST(what_this_version_does_not_read)
{
	static const struct {
		const char *feed, *word;
	} cases[] = { { "{\"5a3b1c2d-1111-2222-3333-444455556666\": {\"info\": "
			"\"\"}}",
			  "manifest.json of a MISP feed" },
		{ "d41d8cd98f00b204e9800998ecf8427e,5a3b1c2d-1111-2222-3333-"
		  "444455556666\n",
		    "hashes.csv of a MISP feed" },
		{ "\x1f\x8b\x08x", "gzip, and damaged" },
		{ "\x1f\x8b", "cut short" }, { "PK\x03\x04x", "zip" },
		{ "\xff\xfe"
		  "1\nx",
		    "UTF-16, and was cut short" },
		{ "SQLite format 3", "database" }, { "%PDF-1.7", "PDF" },
		{ "\xfd"
		  "7zXZx",
		    "unxz" },
		{ "\x28\xb5\x2f\xfd", "unzstd" },
		{ "7z\xbc\xaf\x27\x1c", "7z" },
		{ "<!DOCTYPE html><p>Sign in", "HTML" },
		{ "\n <html lang=en>", "HTML" },
		{ "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<feed>192.0.2.1",
		    "XML" } };
	const struct feed_options o = { .format = FEED_AUTO };
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		say(cases[i].feed, strlen(cases[i].feed), &o);
		ck_assert_msg(said.data[0] == '=' &&
			strstr(said.data, cases[i].word) != NULL,
		    "case %zu: %s", i, said.data);
	}
}
END_TEST

/* NUL bytes in each format. */
START_TEST(nul_bytes)
{
	static const struct {
		const char *feed;
		size_t n;
		const char *says;
	} cases[] = {
		{ "192.0.2.1\nevil\0.example\n192.0.2.2\n", 34,
		    "1 ip 192.0.2.1\n2 ! it has a NUL byte\n3 ip 192.0.2.2\n" },
		{ "ip,x\n192.0.2.1,\0\n192.0.2.2,x\n", 29,
		    "2 ! it has a NUL byte\n3 ip 192.0.2.2\n" },
		{ "ip,x\n192.0.2.1,\"\0\"\n192.0.2.2,x\n", 31,
		    "2 ! it has a NUL byte\n3 ip 192.0.2.2\n" },
		/* What is in quotes is no row, whatever is before it. */
		{ "ip,comment\n192.0.2.4\0x,\"hello\n198.51.100.6,evil\"\n"
		  "192.0.2.9,ok\n",
		    62, "2 ! it has a NUL byte\n4 ip 192.0.2.9 (ok)\n" },
		{ "ip,comment\n192.0.2.4,\"h\0i\n198.51.100.6,evil\n\"\n"
		  "192.0.2.9,ok\n",
		    59, "2 ! it has a NUL byte\n5 ip 192.0.2.9 (ok)\n" }
	};
	const struct feed_options o = { .format = FEED_AUTO };
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(
		    say(cases[i].feed, cases[i].n, &o), cases[i].says);
}
END_TEST

/* Lines, rows and elements of several megabytes are passed over in bounded
 * memory, and what is around them is read. */
START_TEST(huge_lines)
{
	static const struct {
		const char *before, *after, *says;
		char fill;
	} cases[] = {
		{ "192.0.2.1\n", "\n192.0.2.2\n",
		    "1 ip 192.0.2.1\n"
		    "2 ! it is longer than 1048576 bytes\n3 ip 192.0.2.2\n",
		    'x' },
		{ "192.0.2.1\n", "",
		    "1 ip 192.0.2.1\n"
		    "2 ! it is longer than 1048576 bytes\n",
		    'x' },
		{ "ip,x\n192.0.2.1,", "\n192.0.2.2,x\n",
		    "2 ! it is longer than 65536 bytes\n3 ip 192.0.2.2\n",
		    'x' },
		{ "ip,x\n192.0.2.1,", "\n192.0.2.2,x\n",
		    "2 ! it has more than 256 columns\n3 ip 192.0.2.2\n", ',' },
		{ "ip,x\n192.0.2.1,\"", "\"\n192.0.2.2,x\n", "= line 2: " OPEN,
		    'x' },
		{ "{\"value\":\"", "\"}\n{\"value\":\"192.0.2.2\"}\n",
		    "1 ! it is longer than 1048576 bytes\n2 ip 192.0.2.2\n",
		    'x' },
		{ "[{\"value\":\"", "\"},{\"value\":\"192.0.2.2\"}]",
		    "1 ! it is longer than 1048576 bytes\n1 ip 192.0.2.2\n",
		    'x' },
		{ "[{\"value\":", "",
		    "= line 1: the JSON is not closed: the file was cut short",
		    '[' }
	};
	const struct feed_options o = { .format = FEED_AUTO };
	static char feed[3U << 20];
	size_t i, a, b;

	for (i = 0; i < COUNT(cases); i++) {
		a = strlen(cases[i].before);
		b = strlen(cases[i].after);
		memset(feed, cases[i].fill, sizeof(feed));
		memcpy(feed, cases[i].before, a);
		memcpy(feed + sizeof(feed) - b, cases[i].after, b);
		ck_assert_str_eq(say(feed, sizeof(feed), &o), cases[i].says);
	}
}
END_TEST

START_TEST(a_row_of_too_many_columns_keeps_its_quotes)
{
	static const char head[] = "ip,comment\n192.0.2.4";
	static const char tail[] = "\"x\n198.51.100.6,evil\"\n"
				   "192.0.2.9,ok\n";
	const struct feed_options o = { .format = FEED_CSV };
	char feed[512];
	size_t n = sizeof(head) - 1;

	memcpy(feed, head, n);
	memset(feed + n, ',', 300);
	memcpy(feed + n + 300, tail, sizeof(tail));
	ck_assert_str_eq(say(feed, n + 300 + sizeof(tail) - 1, &o),
	    "2 ! it has more than 256 columns\n4 ip 192.0.2.9 (ok)\n");
}
END_TEST

/* A line of the most bytes that one may have is one. */
START_TEST(lines_up_to_the_limit)
{
	static const char value[] = "192.0.2.1 ";
	static char feed[FEED_LINE_MAX + 32];
	const struct feed_options o = { .format = FEED_TEXT };
	size_t i, len;

	for (i = 0; i < 4; i++) {
		len = FEED_LINE_MAX + i % 2;
		memset(feed, 'x', len);
		memcpy(feed, value, strlen(value));
		/* With a line behind it, and as the last one. */
		if (i < 2)
			strcpy(feed + len, "\n192.0.2.2\n");
		else
			feed[len] = '\0';
		say(feed, strlen(feed), &o);
		ck_assert_msg(
		    (strstr(said.data, "longer") != NULL) == (i % 2 == 1),
		    "%zu: %.60s", i, said.data);
		ck_assert_int_eq(
		    strstr(said.data, "2 ip 192.0.2.2") != NULL, i < 2);
	}
}
END_TEST

/* Blanks in quotes belong to the cell; what is a word, a number or a time is
 * understood with them, and a cell of blanks says nothing. */
START_TEST(blanks_in_quotes)
{
	static const struct feed_case cases[] = {
		{ "\" value \",\"disposition \",\" count\",\"type\","
		  "\"expires\"\n"
		  "\" 192.0.2.1 \",\" Malicious \",\"7 \",\" ip\","
		  "\" never \"\n"
		  "\"192.0.2.2\",\" \",\"  \",\" \",\" \"\n"
		  "\"  \",\"1\",,,\n",
		    "2 ip 192.0.2.1 d=2 n=7 x=0\n3 ip 192.0.2.2\n"
		    "4 ! it has no value\n" }
	};
	const struct feed_column column = { FEED_VALUE, "where from" };
	const struct feed_options o = {
		.format = FEED_CSV, .columns = &column, .n_columns = 1
	};
	static const char said_so[] = "\"where from \"\n"
				      "192.0.2.1\n";

	try(cases, COUNT(cases), FEED_AUTO);
	ck_assert_str_eq(say(said_so, strlen(said_so), &o), "2 ip 192.0.2.1\n");
}
END_TEST

/* Table software writes the numbers of a column with a gap in it as 10.0. */
START_TEST(whole_numbers_with_a_point)
{
	static const struct feed_case cases[] = {
		{ "{\"value\":\"192.0.2.1\",\"disposition\":1.0,"
		  "\"confidence\":85.0,\"priority\":10.0,\"count\":3.0,"
		  "\"first_seen\":1600000000.0,\"last_seen\":1.6e9,"
		  "\"expires\":1700000000.0,\"reason\":4.0}\n"
		  "{\"value\":\"192.0.2.2\",\"disposition\":\"2.0\","
		  "\"expires\":1.7e12,\"count\":-0.0}\n",
		    "1 ip 192.0.2.1 (4) d=1 c=5 p=10 first=1600000000 "
		    "last=1600000000 n=3 x=1700000000\n"
		    "2 ip 192.0.2.2 d=2 x=1700000000\n" },
		{ "value,disposition,confidence,priority,count,first_seen,"
		  "expires\n192.0.2.1,1.0,85.00,10.0,3.0,1600000000.0,"
		  "1700000000.0\n192.0.2.2,,,,3.,.0,\n",
		    "2 ip 192.0.2.1 d=1 c=5 p=10 first=1600000000 n=3 "
		    "x=1700000000\n3 ip 192.0.2.2\n" }
	};

	try(cases, COUNT(cases), FEED_AUTO);
}
END_TEST

#define JUDGED(what) "{\"value\":\"192.0.2.1\"," what "}\n"

START_TEST(json_that_is_not_understood_is_not_left_unsaid)
{
	static const struct feed_case cases[] = {
		{ JUDGED("\"disposition\":1.5") JUDGED("\"disposition\":true")
			JUDGED("\"disposition\":{}")
			    JUDGED("\"disposition\":[1]")
				JUDGED("\"disposition\":\"Clean\\u0000\""),
		    "1 ! " DISPOSITION "\n2 ! " DISPOSITION "\n3 ! " DISPOSITION
		    "\n4 ! " DISPOSITION "\n5 ! " DISPOSITION "\n" },
		{ JUDGED("\"expires\":1.5") JUDGED("\"expires\":1e300")
			JUDGED("\"expires\":{\"$date\":1}"),
		    "1 ! " EXPIRES "\n2 ! " EXPIRES "\n3 ! " EXPIRES "\n" },
		/* A member whose words are no types is no type. */
		{ JUDGED("\"type\":7.5") JUDGED("\"type\":[\"ip\"]"),
		    "1 ip 192.0.2.1\n2 ip 192.0.2.1\n" },
		/* Null is not said; what another member says counts; times that
		 * are not understood are no matter; tags are the reason. */
		{ JUDGED("\"disposition\":null,\"tags\":[\"a\"],"
			 "\"first_seen\":{},\"last_seen\":1.5,\"count\":2.5")
			JUDGED("\"disposition\":{},\"disposition_name\":"
			       "\"Clean\""),
		    "1 ip 192.0.2.1 (a)\n2 ip 192.0.2.1 d=1\n" }
	};

	try(cases, COUNT(cases), FEED_AUTO);
}
END_TEST

/* However many members of usual names have numbers. */
START_TEST(numbers_in_many_members)
{
	static const struct feed_case cases[] = {
		{ "{\"ip\":\"192.0.2.1\",\"type\":\"ip\",\"ioc_type\":1,"
		  "\"indicator_type\":1,\"observable_type\":1,\"tlp\":"
		  "\"red\",\"reason\":\"why\",\"comment\":1,"
		  "\"description\":1,\"malware_printable\":1,"
		  "\"malware\":1,\"signature\":1,\"threat\":1,"
		  "\"threat_type\":1,\"listingreason\":1,\"tags\":1,"
		  "\"first_seen\":1,\"first_seen_utc\":1,\"firstseen\":1,"
		  "\"dateadded\":1,\"date_added\":1,\"listingdate\":1,"
		  "\"last_seen\":2,\"last_seen_utc\":1,\"lastseen\":1,"
		  "\"last_online\":1,\"count\":3,\"sightings\":1,"
		  "\"hits\":1,\"expires\":4}",
		    "1 ip 192.0.2.1 (why) t=3 first=1 last=2 n=3 x=4\n" }
	};

	try(cases, COUNT(cases), FEED_AUTO);
}
END_TEST

START_TEST(a_long_reason_is_cut)
{
	const struct feed_options o = { .format = FEED_AUTO };
	char feed[8192];
	size_t n, i;

	n = (size_t)snprintf(feed, sizeof(feed), "192.0.2.1 ");
	for (i = 0; i < 2000; i++, n += 2)
		memcpy(feed + n, "\xc3\xbc", 2);
	say(feed, n, &o);
	ck_assert_uint_eq(said.len, strlen("1 ip 192.0.2.1 ()\n") + 2048);
}
END_TEST

/* Lines across the edges of the buffer, and their numbers. */
START_TEST(many_lines)
{
	const struct feed_options o = { .format = FEED_AUTO };
	struct buf feed, want;
	unsigned i;

	buf_init(&feed, 64U << 20);
	buf_init(&want, 64U << 20);
	for (i = 0; i < 100000; i++) {
		buf_addf(&feed, "name-%u.example%s", i, i % 2 ? "\n" : "\r\n");
		buf_addf(&want, "%u domain name-%u.example\n", i + 1, i);
	}
	ck_assert_str_eq(say(feed.data, feed.len, &o), want.data);
	buf_free(&feed);
	buf_free(&want);
}
END_TEST

START_TEST(a_callback_ends_the_reading)
{
	static const char *const feeds[] = { "192.0.2.1\n192.0.2.2\n",
		"bad\nbad\n", "ip\n192.0.2.1\n192.0.2.2\n",
		"[{\"ip\":\"192.0.2.1\"},{\"ip\":\"192.0.2.2\"}]",
		"{\"ip\":\"192.0.2.1\"}\n{\"ip\":\"192.0.2.2\"}\n" };
	const struct feed_options o = { .format = FEED_AUTO };
	const char *end;
	size_t i;

	for (i = 0; i < COUNT(feeds); i++) {
		stop_after = 1;
		say(feeds[i], strlen(feeds[i]), &o);
		ck_assert_ptr_nonnull(end = strchr(said.data, '\n'));
		ck_assert_str_eq(end, "\n= stopped");
	}
}
END_TEST

START_TEST(a_stream_that_fails_is_an_error)
{
	const struct feed_sink sink = { .entry = entry, .skipped = skipped };
	const struct feed_options o = { .format = FEED_TEXT };
	char error[FEED_ERROR_MAX];
	FILE *f = fopen("/", "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(feed_read(f, &o, &sink, error), -1);
	ck_assert_str_eq(error, "Is a directory");
	fclose(f);
}
END_TEST

START_TEST(names)
{
	ck_assert_int_eq(feed_format("csv"), FEED_CSV);
	ck_assert_int_eq(feed_format("auto"), FEED_AUTO);
	ck_assert_int_eq(feed_format("openioc"), -1);
	ck_assert_int_eq(feed_field("first_seen"), FEED_FIRST_SEEN);
	ck_assert_int_eq(feed_field("colour"), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { text, csv, a_quote_that_is_not_closed,
		times_and_counts_that_are_none,
		csv_without_a_column_for_the_value,
		csv_with_a_header_that_cannot_be_read, columns_as_said, json,
		a_broken_line_of_json_is_one_line, an_array_in_an_object,
		what_this_version_does_not_read, nul_bytes, huge_lines,
		a_row_of_too_many_columns_keeps_its_quotes,
		lines_up_to_the_limit, blanks_in_quotes,
		whole_numbers_with_a_point,
		json_that_is_not_understood_is_not_left_unsaid,
		numbers_in_many_members, a_long_reason_is_cut, many_lines,
		a_callback_ends_the_reading, a_stream_that_fails_is_an_error,
		names };

	return unit_run("feed", tests, COUNT(tests));
}
