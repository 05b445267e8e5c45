/* SPDX-License-Identifier: MIT */
#include "fcgi/net/connection.h"
#include "fcgi/net/large.h"
#include "tests/unit/unit.h"

#define MB   (1UL << 20)
#define BODY 100000 /* bytes of a large request's */

static struct outgoing_room room;
static struct large l;

/* A request with so much of a body, whole at a clock_ms(). */
static struct connection *
request(size_t body, int64_t whole)
{
	struct connection *c = connection_new(MB, &room);

	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_nonnull(buf_room(&c->record.frames, body));
	c->record.kept = body;
	c->whole = whole;
	return c;
}

static void
answered(struct connection *c)
{
	large_leave(&l, c);
	ck_assert_uint_eq(c->taken, 0);
	connection_free(c);
}

START_TEST(small_requests_are_never_counted)
{
	struct connection *big = request(BODY, 1), *c;
	int i;

	large_init(&l, 1, 1, 0);
	ck_assert_int_eq(large_enter(&l, big, true), LARGE_GO);
	for (i = 0; i < 100; i++) {
		c = request(8192, 1);
		ck_assert_int_eq(large_enter(&l, c, true), LARGE_GO);
		ck_assert_uint_eq(c->taken, 0);
		answered(c);
	}
	ck_assert_uint_eq(l.used, big->taken);
	answered(big);
	ck_assert_uint_eq(l.used, 0);
}
END_TEST

START_TEST(one_alone_is_let_in_whatever_it_needs)
{
	struct connection *a = request(BODY, 1), *b = request(BODY, 2);

	large_init(&l, 1, MB, 1);
	ck_assert_int_eq(large_enter(&l, a, true), LARGE_GO);
	ck_assert_uint_gt(l.used, l.most);
	ck_assert_int_eq(large_enter(&l, b, true), LARGE_WAITS);
	ck_assert_ptr_null(large_next(&l, 0));
	answered(a);
	ck_assert_ptr_eq(large_next(&l, 0), b);
	ck_assert_ptr_null(large_next(&l, 0));
	answered(b);
}
END_TEST

/* A body that would fit does not pass one that waits. */
START_TEST(they_go_in_the_order_in_which_they_came)
{
	struct connection *c[4];
	int i;

	large_init(&l, 15 * MB, 4 * MB, 9);
	for (i = 0; i < 4; i++)
		c[i] = request(i == 2 ? 1000000 : BODY, i);
	ck_assert_int_eq(large_enter(&l, c[0], true), LARGE_GO);
	ck_assert_int_eq(large_enter(&l, c[1], true), LARGE_GO);
	ck_assert_int_eq(large_enter(&l, c[2], true), LARGE_WAITS);
	ck_assert_int_eq(large_enter(&l, c[3], true), LARGE_WAITS);
	ck_assert_int_eq(l.waiting, 2);
	answered(c[0]);
	ck_assert_ptr_null(large_next(&l, -1));
	answered(c[1]);
	ck_assert_ptr_eq(large_next(&l, -1), c[2]);
	ck_assert_ptr_null(large_next(&l, -1));
	answered(c[2]);
	ck_assert_ptr_eq(large_next(&l, -1), c[3]);
	answered(c[3]);
	ck_assert_uint_eq(l.used, 0);
	ck_assert_uint_eq(l.bodies, 0);
	ck_assert_int_eq(l.waiting, 0);
}
END_TEST

START_TEST(so_many_wait_and_no_more)
{
	struct connection *a = request(BODY, 1), *b = request(BODY, 2),
			  *c = request(BODY, 3);

	large_init(&l, MB, MB, 1);
	ck_assert_int_eq(large_enter(&l, a, true), LARGE_GO);
	ck_assert_int_eq(large_enter(&l, b, false), LARGE_FULL);
	ck_assert_int_eq(large_enter(&l, b, true), LARGE_WAITS);
	ck_assert_int_eq(large_enter(&l, c, true), LARGE_FULL);
	answered(a);
	ck_assert_ptr_eq(large_next(&l, 0), b);
	ck_assert_int_eq(large_enter(&l, c, true), LARGE_WAITS);
	answered(b);
	ck_assert_ptr_eq(large_next(&l, 0), c);
	answered(c);
}
END_TEST

START_TEST(bodies_that_wait_are_bounded)
{
	struct connection *a = request(BODY, 1), *b = request(BODY, 2),
			  *c = request(BODY, 3);

	large_init(&l, MB, 2 * record_memory(&b->record) - 1, 9);
	ck_assert_int_eq(large_enter(&l, a, true), LARGE_GO);
	ck_assert_int_eq(large_enter(&l, b, true), LARGE_WAITS);
	ck_assert_int_eq(large_enter(&l, c, true), LARGE_FULL);
	answered(a);
	ck_assert_ptr_eq(large_next(&l, 0), b);
	answered(b);
	answered(c);
	ck_assert_uint_eq(l.bodies, 0);
}
END_TEST

START_TEST(one_whose_time_is_over_is_given_out_without_memory)
{
	struct connection *a = request(BODY, 1), *b = request(BODY, 20);

	large_init(&l, MB, MB, 9);
	ck_assert_int_eq(large_enter(&l, a, true), LARGE_GO);
	ck_assert_int_eq(large_enter(&l, b, true), LARGE_WAITS);
	ck_assert_ptr_null(large_next(&l, 19));
	ck_assert_ptr_eq(large_next(&l, 20), b);
	ck_assert_uint_eq(b->taken, 0);
	ck_assert_uint_eq(l.used, a->taken);
	answered(b);
	answered(a);
	ck_assert_uint_eq(l.used, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { small_requests_are_never_counted,
		one_alone_is_let_in_whatever_it_needs,
		they_go_in_the_order_in_which_they_came,
		so_many_wait_and_no_more, bodies_that_wait_are_bounded,
		one_whose_time_is_over_is_given_out_without_memory };

	return unit_run("large", tests, COUNT(tests));
}
