/* SPDX-License-Identifier: MIT */
/* What a provider may say of its calls. */
#include <string.h>

#include <json-c/json.h>

#include "call/lookup.h"
#include "tests/unit/unit.h"

START_TEST(calls_keep_their_order_and_parts)
{
	struct lookup l;
	struct json_object *about = json_object_new_string("it");
	struct call *c;
	int i;

	lookup_init(&l);
	for (i = 0; i < 100; i++) {
		c = lookup_call(&l, i, CALL_CACHE, "https://api.example/%d", i);
		call_header(c, "X-Key", "k");
		call_about(c, about);
	}
	json_object_put(about);
	ck_assert_uint_eq(l.n, 100);
	ck_assert_str_eq(l.calls[42]->url.data, "https://api.example/42");
	ck_assert_str_eq(l.calls[42]->headers[0].data, "X-Key: k");
	ck_assert_str_eq(json_object_get_string(l.calls[99]->about), "it");
	ck_assert_int_eq(l.calls[42]->step, 42);
	ck_assert(!l.broken);
	lookup_free(&l);
}
END_TEST

START_TEST(more_calls_than_may_be_are_not_made)
{
	struct lookup l;
	size_t i;

	lookup_init(&l);
	for (i = 0; i <= LOOKUP_CALLS; i++)
		(void)lookup_call(&l, 0, 0, "https://api.example/%zu", i);
	ck_assert_uint_eq(l.n, LOOKUP_CALLS);
	ck_assert(l.broken);
	ck_assert_str_eq(l.spare.url.data, "https://api.example/10000");
	lookup_free(&l);
}
END_TEST

START_TEST(what_no_header_can_carry_is_not_sent)
{
	static const char *const values[] = { "a\r\nX: y", "a\nb", "\x7f",
		"\x01" };
	struct lookup l;
	struct call *c;
	size_t i;

	lookup_init(&l);
	for (i = 0; i < COUNT(values); i++) {
		c = lookup_call(&l, 0, 0, "https://api.example/");
		call_header(c, "X-Key", values[i]);
		ck_assert(c->done);
		ck_assert_int_eq(c->problem, PROBLEM_AUTHORIZATION);
		ck_assert_uint_eq(c->n_headers, 0);
		ck_assert_ptr_null(strstr(c->message, values[i]));
	}
	lookup_free(&l);
}
END_TEST

START_TEST(the_first_failure_stays)
{
	struct lookup l;
	struct call *c;

	lookup_init(&l);
	c = lookup_call(&l, 0, 0, "https://api.example/");
	call_fail_at(c, PROBLEM_UNKNOWN, "one %d", 1);
	call_fail(c, PROBLEM_INTERNAL, "two");
	ck_assert_int_eq(c->problem, PROBLEM_UNKNOWN);
	ck_assert_str_eq(c->message, "one 1");
	ck_assert(c->done);
	ck_assert(!c->fixed);
	c = lookup_call(&l, 0, 0, "https://api.example/");
	call_fail(c, PROBLEM_INTERNAL, "two");
	ck_assert(c->fixed);
	lookup_free(&l);
}
END_TEST

START_TEST(statuses_mean_what_the_table_says)
{
	static const struct {
		int status;
		enum problem problem;
	} rows[] = { { 401, PROBLEM_AUTHORIZATION },
		{ 403, PROBLEM_PERMISSION_DENIED }, { 404, PROBLEM_NOT_FOUND },
		{ 429, PROBLEM_TOO_MANY_REQUESTS }, { 500, PROBLEM_INTERNAL },
		{ 502, PROBLEM_SERVICE_UNAVAILABLE },
		{ 503, PROBLEM_SERVICE_UNAVAILABLE },
		{ 504, PROBLEM_SERVICE_UNAVAILABLE }, { 302, PROBLEM_UNKNOWN },
		{ 418, PROBLEM_UNKNOWN }, { 501, PROBLEM_UNKNOWN } };
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		ck_assert_int_eq(
		    call_status_problem(rows[i].status), rows[i].problem);
}
END_TEST

START_TEST(a_body_that_is_no_json_fails_the_call)
{
	static const char *const bodies[] = { "", "<html>", "{",
		"{\"a\":1} x" };
	struct json_object *body;
	struct lookup l;
	struct call *c;
	size_t i;

	lookup_init(&l);
	for (i = 0; i < COUNT(bodies); i++) {
		c = lookup_call(&l, 0, 0, "https://api.example/");
		buf_adds(&c->body, bodies[i]);
		ck_assert_ptr_null(call_parse_error(c));
		ck_assert_int_eq(c->problem, PROBLEM_NONE);
		ck_assert_ptr_null(call_parse(c));
		ck_assert_int_eq(c->problem, PROBLEM_UNKNOWN);
	}
	c = lookup_call(&l, 0, 0, "https://api.example/");
	buf_adds(&c->body, "null");
	ck_assert_ptr_null(call_parse(c));
	ck_assert_int_eq(c->problem, PROBLEM_NONE);
	c = lookup_call(&l, 0, 0, "https://api.example/");
	buf_adds(&c->body, "{\"a\":1}");
	body = call_parse(c);
	ck_assert_ptr_nonnull(body);
	call_found(c, body);
	ck_assert_int_eq(c->problem, PROBLEM_NONE);
	lookup_free(&l);
}
END_TEST

START_TEST(an_excuse_fails_the_call)
{
	static const char *const needed[] = { "pulses", NULL };
	static const char *const words[] = { "error", "detail", NULL };
	static const struct {
		const char *body, *message;
	} rows[] = { { "{\"error\":\"late\"}", "late" },
		{ "{\"detail\":\"x\",\"error\":\"y\"}", "y" },
		{ "{\"detail\":\"x\",\"error\":false}", "x" },
		{ "{\"detail\":\"x\",\"error\":\"\"}", "x" },
		{ "{\"error\":{\"a\":[\"/\"]}}", "{\"a\":[\"/\"]}" },
		{ "{\"error\":404}", "404" },
		{ "{\"error\":\"y\",\"pulses\":null}", NULL },
		{ "{\"error\":null}", NULL }, { "{\"message\":\"y\"}", NULL },
		{ "[\"error\"]", NULL }, { "\"error\"", NULL },
		{ "null", NULL } };
	struct json_object *body;
	struct lookup l;
	struct call *c;
	size_t i;

	lookup_init(&l);
	for (i = 0; i < COUNT(rows); i++) {
		c = lookup_call(&l, 0, 0, "https://api.example/");
		buf_adds(&c->body, rows[i].body);
		body = call_parse(c);
		ck_assert(call_excuse(c, body, needed, words) ==
		    (rows[i].message != NULL));
		ck_assert_int_eq(c->problem,
		    rows[i].message == NULL ? PROBLEM_NONE : PROBLEM_UNKNOWN);
		if (rows[i].message != NULL)
			ck_assert_str_eq(call_message(c), rows[i].message);
		json_object_put(body);
	}
	lookup_free(&l);
}
END_TEST

START_TEST(no_content_is_no_failure)
{
	struct lookup l;
	struct call *c;

	lookup_init(&l);
	c = lookup_call(&l, 0, 0, "https://api.example/");
	c->status = 204;
	ck_assert_ptr_null(call_parse(c));
	ck_assert_int_eq(c->problem, PROBLEM_NONE);
	lookup_free(&l);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { calls_keep_their_order_and_parts,
		more_calls_than_may_be_are_not_made,
		what_no_header_can_carry_is_not_sent, the_first_failure_stays,
		statuses_mean_what_the_table_says,
		a_body_that_is_no_json_fails_the_call, an_excuse_fails_the_call,
		no_content_is_no_failure };

	return unit_run("lookup", tests, COUNT(tests));
}
