/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "net/ratelimit.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1700000000)

/* The fields of an answer, ended by NULL, and what they tell. */
struct told {
	const char *fields[6];
	struct ratelimit expected;
};

static void
take(struct ratelimit_fields *f, const char *line)
{
	const char *colon = strchr(line, ':');

	ratelimit_take(f, ratelimit_field(line, (size_t)(colon - line)),
	    colon + 1, strlen(colon + 1), NOW);
}

static void
check(const struct told *t)
{
	struct ratelimit_fields f;
	struct ratelimit r;
	const struct ratelimit *e = &t->expected;
	size_t i;

	ratelimit_init(&f);
	for (i = 0; t->fields[i] != NULL; i++)
		take(&f, t->fields[i]);
	ck_assert_msg(ratelimit_told(&f, &r), "%s", t->fields[0]);
	ck_assert_msg(r.limit == e->limit && r.left == e->left &&
		r.reset == e->reset && r.window == e->window,
	    "%s: limit %lld left %lld reset %lld window %lld", t->fields[0],
	    (long long)r.limit, (long long)r.left, (long long)r.reset,
	    (long long)r.window);
}

START_TEST(the_fields_that_no_standard_describes)
{
	static const struct told all[] = {
		{ { "X-RateLimit-Limit: 5000", "X-RateLimit-Remaining: 4999",
		      "X-RateLimit-Reset: 1700003600", NULL },
		    { 5000, 4999, NOW + 3600, -1 } },
		{ { "x-ratelimit-limit:100", "X-RATELIMIT-REMAINING:\t0 ",
		      "X-RateLimit-Reset: 30", NULL },
		    { 100, 0, NOW + 30, -1 } },
		{ { "X-Rate-Limit-Limit: 600", "X-Rate-Limit-Remaining: 598",
		      "X-Rate-Limit-Reset: 1700000060000", NULL },
		    { 600, 598, NOW + 60, -1 } },
		{ { "X-RateLimit-Remaining: 7", NULL }, { -1, 7, -1, -1 } },
		{ { "X-RateLimit-Limit: 7", NULL }, { 7, -1, -1, -1 } },
		{ { "X-RateLimit-Limit: 60, 60;w=60, 1000;w=3600",
		      "X-RateLimit-Remaining: 1", NULL },
		    { 60, 1, -1, 60 } },
		{ { "X-RateLimit-Limit: 1", "X-RateLimit-Reset: 0.75", NULL },
		    { 1, -1, NOW, -1 } }
	};
	size_t i;

	for (i = 0; i < COUNT(all); i++)
		check(&all[i]);
}
END_TEST

START_TEST(the_fields_of_all_drafts)
{
	static const struct told all[] = { /* 0 to 6 */
		{ { "RateLimit-Limit: 10, 10;w=1;window_size=2, 50;w=60",
		      "RateLimit-Remaining: 9", "RateLimit-Reset: 50", NULL },
		    { 10, 9, NOW + 50, 1 } },
		{ { "RateLimit-Limit: 5000",
		      "RateLimit-Policy: 1000;w=3600, "
		      "5000;w=86400;comment=\"a, b;w=9\"",
		      "RateLimit-Remaining: 100", "RateLimit-Reset: 36000",
		      NULL },
		    { 5000, 100, NOW + 36000, 86400 } },
		{ { "RateLimit-Policy: 100;w=60", "RateLimit-Remaining: 5",
		      NULL },
		    { 100, 5, -1, 60 } },
		/* 7 */
		{ { "RateLimit: limit=100, remaining=50, reset=5",
		      "RateLimit-Policy: 100;w=10", NULL },
		    { 100, 50, NOW + 5, 10 } },
		/* 8 and later */
		{ { "RateLimit-Policy: \"default\";q=100;w=60",
		      "RateLimit: \"default\";r=50;t=30", NULL },
		    { 100, 50, NOW + 30, 60 } },
		{ { "RateLimit: \"permin\";r=50;t=20, \"perday\";r=3;t=400",
		      "RateLimit-Policy: \"permin\";q=50;w=60,"
		      "\"perday\";q=1000;w=86400;pk=:cHNsZg==:",
		      NULL },
		    { 1000, 3, NOW + 400, 86400 } },
		{ { "RateLimit: \"a;r=1,b\\\"\";r=9", NULL },
		    { -1, 9, -1, -1 } },
		/* Both, as many send it: the window is in one of them. */
		{ { "X-RateLimit-Limit: 100", "X-RateLimit-Remaining: 50",
		      "X-RateLimit-Reset: 30",
		      "RateLimit-Policy: \"default\";q=100;w=60",
		      "RateLimit: \"default\";r=50;t=30", NULL },
		    { 100, 50, NOW + 30, 60 } }
	};
	size_t i;

	for (i = 0; i < COUNT(all); i++)
		check(&all[i]);
}
END_TEST

START_TEST(what_cannot_be_understood_is_not_told)
{
	static const char *const lines[] = { "X-RateLimit-Limit: ",
		"X-RateLimit-Limit: -1", "X-RateLimit-Limit: many",
		"X-RateLimit-Limit: 1.", "X-RateLimit-Limit: 1.x",
		"X-RateLimit-Remaining: 1 2",
		"X-RateLimit-Remaining: 1234567890123456",
		"X-RateLimit-Reset: 30", "RateLimit: ", "RateLimit: ;;,,;",
		"RateLimit: \"open;r=5", "RateLimit: \"a\";r=;t",
		"RateLimit:=5", "RateLimit-Policy: \"a\";w=60",
		"X-RateLimit-Used: 5", "RateLimit-: 5", "X-RateLimit: 5" };
	struct ratelimit_fields f;
	struct ratelimit r;
	size_t i;

	for (i = 0; i < COUNT(lines); i++) {
		ratelimit_init(&f);
		take(&f, lines[i]);
		ck_assert_msg(!ratelimit_told(&f, &r), "%s", lines[i]);
	}
	/* A window that ends in a year is no window. */
	ratelimit_init(&f);
	take(&f, "X-RateLimit-Remaining: 0");
	take(&f, "X-RateLimit-Reset: 99999999999");
	ck_assert(ratelimit_told(&f, &r));
	ck_assert_int_eq(r.reset, -1);
	/* More policies than there is room for are left out. */
	ratelimit_init(&f);
	take(&f, "RateLimit: a;r=9,b;r=8,c;r=7,d;r=6,e;r=5,f;r=4");
	ck_assert(ratelimit_told(&f, &r));
	ck_assert_int_eq(r.left, 6);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_fields_that_no_standard_describes,
		the_fields_of_all_drafts,
		what_cannot_be_understood_is_not_told };

	return unit_run("ratelimit", tests, COUNT(tests));
}
