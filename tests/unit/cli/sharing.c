/* SPDX-License-Identifier: MIT */
/* STIX and MISP, as feeds. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed.h"
#include "cli/sharing/hold.h"
#include "tests/unit/unit.h"

#define MD5  "d8414d743778cae103c15461200ec64d"
#define ID1  "indicator--11111111-1111-4111-8111-111111111111"
#define ID2  "indicator--22222222-2222-4222-8222-222222222222"
#define UUID "33333333-3333-4333-8333-333333333333"

static struct buf said; /* what the last feed gave, as text */

/* "LINE TYPE VALUE" and what else is said of it. */
static int
entry(void *arg, uint64_t line, const struct feed_entry *e)
{
	const struct {
		const char *name;
		int64_t n, none;
	} fields[] = { { "d", e->disposition, -1 }, { "s", e->severity, -1 },
		{ "c", e->confidence, -1 }, { "t", e->tlp, -1 },
		{ "first", e->first_seen, 0 }, { "last", e->last_seen, 0 },
		{ "x", e->expires, -1 }, { "below", e->below, 0 } };
	size_t i;

	(void)arg;
	buf_addf(&said, "%" PRIu64 " %s %s", line, observable_name(e->type),
	    e->value);
	if (e->reason != NULL)
		buf_addf(&said, " (%s)", e->reason);
	if (e->url != NULL)
		buf_addf(&said, " <%s>", e->url);
	for (i = 0; i < COUNT(fields); i++)
		if (fields[i].n != fields[i].none)
			buf_addf(
			    &said, " %s=%" PRId64, fields[i].name, fields[i].n);
	return buf_addc(&said, '\n');
}

static int
skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	(void)arg;
	(void)reason;
	return buf_addf(&said, "%" PRIu64 " ! %s\n", line, why);
}

static void
note(void *arg, const char *text)
{
	(void)arg;
	buf_addf(&said, "note: %s\n", text);
}

static const struct feed_sink sink = {
	.entry = entry, .skipped = skipped, .note = note
};

static void
add(const char *text, const struct feed_options *o)
{
	char error[FEED_ERROR_MAX];
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	ck_assert_ptr_nonnull(f);
	if (feed_read(f, o, &sink, error) == -1)
		buf_addf(&said, "= %s", error);
	fclose(f);
}

static const char *
say(const char *text, const struct feed_options *o)
{
	if (said.max == 0)
		buf_init(&said, 64U << 20);
	buf_reset(&said);
	add(text, o);
	return said.data;
}

struct sharing_case {
	const char *feed, *says;
};

static void
try(const struct sharing_case *cases, size_t n)
{
	const struct feed_options o = { .format = FEED_AUTO };
	size_t i;

	for (i = 0; i < n; i++)
		ck_assert_str_eq(say(cases[i].feed, &o), cases[i].says);
}

/* An indicator of a URL with more members. */
#define URL(id, value, more)                                            \
	"{\"type\":\"indicator\",\"id\":\"" id "\",\"pattern\":\"[url:" \
	"value = '" value "']\"" more "}"
#define X "http://x.example/"
#define Y "http://y.example/"
#define CONTEXT                                                   \
	"{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--" UUID "\"," \
	"\"value\":\"192.0.2.1\"}"
#define PASSED                                                          \
	"note: 1 objects that are no indicators are context, and were " \
	"passed over\n"

START_TEST(wherever_indicators_are)
{
	static const struct sharing_case cases[] = {
		{ "{\"type\":\"bundle\",\"objects\":[\n" URL(
		      ID1, X, "") ",\n" CONTEXT "]}",
		    PASSED "2 url " X "\n" },
		/* Members in another order, over lines, with a mark. */
		{ "\xef\xbb\xbf{\n \"objects\" : [ " URL(
		      ID1, X, "") " ],\n \"type\" : \"bundle\"\n}\n",
		    "2 url " X "\n" },
		{ "{\"more\":true,\"next\":\"7\",\"objects\":[" URL(
		      ID1, X, "") "]}",
		    "note: the envelope says that there are more after it; "
		    "they are not in this file\n"
		    "1 url " X "\n" },
		{ "[" CONTEXT "," URL(ID1, X, "") "]", PASSED "1 url " X "\n" },
		{ CONTEXT "\n" URL(ID1, X, "") "\n\n" URL(ID2, Y, ""),
		    PASSED "2 url " X "\n4 url " Y "\n" },
		{ "[{\"type\":\"bundle\",\"objects\":[" URL(
		      ID1, X, "") "]},{\"objects\":[" URL(ID2, Y, "") "]}]",
		    "1 url " X "\n1 url " Y "\n" },
		{ "{\"type\":\"bundle\",\"id\":\"x\"}", "" },
		{ "{\"type\":\"bundle\",\"objects\":[]}", "" },
		/* Observed data has objects, too, which are context. */
		{ "{\"type\":\"bundle\",\"objects\":[{\"type\":"
		  "\"observed-data\",\"objects\":{\"0\":{\"type\":"
		  "\"ipv4-addr\",\"value\":\"192.0.2.1\"}}}]}",
		    PASSED },
		{ "{\"type\":\"bundle\",\"objects\":[7,{\"a\":1},{\"a\"}]}",
		    "1 ! it is no STIX object\n1 ! it is no STIX object\n"
		    "1 ! it is no JSON: a member without a colon\n" },
		{ "{\"type\":\"bundle\",\"objects\":[" URL(ID1, X, ""),
		    "= line 1: the JSON is not closed: the file was cut "
		    "short" }
	};

	try(cases, COUNT(cases));
}
END_TEST

#define WHITE         "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
#define CLEAR         "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
#define STRICT        "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
#define RED2          "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define MARKED(marks) URL(ID1, X, ",\"object_marking_refs\":[" marks "]")
#define TYPES(types)  URL(ID1, X, ",\"indicator_types\":[" types "]")

START_TEST(what_an_indicator_says)
{
	static const struct sharing_case cases[] = {
		{ URL(ID1, X,
		      ",\"name\":\"C2\",\"description\":\"of\\nit\","
		      "\"valid_from\":\"2020-01-01T00:00:00.5Z\","
		      "\"valid_until\":\"2030-01-01T00:00:00Z\","
		      "\"confidence\":85,\"external_references\":[{"
		      "\"source_name\":\"a\"},{\"url\":\"https://r.example/\"},"
		      "{\"url\":\"https://s.example/\"}]"),
		    "1 url " X " (C2: of it) <https://r.example/> c=5 "
		    "first=1577836800 x=1893456000\n" },
		{ URL(ID1, X, ",\"name\":\"C2\""), "1 url " X " (C2)\n" },
		{ URL(ID1, X, ",\"description\":\"C2\""),
		    "1 url " X " (C2)\n" },
		{ MARKED("\"" WHITE "\""), "1 url " X " t=0\n" },
		{ MARKED("\"" CLEAR "\""), "1 url " X " t=0\n" },
		{ MARKED("\"" STRICT "\""), "1 url " X " t=2\n" },
		/* The strictest of several. */
		{ MARKED("\"" RED2 "\",\"" WHITE
			 "\",\"marking-definition--" UUID "\""),
		    "1 url " X " t=3\n" },
		{ TYPES("\"malicious-activity\",\"compromised\""),
		    "1 url " X " d=2\n" },
		{ TYPES("\"benign\""), "1 url " X " d=1\n" },
		{ TYPES("\"benign\",\"malicious-activity\""), "1 url " X "\n" },
		{ TYPES("\"anonymization\""), "1 url " X "\n" },
		/* STIX 2.0. */
		{ URL(ID1, X, ",\"labels\":[\"malicious-activity\"]"),
		    "1 url " X " d=2\n" },
		{ URL(ID1, X, ",\"revoked\":true"), "1 ! it is revoked\n" },
		{ URL(ID1, X, ",\"revoked\":false,\"pattern_type\":\"stix\""),
		    "1 url " X "\n" },
		{ URL(ID1, X, ",\"pattern_type\":\"snort\""),
		    "1 ! its pattern_type is snort, not stix\n" },
		{ "{\"type\":\"indicator\",\"id\":\"" ID1 "\"}",
		    "1 ! it has no pattern\n" },
		{ "{\"type\":\"indicator\",\"id\":\"" ID1
		  "\",\"pattern\":\"[url:value = 'x]\"}",
		    "1 ! its pattern is no STIX pattern: a string is not "
		    "closed (byte 14)\n" },
		/* All of a pattern; a value that is none costs itself. */
		{ "{\"type\":\"indicator\",\"id\":\"" ID1
		  "\",\"pattern\":\"[ipv4-addr:value = '192.0.2.0/24' OR "
		  "domain-name:value = 'a b' OR file:name = 'x' OR "
		  "file:hashes.'MD5' = '" MD5 "']\",\"name\":\"n\"}",
		    "1 ! its pattern compares what is no value here: "
		    "file:name\n"
		    "1 ip 192.0.2.0/24 (n)\n"
		    "1 ! \"a b\" is no indicator of type \"domain-name\"\n"
		    "1 md5 " MD5 " (n)\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

#define AT(time) ",\"modified\":\"2020-01-01T00:00:00" time "\""
#define OLDER    "! a newer version of " ID1 " came before it\n"

START_TEST(the_newest_version_counts)
{
	static const struct sharing_case cases[] = {
		{ URL(ID1, X, AT(".1Z")) "\n" URL(ID1, Y, AT(".12Z")) "\n" URL(
		      ID2, X, AT("Z")),
		    "2 ! the version of " ID1 " before this one\n"
		    "2 url " Y "\n3 url " X "\n" },
		{ URL(ID1, X, AT(".1Z")) "\n" URL(ID1, Y, AT("Z")),
		    "2 " OLDER "1 url " X "\n" },
		{ URL(ID1, X, AT("Z")) "\n" URL(ID1, Y, AT("Z")),
		    "2 ! the same version of " ID1 " came before it\n"
		    "1 url " X "\n" },
		/* Also one that has no value any more. */
		{ URL(ID1, X, AT("Z")) "\n" URL(
		      ID1, X, AT(".5Z") ",\"revoked\":true"),
		    "2 ! it is revoked\n"
		    "2 ! the version of " ID1 " before this one\n" },
		{ URL(ID1, X, AT(".5Z") ",\"revoked\":true") "\n" URL(
		      ID1, X, AT("Z")),
		    "1 ! it is revoked\n2 " OLDER }
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(the_newest_version_of_several_files_counts)
{
	const struct hold_all all = { .skip = NULL };
	struct feed_options o = { .hold = hold_new() };
	char error[FEED_ERROR_MAX];

	ck_assert_ptr_nonnull(o.hold);
	ck_assert_str_eq(say(URL(ID1, X, AT("Z")), &o), "");
	add(URL(ID2, X, AT("Z")) "\n" URL(ID1, Y, AT(".5Z")), &o);
	ck_assert_int_eq(hold_end(o.hold, &all, &sink, error), 0);
	ck_assert_str_eq(said.data,
	    "2 ! the version of " ID1 " before this one\n1 url " X "\n2 url " Y
	    "\n");
	hold_free(o.hold);
}
END_TEST

#define ATTRIBUTE(type, value, more) \
	"{\"type\":\"" type "\",\"value\":\"" value "\"" more "}"
#define IDS ",\"to_ids\":true"
#define EVENT(attributes, more) \
	"{\"Event\":{\"Attribute\":[" attributes "]" more "}}"
#define ONE EVENT(ATTRIBUTE("domain", "a.example", IDS), "")

START_TEST(wherever_attributes_are)
{
	static const struct sharing_case cases[] = {
		{ ONE, "1 domain a.example\n" },
		{ " {\n\"Event\" : { \"Attribute\" :\n[" ATTRIBUTE(
		      "domain", "a.example", IDS) " ] } }\n",
		    "3 domain a.example\n" },
		{ "{\"response\":[" ONE "," ONE "]}",
		    "1 domain a.example\n1 domain a.example\n" },
		{ "{\"response\":" ONE "}", "1 domain a.example\n" },
		{ "[" ONE ",\n" ONE "]",
		    "1 domain a.example\n2 domain a.example\n" },
		{ ONE "\n" ONE "\n",
		    "1 domain a.example\n2 domain a.example\n" },
		{ "{\"response\":{\"Attribute\":[" ATTRIBUTE(
		      "md5", MD5, IDS) "]}}",
		    "1 md5 " MD5 "\n" },
		{ "{\"Event\":{\"Object\":[{\"name\":\"file\",\"Attribute\":"
		  "[" ATTRIBUTE(
		      "md5", MD5, IDS) "]},{\"name\":\"x\"}],\"info\":\"\"}}",
		    "1 md5 " MD5 "\n" },
		{ "{\"response\":[]}", "" },
		{ EVENT("7", ""), "1 ! it is no attribute\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

#define ID_OF(ids) EVENT(ATTRIBUTE("domain", "a.example", ids), "")

START_TEST(which_attributes_are_taken)
{
	static const struct sharing_case cases[] = {
		{ ID_OF(",\"to_ids\":1"), "1 domain a.example\n" },
		{ ID_OF(",\"to_ids\":\"1\""), "1 domain a.example\n" },
		{ ID_OF(""), "1 ! to_ids is not set\n" },
		{ ID_OF(",\"to_ids\":false"), "1 ! to_ids is not set\n" },
		{ ID_OF(",\"to_ids\":\"0\""), "1 ! to_ids is not set\n" },
		{ ID_OF(IDS ",\"deleted\":false"), "1 domain a.example\n" },
		{ ID_OF(IDS ",\"deleted\":true"), "1 ! it is deleted\n" },
		{ ID_OF(IDS ",\"deleted\":\"1\""), "1 ! it is deleted\n" },
		{ EVENT(ATTRIBUTE("ip-dst", "192.0.2.1", IDS) "," ATTRIBUTE(
			    "ip-src", "2001:db8::1",
			    IDS) "," ATTRIBUTE("hostname", "a.example",
			    IDS) "," ATTRIBUTE("url", "http://a.example/",
			    IDS) "," ATTRIBUTE("email-src", "a@b.example", IDS),
		      ""),
		    "1 ip 192.0.2.1\n1 ipv6 2001:db8::1\n"
		    "1 domain a.example\n1 url http://a.example/\n"
		    "1 email a@b.example\n" },
		/* Composites. */
		{ EVENT(ATTRIBUTE("filename|md5", "a|b.exe|" MD5,
			    IDS) "," ATTRIBUTE("malware-sample", "c.exe|" MD5,
			    IDS) "," ATTRIBUTE("ip-dst|port", "192.0.2.1|443",
			    IDS) "," ATTRIBUTE("ip-src|port", "2001:db8::1|53",
			    IDS) "," ATTRIBUTE("hostname|port", "a.example|80",
			    IDS) "," ATTRIBUTE("domain|ip",
			    "b.example|192.0.2.2", IDS),
		      ""),
		    "1 md5 " MD5 "\n1 md5 " MD5 "\n1 ip 192.0.2.1\n"
		    "1 ipv6 2001:db8::1\n1 domain a.example\n"
		    "1 domain b.example\n1 ip 192.0.2.2\n" },
		{ EVENT(ATTRIBUTE("AS", "AS174", IDS) "," ATTRIBUTE(
			    "ja3-fingerprint-md5", MD5, IDS),
		      ""),
		    "1 ! its type \"AS\" is none of an observable\n"
		    "1 ! its type \"ja3-fingerprint-md5\" is none of an "
		    "observable\n" },
		{ EVENT(ATTRIBUTE("md5", "ab", IDS), ""),
		    "1 ! \"ab\" is no indicator of type \"md5\"\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

#define TAG(name) "{\"name\":\"" name "\"}"

START_TEST(what_events_and_attributes_say)
{
	static const struct sharing_case cases[] = {
		/* The event says it behind its attributes, and of these alone;
		 * an attribute's own tag goes before. */
		{ "{\"response\":[" EVENT(
		      ATTRIBUTE("domain", "a.example", IDS) "," ATTRIBUTE(
			  "domain", "b.example",
			  IDS ",\"Tag\":[" TAG("x") "," TAG("tlp:amber") "]"),
		      ",\"threat_level_id\":\"1\",\"Tag\":[" TAG(
			  "tlp:green") "," TAG("tlp:red") "]") "," ONE "]}",
		    "1 domain a.example s=5 t=3\n"
		    "1 domain b.example s=5 t=2\n1 domain a.example\n" },
		{ "{\"Event\":{\"threat_level_id\":3,\"Tag\":[" TAG(
		      "TLP:AMBER+STRICT") "],\"Attribute\":[" ATTRIBUTE("domai"
									"n",
		      "a.example", IDS) "]}}",
		    "1 domain a.example s=3 t=2\n" },
		{ EVENT(ATTRIBUTE("domain", "a.example", IDS),
		      ",\"threat_level_id\":\"4\""),
		    "1 domain a.example\n" },
		{ EVENT(ATTRIBUTE("domain", "a.example",
			    IDS ",\"comment\":\"C2\",\"first_seen\":"
				"\"2020-01-01T00:00:00.000000+00:00\","
				"\"last_seen\":\"2020-01-02T00:00:00+00:00\""),
		      ",\"threat_level_id\":\"2\""),
		    "1 domain a.example (C2) s=4 first=1577836800 "
		    "last=1577923200\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

#define LIST(list, more) "{\"description\":\"d\",\"list\":[" list "]," more "}"

START_TEST(warning_lists)
{
	static const struct sharing_case cases[] = {
		{ LIST("\".a.example\",\"b.example\",\n\"*.c.example\"",
		      "\"name\":\"Known\",\"type\":\"hostname\""),
		    "1 domain a.example (Known) d=1 below=1\n"
		    "1 domain b.example (Known) d=1\n"
		    "2 domain c.example (Known) d=1 below=1\n" },
		{ "{\"type\":\"cidr\",\"list\":[\"192.0.2.0/24\","
		  "\"2001:db8::/32\",\"192.0.2.7\"]}",
		    "1 ip 192.0.2.0/24 d=1\n1 ipv6 2001:db8::/32 d=1\n"
		    "1 ip 192.0.2.7 d=1\n" },
		{ LIST("\"a.example\",\"x y\",\".7\"", "\"type\":\"string\""),
		    "1 domain a.example d=1\n1 ! \"x y\" is no indicator\n"
		    "1 ! \".7\" is no indicator\n" },
		{ LIST("\"/a/i\",\"b\"", "\"type\":\"regex\""),
		    "1 ! it is a regular expression (a list of type regex)\n"
		    "1 ! it is a regular expression (a list of type regex)\n" },
		{ LIST("\"a.example\"", "\"type\":\"substring\""),
		    "1 ! it is a part of values (a list of type substring)\n" },
		/* "3::" is the fuzzy hash of an empty file here. */
		{ LIST("\"3::\",\"" MD5 "\"",
		      "\"matching_attributes\":[\"md5\",\"ssdeep\"],\"type\":"
		      "\"string\""),
		    "1 ! the list is for values of other types than \"3::\"\n"
		    "1 md5 " MD5 " d=1\n" },
		{ LIST("\"a.example\"", "\"version\":1"),
		    "= it has a list as MISP's warning lists do, but no type "
		    "of theirs: cidr, string, hostname, substring or regex" }
	};
	const struct feed_options judged = { .judged = true };

	try(cases, COUNT(cases));
	/* The user says something else. */
	ck_assert_str_eq(
	    say(LIST("\"a.example\"", "\"type\":\"string\""), &judged),
	    "1 domain a.example\n");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { wherever_indicators_are,
		what_an_indicator_says, the_newest_version_counts,
		the_newest_version_of_several_files_counts,
		wherever_attributes_are, which_attributes_are_taken,
		what_events_and_attributes_say, warning_lists };

	return unit_run("sharing", tests, COUNT(tests));
}
