/* SPDX-License-Identifier: MIT */
/* Matches in shared memory: nothing is counted twice, and what finds no place is
 * counted as others. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/robustlock.h"
#include "shared/matches.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1700000000) /* hour 472222, day 19675 */

static struct matches *
matches_begin(void)
{
	struct matches *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(m, MAP_FAILED);
	ck_assert_int_eq(matches_init(m), 0);
	return m;
}

/* What was taken of a relay. */
struct sums {
	char text[4096]; /* each, with a blank behind it */
	uint64_t sources, other_sources, values, other_values, lost;
	size_t rows;
};

static int
sum(void *arg, const struct matched *m)
{
	struct sums *s = arg;
	bool other = m->source[0] == '\0';

	s->rows++;
	if (m->kind == MATCHES_SOURCE)
		*(other ? &s->other_sources : &s->sources) += m->n;
	else
		*(other ? &s->other_values : &s->values) += m->n;
	if (strlen(s->text) < 2048)
		snprintf(s->text + strlen(s->text), 1024,
		    "%d:%lld:%d:%s:%s:%llu ", m->kind, (long long)m->when,
		    m->what, m->value, m->source, (unsigned long long)m->n);
	return 0;
}

static struct sums
taken(struct matches *m, size_t relay)
{
	struct matches_body *copy = malloc(sizeof(*copy));
	struct sums s = { .rows = 0 };
	size_t i;

	ck_assert_ptr_nonnull(copy);
	for (i = 0; i < MATCHES_PARTS; i++)
		ck_assert_int_eq(
		    matches_take(m, i, relay, copy, &s.lost, sum, &s), 0);
	free(copy);
	return s;
}

static const struct match two[] = { { "bad", 2 }, { "odd", 3 } };

START_TEST(each_is_taken_once_and_by_its_relay)
{
	struct matches *m = matches_begin();
	struct sums s;

	ck_assert(!matches_wait(m));
	matches_add(m, 0, 1, NOW, 2, "192.0.2.1", two, 2);
	matches_add(m, 0, 1, NOW, 2, "192.0.2.1", two, 1);
	matches_add(m, 5, 1, NOW + 3600, 2, "192.0.2.1", two, 1);
	matches_add(m, 0, 2, NOW, 0, "bad.example", two, 1);
	ck_assert(matches_wait(m));
	s = taken(m, 1);
	ck_assert_ptr_nonnull(strstr(s.text, "0:472222:2::bad:2 "));
	ck_assert_ptr_nonnull(strstr(s.text, "0:472222:3::odd:1 "));
	ck_assert_ptr_nonnull(strstr(s.text, "0:472223:2::bad:1 "));
	ck_assert_ptr_nonnull(strstr(s.text, "1:19675:2:192.0.2.1:bad:2 "));
	ck_assert_ptr_nonnull(strstr(s.text, "1:19675:2:192.0.2.1:odd:1 "));
	ck_assert_uint_eq(s.rows, 6);
	ck_assert_uint_eq(taken(m, 1).rows, 0);
	/* What was taken counts from zero again. */
	matches_add(m, 0, 1, NOW, 2, "192.0.2.1", two, 1);
	s = taken(m, 1);
	ck_assert_ptr_nonnull(strstr(s.text, "0:472222:2::bad:1 "));
	ck_assert_uint_eq(s.rows, 2);
	ck_assert(matches_wait(m));
	s = taken(m, 2);
	ck_assert_ptr_nonnull(strstr(s.text, "1:19675:0:bad.example:bad:1 "));
	ck_assert(!matches_wait(m));
}
END_TEST

START_TEST(what_has_no_place_is_counted_as_others)
{
	struct matches *m = matches_begin();
	char value[64], source[64];
	const struct match one = { source, 2 };
	struct sums s;
	int i;

	for (i = 0; i < 3000; i++) {
		snprintf(value, sizeof(value), "192.0.%d.%d", i / 256, i % 256);
		snprintf(source, sizeof(source), "source %d", i % 600);
		matches_add(m, 0, 1, NOW, 2, value, &one, 1);
	}
	s = taken(m, 1);
	ck_assert_uint_eq(s.sources + s.other_sources, 3000);
	ck_assert_uint_eq(s.values + s.other_values, 3000);
	ck_assert_uint_gt(s.other_sources, 0);
	ck_assert_uint_gt(s.other_values, 0);
	ck_assert_uint_gt(s.values, 300);
	ck_assert_uint_eq(s.lost, 0);
	ck_assert(!matches_wait(m));
}
END_TEST

START_TEST(long_values_fill_the_text_alone)
{
	struct matches *m = matches_begin();
	char value[2049];
	struct sums s;
	int i;

	for (i = 0; i < 100; i++) {
		memset(value, 'a', sizeof(value));
		snprintf(value, 32, "http://%03d/", i);
		value[strlen(value)] = 'a';
		value[sizeof(value) - 1] = '\0';
		matches_add(m, 0, 1, NOW, 7, value, two, 1);
	}
	s = taken(m, 1);
	ck_assert_uint_eq(s.sources, 100);
	ck_assert_uint_eq(s.values, 23); /* in 48 KB */
	ck_assert_uint_eq(s.other_values, 77);
	ck_assert_uint_eq(s.lost, 0);
}
END_TEST

START_TEST(relays_that_fill_a_part_lose_and_say_so)
{
	struct matches *m = matches_begin();
	struct sums s;
	uint64_t all = 0, lost = 0;
	size_t i;

	/* Hours that no clock has at once, to fill it. */
	for (i = 0; i < 2000; i++)
		matches_add(m, 0, i % 64, NOW + (int64_t)i * 86400, 2,
		    "192.0.2.1", two, 1);
	for (i = 0; i < 64; i++) {
		s = taken(m, i);
		all += s.sources + s.other_sources + s.values + s.other_values;
		lost += s.lost;
	}
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_eq(all + lost, 4000);
	ck_assert(!matches_wait(m));
}
END_TEST

START_TEST(a_part_whose_holder_died_goes_on_empty)
{
	struct matches *m = matches_begin();
	pid_t pid;

	matches_add(m, 3, 1, NOW, 2, "192.0.2.1", two, 1);
	matches_add(m, 4, 1, NOW, 2, "192.0.2.1", two, 1);
	if ((pid = fork()) == 0) {
		(void)robustlock_take(&m->part[3].lock);
		_exit(0);
	}
	ck_assert_int_ne(pid, -1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_eq(taken(m, 1).rows, 2);
	matches_add(m, 3, 1, NOW, 2, "192.0.2.1", two, 1);
	ck_assert_uint_eq(taken(m, 1).rows, 2);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { each_is_taken_once_and_by_its_relay,
		what_has_no_place_is_counted_as_others,
		long_values_fill_the_text_alone,
		relays_that_fill_a_part_lose_and_say_so,
		a_part_whose_holder_died_goes_on_empty };

	return unit_run("matches", tests, COUNT(tests));
}
