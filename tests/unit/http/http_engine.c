/* SPDX-License-Identifier: MIT */
/* The engine with a thread of its own, and requests on others. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "conf/conf.h"
#include "http/http.h"
#include "http/http_engine.h"
#include "http/http_host.h"
#include "os/clock.h"
#include "tests/unit/loopback.h"
#include "tests/unit/unit.h"

#define MANY 20

static struct loopback server, other;
static struct conf conf;
static struct http_engine *engine;
static atomic_int answers; /* bodies that came, of all */

struct page {
	struct http_call call;
	char url[64];
	int place; /* among all answers, from 1; 0: none came */
};

/* libcurl has no memory, once: after the next call is handed to it. */
static atomic_bool starve_next, starve;

CURLMcode
curl_multi_add_handle(CURLM *multi, CURL *easy)
{
	CURLMcode (*real)(CURLM *, CURL *);
	void *symbol = dlsym(RTLD_NEXT, "curl_multi_add_handle");

	memcpy(&real, &symbol, sizeof(real));
	if (atomic_exchange(&starve_next, false))
		starve = true;
	return real(multi, easy);
}

CURLMcode
curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int what, int *running)
{
	CURLMcode (*real)(CURLM *, curl_socket_t, int, int *);
	void *symbol = dlsym(RTLD_NEXT, "curl_multi_socket_action");

	memcpy(&real, &symbol, sizeof(real));
	return atomic_exchange(&starve, false) ? CURLM_OUT_OF_MEMORY :
						 real(multi, fd, what, running);
}

static void
died(const char *why)
{
	ck_abort_msg("%s", why);
}

static void
begin(int host_parallel)
{
	static const struct loopback_row rows[] = {
		LOOPBACK_ROW(
		    "/", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
		LOOPBACK_ROW("/hang", "", .after = LOOPBACK_HANG)
	};

	loopback_start(&server, rows, COUNT(rows), NULL);
	loopback_start(&other, rows, COUNT(rows), NULL);
	conf = (struct conf){ .connect_timeout = 5,
		.parallel = 32,
		.threads = 4,
		.host_parallel = host_parallel,
		.idle_timeout = 230,
		.allow_private = true };
	answers = 0;
	engine = http_engine_new(&conf);
	ck_assert_ptr_nonnull(engine);
	ck_assert_int_eq(http_engine_start(engine, died), 0);
}

static void
end(void)
{
	http_engine_free(engine);
	loopback_stop(&server);
	loopback_stop(&other);
}

static enum http_take
take(struct http_call *call, const char *p, size_t n, int64_t length)
{
	struct page *page = call->arg;

	(void)p;
	(void)n;
	(void)length;
	page->place = ++answers;
	return HTTP_MORE;
}

static void
start(struct http *h, struct page *page, const struct loopback *at,
    const char *path, int64_t timeout)
{
	*page = (struct page){ 0 };
	snprintf(page->url, sizeof(page->url), "http://127.0.0.1:%d%s",
	    at->port, path);
	page->call = (struct http_call){ .url = page->url,
		.timeout = timeout,
		.max_body = 1000,
		.take = take,
		.arg = page };
	ck_assert_int_eq(http_start(h, &page->call), 0);
}

/* The next call that ended. */
static struct page *
next(struct http *h)
{
	struct http_call *call;

	while ((call = http_next(h)) == NULL)
		http_wait(h, 1000);
	return call->arg;
}

static void
answered(struct http *h, struct page *page)
{
	ck_assert_ptr_eq(next(h), page);
	ck_assert_msg(page->call.end == HTTP_ANSWERED, "%s", page->call.why);
	ck_assert(!page->call.own.out);
}

START_TEST(one_requests_connection_serves_the_next)
{
	struct http *a, *b;
	struct page page;

	begin(64);
	a = http_join(engine);
	b = http_join(engine);
	start(a, &page, &server, "/", 20000);
	answered(a, &page);
	ck_assert(page.call.fresh);
	start(b, &page, &server, "/", 20000);
	answered(b, &page);
	ck_assert(!page.call.fresh);
	http_free(a);
	start(b, &page, &server, "/", 20000);
	answered(b, &page);
	ck_assert(!page.call.fresh);
	http_free(b);
	end();
}
END_TEST

START_TEST(requests_take_turns_at_a_host)
{
	struct http *a, *b;
	struct page hung, many[MANY], one;
	size_t i;

	begin(1);
	a = http_join(engine);
	b = http_join(engine);
	/* All wait, and then all go. */
	start(a, &hung, &server, "/hang", 20000);
	for (i = 0; i < MANY; i++)
		start(a, &many[i], &server, "/", 20000);
	start(b, &one, &server, "/", 20000);
	http_wait(b, 100);
	ck_assert_int_eq(answers, 0);
	http_cancel(a, &hung.call);
	answered(b, &one);
	for (i = 0; i < MANY; i++)
		answered(a, &many[i]);
	ck_assert_int_eq(one.place, 2);
	http_free(a);
	http_free(b);
	end();
}
END_TEST

START_TEST(a_hung_host_holds_its_own_places_alone)
{
	struct http *a;
	struct page hung[5], page;
	size_t i;

	begin(2);
	a = http_join(engine);
	for (i = 0; i < COUNT(hung); i++)
		start(a, &hung[i], &server, "/hang", 20000);
	start(a, &page, &other, "/", 20000);
	answered(a, &page);
	http_free(a);
	end();
}
END_TEST

START_TEST(a_time_out_begins_with_the_place)
{
	struct http *a;
	struct page hung, page;

	begin(1);
	a = http_join(engine);
	start(a, &hung, &server, "/hang", 400);
	start(a, &page, &server, "/", 300);
	ck_assert_ptr_eq(next(a), &hung);
	ck_assert_int_eq(hung.call.end, HTTP_LATE);
	answered(a, &page);
	ck_assert_int_ge(page.call.began - hung.call.began, 400);
	ck_assert_int_eq(page.call.granted, 300);
	http_free(a);
	end();
}
END_TEST

START_TEST(a_deadline_leaves_less_than_the_time_out)
{
	struct http *a;
	struct page hung;

	begin(1);
	a = http_join(engine);
	start(a, &hung, &server, "/", 20000);
	answered(a, &hung);
	snprintf(hung.url, sizeof(hung.url), "http://127.0.0.1:%d/hang",
	    server.port);
	hung.call.deadline = clock_ms() + 200;
	ck_assert_int_eq(http_start(a, &hung.call), 0);
	ck_assert_ptr_eq(next(a), &hung);
	ck_assert_int_eq(hung.call.end, HTTP_LATE);
	ck_assert_int_le(hung.call.granted, 200);
	http_free(a);
	end();
}
END_TEST

START_TEST(one_call_in_a_row_waits_no_longer_than_its_time_out)
{
	struct http *a, *b;
	struct page hung, page = { 0 };

	begin(1);
	a = http_join(engine);
	b = http_join(engine);
	start(a, &hung, &server, "/hang", 20000);
	snprintf(
	    page.url, sizeof(page.url), "http://127.0.0.1:%d/", server.port);
	page.call = (struct http_call){
		.url = page.url, .timeout = 100, .max_body = 9
	};
	http_do(b, &page.call);
	ck_assert_int_eq(page.call.end, HTTP_LATE);
	ck_assert_str_eq(page.call.why, "timed out");
	ck_assert_int_eq(page.call.began, 0);
	http_free(a);
	http_free(b);
	end();
}
END_TEST

START_TEST(what_is_cancelled_is_not_named_wherever_it_is)
{
	struct http *a;
	struct page hung, waiting, done, page;

	begin(1);
	a = http_join(engine);
	/* Ended, but not named. */
	start(a, &done, &server, "/", 20000);
	http_wait(a, 20000);
	http_cancel(a, &done.call);
	ck_assert_ptr_null(http_next(a));
	ck_assert(!done.call.own.out);
	/* Under way, and waiting for a place; the engine may not have seen
	 * the last one. */
	start(a, &hung, &server, "/hang", 20000);
	start(a, &waiting, &server, "/", 20000);
	http_wait(a, 50);
	http_cancel(a, &waiting.call);
	ck_assert_int_eq(waiting.call.began, 0);
	http_cancel(a, &hung.call);
	start(a, &page, &server, "/", 20000);
	http_cancel(a, &page.call);
	http_cancel(a, &page.call);
	ck_assert_ptr_null(http_next(a));
	/* The place is free. */
	start(a, &page, &server, "/", 20000);
	answered(a, &page);
	http_free(a);
	end();
}
END_TEST

START_TEST(calls_that_wait_do_not_go_out_as_all_end)
{
	struct http *a;
	struct page hung, many[MANY];
	size_t i;

	begin(1);
	a = http_join(engine);
	start(a, &hung, &server, "/hang", 20000);
	for (i = 0; i < MANY; i++)
		start(a, &many[i], &server, "/", 20000);
	http_wait(a, 50);
	http_free(a);
	ck_assert_int_ne(hung.call.began, 0);
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(many[i].call.began, 0);
	end();
}
END_TEST

START_TEST(memory_that_runs_out_ends_what_is_out_and_not_what_waits)
{
	struct http *a;
	struct page hung, many[MANY], page;
	size_t i;

	begin(1);
	a = http_join(engine);
	start(a, &hung, &server, "/hang", 20000);
	for (i = 0; i < MANY; i++)
		start(a, &many[i], &server, "/", 20000);
	http_wait(a, 50);
	starve_next = true;
	start(a, &page, &other, "/", 20000);
	ck_assert_ptr_eq(next(a), &hung);
	ck_assert_int_eq(hung.call.end, HTTP_NO_MEMORY);
	ck_assert_ptr_eq(next(a), &page);
	ck_assert_int_eq(page.call.end, HTTP_NO_MEMORY);
	for (i = 0; i < MANY; i++)
		answered(a, &many[i]);
	http_free(a);
	end();
}
END_TEST

/* Calls of which every third is cancelled, now or later. */
static void *
ask(void *arg)
{
	struct http *h = http_join(engine);
	struct page pages[MANY], *page;
	size_t i, turn, out;

	(void)arg;
	for (turn = 0; turn < 15; turn++) {
		for (i = 0; i < MANY; i++) {
			start(h, &pages[i], i % 2 == 0 ? &server : &other,
			    i % 3 == 1 && i % 5 != 0 ? "/hang" : "/", 20000);
			if (i % 6 == 1)
				http_cancel(h, &pages[i].call);
		}
		http_wait(h, 1);
		for (i = out = 0; i < MANY; i++)
			if (i % 3 == 1)
				http_cancel(h, &pages[i].call);
			else
				out++;
		for (; out > 0; out--) {
			page = next(h);
			ck_assert_int_eq(page->call.end, HTTP_ANSWERED);
			ck_assert_int_ne(page->place, 0);
		}
		ck_assert_ptr_null(http_next(h));
	}
	/* Some are under way when it ends. */
	for (i = 0; i < MANY; i++)
		start(h, &pages[i], &server, "/hang", 20000);
	http_free(h);
	return NULL;
}

START_TEST(threads_start_and_cancel_as_they_like)
{
	pthread_t threads[4];
	size_t i;

	begin(8);
	for (i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, ask, NULL), 0);
	for (i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	end();
}
END_TEST

/* Tokens may name hosts, and one that hangs must not keep them all. */
START_TEST(hosts_are_forgotten_but_where_a_transfer_is)
{
	struct http_policy policy = { 0 };
	struct http_pool *pool;
	struct http_host *busy, *first;
	char origin[32];
	int i;

	ck_assert_int_eq(http_global(), 0);
	pool = http_pool_new(&policy);
	busy = http_host_get(pool, "busy");
	busy->places = 1;
	first = http_host_get(pool, "0");
	for (i = 1; i < 1000; i++) {
		snprintf(origin, sizeof(origin), "%d", i);
		ck_assert_ptr_nonnull(http_host_get(pool, origin));
		if (i == 200)
			ck_assert_ptr_eq(http_host_get(pool, "0"), first);
	}
	ck_assert_uint_le(pool->n, 256);
	ck_assert_ptr_eq(http_host_get(pool, "busy"), busy);
	http_pool_free(pool);
}
END_TEST

START_TEST(waiting_ends_with_its_time)
{
	struct http *a;
	struct page hung;
	int64_t began;

	begin(1);
	a = http_join(engine);
	start(a, &hung, &server, "/hang", 20000);
	began = clock_ms();
	http_wait(a, 50);
	ck_assert_int_ge(clock_ms() - began, 50);
	ck_assert_ptr_null(http_next(a));
	http_free(a);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { one_requests_connection_serves_the_next,
		requests_take_turns_at_a_host,
		a_hung_host_holds_its_own_places_alone,
		a_time_out_begins_with_the_place,
		a_deadline_leaves_less_than_the_time_out,
		one_call_in_a_row_waits_no_longer_than_its_time_out,
		what_is_cancelled_is_not_named_wherever_it_is,
		calls_that_wait_do_not_go_out_as_all_end,
		memory_that_runs_out_ends_what_is_out_and_not_what_waits,
		threads_start_and_cancel_as_they_like,
		hosts_are_forgotten_but_where_a_transfer_is,
		waiting_ends_with_its_time };

	return unit_run("http_engine", tests, COUNT(tests));
}
