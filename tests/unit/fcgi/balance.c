/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/hash.h"
#include "fcgi/net/balance.h"
#include "os/clock.h"
#include "tests/unit/unit.h"

#define ROUNDS 2000

static bool dies; /* this process, once it has sent something */

/* Stands before the C library's. */
ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t n = syscall(SYS_sendmsg, fd, msg, flags);

	if (dies)
		raise(SIGKILL);
	return n;
}

/* A request whose two descriptors are the same. */
static int
put(struct balance *s, int fd, int64_t since)
{
	const int both[BALANCE_FDS] = { fd, fd };

	return balance_put(s, both, &since, sizeof(since));
}

/* One of its descriptors, or -1. */
static int
take(struct balance *s, int64_t *since)
{
	int fd[BALANCE_FDS];

	if (balance_take(s, fd, since, sizeof(*since)) == -1)
		return -1;
	ck_assert_int_eq(fcntl(fd[1], F_GETFD), FD_CLOEXEC);
	close(fd[1]);
	return fd[0];
}

START_TEST(connections_come_out_in_the_order_they_went_in)
{
	struct balance *s = balance_new();
	int64_t since;
	int i, fd, pair[2];
	char c;

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(take(s, &since), -1);
	for (i = 0; i < 20; i++) {
		ck_assert_int_eq(pipe(pair), 0);
		c = (char)i;
		ck_assert_int_eq(write(pair[1], &c, 1), 1);
		ck_assert_int_eq(put(s, pair[0], 1000 + i), 0);
		close(pair[0]);
		close(pair[1]);
	}
	ck_assert_int_eq(atomic_load(&s->queued), 20);
	for (i = 0; i < 20; i++) {
		fd = take(s, &since);
		ck_assert_int_ne(fd, -1);
		ck_assert_int_eq(since, 1000 + i);
		ck_assert_int_eq(read(fd, &c, 1), 1);
		ck_assert_int_eq(c, i);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
	ck_assert_int_eq(take(s, &since), -1);
	balance_free(s);
}
END_TEST

START_TEST(another_process_takes_what_a_dead_one_left)
{
	struct balance *s = balance_new();
	int64_t since = 0;
	pid_t pid;
	int fd;

	pid = fork();
	if (pid == 0)
		_exit(put(s, STDIN_FILENO, 7) == 0 ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	fd = take(s, &since);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(since, 7);
	close(fd);
	balance_free(s);
}
END_TEST

START_TEST(what_a_killed_process_has_put_is_found)
{
	struct balance *s = balance_new();
	int64_t since = 0;
	int fd;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		dies = true;
		put(s, STDIN_FILENO, 7);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	fd = take(s, &since);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(since, 7);
	close(fd);
	balance_free(s);
}
END_TEST

START_TEST(what_cannot_be_put_is_not_counted)
{
	struct balance *s = balance_new();

	ck_assert_int_eq(put(s, -1, 0), -1);
	ck_assert_int_eq(atomic_load(&s->queued), 0);
	balance_free(s);
}
END_TEST

START_TEST(nothing_is_lost_where_no_descriptor_is_left)
{
	struct balance *s = balance_new();
	struct rlimit all, none;
	int64_t since = 0;
	int fd, i;

	ck_assert_int_eq(put(s, STDIN_FILENO, 7), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	/* The lowest that is free: none are left, then one of two. */
	fd = dup(STDIN_FILENO);
	close(fd);
	for (i = 0; i < BALANCE_FDS; i++) {
		none = (struct rlimit){ (rlim_t)(fd + i), all.rlim_max };
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
		ck_assert_int_eq(take(s, &since), -1);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	ck_assert_int_eq(atomic_load(&s->queued), 1);
	fd = take(s, &since);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(since, 7);
	close(fd);
	balance_free(s);
}
END_TEST

START_TEST(a_full_queue_says_so)
{
	struct balance *s = balance_new();
	int64_t since;
	int n = 0, fd;

	while (n < 100000 && put(s, STDIN_FILENO, n) == 0)
		n++;
	ck_assert_int_gt(n, 100);
	ck_assert_int_lt(n, 100000);
	fd = take(s, &since);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(since, 0);
	close(fd);
	ck_assert_int_eq(put(s, STDIN_FILENO, 0), 0);
	balance_free(s);
}
END_TEST

static void *
take_many(void *arg)
{
	struct balance *s = arg;
	int64_t since, until = clock_ms() + 20000;
	intptr_t n = 0;
	int fd;

	do {
		fd = take(s, &since);
		if (fd == -1)
			continue;
		close(fd);
		if (since == -1)
			break;
		n++;
	} while (clock_ms() < until);
	return (void *)n;
}

START_TEST(nothing_is_lost_among_many_takers)
{
	struct balance *s = balance_new();
	pthread_t taker[4];
	void *taken;
	intptr_t total = 0;
	int i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(
		    pthread_create(&taker[i], NULL, take_many, s), 0);
	for (i = 0; i < ROUNDS; i++)
		while (put(s, STDIN_FILENO, 1) == -1)
			usleep(100);
	for (i = 0; i < 4; i++)
		while (put(s, STDIN_FILENO, -1) == -1)
			usleep(100);
	for (i = 0; i < 4; i++) {
		pthread_join(taker[i], &taken);
		total += (intptr_t)taken;
	}
	ck_assert_int_eq(total, ROUNDS);
	ck_assert_int_eq(atomic_load(&s->queued), 0);
	balance_free(s);
}
END_TEST

START_TEST(only_living_workers_count)
{
	struct balance *s = balance_new();
	int64_t now = clock_ms();
	int i, idle, places;

	for (i = 0; i < 4; i++) {
		atomic_store(&s->slot[i].idle, 1);
		atomic_store(&s->slot[i].places, 10);
	}
	atomic_store(&s->slot[0].beat, now);
	atomic_store(&s->slot[1].beat, now - 60000);
	atomic_store(&s->slot[3].beat, now);
	atomic_store(&s->top, 3);
	balance_count(s, NULL, &idle, &places);
	ck_assert_int_eq(idle, 1);
	ck_assert_int_eq(places, 10);
	balance_count(s, &s->slot[1], &idle, &places);
	ck_assert_int_eq(idle, 2);
	ck_assert_int_eq(places, 20);
	balance_free(s);
}
END_TEST

/* What the next binary sees of it, in the same process. */
START_TEST(another_binary_takes_it_over)
{
	const struct pace_rate a_second = { 1, 1 };
	struct balance *s = balance_new(), *t;
	struct hash name = hash_bytes("name", 4), again;
	const uint64_t other[2] = { 1, 2 };
	int64_t since;
	int pair[2], fd;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(put(s, pair[0], 7), 0);
	atomic_store(&s->slot[3].beat, 1234);
	atomic_store(&s->dropped, 5);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "name", 4, a_second, 5000, 9000), 0);
	hash_adopt(other); /* as if drawn there */
	ck_assert_ptr_nonnull(t = balance_adopt(s->memory));
	ck_assert_ptr_ne(t, s);
	again = hash_bytes("name", 4);
	ck_assert_mem_eq(&name, &again, sizeof(name));
	ck_assert_int_eq(atomic_load(&t->slot[3].beat), 1234);
	ck_assert_uint_eq(atomic_load(&t->dropped), 0);
	ck_assert_int_eq(
	    pace_turn(&t->paces, "name", 4, a_second, 5000, 9000), 1050);
	ck_assert_int_ne(fd = take(t, &since), -1);
	ck_assert_int_eq(since, 7);
	ck_assert_int_eq(atomic_load(&s->queued), 0);
	ck_assert_int_eq(atomic_load(&s->left), 0);
	close(fd);
	close(pair[0]);
	close(pair[1]);
	(void)munmap(t, sizeof(*t));
	balance_free(s);
}
END_TEST

START_TEST(what_has_another_layout_is_left_and_told_so)
{
	struct balance *s = balance_new();
	int fd;

	s->layout[8]++;
	ck_assert_ptr_null(balance_adopt(s->memory));
	ck_assert_int_eq(errno, 0);
	ck_assert_int_eq(atomic_load(&s->left), 1);
	s->layout[8]--;
	atomic_store(&s->left, 0);
	ck_assert_int_eq(ftruncate(s->memory, sizeof(*s) + 1), 0);
	ck_assert_ptr_null(balance_adopt(s->memory));
	ck_assert_int_eq(atomic_load(&s->left), 1);
	ck_assert_int_eq(ftruncate(s->memory, sizeof(*s)), 0);
	balance_free(s);
	/* Too short for anything. */
	ck_assert_int_ne(fd = memfd_create("short", MFD_CLOEXEC), -1);
	ck_assert_int_eq(ftruncate(fd, 8), 0);
	ck_assert_ptr_null(balance_adopt(fd));
	ck_assert_int_eq(errno, EINVAL);
	close(fd);
	ck_assert_ptr_null(balance_adopt(fd));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		connections_come_out_in_the_order_they_went_in,
		another_process_takes_what_a_dead_one_left,
		what_a_killed_process_has_put_is_found,
		what_cannot_be_put_is_not_counted,
		nothing_is_lost_where_no_descriptor_is_left,
		a_full_queue_says_so, nothing_is_lost_among_many_takers,
		only_living_workers_count, another_binary_takes_it_over,
		what_has_another_layout_is_left_and_told_so
	};

	return unit_run("balance", tests, COUNT(tests));
}
