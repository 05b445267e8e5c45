/* SPDX-License-Identifier: MIT */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "tests/unit/cache_drive.h"
#include "os/clock.h"

#define REST   10000 /* ms for which a cache that failed is left alone */
#define RATE   5
#define KEY    "0123456789abcdef0123456789abcdef"

#define SLOWLY 60 /* ms that a slow server takes */

static int port, slow_fd;
static pid_t server = -1;

/* A listening socket on a free port of loopback. */
static int
listener(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	slow_down(100);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 10), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	port = ntohs(a.sin_port);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d/0", port);
	return fd;
}

/* A second client, to look and to meddle. */
static redisReply *
ask(const char *command, const char *arg)
{
	redisContext *c = redisConnect("127.0.0.1", port);
	redisReply *reply = redisCommand(c, command, arg);

	redisFree(c);
	return reply;
}

static void
do_it(const char *command, const char *arg)
{
	redisReply *reply = ask(command, arg);

	ck_assert_ptr_nonnull(reply);
	ck_assert_int_ne(reply->type, REDIS_REPLY_ERROR);
	freeReplyObject(reply);
}

static bool
have_redis(void)
{
	return access("/usr/bin/redis-server", X_OK) == 0;
}

/* A Redis server with nothing in it, that ends with this process. */
static void
start(const char *option, const char *value)
{
	char text[8];
	redisContext *c = NULL;
	int i, fd = listener();

	close(fd);
	snprintf(text, sizeof(text), "%d", port);
	if ((server = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(1);
		execl("/usr/bin/redis-server", "redis-server", "--port", text,
		    "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		    "--dir", "/tmp", option, value, (char *)NULL);
		_exit(1);
	}
	for (i = 0; i < 3000; i++) {
		c = redisConnect("127.0.0.1", port);
		if (c != NULL && c->err == 0)
			break;
		redisFree(c);
		c = NULL;
		usleep(10000);
	}
	ck_assert_ptr_nonnull(c);
	redisFree(c);
}

static void
stop(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	server = -1;
}

START_TEST(gateways_share_what_they_put)
{
	struct cache *a, *b;
	char why[CACHE_WHY];
	redisReply *keys, *ttl;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	ck_assert_int_eq(cache_check(&conf, why), 0);
	keys = ask("KEYS %s", "*");
	ck_assert_uint_eq(keys->elements, 0); /* a check makes nothing */
	freeReplyObject(keys);
	a = new ();
	b = new ();
	ck_assert(cache_is_remote(a) && cache_on(a) && has(a, "x", NULL));
	put(a, "x", "1");
	put(a, "y", "2");
	put(a, "empty", "");
	cache_flush(a);
	ck_assert(has(b, "x", "1") && has(b, "y", "2") && has(b, "empty", ""));
	put_now(b, "x", "3");
	ck_assert(has(a, "x", "3"));
	ck_assert_int_eq(cache_check(&conf, why), 0);
	keys = ask("KEYS %s", "ctim-relay:entry:*");
	ck_assert_uint_eq(keys->elements, 3);
	ttl = ask("TTL %s", keys->element[0]->str);
	ck_assert_int_gt(ttl->integer, 250);
	ck_assert_int_le(ttl->integer, 300);
	freeReplyObject(ttl);
	freeReplyObject(keys);
	cache_free(a);
	cache_free(b);
	stop();
}
END_TEST

START_TEST(megabytes_go_there_and_back)
{
	unsigned char name[CACHE_NAME];
	char *large;
	struct cache *c;
	struct buf b;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c = new ();
	buf_init(&b, CACHE_VALUE);
	large = calloc(1, CACHE_VALUE);
	ck_assert_int_eq(name_of(c, "x", name), 0);
	cache_put(c, name, large, CACHE_VALUE, 60);
	cache_flush(c);
	ck_assert(cache_get(c, name, &b));
	ck_assert_uint_eq(b.len, CACHE_VALUE);
	ck_assert_mem_eq(b.data, large, CACHE_VALUE);
	buf_free(&b);
	free(large);
	cache_free(c);
	stop();
}
END_TEST

START_TEST(what_another_put_there_is_none_of_ours)
{
	static const char *const commands[] = { "SET %s text",
		"SETRANGE %s 5000000 x", "LPUSH %s a" };
	struct cache *c;
	redisReply *keys;
	size_t i;

	if (!have_redis())
		SKIP("redis-server is not installed");
	for (i = 0; i < COUNT(commands); i++) {
		start("--loglevel", "warning");
		c = new ();
		put_now(c, "x", "1");
		ck_assert(has(c, "x", "1"));
		keys = ask("KEYS %s", "ctim-relay:entry:*");
		ck_assert_uint_eq(keys->elements, 1);
		do_it("DEL %s", keys->element[0]->str);
		do_it(commands[i], keys->element[0]->str);
		ck_assert(has(c, "x", NULL));
		do_it("DEL %s", keys->element[0]->str);
		freeReplyObject(keys);
		ahead += REST;
		put_now(c, "x", "2");
		ck_assert(has(c, "x", "2"));
		cache_free(c);
		stop();
	}
}
END_TEST

START_TEST(an_emptied_server_gets_a_new_key_that_all_have)
{
	struct cache *a, *b;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	a = new ();
	b = new ();
	put_now(a, "x", "1");
	ck_assert(has(b, "x", "1"));
	do_it("FLUSHALL%s", "");
	ahead += 1000;
	put_now(a, "x", "2");
	ck_assert(has(b, "x", "2"));
	cache_free(a);
	cache_free(b);
	stop();
}
END_TEST

START_TEST(passwords_databases_and_names_are_obeyed)
{
	static const struct {
		const char *who, *db, *shown; /* NULL: it works */
	} urls[] = { { ":pass%40word@127.0.0.1", "0", NULL },
		{ "default:pass%40word@127.0.0.1", "3", NULL },
		{ ":pass%40word@localhost", "0", NULL },
		{ ":pass%40word@127.0.0.1", "99", "error ERR" },
		{ ":wrong@127.0.0.1", "0", "error WRONGPASS" },
		{ "127.0.0.1", "0", "error NOAUTH" } };
	char why[CACHE_WHY];
	size_t i;
	int r;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--requirepass", "pass@word");
	for (i = 0; i < COUNT(urls); i++) {
		/* A bare machine may not even know that name. */
		if (strstr(urls[i].who, "localhost") != NULL &&
		    gethostbyname("localhost") == NULL)
			continue;
		snprintf(url, sizeof(url), "redis://%s:%d/%s", urls[i].who,
		    port, urls[i].db);
		r = cache_check(&conf, why);
		ck_assert_msg(
		    (r == 0) == (urls[i].shown == NULL), "%s: %s", url, why);
		if (urls[i].shown != NULL)
			ck_assert_msg(
			    strstr(why, urls[i].shown) != NULL, "%s", why);
		ck_assert_ptr_null(strstr(why, "pass"));
	}
	stop();
}
END_TEST

START_TEST(a_server_that_goes_and_comes_back)
{
	struct cache *c;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c = new ();
	put_now(c, "x", "1");
	stop();
	ck_assert(has(c, "x", NULL));
	put_now(c, "x", "1");
	ahead += REST;
	ck_assert(!cache_on(c));
	ahead += REST;
	start("--loglevel", "warning");
	cache_free(c);
	c = new ();
	put_now(c, "x", "2");
	ck_assert(has(c, "x", "2"));
	/* An idle connection that was closed costs nothing but a new one. */
	do_it("CLIENT KILL TYPE %s", "normal");
	ahead += 1000;
	ck_assert(has(c, "x", "2"));
	cache_free(c);
	stop();
}
END_TEST

START_TEST(gateways_together_have_no_more_turns_than_the_rate)
{
	unsigned char name[CACHE_NAME];
	struct cache *c[2];
	int64_t wait, last = 0, began;
	int i;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c[0] = new ();
	c[1] = new ();
	ck_assert_int_eq(name_of(c[0], "a", name), 0);
	ck_assert_int_eq(name_of(c[1], "a", name), 0);
	began = real_ms(CLOCK_MONOTONIC);
	for (i = 0; i < 4 * RATE; i++) {
		wait = cache_turn(c[i % 2], name, RATE, 20000);
		ck_assert_int_ge(wait, 0);
		last = real_ms(CLOCK_MONOTONIC) + wait;
	}
	ck_assert_int_ge(last - began, 3000);
	ck_assert_int_eq(cache_turn(c[0], name, RATE, 0), -1);
	wait = cache_turn(c[1], name, RATE, 20000);
	ck_assert_int_ge(wait, 0);
	ck_assert_int_le(wait, 5000);
	do_it("FLUSHALL%s", "");
	ck_assert_int_eq(cache_turn(c[0], name, RATE, 0), 0);
	/* More tokens than a bucket has. */
	for (i = 0; i < 100; i++)
		ck_assert_int_ge(cache_turn(c[i % 2], name, 1000, 20000), 0);
	cache_free(c[0]);
	cache_free(c[1]);
	stop();
}
END_TEST

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
		replies[0] = at == 0 ? faults[i / 3] : "+OK\r\n";
		replies[1] = at == 1 ? faults[i / 3] : "$32\r\n" KEY "\r\n";
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
		{ "*-1\r\n", "not answer as a Redis server" },
		{ "-LOADING secret things\r\n", "with the error LOADING" },
		{ "-secret things\r\n", "with an error" },
		{ ":1\r\n", "as it should" }, { "$3\r\nabc\r\n", "not ours" },
		{ flood, "too much" } };
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
	for (i = 0; i < 100; i++)
		ck_assert(!cache_on(c) && has(c, "x", NULL));
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	slow_down(1);
	ahead += REST;
	ck_assert(!cache_on(c));
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	cache_free(c);
	close(p.fd);
}
END_TEST

/* A server that hands out the key and reads nothing more; it then hangs, or
 * goes. */
static void
turn_deaf(int fd, bool goes)
{
	static const char *const replies[] = { "+OK\r\n",
		"$32\r\n" KEY "\r\n" };
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

/* A server that has nothing but the key, and takes its time to say so: every
 * look at an entry puts the clock on. */
static void *
drawl(void *arg)
{
	size_t *asked = arg;
	char b[4096];
	ssize_t n;
	int one = accept(slow_fd, NULL, NULL);

	while ((n = read(one, b, sizeof(b))) > 0) {
		if (memmem(b, (size_t)n, "SET", 3) != NULL) {
			n = write(one, "+OK\r\n", 5);
		} else if (memmem(b, (size_t)n, ":key", 4) != NULL) {
			n = write(one, "$32\r\n" KEY "\r\n", 39);
		} else {
			++*asked;
			ahead += SLOWLY;
			n = write(one, "$-1\r\n", 5);
		}
	}
	close(one);
	return NULL;
}

/* A request looks for hundreds of entries, one after the other. */
START_TEST(a_slow_server_does_not_hold_up_a_request)
{
	unsigned char name[CACHE_NAME] = { 0 };
	pthread_t thread;
	struct cache *c;
	struct buf b;
	int64_t began;
	size_t asked = 0, before;
	int i;

	buf_init(&b, CACHE_VALUE);
	slow_fd = listener();
	ck_assert_int_eq(pthread_create(&thread, NULL, drawl, &asked), 0);
	c = new ();
	ck_assert(cache_on(c));
	began = clock_ms();
	for (i = 0; i < 1000; i++)
		ck_assert(!cache_get(c, name, &b));
	ck_assert_int_lt(clock_ms() - began, 2000);
	before = asked;
	ahead += 2000;
	ck_assert(!cache_get(c, name, &b));
	ck_assert_uint_eq(asked, before + 1);
	/* Slow now and then is no reason. */
	for (i = 0; i < 100; i++) {
		ck_assert(!cache_get(c, name, &b));
		ahead += 10 * SLOWLY;
	}
	ck_assert_uint_eq(asked, before + 101);
	cache_free(c);
	pthread_join(thread, NULL);
	close(slow_fd);
	buf_free(&b);
}
END_TEST

START_TEST(an_absent_server_caches_nothing)
{
	char why[CACHE_WHY];
	struct cache *c;

	close(listener());
	c = new ();
	ck_assert(!cache_on(c));
	put_now(c, "x", "1");
	ck_assert(has(c, "x", NULL));
	ck_assert_int_eq(cache_check(&conf, why), -1);
	ck_assert_ptr_nonnull(strstr(why, strerror(ECONNREFUSED)));
	cache_free(c);
	/* A name that no name server needs to be asked for. */
	snprintf(url, sizeof(url), "redis://a..b:1/0");
	ck_assert_int_eq(cache_check(&conf, why), -1);
	snprintf(url, sizeof(url), "redis://127.0.0.1:1/x");
	ck_assert_int_eq(cache_check(&conf, why), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { gateways_share_what_they_put,
		megabytes_go_there_and_back,
		what_another_put_there_is_none_of_ours,
		an_emptied_server_gets_a_new_key_that_all_have,
		passwords_databases_and_names_are_obeyed,
		a_server_that_goes_and_comes_back,
		gateways_together_have_no_more_turns_than_the_rate,
		a_server_that_answers_wrongly_caches_nothing,
		the_reason_says_what_is_wrong,
		a_server_that_hangs_is_left_alone_for_a_while,
		a_server_that_stops_reading_is_not_waited_for,
		a_slow_server_does_not_hold_up_a_request,
		an_absent_server_caches_nothing };

	return unit_run("cache_redis", tests, COUNT(tests));
}
