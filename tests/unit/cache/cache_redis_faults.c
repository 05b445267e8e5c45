/* SPDX-License-Identifier: MIT */
/* A cache at what answers as no Redis server should, or not at all. */
#include <poll.h>
#include <pthread.h>

#include "tests/unit/redis_drive.h"

#define SLOWLY 60   /* ms that a slow server takes */
#define AGAIN  1000 /* ms for which one that was slow is left alone */
#define PONG   "+PONG\r\n"
#define INFO   "$23\r\nredis_mode:standalone\r\n\r\n"

static int slow_fd;
static _Atomic int slowly;              /* ms that a slow server takes */
static _Atomic int greeting;            /* ms that it takes to be there */
static _Atomic size_t asked, put_there; /* how often it was */

/* A server that answers one command after the other with these, then hangs. */
static void
pretend(int fd, const char *const *replies, size_t n)
{
	char b[4096];
	size_t i;
	int one;

	for (;;) {
		if ((one = accept(fd, NULL, NULL)) == -1)
			_exit(1);
		for (i = 0; i < n && read(one, b, sizeof(b)) > 0; i++)
			if (send(one, replies[i], strlen(replies[i]),
				MSG_NOSIGNAL) == -1)
				break;
		while (read(one, b, sizeof(b)) > 0)
			;
		close(one);
	}
}

/* Starts it; fd stays open here, so that it can be asked who waits. */
static int
start_fake(const char *const *replies, size_t n)
{
	int fd = listener();

	if ((server = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pretend(fd, replies, n);
	}
	return fd;
}

static char flood[CACHE_VALUE + 200000];

static const char *const faults[] = { "",
	"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "-ERR no\r\n",
	"-LOADING Redis is loading\r\n", "-\r\n", "+\r\n", "+QUEUED\r\n",
	":1\r\n", "$-2\r\n", "$x\r\n", "$99999999999999\r\n",
	"$999999999\r\nabc", "$3\r\nabcde", "*1000000000\r\n",
	"*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n",
	"*-1\r\n", "%1\r\n", "\r\n", "$32", flood };

START_TEST(a_server_that_answers_wrongly_caches_nothing)
{
	unsigned char name[CACHE_NAME] = { 0 };
	const char *replies[3];
	struct cache *c;
	struct buf b;
	size_t i, at;
	int fd;

	memset(flood, '+', sizeof(flood) - 1);
	buf_init(&b, CACHE_VALUE);
	/* The fault is the first, the second or the third answer. */
	for (i = 0; i < 3 * COUNT(faults); i++) {
		at = i % 3;
		/* Not every user may ask for INFO; and what it says beside
		 * the mode is of no interest. */
		if (at == 1 &&
		    (faults[i / 3][0] == '-' ||
			strncmp(faults[i / 3], "$3\r", 3) == 0))
			continue;
		replies[0] = at == 0 ? faults[i / 3] : PONG;
		replies[1] = at == 1 ? faults[i / 3] : INFO;
		replies[2] = faults[i / 3];
		fd = start_fake(replies, at + 1);
		slow_down(1);
		c = new ();
		if (name_of(c, "x", name) == 0)
			ck_assert_msg(at == 2, "%zu", i);
		ck_assert_msg(!cache_get(c, name, &b), "%zu", i);
		cache_put(c, name, "1", 1, 60);
		cache_flush(c);
		ck_assert_msg(!cache_get(c, name, &b), "%zu", i);
		cache_free(c);
		close(fd);
		stop();
	}
	buf_free(&b);
}
END_TEST

START_TEST(the_reason_says_what_is_wrong)
{
	static const struct {
		const char *reply, *why;
	} reasons[] = { { "HTTP/1.1 400 Bad\r\n",
			    "not answer as a Redis server" },
		{ "*1\r\n$1\r\na\r\n", "not answer as a Redis server" },
		{ "*-1\r\n", "as it should" },
		{ "*2\r\n$1\r\na\r\n:1\r\n", "as it should" },
		{ "*2\r\n:1\r\n*2\r\n", "not answer as a Redis server" },
		{ "*3\r\n:1\r\n", "not answer as a Redis server" },
		{ "-LOADING secret things\r\n", "with the error LOADING" },
		{ "-secret things\r\n", "with an error" },
		{ ":1\r\n", "as it should" },
		{ "$3\r\nabc\r\n", "as it should" }, { flood, "too much" } };
	char why[CACHE_WHY], place[64];
	size_t i;
	int fd;

	memset(flood, '+', sizeof(flood) - 1);
	for (i = 0; i < COUNT(reasons); i++) {
		fd = start_fake(&reasons[i].reply, 1);
		ck_assert_int_eq(cache_check(&conf, why), -1);
		snprintf(
		    place, sizeof(place), "redis://127.0.0.1:%d/0: ", port);
		ck_assert_msg(strncmp(why, place, strlen(place)) == 0 &&
			strstr(why, reasons[i].why) != NULL,
		    "%s", why);
		ck_assert_ptr_null(strstr(why, "secret"));
		close(fd);
		stop();
	}
}
END_TEST

START_TEST(a_server_that_hangs_is_left_alone_for_a_while)
{
	struct pollfd p = { .fd = listener(), .events = POLLIN };
	struct cache *c = new ();
	int i;

	slow_down(1);
	/* Nobody accepts; but the connection is made. */
	ck_assert(!cache_on(c));
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	close(accept(p.fd, NULL, NULL));
	slow_down(100);
	for (i = 0; i < 100; i++) {
		cache_begin(c);
		ck_assert(!cache_on(c) && has(c, "x", NULL));
	}
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	slow_down(1);
	ahead += REST;
	/* Of one request it has had all that it may. */
	cache_begin(c);
	ck_assert(!cache_on(c));
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	cache_free(c);
	close(p.fd);
}
END_TEST

/* A server that greets and reads nothing more; it then hangs, or goes. */
static void
turn_deaf(int fd, bool goes)
{
	static const char *const replies[] = { PONG, INFO };
	char b[4096];
	size_t i;
	int one = accept(fd, NULL, NULL);

	for (i = 0; i < COUNT(replies) && read(one, b, sizeof(b)) > 0; i++)
		if (send(one, replies[i], strlen(replies[i]), MSG_NOSIGNAL) ==
		    -1)
			_exit(1);
	if (goes) {
		(void)recv(one, b, 1, MSG_PEEK);
		_exit(0);
	}
	for (;;)
		pause();
}

START_TEST(a_server_that_stops_reading_is_not_waited_for)
{
	unsigned char name[CACHE_NAME];
	char *large = calloc(1, CACHE_VALUE);
	struct cache *c;
	int fd, goes, little = 4096;
	int64_t began;

	for (goes = 0; goes < 2; goes++) {
		fd = listener();
		ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little,
				     sizeof(little)),
		    0);
		if ((server = fork()) == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			turn_deaf(fd, goes == 1);
		}
		c = new ();
		ck_assert_int_eq(name_of(c, "x", name), 0);
		slow_down(1);
		began = clock_ms();
		/* More than the system takes of what nobody reads. */
		cache_put(c, name, large, CACHE_VALUE, 60);
		cache_flush(c);
		ck_assert_int_lt(clock_ms() - began, 2000);
		/* The rest of that command would be read as another. */
		ck_assert(!cache_on(c));
		cache_free(c);
		close(fd);
		stop();
	}
	free(large);
}
END_TEST

/* A server that has nothing, and takes its time to say so: every look at an
 * entry puts the clock on.  What it is told to keep it forgets; with a time of
 * -1 it says nothing more. */
static void *
drawl(void *arg)
{
	char b[4096];
	ssize_t n;
	int one = accept(slow_fd, NULL, NULL);

	(void)arg;
	while ((n = read(one, b, sizeof(b))) > 0) {
		if (memmem(b, (size_t)n, "PING", 4) != NULL) {
			n = write(one, PONG, strlen(PONG));
		} else if (memmem(b, (size_t)n, "INFO", 4) != NULL) {
			ahead += greeting > 0 ? greeting : 0;
			if (greeting >= 0)
				n = write(one, INFO, strlen(INFO));
		} else if (memmem(b, (size_t)n, "SET", 3) != NULL) {
			put_there++;
			n = write(one, "+OK\r\n", 5);
		} else if (slowly >= 0) {
			asked++;
			ahead += slowly;
			n = write(one, "$-1\r\n", 5);
		}
	}
	close(one);
	return NULL;
}

/* Begins one, and a cache that is connected to it. */
static struct cache *
start_slow(pthread_t *thread, int ms)
{
	struct cache *c;

	slowly = ms;
	asked = put_there = 0;
	slow_fd = listener();
	ck_assert_int_eq(pthread_create(thread, NULL, drawl, NULL), 0);
	c = new ();
	ck_assert(cache_on(c));
	return c;
}

static void
stop_slow(pthread_t thread, struct cache *c)
{
	cache_free(c);
	pthread_join(thread, NULL);
	close(slow_fd);
}

/* A request looks for hundreds of entries, one after the other. */
START_TEST(a_slow_server_takes_no_more_of_a_request_than_that)
{
	unsigned char name[CACHE_NAME] = { 0 };
	pthread_t thread;
	struct cache *c = start_slow(&thread, SLOWLY);
	struct buf b;
	int64_t began = clock_ms();
	size_t before;
	int i;

	buf_init(&b, CACHE_VALUE);
	for (i = 0; i < 1000; i++)
		ck_assert(!cache_get(c, name, &b));
	/* The last call began in time; this server is no slower than that. */
	ck_assert_int_lt(clock_ms() - began, CACHE_WAIT + SLOWLY);
	ck_assert_uint_eq(asked, 2);
	/* The next request may ask again; after so many it is left alone. */
	for (i = 0; i < 1000; i++) {
		cache_begin(c);
		ck_assert(!cache_get(c, name, &b));
	}
	ck_assert_int_lt(clock_ms() - began, 2000);
	before = asked;
	ahead += 2000;
	cache_begin(c);
	ck_assert(!cache_get(c, name, &b));
	ck_assert_uint_eq(asked, before + 1);
	/* Slow now and then is no reason. */
	for (i = 0; i < 100; i++) {
		cache_begin(c);
		ck_assert(!cache_get(c, name, &b));
		ahead += 10 * SLOWLY;
	}
	ck_assert_uint_eq(asked, before + 101);
	stop_slow(thread, c);
	buf_free(&b);
}
END_TEST

/* A request of hundreds of observables, at a server that is well. */
START_TEST(calls_that_take_a_moment_are_not_counted)
{
	unsigned char name[CACHE_NAME] = { 0 };
	pthread_t thread;
	struct cache *c = start_slow(&thread, 1);
	struct buf b;
	size_t i;

	buf_init(&b, CACHE_VALUE);
	for (i = 0; i < 3000; i++) {
		if (i % 1000 == 0)
			cache_begin(c);
		ck_assert(!cache_get(c, name, &b));
	}
	ck_assert_uint_eq(asked, 3000);
	stop_slow(thread, c);
	buf_free(&b);
}
END_TEST

/* Others wait for the answers of a request that has had its time. */
START_TEST(what_is_to_be_kept_goes_after_the_time_of_a_request)
{
	unsigned char name[CACHE_NAME] = { 0 };
	pthread_t thread;
	struct cache *c = start_slow(&thread, SLOWLY);
	struct buf b;
	size_t before;
	int i;

	buf_init(&b, CACHE_VALUE);
	/* The second has but a part of the time, and what is left then is too
	 * little to begin with. */
	slowly = 42;
	for (i = 0; i < 10; i++)
		ck_assert(!cache_get(c, name, &b));
	ck_assert_uint_eq(asked, 2);
	ck_assert_int_eq(name_of(c, "x", name), 0);
	cache_put(c, name, "1", 1, 60);
	cache_flush(c);
	ck_assert_uint_eq(put_there, 1);
	/* It is asked again by the next. */
	before = asked;
	cache_begin(c);
	ck_assert(!cache_get(c, name, &b));
	ck_assert_uint_eq(asked, before + 1);
	stop_slow(thread, c);
	buf_free(&b);
}
END_TEST

/* Says nothing to the first who comes, and to the second only later. */
static void *
drawl_at_first(void *arg)
{
	greeting = -1;
	drawl(arg);
	greeting = 300;
	drawl(arg);
	greeting = 0;
	return NULL;
}

START_TEST(an_administrator_is_told_of_a_server_that_is_too_far)
{
	char why[CACHE_WHY];
	pthread_t thread;

	slow_fd = listener();
	ck_assert_int_eq(pthread_create(&thread, NULL, drawl, NULL), 0);
	ck_assert_int_eq(cache_check(&conf, why), 0);
	pthread_join(thread, NULL);
	slow_down(1);
	ck_assert_int_eq(
	    pthread_create(&thread, NULL, drawl_at_first, NULL), 0);
	ck_assert_int_eq(cache_check(&conf, why), -1);
	ck_assert_msg(
	    strstr(why, "ms to sign in there; requests wait 100 ms") != NULL,
	    "%s", why);
	pthread_join(thread, NULL);
	close(slow_fd);
}
END_TEST

/* A server may need most of a request's time to sign in, and is used then. */
START_TEST(one_that_signs_in_late_is_there_for_the_next)
{
	unsigned char name[CACHE_NAME] = { 0 };
	pthread_t thread;
	struct cache *c;
	struct buf b;

	buf_init(&b, CACHE_VALUE);
	greeting = 90;
	c = start_slow(&thread, SLOWLY);
	ck_assert(!cache_get(c, name, &b));
	ck_assert_uint_eq(asked, 0);
	cache_begin(c);
	ck_assert(!cache_get(c, name, &b));
	ck_assert_uint_eq(asked, 1);
	stop_slow(thread, c);
	buf_free(&b);
	greeting = 0;
}
END_TEST

/* A call that has but the rest of a request's time says little of a server. */
START_TEST(the_rest_of_a_request_is_no_fault_of_the_server)
{
	unsigned char name[CACHE_NAME] = { 0 };
	pthread_t thread;
	struct cache *c = start_slow(&thread, SLOWLY);
	struct pollfd p = { .fd = slow_fd, .events = POLLIN };
	struct buf b;

	buf_init(&b, CACHE_VALUE);
	slowly = 42;
	ck_assert(!cache_get(c, name, &b));
	slowly = -1;
	slow_down(1);
	ck_assert(!cache_get(c, name, &b));
	/* The answer may still come: that connection is of no use. */
	cache_begin(c);
	ck_assert(!cache_on(c));
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ahead += AGAIN;
	cache_begin(c);
	ck_assert(!cache_on(c)); /* nobody accepts */
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	stop_slow(thread, c);
	buf_free(&b);
}
END_TEST

START_TEST(a_full_server_is_still_read)
{
	static const char *const replies[] = { PONG, INFO,
		"-OOM command not allowed\r\n", "$-1\r\n" };
	char why[CACHE_WHY];
	struct cache *c;
	int fd = start_fake(replies, COUNT(replies));

	c = new ();
	put_now(c, "x", "1");
	ck_assert(cache_on(c) && has(c, "x", NULL));
	/* The connection is the same: it would be greeted anew. */
	ck_assert(cache_on(c));
	cache_free(c);
	ck_assert_int_eq(cache_check(&conf, why), 0);
	close(fd);
	stop();
}
END_TEST

START_TEST(a_cluster_is_refused_with_that_reason)
{
	static const char *const first[] = { PONG,
		"$20\r\nredis_mode:cluster\r\n\r\n" };
	static const char *const later[] = { PONG, INFO,
		"-MOVED 1 192.0.2.1:1\r\n" };
	char why[CACHE_WHY];
	struct cache *c;
	int fd = start_fake(first, 2);

	ck_assert_int_eq(cache_check(&conf, why), -1);
	ck_assert_msg(strstr(why, "it is a cluster") != NULL, "%s", why);
	close(fd);
	stop();
	fd = start_fake(later, 3);
	c = new ();
	ck_assert(cache_on(c) && has(c, "x", NULL) && !cache_on(c));
	cache_free(c);
	close(fd);
	stop();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_server_that_answers_wrongly_caches_nothing,
		the_reason_says_what_is_wrong,
		a_server_that_hangs_is_left_alone_for_a_while,
		a_server_that_stops_reading_is_not_waited_for,
		a_slow_server_takes_no_more_of_a_request_than_that,
		calls_that_take_a_moment_are_not_counted,
		what_is_to_be_kept_goes_after_the_time_of_a_request,
		the_rest_of_a_request_is_no_fault_of_the_server,
		one_that_signs_in_late_is_there_for_the_next,
		an_administrator_is_told_of_a_server_that_is_too_far,
		a_full_server_is_still_read,
		a_cluster_is_refused_with_that_reason
	};

	return unit_run("cache_redis_faults", tests, COUNT(tests));
}
