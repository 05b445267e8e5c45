/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include <string.h>

#include "shared/slots.h"
#include "tests/unit/die.h"
#include "tests/unit/unit.h"

#define SLOTS 4

struct mine {
	struct slot slot;
	int value;
	bool needed;
};

struct table {
	struct slots slots;
	struct mine mine[SLOTS];
};

static struct table *t;

static bool
is_needed(const struct slot *s, int64_t now)
{
	/* until its time is over */
	return ((const struct mine *)(const void *)s)->needed &&
	    now < s->used + 100;
}

static const struct slots_kind plain = { SLOTS_KIND(table, mine) };
static const struct slots_kind needing = { SLOTS_KIND(table, mine),
	.needed = is_needed };

static void
begin(void)
{
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(t, MAP_FAILED);
	ck_assert_int_eq(slots_init(&t->slots), 0);
}

static void
end(void)
{
	ck_assert_int_eq(munmap(t, sizeof(*t)), 0);
}

/* A slot of that name, used at a time. */
static struct mine *
claim(const struct slots_kind *kind, const char *name, int value, int64_t used)
{
	struct mine *m = slots_claim(&t->slots, kind, name, strlen(name), used);

	m->value = value;
	m->slot.used = used;
	return m;
}

static struct mine *
find(const char *name)
{
	return slots_find(&t->slots, &plain, name, strlen(name));
}

/* Fills the table with a, b, c, d; b is the longest unused. */
static void
fill(const struct slots_kind *kind)
{
	static const char *const names[SLOTS] = { "a", "b", "c", "d" };
	static const int64_t used[SLOTS] = { 20, 10, 40, 30 };
	int i;

	for (i = 0; i < SLOTS; i++)
		claim(kind, names[i], i + 1, used[i]);
}

START_TEST(a_name_keeps_its_slot)
{
	struct mine *a;
	size_t i;

	begin();
	slots_take(&t->slots, &plain);
	for (i = 0; i < SLOTS; i++)
		ck_assert_ptr_null(slots_at(&t->slots, &plain, i));
	ck_assert_ptr_null(find("a"));
	a = claim(&plain, "a", 7, 1);
	ck_assert_ptr_eq(find("a"), a);
	ck_assert_ptr_eq(slots_claim(&t->slots, &plain, "a", 1, 2), a);
	ck_assert_int_eq(a->value, 7);
	/* A name is all of its bytes, and no other name. */
	ck_assert_ptr_null(find("A"));
	ck_assert_ptr_null(find("aa"));
	ck_assert_ptr_null(slots_find(&t->slots, &plain, "a", 2));
	ck_assert_ptr_null(slots_find(&t->slots, &plain, "", 0));
	slots_give(&t->slots);
	end();
}
END_TEST

START_TEST(a_full_table_gives_the_longest_unused_away)
{
	struct mine *b, *e;

	begin();
	slots_take(&t->slots, &plain);
	fill(&plain);
	b = find("b");
	e = slots_claim(&t->slots, &plain, "e", 1, 50);
	ck_assert_ptr_eq(e, b);
	ck_assert_int_eq(e->value, 0);
	ck_assert_int_eq(e->slot.used, 0);
	ck_assert_ptr_null(find("b"));
	ck_assert_int_eq(find("a")->value, 1);
	ck_assert_int_eq(find("c")->value, 3);
	ck_assert_int_eq(find("d")->value, 4);
	slots_give(&t->slots);
	end();
}
END_TEST

START_TEST(a_slot_that_is_needed_goes_when_all_are)
{
	struct mine *c;
	size_t i;

	begin();
	slots_take(&t->slots, &needing);
	fill(&needing);
	find("a")->needed = find("b")->needed = true;
	/* d is the longest unused of the two that are not. */
	claim(&needing, "e", 5, 50);
	ck_assert_ptr_null(find("d"));
	ck_assert_ptr_nonnull(find("b"));
	/* The time of b is over, that of a is not. */
	claim(&needing, "f", 6, 115);
	ck_assert_ptr_null(find("b"));
	ck_assert_ptr_nonnull(find("a"));
	for (i = 0; i < SLOTS; i++)
		t->mine[i].needed = true;
	for (i = 0; i < SLOTS; i++)
		t->mine[i].slot.used += 1000;
	c = find("a");
	ck_assert_ptr_eq(claim(&needing, "g", 7, 1100), c);
	ck_assert_ptr_null(find("a"));
	slots_give(&t->slots);
	end();
}
END_TEST

START_TEST(a_free_slot_goes_first)
{
	begin();
	slots_take(&t->slots, &plain);
	claim(&plain, "a", 1, -100);
	claim(&plain, "b", 2, -200);
	claim(&plain, "c", 3, 0);
	claim(&plain, "d", 4, 5);
	ck_assert_int_eq(find("a")->value, 1);
	ck_assert_int_eq(find("b")->value, 2);
	ck_assert_int_eq(find("c")->value, 3);
	slots_give(&t->slots);
	end();
}
END_TEST

/* Two names of one hash are one name: so half of it alike is not enough. */
START_TEST(half_a_hash_is_no_name)
{
	struct mine *a;

	begin();
	slots_take(&t->slots, &plain);
	a = claim(&plain, "a", 1, 1);
	a->slot.name.a ^= 1;
	ck_assert_ptr_null(find("a"));
	a->slot.name.a ^= 1;
	a->slot.name.b ^= 2;
	ck_assert_ptr_null(find("a"));
	a->slot.name.b ^= 2;
	ck_assert_ptr_eq(find("a"), a);
	slots_give(&t->slots);
	end();
}
END_TEST

START_TEST(the_death_of_a_holder_empties_it)
{
	size_t i;
	int by;

	for (by = 0; by < 2; by++) {
		begin();
		slots_take(&t->slots, &plain);
		fill(&plain);
		slots_give(&t->slots);
		die_holding(&t->slots.lock);
		if (by == 0)
			slots_take(&t->slots, &plain);
		else
			ck_assert_int_eq(
			    slots_wait(&t->slots, &plain, 10000), 0);
		for (i = 0; i < SLOTS; i++) {
			ck_assert_ptr_null(slots_at(&t->slots, &plain, i));
			ck_assert_int_eq(t->mine[i].value, 0);
		}
		/* It is used as before. */
		claim(&plain, "a", 1, 1);
		slots_give(&t->slots);
		slots_take(&t->slots, &plain);
		ck_assert_int_eq(find("a")->value, 1);
		slots_give(&t->slots);
		end();
	}
}
END_TEST

static int
wait_for_it(void *arg)
{
	(void)arg;
	return slots_wait(&t->slots, &plain, 20) == -1 ? 7 : 8;
}

START_TEST(a_wait_ends_with_its_time)
{
	begin();
	slots_take(&t->slots, &plain);
	claim(&plain, "a", 1, 1);
	ck_assert_int_eq(die_wait(die_start(wait_for_it, NULL)), 7);
	ck_assert_int_eq(find("a")->value, 1);
	slots_give(&t->slots);
	ck_assert_int_eq(slots_wait(&t->slots, &plain, 0), 0);
	ck_assert_int_eq(find("a")->value, 1);
	slots_give(&t->slots);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_name_keeps_its_slot,
		a_full_table_gives_the_longest_unused_away,
		a_slot_that_is_needed_goes_when_all_are, a_free_slot_goes_first,
		half_a_hash_is_no_name, the_death_of_a_holder_empties_it,
		a_wait_ends_with_its_time };

	return unit_run("slots", tests, COUNT(tests));
}
