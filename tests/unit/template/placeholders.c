/* SPDX-License-Identifier: MIT */
/* Templates of a description: what they hold, and what becomes of them. */
#include <string.h>

#include <json-c/json.h>

#include "ctim/observable.h"
#include "template/placeholders.h"
#include "json/jsonin.h"
#include "tests/unit/unit.h"

#define NOW       INT64_C(1700000000) /* 2023-11-14T22:13:20Z */
#define ALL       (~0U)
#define NO_SECRET (ALL & ~PLACEHOLDER_BIT(PLACEHOLDER_SECRET))

static const struct {
	const char *name;
	enum placeholder_kind kind;
	const char *value;
} names[] = { { "key", PLACEHOLDER_SECRET, "s3cr3t\"&" },
	{ "HOST", PLACEHOLDER_CLAIM, "eu.example" },
	{ "COUNT", PLACEHOLDER_CLAIM, "25" },
	{ "ALL", PLACEHOLDER_CLAIM, "true" },
	{ "NONE", PLACEHOLDER_CLAIM, NULL },
	{ "LINES", PLACEHOLDER_CLAIM, "a\r\nX-Evil: b" },
	{ "TAB", PLACEHOLDER_CLAIM, "a\tb" },
	{ "check", PLACEHOLDER_CALL,
	    "{\"id\": \"x/y z\", \"n\": 7, \"big\": 18446744073709551615, "
	    "\"float\": 1.50, \"exp\": 1e3, \"yes\": true, \"no\": false, "
	    "\"null\": null, \"list\": [\"a b\", 2, null, true], \"none\": "
	    "[], \"nulls\": [null], \"deep\": [[1]], \"o\": {\"p\": \"q\"}, "
	    "\"rows\": [{\"id\": \"r,1\"}, {\"id\": 2}, {}], \"quote\": "
	    "\"\\\"\\\\\\n\", \"odd name|}\": \"odd\", \"nul\": "
	    "\"a\\u0000b\", \"half\": \"\\ud800\", \"empty\": \"\", "
	    "\"url\": \"https://other.example/a?b=c\", \"ones\": [1, 2.5, "
	    "true]}" },
	{ "text", PLACEHOLDER_CALL, "\"whole\"" },
	{ "list", PLACEHOLDER_CALL, "[\"p\", \"q\"]" },
	{ "nothing", PLACEHOLDER_CALL, NULL } };

static enum placeholder_kind
find_name(const void *arg, const char *name, size_t len)
{
	size_t i;

	(void)arg;
	for (i = 0; i < COUNT(names); i++)
		if (strlen(names[i].name) == len &&
		    memcmp(names[i].name, name, len) == 0)
			return names[i].kind;
	return PLACEHOLDER_UNKNOWN;
}

static const char *
each_name(const void *arg, size_t i)
{
	(void)arg;
	return i < COUNT(names) ? names[i].name : NULL;
}

static const char *
claim_value(const void *arg, const char *name)
{
	size_t i;

	(void)arg;
	for (i = 0; i < COUNT(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].value;
	ck_abort_msg("%s is no claim", name);
	return NULL;
}

struct played {
	struct json_object *calls[COUNT(names)];
	struct placeholders_values values;
	struct observable observable;
};

static struct json_object *
call_result(const void *arg, const char *name)
{
	const struct played *played = arg;
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return played->calls[i];
	ck_abort_msg("%s is no call", name);
	return NULL;
}

static struct json_object *
played_json(const char *text)
{
	const char *why;
	struct json_object *value = jsonin_answer(text, strlen(text), &why);

	ck_assert_msg(value != NULL, "%s: %s", text, why);
	return value;
}

static void
play(struct played *p, const char *value, const char *item)
{
	size_t i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < COUNT(names); i++)
		if (names[i].kind == PLACEHOLDER_CALL && names[i].value != NULL)
			p->calls[i] = played_json(names[i].value);
	p->observable =
	    (struct observable){ .type = OBSERVABLE_IPV6, .value = value };
	p->values = (struct placeholders_values){ .observable = &p->observable,
		.limit = 100,
		.now = NOW,
		.page = 3,
		.next = "c/1",
		.item = item == NULL ? NULL : played_json(item),
		.entries = "{\"url\": \"a\"},{\"url\": \"b\"}",
		.claim = claim_value,
		.call = call_result,
		.arg = p };
}

static void
play_end(struct played *p)
{
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		json_object_put(p->calls[i]);
	json_object_put(p->values.item);
}

static struct placeholders *
made(const char *text, enum placeholders_place place, unsigned allowed,
    char why[512])
{
	struct placeholders_scope scope = {
		.find = find_name, .allowed = allowed, .name = each_name
	};

	*why = '\0';
	return placeholders_new(text, place, &scope, why, 512);
}

/* What becomes of a template, to be freed by buf_free(). */
static enum placeholders_filled
filled(const char *text, enum placeholders_place place,
    const struct placeholders_values *values, struct buf *b)
{
	char why[512];
	struct placeholders *t = made(text, place, ALL, why);
	enum placeholders_filled r;

	ck_assert_msg(t != NULL, "%s: %s", text, why);
	r = placeholders_fill(t, values, b);
	placeholders_free(t);
	return r;
}

#define VALUE "a\"b'c\\d /?&=%+<\xc3\xbc>"
#define ITEM  "{\"_id\": \"1-2\", \"url\": \"http://x/\", \"n\": 4}"

/* out: NULL with what else comes of it in r. */
static const struct {
	const char *text;
	enum placeholders_place place;
	const char *out;
	enum placeholders_filled r;
} rows[] = {
	/* Variables. */
	{ "{value}", PLACE_TEXT, VALUE, FILLED },
	{ "{type} {type_name}", PLACE_TEXT, "ipv6 IPv6", FILLED },
	{ "{limit} {limit+1} {limit+999999}", PLACE_TEXT, "100 101 1000099",
	    FILLED },
	{ "{limit+000}", PLACE_TEXT, "100", FILLED },
	{ "{page}", PLACE_TEXT, "3", FILLED },
	{ "{next}", PLACE_URL, "c%2F1", FILLED },
	{ "{item._id}/{item.n}", PLACE_URL, "1-2/4", FILLED },
	{ "{item}", PLACE_TEXT, NULL, FILL_WRONG },
	{ "{item.none}", PLACE_TEXT, NULL, FILL_MISSING },
	{ "{ago 30d}", PLACE_TEXT, "1697408000", FILLED },
	{ "{ago 2h}", PLACE_TEXT, "1699992800", FILLED },
	{ "{ago 5m}", PLACE_TEXT, "1699999700", FILLED },
	{ "{ago 0m}", PLACE_TEXT, "1700000000", FILLED },
	{ "{ago 30d ms}", PLACE_TEXT, "1697408000000", FILLED },
	{ "{ago 30d iso}", PLACE_TEXT, "2023-10-15T22:13:20Z", FILLED },
	{ "{ago 999999d}", PLACE_TEXT, "0", FILLED },
	{ "{ago 30d iso}", PLACE_URL, "2023-10-15T22%3A13%3A20Z", FILLED },
	{ "{HOST}{NONE}", PLACE_TEXT, "eu.example", FILLED },
	{ "Key {key}", PLACE_HEADER, "Key s3cr3t\"&", FILLED },
	{ "k={key}", PLACE_FORM, "k=s3cr3t%22%26", FILLED },
	/* Answers. */
	{ "{check.id}", PLACE_URL, "x%2Fy%20z", FILLED },
	{ "{check.n} {check.big} {check.float} {check.exp}", PLACE_TEXT,
	    "7 18446744073709551615 1.50 1e3", FILLED },
	{ "{check.yes} {check.no}", PLACE_TEXT, "true false", FILLED },
	{ "{check.list}", PLACE_TEXT, "a b,2,true", FILLED },
	{ "{check.list[]}", PLACE_URL, "a%20b,2,true", FILLED },
	{ "{check.list|upper}", PLACE_TEXT, "A B,2,TRUE", FILLED },
	{ "{check.rows[].id}", PLACE_URL, "r%2C1,2", FILLED },
	{ "{check.rows[1].id}", PLACE_URL, "2", FILLED },
	{ "{check.\"odd name|}\"|upper}", PLACE_TEXT, "ODD", FILLED },
	{ "{text} {list} {list[1]}", PLACE_TEXT, "whole p,q q", FILLED },
	{ "{check.o.p}", PLACE_TEXT, "q", FILLED },
	{ "{check.empty}", PLACE_TEXT, "", FILLED },
	{ "{check.half}", PLACE_URL, "%EF%BF%BD", FILLED },
	{ "{check.o}", PLACE_TEXT, NULL, FILL_WRONG },
	{ "{check.deep}", PLACE_TEXT, NULL, FILL_WRONG },
	{ "{check.nul}", PLACE_TEXT, NULL, FILL_WRONG },
	{ "{check.null}", PLACE_TEXT, NULL, FILL_MISSING },
	{ "{check.none}", PLACE_TEXT, NULL, FILL_MISSING },
	{ "{check.none[].x}", PLACE_TEXT, NULL, FILL_MISSING },
	{ "{check.nulls}", PLACE_TEXT, NULL, FILL_MISSING },
	{ "{check.list[7]}", PLACE_TEXT, NULL, FILL_MISSING },
	{ "{check.nowhere.at.all}", PLACE_TEXT, NULL, FILL_MISSING },
	{ "{nothing}", PLACE_TEXT, NULL, FILL_MISSING },
	{ "{nothing.x[].y}", PLACE_TEXT, NULL, FILL_MISSING },
	/* In a URL. */
	{ "/a/{value}?b", PLACE_URL,
	    "/a/a%22b%27c%5Cd%20%2F%3F%26%3D%25%2B%3C%C3%BC%3E?b", FILLED },
	{ "https://{HOST}:8443/v1/x~y-z_.", PLACE_URL,
	    "https://eu.example:8443/v1/x~y-z_.", FILLED },
	{ "/search?q=page.ip:\"{HOST}\" AND a<5|b\\`^", PLACE_URL,
	    "/search?q=page.ip:%22eu.example%22%20AND%20a%3C5%7Cb%5C%60%5E",
	    FILLED },
	{ "/?q={\"a\": [{ } {}]}&f={1 TO 5}", PLACE_URL,
	    "/?q=%7B%22a%22:%20[%7B%20%7D%20%7B%7D]%7D&f=%7B1%20TO%205%7D",
	    FILLED },
	{ "/a%20b%2fc%zz%4%", PLACE_URL, "/a%20b%2fc%25zz%254%25", FILLED },
	{ "/%{page}1?\xc3\xbc", PLACE_URL, "/%2531?%C3%BC", FILLED },
	{ "#[]@!$&'()*+,;=:", PLACE_URL, "#[]@!$&'()*+,;=:", FILLED },
	{ "", PLACE_URL, "", FILLED }, { "}", PLACE_TEXT, "}", FILLED },
	{ "{", PLACE_TEXT, "{", FILLED },
	{ "{{page}}", PLACE_TEXT, "{3}", FILLED },
	/* In JSON. */
	{ "{\"ip\": \"{value}\"}", PLACE_JSON,
	    "{\"ip\": \"a\\\"b'c\\\\d /?&=%+<\xc3\xbc>\"}", FILLED },
	{ "{\"limit\": {limit}, \"yes\": {ALL}, \"n\": {COUNT}}", PLACE_JSON,
	    "{\"limit\": 100, \"yes\": true, \"n\": 25}", FILLED },
	{ "{\"a\": [{entries}]}", PLACE_JSON,
	    "{\"a\": [{\"url\": \"a\"},{\"url\": \"b\"}]}", FILLED },
	{ "[{check.yes}, {check.no}, {check.n}, {check.exp}]", PLACE_JSON,
	    "[true, false, 7, 1e3]", FILLED },
	{ "[{check.ones}]", PLACE_JSON, "[1,2.5,true]", FILLED },
	{ "[{value}]", PLACE_JSON, NULL, FILL_WRONG },
	{ "[{check.list}]", PLACE_JSON, NULL, FILL_WRONG },
	{ "[{HOST}]", PLACE_JSON, NULL, FILL_WRONG },
	{ "[{NONE}]", PLACE_JSON, NULL, FILL_WRONG },
	{ "[{check.o}]", PLACE_JSON, NULL, FILL_WRONG },
	{ "\"{check.quote}\"", PLACE_JSON, "\"\\\"\\\\\\n\"", FILLED },
	{ "\"\\\"{check.quote}\\\\\", {page}", PLACE_JSON,
	    "\"\\\"\\\"\\\\\\n\\\\\", 3", FILLED },
	{ "\"{check.list}\"", PLACE_JSON, "\"a b,2,true\"", FILLED },
	{ "\"{NONE}\"", PLACE_JSON, "\"\"", FILLED },
	{ "\"{LINES}\"", PLACE_JSON, "\"a\\r\\nX-Evil: b\"", FILLED },
	{ "{ \"q\": \"query { ip(v: 1) { n } }\", \"p\": {page}}", PLACE_JSON,
	    "{ \"q\": \"query { ip(v: 1) { n } }\", \"p\": 3}", FILLED },
	{ "{\n\t\"a\": {}\n}", PLACE_JSON, "{\n\t\"a\": {}\n}", FILLED },
	/* In a header, a form, a text. */
	{ "Bearer {HOST}", PLACE_HEADER, "Bearer eu.example", FILLED },
	{ "{LINES}", PLACE_HEADER, NULL, FILL_WRONG },
	{ "{TAB}", PLACE_HEADER, NULL, FILL_WRONG },
	{ "{LINES|base64}", PLACE_HEADER, "YQ0KWC1FdmlsOiBi", FILLED },
	{ "{check.quote}", PLACE_HEADER, NULL, FILL_WRONG },
	{ "a b={LINES}&c=https://d/", PLACE_FORM,
	    "a%20b=a%0D%0AX-Evil%3A%20b&c=https://d/", FILLED },
	{ "{LINES}", PLACE_TEXT, "a\r\nX-Evil: b", FILLED },
	{ "{check.url}", PLACE_URL, "https%3A%2F%2Fother.example%2Fa%3Fb%3Dc",
	    FILLED },
	/* Pipes. */
	{ "{value|lucene}", PLACE_TEXT, "a\\\"b'c\\\\d /?&=%+<\xc3\xbc>",
	    FILLED },
	{ "{value|odata}", PLACE_TEXT, "a\"b''c\\d /?&=%+<\xc3\xbc>", FILLED },
	{ "{value|aql}", PLACE_TEXT, "a\"b''c\\d /?&=%+<\xc3\xbc>", FILLED },
	{ "{value|kql}", PLACE_TEXT, "a\\\"b'c\\\\d /?&=%+\\<\xc3\xbc\\>",
	    FILLED },
	{ "{value|odata|lucene|upper}", PLACE_TEXT,
	    "A\\\"B''C\\\\D /?&=%+<\xc3\xbc>", FILLED },
	{ "{value|lucene}", PLACE_URL,
	    "a%5C%22b%27c%5C%5Cd%20%2F%3F%26%3D%25%2B%3C%C3%BC%3E", FILLED },
	{ "\"{value|lucene}\"", PLACE_JSON,
	    "\"a\\\\\\\"b'c\\\\\\\\d /?&=%+<\xc3\xbc>\"", FILLED },
	{ "{HOST|upper} {HOST|upper|lower}", PLACE_TEXT,
	    "EU.EXAMPLE eu.example", FILLED },
	{ "{HOST|base64} {HOST|base64url}", PLACE_TEXT,
	    "ZXUuZXhhbXBsZQ== ZXUuZXhhbXBsZQ", FILLED },
	{ "{NONE|base64}{NONE|lower}", PLACE_TEXT, "", FILLED },
	{ "{NONE|sha256}", PLACE_TEXT,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    FILLED },
	{ "{HOST|base64|base64|base64|base64|base64|base64|base64|base64}",
	    PLACE_TEXT, NULL, FILLED },
	{ "{item.url|noscheme}", PLACE_TEXT, "x/", FILLED },
	{ "{item.url|host}", PLACE_URL, "x", FILLED },
	{ "{HOST|host}", PLACE_TEXT, "eu.example", FILLED },
	{ "{NONE|host}", PLACE_TEXT, NULL, FILL_MISSING }
};

START_TEST(templates_are_filled)
{
	struct played p;
	struct buf b;
	size_t i;
	enum placeholders_filled r;

	play(&p, VALUE, ITEM);
	buf_init(&b, 65536);
	for (i = 0; i < COUNT(rows); i++) {
		buf_reset(&b);
		r = filled(rows[i].text, rows[i].place, &p.values, &b);
		ck_assert_msg(
		    r == rows[i].r, "%s: %d, %s", rows[i].text, r, b.data);
		if (rows[i].out != NULL)
			ck_assert_str_eq(b.data, rows[i].out);
	}
	buf_free(&b);
	play_end(&p);
}
END_TEST

static const struct {
	const char *text;
	enum placeholders_place place;
	const char *why;
} wrong[] = { { "/{vlaue}", PLACE_URL,
		  "{vlaue} is not known; did you mean value?" },
	{ "{typename}", PLACE_URL,
	    "{typename} is not known; did you mean type_name?" },
	{ "{chekc.id}", PLACE_URL,
	    "{chekc.id} is not known; did you mean check?" },
	{ "{HSOT}", PLACE_URL, "{HSOT} is not known; did you mean HOST?" },
	{ "{value.x}", PLACE_URL,
	    "{value.x} is not known; did you mean value?" },
	{ "{HOST.x}", PLACE_URL, "{HOST.x} is not known; did you mean HOST?" },
	{ "{check+1}", PLACE_URL,
	    "{check+1} is not known; did you mean check?" },
	{ "{value }", PLACE_URL, "{value } is not known; did you mean value?" },
	{ "{\xc3\xbcx} {something|lower}", PLACE_URL,
	    "{something|lower} is not known; there are value, type, "
	    "type_name, limit, page, next, item, entries, ago, HOST, COUNT, "
	    "ALL, NONE, LINES, TAB, check, text, list, nothing" },
	{ "/?k={key}", PLACE_URL,
	    "{key} is a secret: it may stand in [auth] and [sign-in] only" },
	{ "{key|sha256}", PLACE_HEADER,
	    "{key|sha256} is a secret: it may stand in [auth] and [sign-in] "
	    "only" },
	{ "{value|lucen}", PLACE_URL,
	    "{value|lucen}: lucen is no pipe; there are lucene, odata, kql, "
	    "aql, lower, upper, noscheme, host, base64, base64url, sha256" },
	{ "{value|}", PLACE_URL, "{value|}:  is no pipe; there are lucene" },
	{ "{value||lower}", PLACE_URL, "{value||lower}:  is no pipe" },
	{ "{value | lower}", PLACE_URL,
	    "{value | lower} is not known; did you mean value?" },
	{ "{value|lower|lower|lower|lower|lower|lower|lower|lower|lower}",
	    PLACE_URL, " has more than 8 pipes" },
	{ "{entries|lower}", PLACE_JSON,
	    "{entries|lower}: pipes stand in entry, not behind entries" },
	{ "{value", PLACE_URL, "{value has no } behind it; a brace that" },
	{ "{check.\"a}", PLACE_URL, "{check.\"a} has no } behind it" },
	{ "{host{name}}", PLACE_TEXT, "{host{name} is not known" },
	{ "{check.}", PLACE_URL, "{check.}: a path is empty" },
	{ "{check[x]}", PLACE_URL,
	    "{check[x]}: in a path there is [] or [NUMBER]" },
	{ "{item.a b}", PLACE_URL, "{item.a b}: a name in a path that holds" },
	{ "{item.a[999999999999]}", PLACE_URL,
	    "{item.a[999999999999]}: a number in a path has more than" },
	{ "{limit+}", PLACE_URL, "{limit+}: with limit may stand + and" },
	{ "{limit-1}", PLACE_URL, "{limit-1}: with limit may stand + and" },
	{ "{limit+1x}", PLACE_URL, "{limit+1x}: with limit may stand" },
	{ "{limit+9999999}", PLACE_URL, "{limit+9999999}: with limit may" },
	{ "{ago}", PLACE_URL, "{ago}: behind ago stands a number of at" },
	{ "{ago 30}", PLACE_URL, "{ago 30}: behind ago stands a number" },
	{ "{ago 30w}", PLACE_URL, "{ago 30w}: behind ago stands a number" },
	{ "{ago d}", PLACE_URL, "{ago d}: behind ago stands a number" },
	{ "{ago -1d}", PLACE_URL, "{ago -1d}: behind ago stands a number" },
	{ "{ago 30d  ms}", PLACE_URL, "{ago 30d  ms}: behind ago stands" },
	{ "{ago 30d isoo}", PLACE_URL, "{ago 30d isoo}: behind ago stands" },
	{ "{ago 30d us}", PLACE_URL, "{ago 30d us}: behind ago stands" },
	{ "{ago 9999999d}", PLACE_URL, "{ago 9999999d}: behind ago stands" },
	{ "\"a\\{value}\"", PLACE_JSON,
	    "{value} stands behind a backslash, whose meaning it would "
	    "change" },
	{ "\"\\\\\\{page}\"", PLACE_JSON, "{page} stands behind a backslash" },
	{ "a\nb", PLACE_HEADER,
	    "a control character, which no header can carry" },
	{ "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaa}",
	    PLACE_URL,
	    "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa} "
	    "is not known; there are value" } };

START_TEST(what_is_wrong_is_told)
{
	char why[512];
	size_t i;

	for (i = 0; i < COUNT(wrong); i++) {
		ck_assert_msg(
		    made(wrong[i].text, wrong[i].place, NO_SECRET, why) == NULL,
		    "%s", wrong[i].text);
		ck_assert_msg(strstr(why, wrong[i].why) != NULL, "%s: %s",
		    wrong[i].text, why);
	}
}
END_TEST

/* What may not stand there is neither taken nor what was meant. */
START_TEST(only_what_is_allowed_may_stand_there)
{
	struct placeholders_scope scope = { .find = find_name,
		.allowed = PLACEHOLDER_BIT(PLACEHOLDER_LIMIT) |
		    PLACEHOLDER_BIT(PLACEHOLDER_CLAIM) };
	char why[256], small[16];
	struct placeholders *t;

	t = placeholders_new(
	    "{limit+1}{HOST}", PLACE_URL, &scope, why, sizeof(why));
	ck_assert_ptr_nonnull(t);
	placeholders_free(t);
	t = placeholders_new("a{value}", PLACE_URL, &scope, why, sizeof(why));
	ck_assert_ptr_null(t);
	ck_assert_str_eq(why, "{value} may not stand here");
	t = placeholders_new("{check.x}", PLACE_URL, &scope, why, sizeof(why));
	ck_assert_ptr_null(t);
	ck_assert_str_eq(why, "{check.x} may not stand here");
	t = placeholders_new("{vlaue}", PLACE_URL, &scope, why, sizeof(why));
	ck_assert_ptr_null(t);
	ck_assert_str_eq(why, "{vlaue} is not known; there are limit");
	t = placeholders_new(
	    "{vlaue}", PLACE_URL, &scope, small, sizeof(small));
	ck_assert_ptr_null(t);
	scope.find = NULL;
	t = placeholders_new("{HOST}", PLACE_URL, &scope, why, sizeof(why));
	ck_assert_ptr_null(t);
	ck_assert_str_eq(why, "{HOST} is not known; there are limit");
}
END_TEST

START_TEST(what_a_template_holds_can_be_seen)
{
	char why[512];
	struct placeholders *t = made(
	    "/{value}/{check.rows[].id|lower}?{HOST}&{ago 1h iso}&{limit+5}",
	    PLACE_URL, ALL, why);
	const struct placeholder *p;

	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(placeholders_count(t), 5);
	ck_assert(!placeholders_alone(t));
	p = placeholders_at(t, 0);
	ck_assert_int_eq(p->kind, PLACEHOLDER_VALUE);
	ck_assert_ptr_null(p->name);
	ck_assert_uint_eq(p->at, 1);
	ck_assert_uint_eq(p->n_pipes, 0);
	p = placeholders_at(t, 1);
	ck_assert_int_eq(p->kind, PLACEHOLDER_CALL);
	ck_assert_str_eq(p->name, "check");
	ck_assert_ptr_nonnull(p->path);
	ck_assert_uint_eq(p->at, 9);
	ck_assert_uint_eq(p->n_pipes, 1);
	p = placeholders_at(t, 2);
	ck_assert_int_eq(p->kind, PLACEHOLDER_CLAIM);
	ck_assert_str_eq(p->name, "HOST");
	p = placeholders_at(t, 3);
	ck_assert_int_eq(p->kind, PLACEHOLDER_AGO);
	ck_assert_int_eq(p->ago, AGO_ISO);
	ck_assert_int_eq(p->number, 3600);
	p = placeholders_at(t, 4);
	ck_assert_int_eq(p->kind, PLACEHOLDER_LIMIT);
	ck_assert_int_eq(p->number, 5);
	placeholders_free(t);
	placeholders_free(NULL);
}
END_TEST

START_TEST(one_placeholder_alone)
{
	static const struct {
		const char *text;
		bool alone;
	} cases[] = { { "{check.url}", true }, { "{value|lower}", true },
		{ " {value}", false }, { "{value}/", false },
		{ "{page}{page}", false }, { "", false }, { "x", false } };
	char why[512];
	struct placeholders *t;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		t = made(cases[i].text, PLACE_URL, ALL, why);
		ck_assert_ptr_nonnull(t);
		ck_assert_msg(placeholders_alone(t) == cases[i].alone, "%s",
		    cases[i].text);
		placeholders_free(t);
	}
}
END_TEST

START_TEST(quotes_in_a_url_are_seen)
{
	static const struct {
		const char *text;
		enum placeholders_place place;
		bool quoted;
	} cases[] = { { "/?q=\"{value}\"", PLACE_URL, true },
		{ "/?q='{value}'", PLACE_URL, true },
		{ "/?q=%22{value}%22", PLACE_URL, true },
		{ "/?q=%27*{value}*%27", PLACE_URL, true },
		{ "/?q=a eq 'b' and c eq 'x{value}'", PLACE_URL, true },
		{ "/?q=\"it's {value}\"", PLACE_URL, true },
		{ "/?q=\"a\" {value}", PLACE_URL, false },
		{ "/?q=\"a's\" {value}", PLACE_URL, false },
		{ "/?q={value}", PLACE_URL, false },
		{ "/?q=%20{value}%20", PLACE_URL, false },
		{ "/?q=\"{value|lucene}\"", PLACE_URL, false },
		{ "/?q='{value|lower|odata}'", PLACE_URL, false },
		{ "/?q='{value|aql|lower}'", PLACE_URL, false },
		{ "/?q=\"{value|kql}\"", PLACE_URL, false },
		{ "/?q=\"{value|lower}\"", PLACE_URL, true },
		{ "{\"a\": \"{value}\"}", PLACE_JSON, false },
		{ "a='{value}'", PLACE_FORM, false } };
	char why[512];
	struct placeholders *t;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		t = made(cases[i].text, cases[i].place, ALL, why);
		ck_assert_ptr_nonnull(t);
		ck_assert_msg(placeholders_at(t, 0)->quoted == cases[i].quoted,
		    "%s", cases[i].text);
		placeholders_free(t);
	}
}
END_TEST

START_TEST(hosts_and_schemes_of_values)
{
	static const struct {
		const char *value, *host, *rest;
	} cases[] = { { "https://Sub.Example.ORG:8443/a?b@c#d",
			  "sub.example.org", "Sub.Example.ORG:8443/a?b@c#d" },
		{ "http://u:p@example.org/x", "example.org",
		    "u:p@example.org/x" },
		{ "ftp://example.org", "example.org", "example.org" },
		{ "HXXP+s://example.org/http://other", "example.org",
		    "example.org/http://other" },
		{ "user@example.org", "example.org", "user@example.org" },
		{ "\"a@b\"@example.org", "example.org", "\"a@b\"@example.org" },
		{ "example.org/@user", "example.org", "example.org/@user" },
		{ "example.org:80", "example.org", "example.org:80" },
		{ "http://192.0.2.1/", "192.0.2.1", "192.0.2.1/" },
		{ "http://[2001:db8::1]:80/", "2001:db8::1",
		    "[2001:db8::1]:80/" },
		{ "http://b\xc3\xbc"
		  "cher.example/",
		    "xn--bcher-kva.example",
		    "b\xc3\xbc"
		    "cher.example/" },
		{ "http://", NULL, "" }, { "http:///x", NULL, "/x" },
		{ "://x", NULL, "://x" }, { "1a://x", "1a", "1a://x" },
		{ "user@", NULL, "user@" }, { "a b", NULL, "a b" },
		{ "x:y", NULL, "x:y" } };
	struct played p;
	struct buf b;
	enum placeholders_filled r;
	size_t i;

	buf_init(&b, 4096);
	play(&p, "", NULL);
	for (i = 0; i < COUNT(cases); i++) {
		p.observable.value = cases[i].value;
		buf_reset(&b);
		r = filled("{value|host}", PLACE_TEXT, &p.values, &b);
		if (cases[i].host == NULL)
			ck_assert_msg(r == FILL_MISSING, "%s: %s",
			    cases[i].value, b.data);
		else
			ck_assert_str_eq(b.data, cases[i].host);
		buf_reset(&b);
		r = filled("{value|noscheme}", PLACE_TEXT, &p.values, &b);
		ck_assert_int_eq(r, FILLED);
		ck_assert_str_eq(b.data, cases[i].rest);
	}
	buf_free(&b);
	play_end(&p);
}
END_TEST

START_TEST(what_is_not_there_is_missing_or_empty)
{
	struct played p;
	struct buf b;

	play(&p, "x", NULL);
	p.values.observable = NULL;
	p.values.next = p.values.entries = NULL;
	buf_init(&b, 4096);
	ck_assert_int_eq(
	    filled("{value}", PLACE_URL, &p.values, &b), FILL_MISSING);
	ck_assert_int_eq(
	    filled("{type_name}", PLACE_URL, &p.values, &b), FILL_MISSING);
	ck_assert_int_eq(
	    filled("{item}", PLACE_URL, &p.values, &b), FILL_MISSING);
	ck_assert_int_eq(
	    filled("{item.a}", PLACE_URL, &p.values, &b), FILL_MISSING);
	buf_reset(&b);
	ck_assert_int_eq(filled("{\"a\": [{entries}], \"n\": \"{next}\"}",
			     PLACE_JSON, &p.values, &b),
	    FILLED);
	ck_assert_str_eq(b.data, "{\"a\": [], \"n\": \"\"}");
	buf_free(&b);
	play_end(&p);
}
END_TEST

/* Large values pass; what does not fit fails, and says so. */
START_TEST(large_values_and_small_rooms)
{
	static char value[8193], huge[400001];
	struct played p;
	struct buf b;

	memset(value, '"', sizeof(value) - 1);
	play(&p, value, NULL);
	buf_init(&b, 65536);
	ck_assert_int_eq(
	    filled("{value|lucene}", PLACE_URL, &p.values, &b), FILLED);
	ck_assert_uint_eq(b.len, (size_t)6 * 8192);
	buf_reset(&b);
	ck_assert_int_eq(
	    filled("\"{value|lucene}\"", PLACE_JSON, &p.values, &b), FILLED);
	ck_assert_uint_eq(b.len, (size_t)4 * 8192 + 2);
	buf_reset(&b);
	ck_assert_int_eq(
	    filled("{value|base64}", PLACE_TEXT, &p.values, &b), FILLED);
	ck_assert_uint_eq(b.len, 10924);
	ck_assert_str_eq(b.data + 10916, "IiIiIiI=");
	buf_reset(&b);
	ck_assert_int_eq(
	    filled("{value|host}", PLACE_TEXT, &p.values, &b), FILL_MISSING);
	buf_free(&b);
	buf_init(&b, 1000);
	ck_assert_int_eq(
	    filled("{value}", PLACE_TEXT, &p.values, &b), FILL_MEMORY);
	ck_assert(b.failed && !b.starved);
	buf_reset(&b);
	ck_assert_int_eq(
	    filled("\"{value}\"", PLACE_JSON, &p.values, &b), FILL_MEMORY);
	ck_assert(b.failed && !b.starved);
	/* Behind pipes no value has more than 1 MB. */
	memset(huge, 'a', sizeof(huge) - 1);
	p.observable.value = huge;
	buf_reset(&b);
	ck_assert_int_eq(filled("{value|base64|base64|base64|base64|sha256}",
			     PLACE_TEXT, &p.values, &b),
	    FILL_WRONG);
	ck_assert_uint_eq(b.len, 0);
	buf_free(&b);
	play_end(&p);
}
END_TEST

START_TEST(large_templates)
{
	static char text[65536 + 2], many[1001 * 6 + 1];
	char why[512];
	struct placeholders *t;
	struct played p;
	struct buf b;
	size_t i;

	memset(text, '<', 65536);
	t = made(text, PLACE_URL, ALL, why);
	ck_assert_ptr_nonnull(t);
	play(&p, "x", NULL);
	buf_init(&b, (size_t)3 * 65536);
	ck_assert_int_eq(placeholders_fill(t, &p.values, &b), FILLED);
	ck_assert_uint_eq(b.len, (size_t)3 * 65536);
	buf_free(&b);
	play_end(&p);
	placeholders_free(t);
	text[65536] = '<';
	ck_assert_ptr_null(made(text, PLACE_URL, ALL, why));
	ck_assert_str_eq(why, "longer than 64 KB");
	for (i = 0; i < 1001; i++)
		memcpy(many + i * 6, "{page}", 7);
	ck_assert_ptr_null(made(many, PLACE_URL, ALL, why));
	ck_assert_str_eq(why, "more than 1000 placeholders");
	many[1000 * 6] = '\0';
	t = made(many, PLACE_URL, ALL, why);
	ck_assert_uint_eq(placeholders_count(t), 1000);
	placeholders_free(t);
}
END_TEST

/* Bytes that are no UTF-8, as an answer may have. */
START_TEST(bytes_that_are_no_text)
{
	struct played p;
	struct buf b;

	play(&p, "a\xff\xc3z", NULL);
	buf_init(&b, 4096);
	ck_assert_int_eq(filled("{value}", PLACE_URL, &p.values, &b), FILLED);
	ck_assert_str_eq(b.data, "a%FF%C3z");
	buf_reset(&b);
	ck_assert_int_eq(
	    filled("\"{value}\"", PLACE_JSON, &p.values, &b), FILLED);
	ck_assert_str_eq(b.data, "\"a\xef\xbf\xbd\xef\xbf\xbdz\"");
	buf_free(&b);
	play_end(&p);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { templates_are_filled,
		what_is_wrong_is_told, only_what_is_allowed_may_stand_there,
		what_a_template_holds_can_be_seen, one_placeholder_alone,
		quotes_in_a_url_are_seen, hosts_and_schemes_of_values,
		what_is_not_there_is_missing_or_empty,
		large_values_and_small_rooms, large_templates,
		bytes_that_are_no_text };

	return unit_run("placeholders", tests, COUNT(tests));
}
