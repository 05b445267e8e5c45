/* SPDX-License-Identifier: MIT */
/* When matches are taken to the stores, on a played clock. */
#include <sys/wait.h>
#include <string.h>

#include "conf/conf.h"
#include "figures/ledger.h"
#include "shared/shared.h"
#include "tests/unit/unit.h"

#define T INT64_C(5000000) /* ms */

static const struct match bad = { "bad", 2 };

/* Whether a process took something at a time, which must have ended well. */
static bool
looked(struct ledger *l, struct shared *shared, int64_t now)
{
	static const struct conf conf; /* no relay: what is taken is dropped */
	bool made = ledger_look(l, &conf, shared, now);
	int status;

	if (made) {
		ck_assert_int_ne(wait(&status), -1);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	return made;
}

START_TEST(once_a_minute_if_there_is_anything)
{
	struct shared *shared = shared_new();
	struct ledger l = { 0 };

	ck_assert_ptr_nonnull(shared);
	ck_assert(!looked(&l, shared, T));
	matches_add(&shared->matches, 0, 0, 0, 2, "192.0.2.1", &bad, 1);
	ck_assert(!looked(&l, shared, T + LEDGER_EVERY - 1));
	ck_assert(matches_wait(&shared->matches));
	ck_assert(looked(&l, shared, T + LEDGER_EVERY));
	/* It took them from this process's memory. */
	ck_assert(!matches_wait(&shared->matches));
	matches_add(&shared->matches, 0, 0, 0, 2, "192.0.2.1", &bad, 1);
	ck_assert(!looked(&l, shared, T + 2 * LEDGER_EVERY - 1));
	ck_assert(looked(&l, shared, T + 2 * LEDGER_EVERY));
	ck_assert(!looked(&l, shared, T + 3 * LEDGER_EVERY));
	/* At once, where that is wanted. */
	matches_add(&shared->matches, 0, 0, 0, 2, "192.0.2.1", &bad, 1);
	l.next = 0;
	ck_assert(looked(&l, shared, T + 3 * LEDGER_EVERY + 1));
	shared_free(shared);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { once_a_minute_if_there_is_anything };

	return unit_run("ledger", tests, COUNT(tests));
}
