/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "fcgi/net/record.h"
#include "tests/unit/unit.h"

#define BODY_MAX 1000 /* max_body of the reader under test */

enum { BEGIN = 1, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES };

static struct record r;
static struct buf in;
static char *env[RECORD_NAMES_MAX + 1];

static void
open_reader(void)
{
	record_init(&r, BODY_MAX);
	buf_init(&in, 1 << 20);
}

static void
close_reader(void)
{
	record_free(&r);
	buf_free(&in);
}

/* One record of n bytes for the input. */
static void
add(int type, int id, const void *p, size_t n, size_t padding)
{
	const char head[FCGIFRAME_HEADER] = { 1, (char)type, (char)(id >> 8),
		(char)id, (char)(n >> 8), (char)n, (char)padding, 0 };
	static const char zeros[256];

	ck_assert_int_eq(buf_add(&in, head, sizeof(head)), 0);
	ck_assert_int_eq(buf_add(&in, p, n), 0);
	ck_assert_int_eq(buf_add(&in, zeros, padding), 0);
}

static void
add_begin(int role, int flags)
{
	const char body[8] = { 0, (char)role, (char)flags };

	add(BEGIN, 1, body, sizeof(body), 0);
}

/* A whole request with these parameters and this body. */
static void
add_request(const char *params, size_t len, const char *body)
{
	add_begin(1, 1);
	add(PARAMS, 1, params, len, 3);
	add(PARAMS, 1, "", 0, 0);
	if (*body != '\0')
		add(STDIN, 1, body, strlen(body), 5);
	add(STDIN, 1, "", 0, 0);
}

static enum record_result
feed_all(void)
{
	return record_feed(&r, in.data, in.len);
}

/* What libfcgi is shown is exactly n bytes p. */
static void
check_frames(const char *p, size_t n)
{
	ck_assert_uint_eq(r.frames.len, n);
	ck_assert_mem_eq(r.frames.data, p, n);
}

#define P      \
	"\1\1" \
	"AB"   \
	"\2\0" \
	"CD" /* A=B, CD= */
#define FRAMED              \
	"\1\1\0\1\0\10\0\0" \
	"\0\1\0\0\0\0\0\0"  \
	"\1\4\0\1\0\0\0\0"  \
	"\1\5\0\1\0\3\0\0"  \
	"xyz"               \
	"\1\5\0\1\0\0\0\0"  \
	"\0\0\0\0\0\0\0\0"

START_TEST(a_request_is_written_again_in_its_plain_form)
{
	open_reader();
	add_request(P, sizeof(P) - 1, "xyz");
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	/* no padding, no KEEP_CONN, a header that nobody takes at the end */
	check_frames(FRAMED, sizeof(FRAMED) - 1);
	ck_assert_uint_eq(r.id, 1);
	ck_assert(r.keep);
	ck_assert(!r.surplus);
	ck_assert_uint_eq(r.body, 3);
	ck_assert_uint_eq(r.kept, 3);
	close_reader();
}
END_TEST

START_TEST(it_does_not_matter_how_the_bytes_are_split)
{
	enum record_result result;
	size_t step, at, n;

	open_reader();
	add_request(P, sizeof(P) - 1, "xyz");
	for (step = 1; step < in.len; step++) {
		record_reset(&r);
		result = RECORD_MORE;
		for (at = 0; at < in.len; at += n) {
			ck_assert_int_eq(result, RECORD_MORE);
			n = in.len - at < step ? in.len - at : step;
			result = record_feed(&r, in.data + at, n);
		}
		ck_assert_int_eq(result, RECORD_WHOLE);
		check_frames(FRAMED, sizeof(FRAMED) - 1);
	}
	close_reader();
}
END_TEST

START_TEST(padding_of_an_empty_record_belongs_to_it)
{
	size_t n;

	open_reader();
	add_begin(1, 1);
	add(PARAMS, 1, P, sizeof(P) - 1, 0);
	add(PARAMS, 1, "", 0, 7);
	add(STDIN, 1, "xyz", 3, 0);
	add(STDIN, 1, "", 0, 200);
	for (n = 0; n < in.len; n++) {
		record_reset(&r);
		ck_assert_int_eq(record_feed(&r, in.data, n), RECORD_MORE);
	}
	record_reset(&r);
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	check_frames(FRAMED, sizeof(FRAMED) - 1);
	ck_assert(!r.surplus);
	close_reader();
}
END_TEST

START_TEST(a_request_that_is_cut_anywhere_is_not_whole)
{
	size_t n;

	open_reader();
	add_request(P, sizeof(P) - 1, "xyz");
	for (n = 0; n < in.len; n++) {
		record_reset(&r);
		ck_assert_int_eq(record_feed(&r, in.data, n), RECORD_MORE);
	}
	close_reader();
}
END_TEST

START_TEST(streams_in_many_records_become_whole)
{
	const char *p = P;
	size_t i;

	open_reader();
	add_begin(1, 0);
	for (i = 0; i < sizeof(P) - 1; i++)
		add(PARAMS, 1, p + i, 1, 7);
	add(PARAMS, 1, "", 0, 255);
	add(STDIN, 1, "x", 1, 0);
	add(STDIN, 1, "yz", 2, 255);
	add(STDIN, 1, "", 0, 0);
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	check_frames(FRAMED, sizeof(FRAMED) - 1);
	close_reader();
}
END_TEST

START_TEST(a_request_may_have_no_variable)
{
	open_reader();
	add_begin(1, 0);
	add(PARAMS, 1, "", 0, 0);
	add(STDIN, 1, "", 0, 0);
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	check_frames("\1\1\0\1\0\10\0\0"
		     "\0\1\0\0\0\0\0\0"
		     "\1\4\0\1\0\0\0\0"
		     "\1\5\0\1\0\0\0\0"
		     "\0\0\0\0\0\0\0\0",
	    40);
	close_reader();
}
END_TEST

START_TEST(what_comes_after_the_request_is_ignored)
{
	open_reader();
	add_request(P, sizeof(P) - 1, "xyz");
	add(GET_VALUES, 0, "", 0, 0);
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	ck_assert(r.surplus);
	ck_assert_int_eq(record_feed(&r, "garbage", 7), RECORD_WHOLE);
	check_frames(FRAMED, sizeof(FRAMED) - 1);
	close_reader();
}
END_TEST

START_TEST(the_variables_are_strings_until_the_next_request)
{
	char params[4 + 200 + 300];

	open_reader();
	add_request(P, sizeof(P) - 1, "xyz");
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	record_variables(&r, env);
	ck_assert_str_eq(env[0], "A=B");
	ck_assert_str_eq(env[1], "CD=");
	ck_assert_ptr_null(env[2]);
	record_reset(&r);
	record_variables(&r, env);
	ck_assert_ptr_null(env[0]);
	/* lengths of four bytes, and the most that one byte can say */
	memset(params, 'x', sizeof(params));
	memcpy(params, "\1\200\0\1\54N", 6);
	buf_reset(&in);
	add_request(params, 6 + 300, "");
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	record_variables(&r, env);
	ck_assert_uint_eq(strlen(env[0]), 2 + 300);
	ck_assert_int_eq(memcmp(env[0], "N=xxx", 5), 0);
	ck_assert_ptr_null(env[1]);
	close_reader();
}
END_TEST

START_TEST(a_large_body_is_whole_in_the_frames)
{
	static char body[70000];
	const char *got;
	const size_t at = 32; /* of the body's first byte */
	size_t i;

	for (i = 0; i < sizeof(body); i++)
		body[i] = (char)(i % 251);
	open_reader();
	record_init(&r, sizeof(body));
	add_begin(1, 0);
	add(PARAMS, 1, P, sizeof(P) - 1, 0);
	add(PARAMS, 1, "", 0, 0);
	add(STDIN, 1, body, 35000, 0);
	add(STDIN, 1, body + 35000, 35000, 0);
	add(STDIN, 1, "", 0, 0);
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	got = r.frames.data;
	ck_assert_mem_eq(got + at, body, FCGIFRAME_CONTENT_MAX);
	ck_assert_mem_eq(got + at + FCGIFRAME_CONTENT_MAX + FCGIFRAME_HEADER,
	    body + FCGIFRAME_CONTENT_MAX, sizeof(body) - FCGIFRAME_CONTENT_MAX);
	close_reader();
}
END_TEST

START_TEST(of_a_long_body_one_byte_more_than_allowed_is_kept)
{
	static char body[60000];
	size_t i;

	memset(body, 'b', sizeof(body));
	open_reader();
	add_begin(1, 0);
	add(PARAMS, 1, "", 0, 0);
	for (i = 0; i < 10; i++)
		add(STDIN, 1, body, sizeof(body), 0);
	add(STDIN, 1, "", 0, 0);
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	ck_assert_uint_eq(r.body, 10 * sizeof(body));
	ck_assert_uint_eq(r.kept, BODY_MAX + 1);
	ck_assert_uint_lt(r.frames.len, BODY_MAX + 200);
	close_reader();
}
END_TEST

START_TEST(the_frames_of_the_largest_body_have_room)
{
	static char body[2 * FCGIFRAME_CONTENT_MAX + 1];
	size_t max;

	for (max = sizeof(body) - 3; max < sizeof(body); max++) {
		open_reader();
		record_init(&r, max);
		add_begin(1, 0);
		add(PARAMS, 1, "", 0, 0);
		add(STDIN, 1, body, FCGIFRAME_CONTENT_MAX, 0);
		add(STDIN, 1, body, FCGIFRAME_CONTENT_MAX, 0);
		add(STDIN, 1, body, FCGIFRAME_CONTENT_MAX, 0);
		add(STDIN, 1, "", 0, 0);
		ck_assert_int_eq(feed_all(), RECORD_WHOLE);
		ck_assert_uint_eq(r.kept, max + 1);
		close_reader();
	}
}
END_TEST

START_TEST(memory_of_a_large_request_is_given_back)
{
	static char body[60000];
	int i;

	open_reader();
	record_init(&r, 1 << 20);
	ck_assert_uint_eq(record_memory(&r), 0);
	add_begin(1, 0);
	add(PARAMS, 1, P, sizeof(P) - 1, 0);
	add(PARAMS, 1, "", 0, 0);
	for (i = 0; i < 10; i++)
		add(STDIN, 1, body, sizeof(body), 0);
	add(STDIN, 1, "", 0, 0);
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	ck_assert_uint_ge(record_memory(&r), 10 * sizeof(body));
	record_reset(&r);
	ck_assert_uint_le(record_memory(&r), 2 * 16384);
	close_reader();
}
END_TEST

START_TEST(the_record_is_used_again_from_its_begin)
{
	open_reader();
	add_request(P, sizeof(P) - 1, "a body that is longer than the next");
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	buf_reset(&in);
	record_reset(&r);
	add_request(P, sizeof(P) - 1, "xyz");
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	check_frames(FRAMED, sizeof(FRAMED) - 1);
	close_reader();
}
END_TEST

/* PARAMS that are refused, and the reason. */
#define CASE(s, w)                  \
	{                           \
		s, sizeof(s) - 1, w \
	}
static const struct {
	const char *params;
	size_t len;
	const char *why;
} bad_params[] = { CASE("\1", "a length in PARAMS is cut"),
	CASE("\200\0\0", "a length in PARAMS is cut"),
	CASE("\1\200\0\0", "a length in PARAMS is cut"),
	CASE("\1\1A", "a length in PARAMS goes past its end"),
	CASE("\2\0A", "a length in PARAMS goes past its end"),
	CASE("\1\1AB\1\1A", "a length in PARAMS goes past its end"),
	CASE("\377\377\377\377\1AB", "a length in PARAMS goes past its end"),
	CASE("\1\377\377\377\377AB", "a length in PARAMS goes past its end"),
	CASE("\377\377\377\377\377\377\377\377A",
	    "a length in PARAMS goes past its end"),
	CASE("\0\1B", "a variable's name is not one"),
	CASE("\3\1A=CB", "a variable's name is not one"),
	CASE("\3\1A\0CB", "a variable's name is not one"),
	CASE("\1\3AB\0C", "NUL in a variable's value") };

START_TEST(malformed_variables_are_refused)
{
	size_t i;

	open_reader();
	for (i = 0; i < COUNT(bad_params); i++) {
		buf_reset(&in);
		record_reset(&r);
		add_request(bad_params[i].params, bad_params[i].len, "");
		ck_assert_int_eq(feed_all(), RECORD_BAD);
		ck_assert_str_eq(r.why, bad_params[i].why);
	}
	close_reader();
}
END_TEST

START_TEST(long_lengths_are_read)
{
	char params[8 + 200 + 300];

	memset(params, 'A', sizeof(params));
	memcpy(params,
	    "\200\0\0\310"
	    "\200\0\1\54",
	    8);
	open_reader();
	add_request(params, sizeof(params), "");
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	close_reader();
}
END_TEST

START_TEST(variables_are_counted)
{
	int n, i;

	open_reader();
	for (n = RECORD_NAMES_MAX; n <= RECORD_NAMES_MAX + 1; n++) {
		buf_reset(&in);
		record_reset(&r);
		add_begin(1, 0);
		for (i = 0; i < n; i++)
			add(PARAMS, 1, "\1\1AB", 4, 0);
		add(PARAMS, 1, "", 0, 0);
		add(STDIN, 1, "", 0, 0);
		if (n <= RECORD_NAMES_MAX) {
			ck_assert_int_eq(feed_all(), RECORD_WHOLE);
			continue;
		}
		ck_assert_int_eq(feed_all(), RECORD_BAD);
		ck_assert_str_eq(r.why, "too many variables");
	}
	close_reader();
}
END_TEST

START_TEST(variables_have_a_greatest_size)
{
	static char params[RECORD_PARAMS_MAX];
	size_t value = sizeof(params) - 6;

	memset(params, 'v', sizeof(params));
	memcpy(params, "\1\200\0\0\0A", 6);
	params[3] = (char)(value >> 8);
	params[4] = (char)value;
	open_reader();
	add_request(params, sizeof(params), "");
	ck_assert_int_eq(feed_all(), RECORD_WHOLE);
	buf_reset(&in);
	record_reset(&r);
	add_begin(1, 0);
	add(PARAMS, 1, params, sizeof(params), 0);
	add(PARAMS, 1, "v", 1, 0);
	ck_assert_int_eq(feed_all(), RECORD_BAD);
	ck_assert_str_eq(r.why, "too many bytes of PARAMS");
	close_reader();
}
END_TEST

#define NO_BEGIN "the first record is no BEGIN_REQUEST"

/* Records that may not come, after a good beginning or instead of it. */
static const struct {
	bool begun;
	int type, id;
	enum record_result result;
	const char *why;
} out_of_order[] = { { false, PARAMS, 1, RECORD_BAD, NO_BEGIN },
	{ false, STDIN, 1, RECORD_BAD, NO_BEGIN },
	{ false, ABORT, 1, RECORD_ABORTED, NULL },
	{ false, BEGIN, 1, RECORD_BAD, NO_BEGIN },
	{ false, GET_VALUES, 0, RECORD_BAD, "a management record" },
	{ true, GET_VALUES, 0, RECORD_BAD, "a management record" },
	{ true, STDIN, 0, RECORD_BAD, "a management record" },
	{ true, PARAMS, 2, RECORD_BAD, "a second request on the connection" },
	{ true, PARAMS, 257, RECORD_BAD, "a second request on the connection" },
	{ true, BEGIN, 1, RECORD_BAD, "a record of the wrong type" },
	{ true, STDIN, 1, RECORD_BAD, "a record of the wrong type" },
	{ true, STDOUT, 1, RECORD_BAD, "a record of the wrong type" },
	{ true, DATA, 1, RECORD_BAD, "a record of the wrong type" },
	{ true, 200, 1, RECORD_BAD, "a record of the wrong type" },
	{ true, ABORT, 1, RECORD_ABORTED, NULL } };

START_TEST(records_come_in_their_order)
{
	size_t i;

	open_reader();
	for (i = 0; i < COUNT(out_of_order); i++) {
		buf_reset(&in);
		record_reset(&r);
		if (out_of_order[i].begun)
			add_begin(1, 0);
		/* "4 bytes": no BEGIN_REQUEST has so few */
		add(out_of_order[i].type, out_of_order[i].id, "\1\1AB", 4, 0);
		ck_assert_int_eq(feed_all(), out_of_order[i].result);
		if (out_of_order[i].why != NULL)
			ck_assert_str_eq(r.why, out_of_order[i].why);
		/* and nothing mends it */
		ck_assert_int_eq(record_feed(&r, in.data, in.len), RECORD_BAD);
	}
	close_reader();
}
END_TEST

START_TEST(parameters_after_the_body_began_are_refused)
{
	open_reader();
	add_begin(1, 0);
	add(PARAMS, 1, "", 0, 0);
	add(STDIN, 1, "x", 1, 0);
	add(PARAMS, 1, "\1\1AB", 4, 0);
	ck_assert_int_eq(feed_all(), RECORD_BAD);
	close_reader();
}
END_TEST

START_TEST(another_version_is_refused)
{
	open_reader();
	ck_assert_int_eq(
	    record_feed(&r, "GET / HTTP/1.0\r\n\r\n", 18), RECORD_BAD);
	ck_assert_str_eq(r.why, "not FastCGI version 1");
	close_reader();
}
END_TEST

START_TEST(another_role_is_told_so)
{
	unsigned char end[RECORD_END_SIZE];
	int role;

	open_reader();
	for (role = 0; role < 5; role++) {
		if (role == 1)
			continue;
		buf_reset(&in);
		record_reset(&r);
		add_begin(role, 0);
		ck_assert_int_eq(feed_all(), RECORD_ROLE);
	}
	record_end(&r, end);
	ck_assert_mem_eq(end,
	    "\1\3\0\1\0\10\0\0"
	    "\0\0\0\0\3\0\0\0",
	    16);
	close_reader();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_request_is_written_again_in_its_plain_form,
		it_does_not_matter_how_the_bytes_are_split,
		padding_of_an_empty_record_belongs_to_it,
		a_request_that_is_cut_anywhere_is_not_whole,
		streams_in_many_records_become_whole,
		a_request_may_have_no_variable,
		what_comes_after_the_request_is_ignored,
		the_variables_are_strings_until_the_next_request,
		a_large_body_is_whole_in_the_frames,
		of_a_long_body_one_byte_more_than_allowed_is_kept,
		the_frames_of_the_largest_body_have_room,
		memory_of_a_large_request_is_given_back,
		the_record_is_used_again_from_its_begin,
		malformed_variables_are_refused, long_lengths_are_read,
		variables_are_counted, variables_have_a_greatest_size,
		records_come_in_their_order,
		parameters_after_the_body_began_are_refused,
		another_version_is_refused, another_role_is_told_so
	};

	return unit_run("record", tests, COUNT(tests));
}
