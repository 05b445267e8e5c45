/* SPDX-License-Identifier: MIT */
/* Filters of networks that connections have in common. */
#include <pthread.h>
#include <unistd.h>

#include "filter/store_net.h"
#include "os/clock.h"
#include "tests/unit/unit.h"

/* Fills a filter with one network; arg counts how often. */
static int
fill_one(void *arg, struct store_net *net)
{
	int *filled = arg;

	if (++*filled == 4)
		return 99;
	return store_net_reset(net, 1) == 0 ?
	    store_net_add(net, OBSERVABLE_IP, "192.0.2.0/24") :
	    -1;
}

/* Connections that see the same networks of a store have one filter. */
START_TEST(connections_share_a_filter)
{
	const struct store_net *net[4] = { NULL, NULL, NULL, NULL };
	int lengths[STORE_NET_LENGTHS], filled = 0, i;

	for (i = 0; i < 2; i++)
		ck_assert_int_eq(
		    store_net_take(&net[i], "/a", 7, 0, fill_one, &filled), 0);
	ck_assert_int_eq(filled, 1);
	ck_assert_ptr_eq(net[0], net[1]);
	/* One drops it, the other has it. */
	store_net_drop(net[0]);
	ck_assert_int_eq(
	    store_net_lengths(net[1], OBSERVABLE_IP, "192.0.2.1", lengths), 1);
	/* Another store, another state; a fill that fails. */
	ck_assert_int_eq(
	    store_net_take(&net[2], "/b", 7, 0, fill_one, &filled), 0);
	ck_assert_int_eq(
	    store_net_take(&net[3], "/a", 8, 0, fill_one, &filled), 0);
	ck_assert_int_eq(filled, 3);
	ck_assert_int_eq(
	    store_net_take(&net[2], "/a", 9, 0, fill_one, &filled), 99);
	ck_assert_ptr_null(net[2]);
	/* Without a name it is nobody else's. */
	for (i = 2; i < 4; i++)
		ck_assert_int_eq(
		    store_net_take(&net[i], NULL, 7, 0, fill_one, &filled), 0);
	ck_assert_int_eq(filled, 6);
	ck_assert_ptr_ne(net[2], net[3]);
	/* Who goes on to a state that is there drops the own one. */
	ck_assert_int_eq(
	    store_net_take(&net[3], "/a", 7, 0, fill_one, &filled), 0);
	ck_assert_ptr_eq(net[3], net[1]);
	for (i = 1; i < 4; i++)
		store_net_drop(net[i]);
	store_net_drop(NULL);
	ck_assert_int_eq(filled, 6);
}
END_TEST

/* A filter that is being filled while the other thread asks. */
struct filling {
	int begun[2], go[2]; /* pipes */
	const struct store_net *net;
	int64_t state;
	int code;
};

static int
fill_slowly(void *arg, struct store_net *net)
{
	struct filling *f = arg;
	char c = 0;

	ck_assert_int_eq(write(f->begun[1], &c, 1), 1);
	ck_assert_int_eq(read(f->go[0], &c, 1), 1);
	return c != 0 ? c : store_net_reset(net, 1);
}

static void *
take_slowly(void *arg)
{
	struct filling *f = arg;

	f->code = store_net_take(&f->net, "/slow", f->state, 0, fill_slowly, f);
	return NULL;
}

/* Who asks for another store's filter waits for nobody; who asks for this one
 * not longer than it may. */
START_TEST(nobody_waits_for_another_store)
{
	const struct store_net *net = NULL;
	struct filling f = { .state = 1, .code = -1 };
	int filled = 0, i;
	pthread_t thread;
	char c = 99;

	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(pipe(f.begun) | pipe(f.go), 0);
		ck_assert_int_eq(
		    pthread_create(&thread, NULL, take_slowly, &f), 0);
		ck_assert_int_eq(read(f.begun[0], &(char){ 0 }, 1), 1);
		ck_assert_int_eq(
		    store_net_take(&net, "/other", 1, 0, fill_one, &filled), 0);
		ck_assert_int_eq(store_net_take(&net, "/slow", 1,
				     clock_ms() + 5, fill_one, &filled),
		    STORE_NET_LATE);
		ck_assert_ptr_null(net);
		/* First it fails, then it is filled, and had by who asks. */
		ck_assert_int_eq(write(f.go[1], &c, 1), 1);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		ck_assert_int_eq(f.code, c);
		c = 0;
	}
	ck_assert_int_eq(filled, 2);
	ck_assert_int_eq(
	    store_net_take(&net, "/slow", 1, 0, fill_one, &filled), 0);
	ck_assert_ptr_eq(net, f.net);
	store_net_drop(net);
	store_net_drop(f.net);
}
END_TEST

/* One that waits for the other thread, whose fill fails. */
static void *
take_after(void *arg)
{
	struct filling *f = arg;
	int filled = 0;

	f->code = store_net_take(&f->net, "/slow", 2, 0, fill_one, &filled);
	return filled == 1 ? f : NULL;
}

/* Who waited for a fill that fails fills it, and is not told of that. */
START_TEST(who_waits_fills_what_another_could_not)
{
	struct filling f = { .state = 2, .code = -1 }, after = { .code = -1 };
	pthread_t threads[2];
	char c = 99;
	void *filled;

	ck_assert_int_eq(pipe(f.begun) | pipe(f.go), 0);
	ck_assert_int_eq(pthread_create(&threads[0], NULL, take_slowly, &f), 0);
	ck_assert_int_eq(read(f.begun[0], &(char){ 0 }, 1), 1);
	ck_assert_int_eq(
	    pthread_create(&threads[1], NULL, take_after, &after), 0);
	/* Most times it waits by then; else it finds none, which is right, too. */
	(void)usleep(20000);
	ck_assert_int_eq(write(f.go[1], &c, 1), 1);
	ck_assert_int_eq(pthread_join(threads[0], NULL), 0);
	ck_assert_int_eq(pthread_join(threads[1], &filled), 0);
	ck_assert_int_eq(f.code, c);
	ck_assert_int_eq(after.code, 0);
	ck_assert_ptr_eq(filled, &after);
	store_net_drop(after.net);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { connections_share_a_filter,
		nobody_waits_for_another_store,
		who_waits_fills_what_another_could_not };

	return unit_run("store_net", tests, COUNT(tests));
}
