/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "http/http.h"
#include "tests/unit/loopback.h"
#include "tests/unit/unit.h"

#define OK   "HTTP/1.1 200 OK\r\n"
#define GZIP OK "Content-Encoding: gzip\r\n"
#define MAX  1000 /* bytes of a body here */

/* gzip of "hello, hello, hello". */
#define HELLO                                                              \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7" \
	"\x51\xc8\x40\xa2\x00\x9f\xa1\xca\x09\x13\x00\x00\x00"
/* The beginning of a gzip, and what unpacks to nothing. */
#define BEGIN    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03"
#define EMPTY    "\x00\x00\x00\xff\xff"
#define EMPTY_10 EMPTY EMPTY EMPTY EMPTY EMPTY EMPTY EMPTY EMPTY EMPTY EMPTY
#define EMPTIES                                                        \
	EMPTY_10 EMPTY_10 EMPTY_10 EMPTY_10 EMPTY_10 EMPTY_10 EMPTY_10 \
	    EMPTY_10 EMPTY_10 EMPTY_10
/* The same, and what unpacks to five zeros. */
#define ZEROS "\x00\x05\x00\xfa\xff\x00\x00\x00\x00\x00"
#define ROW   LOOPBACK_ROW

static const struct {
	struct loopback_row row;
	enum http_end end;
	int status;
	const char *body; /* NULL: of no interest */
} ends[] = { { ROW("/length", OK "Content-Length: 5\r\n\r\nhello"),
		 HTTP_ANSWERED, 200, "hello" },
	{ ROW("/chunked",
	      OK "Transfer-Encoding: chunked\r\n\r\n"
		 "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nDate: late\r\n\r\n"),
	    HTTP_ANSWERED, 200, "hello" },
	{ ROW("/close", OK "\r\nhello", .after = LOOPBACK_CLOSE), HTTP_ANSWERED,
	    200, "hello" },
	{ ROW("/nothing", "HTTP/1.1 204 No Content\r\n\r\n"), HTTP_ANSWERED,
	    204, "" },
	{ ROW("/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", .after = LOOPBACK_CLOSE),
	    HTTP_ANSWERED, 200, "hello" },
	{ ROW("/more", OK "Content-Length: 5\r\n\r\nhello, hello"),
	    HTTP_ANSWERED, 200, "hello" },
	{ ROW("/interim",
	      "HTTP/1.1 100 Go on\r\nDate: early\r\n\r\n"
	      "HTTP/1.1 103 Hints\r\nRetry-After: 5\r\n\r\n" OK
	      "Content-Length: 5\r\n\r\nhello"),
	    HTTP_ANSWERED, 200, "hello" },
	{ ROW("/redirect",
	      "HTTP/1.1 302 Found\r\nLocation: /length\r\n"
	      "Content-Length: 2\r\n\r\nno"),
	    HTTP_ANSWERED, 302, "no" },
	{ ROW("/missing",
	      "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n"
	      "no"),
	    HTTP_ANSWERED, 404, "no" },
	{ ROW("/busy",
	      "HTTP/1.1 503 Service Unavailable\r\n"
	      "Content-Length: 0\r\n\r\n"),
	    HTTP_ANSWERED, 503, "" },
	{ ROW("/gzip", GZIP "Content-Length: 29\r\n\r\n" HELLO), HTTP_ANSWERED,
	    200, "hello, hello, hello" },
	{ ROW("/gzip-chunked",
	      GZIP "Transfer-Encoding: chunked\r\n\r\n"
		   "1d\r\n" HELLO "\r\n0\r\n\r\n"),
	    HTTP_ANSWERED, 200, "hello, hello, hello" },
	{ ROW("/cut", OK "Content-Length: 10\r\n\r\nhello",
	      .after = LOOPBACK_CLOSE),
	    HTTP_CUT, 200, NULL },
	{ ROW("/cut-chunk", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
	      .after = LOOPBACK_CLOSE),
	    HTTP_CUT, 200, NULL },
	{ ROW("/no-last-chunk",
	      OK "Transfer-Encoding: chunked\r\n\r\n"
		 "5\r\nhello\r\n",
	      .after = LOOPBACK_CLOSE),
	    HTTP_CUT, 200, NULL },
	{ ROW("/empty", "", .after = LOOPBACK_CLOSE), HTTP_CUT, 0, NULL },
	{ ROW("/reset", "", .after = LOOPBACK_RESET), HTTP_CUT, 0, NULL },
	{ ROW("/reset-body", OK "Content-Length: 10\r\n\r\nhello",
	      .after = LOOPBACK_RESET),
	    HTTP_CUT, 200, NULL },
	{ ROW("/silence", "", .after = LOOPBACK_HANG), HTTP_LATE, 0, NULL },
	{ ROW("/stall", OK "Content-Length: 10\r\n\r\nhello",
	      .after = LOOPBACK_HANG),
	    HTTP_LATE, 200, NULL },
	{ ROW("/only-interim", "HTTP/1.1 100 Continue\r\n\r\n",
	      .after = LOOPBACK_HANG),
	    HTTP_LATE, 0, NULL },
	{ ROW("/large", OK "Content-Length: 1001\r\n\r\nhello",
	      .after = LOOPBACK_HANG),
	    HTTP_TOO_LARGE, 200, NULL },
	{ ROW("/large-chunks", OK "Transfer-Encoding: chunked\r\n\r\n",
	      .again = "5\r\nhello\r\n", .n_again = 10, .times = 201,
	      .after = LOOPBACK_HANG),
	    HTTP_TOO_LARGE, 200, NULL },
	{ ROW("/full", OK "Content-Length: 1000\r\n\r\n", .again = "hello",
	      .n_again = 5, .times = 200),
	    HTTP_ANSWERED, 200, NULL },
	{ ROW("/bomb", GZIP "\r\n" BEGIN, .again = ZEROS, .n_again = 10,
	      .times = 201, .after = LOOPBACK_HANG),
	    HTTP_TOO_LARGE, 200, NULL },
	{ ROW("/dud", GZIP "\r\n" BEGIN, .again = EMPTY, .n_again = 5,
	      .times = 1000, .after = LOOPBACK_HANG),
	    HTTP_TOO_LARGE, 200, NULL },
	{ ROW("/dud-at-once",
	      GZIP "Content-Length: 2510\r\n\r\n" BEGIN EMPTIES EMPTIES EMPTIES
		  EMPTIES EMPTIES),
	    HTTP_TOO_LARGE, 200, NULL },
	{ ROW("/header", OK, .again = "X-Flood: 0123456789\r\n", .n_again = 21,
	      .times = 4000, .after = LOOPBACK_HANG),
	    HTTP_TOO_LARGE, 200, NULL },
	{ ROW("/no-gzip", GZIP "Content-Length: 5\r\n\r\nhello"), HTTP_GARBLED,
	    200, NULL },
	{ ROW("/coding",
	      OK "Content-Encoding: rot13\r\nContent-Length: 5\r\n"
		 "\r\nuryyb"),
	    HTTP_GARBLED, 200, NULL },
	/* What was not asked for, though libcurl could unpack it. */
	{ ROW("/brotli",
	      OK "Content-Encoding: br\r\nContent-Length: 9\r\n\r\n"
		 "\x0b\x02\x80hello\x03"),
	    HTTP_GARBLED, 200, NULL },
	{ ROW("/transfer",
	      OK "Transfer-Encoding: br, chunked\r\n\r\n"
		 "9\r\n\x0b\x02\x80hello\x03\r\n0\r\n\r\n"),
	    HTTP_GARBLED, 200, NULL },
	{ ROW("/codings",
	      OK "content-encoding: identity,X-GZIP\t\r\n"
		 "Content-Length: 29\r\n\r\n" HELLO),
	    HTTP_ANSWERED, 200, "hello, hello, hello" },
	{ ROW("/no-coding",
	      OK "Content-Encoding:\r\nContent-Length: 5\r\n\r\n"
		 "hello"),
	    HTTP_ANSWERED, 200, "hello" },
	{ ROW("/garbage", "hello\r\n\r\n", .after = LOOPBACK_CLOSE),
	    HTTP_GARBLED, 0, NULL },
	{ ROW("/version", "HTTP/7.3 200 OK\r\n\r\n", .after = LOOPBACK_CLOSE),
	    HTTP_GARBLED, 0, NULL },
	{ ROW("/negative", OK "Content-Length: -5\r\n\r\nhello"), HTTP_GARBLED,
	    200, NULL },
	{ ROW("/upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\nhello",
	      .after = LOOPBACK_CLOSE),
	    HTTP_GARBLED, 0, NULL },
	/* Not in this table but for the tests below. */
	{ ROW("/again",
	      "HTTP/1.1 429 Slow \x01 down \xc3\xa4\r\n"
	      "retry-after:  120 \r\nDATE: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	      "Content-Length: 0\r\n\r\n"),
	    HTTP_ANSWERED, 429, NULL },
	{ ROW("/quota",
	      OK "x-ratelimit-LIMIT: 100\r\nX-RateLimit-Remaining:  40 \r\n"
		 "X-RateLimit-Remaining-Day: 7\r\nQuota-Left: 3\r\n"
		 "RateLimit-Policy: 100;w=60\r\nContent-Length: 0\r\n\r\n"),
	    HTTP_ANSWERED, 200, "" },
	{ ROW("/moved/here",
	      "HTTP/1.1 302 Found\r\nLocation: ../there?a=b%20c#d\r\n"
	      "Content-Length: 2\r\n\r\nno"),
	    HTTP_ANSWERED, 302, "no" },
	{ ROW("/no-reason", "HTTP/1.1 429\r\nContent-Length: 0\r\n\r\n"),
	    HTTP_ANSWERED, 429, NULL },
	{ ROW("/odd", "HTTP/1.1 799 \r\nContent-Length: 0\r\n\r\n"),
	    HTTP_ANSWERED, 799, NULL },
	{ ROW("/long",
	      "HTTP/1.1 500 0123456789012345678901234567890123456789"
	      "0123456789012345678901234567890123456789\r\n"
	      "Content-Length: 0\r\n\r\n"),
	    HTTP_ANSWERED, 500, NULL } };

static struct loopback server;
static struct conf conf;

/* What take() got, and what it shall say. */
struct page {
	struct http_call call;
	char url[128];
	char body[20000];
	size_t n;
	int64_t length; /* after the first bytes */
	int status;     /* that it saw */
	enum http_take say;
};

static enum http_take
take(struct http_call *call, const char *p, size_t n, int64_t length)
{
	struct page *page = call->arg;

	if (page->n == 0)
		page->length = length;
	page->status = call->status;
	ck_assert_uint_lt(page->n + n, sizeof(page->body));
	memcpy(page->body + page->n, p, n);
	page->n += n;
	page->body[page->n] = '\0';
	return page->say;
}

static void
begin(void)
{
	static struct loopback_row rows[COUNT(ends)];
	size_t i;

	for (i = 0; i < COUNT(ends); i++)
		rows[i] = ends[i].row;
	loopback_start(&server, rows, COUNT(rows), NULL);
	conf = (struct conf){ .connect_timeout = 5,
		.parallel = 32,
		.host_parallel = 64,
		.idle_timeout = 230,
		.allow_private = true };
	ck_assert_int_eq(http_global(), 0);
}

static void
end(struct http *h)
{
	http_free(h);
	loopback_stop(&server);
}

static void
prepare(struct page *page, int port, const char *path)
{
	*page = (struct page){ .say = HTTP_MORE };
	snprintf(
	    page->url, sizeof(page->url), "http://127.0.0.1:%d%s", port, path);
	page->call = (struct http_call){ .url = page->url,
		.timeout = 20000,
		.max_body = MAX,
		.take = take,
		.arg = page };
}

static void
get(struct http *h, struct page *page, const char *path)
{
	prepare(page, server.port, path);
	http_do(h, &page->call);
}

static void
check_end(struct http *h, size_t i)
{
	const char *path = ends[i].row.path;
	struct page page;

	prepare(&page, server.port, path);
	if (ends[i].end == HTTP_LATE)
		page.call.timeout = 300;
	http_do(h, &page.call);
	ck_assert_msg(page.call.end == ends[i].end, "%s: %d, %s", path,
	    (int)page.call.end, page.call.why);
	ck_assert_msg(page.call.status == ends[i].status, "%s: %d", path,
	    page.call.status);
	ck_assert_msg(
	    (page.call.why[0] == '\0') == (ends[i].end == HTTP_ANSWERED),
	    "%s: %s", path, page.call.why);
	ck_assert_msg((page.call.reason[0] == '\0') == (ends[i].status == 0),
	    "%s: %s", path, page.call.reason);
	if (ends[i].body != NULL) {
		ck_assert_msg(strcmp(page.body, ends[i].body) == 0, "%s: %s",
		    path, page.body);
		ck_assert_str_eq(page.call.date, "");
		ck_assert_str_eq(page.call.retry_after, "");
		ck_assert(page.n == 0 || page.status == ends[i].status);
	}
	ck_assert(!page.call.own.out);
}

START_TEST(every_answer_has_its_end)
{
	struct http *h;
	size_t i;

	begin();
	h = http_new(&conf);
	for (i = 0; i < COUNT(ends); i++)
		check_end(h, i);
	end(h);
}
END_TEST

/* To libcurl, 0 is no time-out at all. */
START_TEST(no_time_is_a_time_out)
{
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	prepare(&page, server.port, "/silence");
	page.call.timeout = 0;
	http_do(h, &page.call);
	ck_assert_int_eq(page.call.end, HTTP_LATE);
	end(h);
}
END_TEST

/* In the names of all, or in those that the caller has. */
START_TEST(what_an_answer_tells_of_a_quota_is_kept)
{
	static const char *const names[] = { NULL, "quota-left",
		"Quota-Reset" };
	struct ratelimit told;
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	get(h, &page, "/quota");
	ck_assert(ratelimit_told(&page.call.quota, &told));
	ck_assert_int_eq(told.limit, 100);
	ck_assert_int_eq(told.left, 40);
	ck_assert_int_eq(told.window, 60);
	prepare(&page, server.port, "/quota");
	page.call.quota_names = names;
	http_do(h, &page.call);
	ck_assert(ratelimit_told(&page.call.quota, &told));
	ck_assert_int_eq(told.limit, -1);
	ck_assert_int_eq(told.left, 3);
	ck_assert_int_eq(told.reset, -1);
	get(h, &page, "/again");
	ck_assert(!ratelimit_told(&page.call.quota, &told));
	end(h);
}
END_TEST

START_TEST(reason_and_headers_are_kept)
{
	/* Names that a field's only begins with, or that begin with a field's,
	 * are others. */
	static const char *const wanted[] = { "retry-after", "Retry",
		"Retry-After-All", NULL };
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	prepare(&page, server.port, "/again");
	page.call.wanted = wanted;
	http_do(h, &page.call);
	ck_assert_str_eq(page.call.kept[0], "120");
	ck_assert_str_eq(page.call.kept[1], "");
	ck_assert_str_eq(page.call.kept[2], "");
	ck_assert_str_eq(page.call.reason, "Slow ? down ??");
	ck_assert_str_eq(page.call.retry_after, "120");
	ck_assert_str_eq(page.call.date, "Sun, 06 Nov 1994 08:49:37 GMT");
	get(h, &page, "/no-reason");
	ck_assert_str_eq(page.call.reason, "Too Many Requests");
	ck_assert_str_eq(page.call.retry_after, "");
	get(h, &page, "/odd");
	ck_assert_str_eq(page.call.reason, "Unknown");
	get(h, &page, "/long");
	ck_assert_uint_eq(strlen(page.call.reason), HTTP_REASON_MAX - 1);
	end(h);
}
END_TEST

START_TEST(a_redirect_is_told_and_not_followed)
{
	char to[64], small[8], want[64];
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	prepare(&page, server.port, "/moved/here");
	page.call.redirect = to;
	page.call.redirect_size = sizeof(to);
	http_do(h, &page.call);
	ck_assert_int_eq(page.call.status, 302);
	snprintf(want, sizeof(want), "http://127.0.0.1:%u/there?a=b%%20c#d",
	    (unsigned)server.port);
	ck_assert_str_eq(to, want);
	page.n = 0;
	page.call.redirect = small;
	page.call.redirect_size = sizeof(small);
	http_do(h, &page.call);
	ck_assert_str_eq(small, "");
	prepare(&page, server.port, "/odd");
	page.call.redirect = to;
	page.call.redirect_size = sizeof(to);
	http_do(h, &page.call);
	ck_assert_str_eq(to, "");
	end(h);
}
END_TEST

START_TEST(who_takes_the_body_may_end_it)
{
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	prepare(&page, server.port, "/stall");
	page.say = HTTP_STOP;
	http_do(h, &page.call);
	ck_assert_int_eq(page.call.end, HTTP_ENOUGH);
	ck_assert_str_eq(page.body, "hello");
	ck_assert_int_eq(page.length, 5);
	page.n = 0;
	page.say = HTTP_REFUSE;
	http_do(h, &page.call);
	ck_assert_int_eq(page.call.end, HTTP_REFUSED);
	ck_assert_int_eq(page.call.status, 200);
	/* Nobody wants it. */
	prepare(&page, server.port, "/length");
	page.call.take = NULL;
	http_do(h, &page.call);
	ck_assert_int_eq(page.call.end, HTTP_ANSWERED);
	end(h);
}
END_TEST

START_TEST(what_is_still_to_come_is_told)
{
	static const struct {
		const char *path;
		int64_t least, most;
	} lengths[] = { { "/length", 0, 0 }, { "/cut", 5, 5 },
		{ "/chunked", -1, -1 }, { "/close", -1, -1 },
		{ "/gzip-chunked", -1, -1 },
		/* Whether what is being unpacked counts as still to come
		 * depends on libcurl. */
		{ "/gzip", 0, 29 } };
	struct http *h;
	struct page page;
	size_t i;

	begin();
	h = http_new(&conf);
	for (i = 0; i < COUNT(lengths); i++) {
		get(h, &page, lengths[i].path);
		ck_assert_msg(page.length >= lengths[i].least &&
			page.length <= lengths[i].most,
		    "%s: %lld", lengths[i].path, (long long)page.length);
	}
	end(h);
}
END_TEST

START_TEST(a_connection_is_used_again)
{
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	get(h, &page, "/length");
	ck_assert(page.call.fresh);
	ck_assert(!page.call.h2);
	get(h, &page, "/missing");
	ck_assert(!page.call.fresh);
	/* One with bytes still to come is not. */
	prepare(&page, server.port, "/stall");
	page.say = HTTP_STOP;
	http_do(h, &page.call);
	ck_assert(!page.call.fresh);
	get(h, &page, "/length");
	ck_assert(page.call.fresh);
	end(h);
}
END_TEST

START_TEST(requests_say_what_they_must)
{
	static const char *const headers[] = { "X-Key: k", NULL };
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	prepare(&page, server.port, "/echo/../a%2fb?c=d");
	page.call.headers = headers;
	http_do(h, &page.call);
	ck_assert_ptr_eq(
	    strstr(page.body, "GET /echo/../a%2fb?c=d HTTP/1.1"), page.body);
	ck_assert_ptr_nonnull(strstr(
	    page.body, "\r\nUser-Agent: ctim-relay/" CTIM_VERSION "\r\n"));
	ck_assert_ptr_nonnull(
	    strstr(page.body, "\r\nAccept-Encoding: gzip, deflate\r\n"));
	ck_assert_ptr_nonnull(strstr(page.body, "\r\nX-Key: k\r\n"));
	/* The next one on that handle knows nothing of them. */
	prepare(&page, server.port, "/echo");
	page.call.body = "a=b";
	page.call.type = "application/x-www-form-urlencoded";
	http_do(h, &page.call);
	ck_assert_ptr_eq(strstr(page.body, "POST /echo HTTP/1.1"), page.body);
	ck_assert_ptr_nonnull(strstr(page.body, "\r\n\r\na=b"));
	ck_assert_ptr_nonnull(strstr(page.body,
	    "\r\nContent-Type: "
	    "application/x-www-form-urlencoded\r\n"));
	ck_assert_ptr_null(strstr(page.body, "Expect"));
	ck_assert_ptr_null(strstr(page.body, "X-Key"));
	get(h, &page, "/echo");
	ck_assert_ptr_eq(strstr(page.body, "GET "), page.body);
	ck_assert_ptr_null(strstr(page.body, "Content-"));
	end(h);
}
END_TEST

START_TEST(a_method_of_its_own_goes_with_and_without_a_body)
{
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	prepare(&page, server.port, "/echo");
	page.call.method = "PATCH";
	page.call.body = "{}";
	page.call.type = "application/json";
	http_do(h, &page.call);
	ck_assert_ptr_eq(strstr(page.body, "PATCH /echo HTTP/1.1"), page.body);
	ck_assert_ptr_nonnull(strstr(page.body, "\r\n\r\n{}"));
	prepare(&page, server.port, "/echo");
	page.call.method = "DELETE";
	http_do(h, &page.call);
	ck_assert_ptr_eq(strstr(page.body, "DELETE /echo HTTP/1.1"), page.body);
	ck_assert_ptr_null(strstr(page.body, "Content-"));
	/* The next one on that handle knows nothing of it. */
	get(h, &page, "/echo");
	ck_assert_ptr_eq(strstr(page.body, "GET "), page.body);
	prepare(&page, server.port, "/echo");
	page.call.method = "GET / HTTP/1.1\r\nX: y";
	ck_assert_int_eq(http_start(h, &page.call), -1);
	ck_assert_int_eq(page.call.end, HTTP_FAILED);
	end(h);
}
END_TEST

/* libcurl would ask for a "100 Continue" first. */
START_TEST(a_large_body_is_sent_without_asking)
{
	static char body[1500001];
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	memset(body, 'x', sizeof(body) - 1);
	prepare(&page, server.port, "/echo");
	page.call.body = body;
	page.call.max_body = 2 * sizeof(body);
	page.say = HTTP_STOP;
	http_do(h, &page.call);
	ck_assert_int_eq(page.call.end, HTTP_ENOUGH);
	ck_assert_ptr_nonnull(strstr(page.body, "\r\n\r\nxxxx"));
	ck_assert_ptr_null(strstr(page.body, "Expect"));
	ck_assert_int_gt(page.length, 1000000);
	end(h);
}
END_TEST

START_TEST(a_header_with_a_line_end_is_refused)
{
	static const char *const split[] = { "X: y\r\nHost: z", NULL };
	static char type[300];
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	prepare(&page, server.port, "/echo");
	page.call.headers = split;
	ck_assert_int_eq(http_start(h, &page.call), -1);
	ck_assert_int_eq(page.call.end, HTTP_FAILED);
	ck_assert_str_eq(page.call.why, "a header holds a control character");
	page.call.headers = NULL;
	page.call.body = "";
	page.call.type = "text/plain\nX: y";
	ck_assert_int_eq(http_start(h, &page.call), -1);
	memset(type, 'x', sizeof(type) - 1);
	page.call.type = type;
	ck_assert_int_eq(http_start(h, &page.call), -1);
	ck_assert_int_eq(page.call.end, HTTP_FAILED);
	ck_assert_ptr_null(http_next(h));
	end(h);
}
END_TEST

START_TEST(many_go_at_once)
{
	static const char *const paths[] = { "/length", "/cut", "/missing",
		"/gzip" };
	static struct page pages[200];
	struct http *h;
	struct http_call *call;
	size_t i, n = 0;

	begin();
	h = http_new(&conf);
	for (i = 0; i < COUNT(pages); i++) {
		prepare(&pages[i], server.port, paths[i % 4]);
		ck_assert_int_eq(http_start(h, &pages[i].call), 0);
	}
	while (n < COUNT(pages)) {
		http_wait(h, 1000);
		for (; (call = http_next(h)) != NULL; n++)
			ck_assert(!call->own.out);
	}
	for (i = 0; i < COUNT(pages); i++)
		ck_assert_int_eq(
		    pages[i].call.end, i % 4 == 1 ? HTTP_CUT : HTTP_ANSWERED);
	ck_assert_ptr_null(http_next(h));
	end(h);
}
END_TEST

START_TEST(a_cancelled_transfer_is_not_named)
{
	struct http *h;
	struct page hung, good, done;

	begin();
	h = http_new(&conf);
	prepare(&hung, server.port, "/silence");
	prepare(&good, server.port, "/length");
	prepare(&done, server.port, "/length");
	ck_assert_int_eq(http_start(h, &hung.call), 0);
	ck_assert_int_eq(http_start(h, &good.call), 0);
	ck_assert_int_eq(http_start(h, &done.call), 0);
	/* One of them has ended, but was not named. */
	while (done.n == 0 || good.n == 0)
		http_wait(h, 1000);
	http_wait(h, 0);
	http_cancel(h, &done.call);
	http_cancel(h, &done.call);
	http_cancel(h, &hung.call);
	ck_assert_ptr_eq(http_next(h), &good.call);
	ck_assert_ptr_null(http_next(h));
	/* And one is under way when all ends. */
	ck_assert_int_eq(http_start(h, &hung.call), 0);
	http_wait(h, 0);
	end(h);
}
END_TEST

START_TEST(waiting_for_nothing_takes_its_time)
{
	struct http *h;
	struct timespec before, after;
	struct page page;

	begin();
	h = http_new(&conf);
	get(h, &page, "/length");
	clock_gettime(CLOCK_MONOTONIC, &before);
	http_wait(h, 50);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_ge((after.tv_sec - before.tv_sec) * 1000 +
		(after.tv_nsec - before.tv_nsec) / 1000000,
	    49);
	end(h);
}
END_TEST

START_TEST(nobody_listens)
{
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	prepare(&page, loopback_closed_port(), "/");
	http_do(h, &page.call);
	ck_assert_int_eq(page.call.end, HTTP_NO_CONNECTION);
	ck_assert_str_eq(page.call.why, "Connection refused");
	ck_assert_int_eq(page.call.status, 0);
	end(h);
}
END_TEST

START_TEST(no_descriptor_is_left)
{
	struct rlimit before, none;
	struct http *h;
	struct page page;

	begin();
	h = http_new(&conf);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	get(h, &page, "/length");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(page.call.end, HTTP_FAILED);
	ck_assert_str_eq(page.call.why, "Too many open files");
	end(h);
}
END_TEST

START_TEST(proxies_of_the_environment_are_ignored)
{
	static const char *const names[] = { "http_proxy", "https_proxy",
		"HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	char proxy[64];
	struct http *h;
	struct page page;
	size_t i;

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d",
	    loopback_closed_port());
	for (i = 0; i < COUNT(names); i++)
		setenv(names[i], proxy, 1);
	begin();
	h = http_new(&conf);
	get(h, &page, "/length");
	ck_assert_int_eq(page.call.end, HTTP_ANSWERED);
	end(h);
}
END_TEST

static void *
fetch(void *arg)
{
	struct http *h = http_new(&conf);
	struct page page;
	int i;

	(void)arg;
	for (i = 0; i < 10; i++) {
		get(h, &page, "/length");
		ck_assert_int_eq(page.call.end, HTTP_ANSWERED);
		ck_assert(page.call.fresh == (i == 0));
	}
	http_free(h);
	return NULL;
}

START_TEST(each_thread_has_its_own)
{
	pthread_t threads[4];
	size_t i;

	begin();
	for (i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, fetch, NULL), 0);
	for (i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	loopback_stop(&server);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { every_answer_has_its_end,
		no_time_is_a_time_out, what_an_answer_tells_of_a_quota_is_kept,
		reason_and_headers_are_kept,
		a_redirect_is_told_and_not_followed,
		who_takes_the_body_may_end_it, what_is_still_to_come_is_told,
		a_connection_is_used_again, requests_say_what_they_must,
		a_method_of_its_own_goes_with_and_without_a_body,
		a_large_body_is_sent_without_asking,
		a_header_with_a_line_end_is_refused, many_go_at_once,
		a_cancelled_transfer_is_not_named,
		waiting_for_nothing_takes_its_time, nobody_listens,
		no_descriptor_is_left, proxies_of_the_environment_are_ignored,
		each_thread_has_its_own };

	return unit_run("http", tests, COUNT(tests));
}
