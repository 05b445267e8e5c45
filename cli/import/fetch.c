/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/import/fetch.h"
#include "cli/import/fetch_header.h"
#include "cli/terminal/interrupt.h"
#include "conf/conf.h"
#include "net/url.h"
#include "os/clock.h"
#include "os/spill.h"
#include "os/writeall.h"

#define LOOK           200          /* ms between two looks at the signals */
#define FORGET         (256U << 10) /* bytes of a redirect's body that are taken */
#define LINE_MAX_BYTES (HTTP_WANTED_MAX + 32)

static const char *const fetch_wanted[] = { "ETag", "Last-Modified", NULL };

/* A fetch under way. */
struct fetching {
	struct fetch *f;
	struct http *http;
	struct http_call call;
	int64_t until;                /* clock, ms */
	int hops;                     /* redirects that were followed */
	char *key, *user;             /* headers with keys, or NULL */
	char own[HTTP_ORIGIN_MAX];    /* origin of the feed */
	char origin[HTTP_ORIGIN_MAX]; /* of url */
	char url[FETCH_URL_MAX], next[FETCH_URL_MAX];
	char etag[LINE_MAX_BYTES], modified[LINE_MAX_BYTES];
	const char *headers[5];
	int fd;        /* of the body */
	int error;     /* errno of a failed write, or 0 */
	size_t forgot; /* bytes of other bodies */
};

bool
fetch_address(const char *text)
{
	return strlen(text) < FETCH_URL_MAX && utf8_valid(text, strlen(text)) &&
	    url_template(text);
}

static enum fetch_end __attribute__((__format__(__printf__, 2, 3)))
fetch_failed(struct fetching *g, const char *fmt, ...)
{
	char *why = g->f->why;
	size_t n = 0;
	va_list ap;

	if (g->hops > 0)
		n = (size_t)snprintf(
		    why, FETCH_WHY_MAX, "redirected to %s: ", g->origin);
	va_start(ap, fmt);
	vsnprintf(why + n, FETCH_WHY_MAX - n, fmt, ap);
	va_end(ap);
	return FETCH_FAILED;
}

/* Takes the body of the feed, and as little as may be of any other. */
static enum http_take
fetch_take(struct http_call *call, const char *p, size_t n, int64_t length)
{
	struct fetching *g = call->arg;

	(void)length;
	if (call->status == 200) {
		if (writeall(g->fd, p, n) == 0)
			return HTTP_MORE;
		g->error = errno;
		return HTTP_REFUSE;
	}
	g->forgot += n;
	return call->status / 100 == 3 && g->forgot <= FORGET ? HTTP_MORE :
								HTTP_STOP;
}

/* The headers for the address that is asked. */
static void
fetch_headers(struct fetching *g)
{
	const struct fetch *f = g->f;
	size_t n = 0;

	if (strcmp(g->own, g->origin) == 0) {
		if (g->key != NULL)
			g->headers[n++] = g->key;
		if (g->user != NULL)
			g->headers[n++] = g->user;
	}
	if (f->etag != NULL) {
		snprintf(
		    g->etag, sizeof(g->etag), "If-None-Match: %s", f->etag);
		g->headers[n++] = g->etag;
	}
	if (f->modified != NULL) {
		snprintf(g->modified, sizeof(g->modified),
		    "If-Modified-Since: %s", f->modified);
		g->headers[n++] = g->modified;
	}
	g->headers[n] = NULL;
}

/* Asks one address.  Returns false when a signal ended it. */
static bool
fetch_ask(struct fetching *g)
{
	int64_t left = g->until - clock_ms();

	fetch_headers(g);
	g->next[0] = '\0';
	g->call = (struct http_call){ .url = g->url,
		.headers = g->headers,
		.timeout = left > 0 ? left : 1,
		.deadline = g->until,
		.max_body = (size_t)g->f->mib << 20,
		.take = fetch_take,
		.arg = g,
		.wanted = fetch_wanted,
		.redirect = g->next,
		.redirect_size = sizeof(g->next) };
	if (http_start(g->http, &g->call) == -1)
		return true;
	while (http_next(g->http) == NULL) {
		if (interrupt_came()) {
			http_cancel(g->http, &g->call);
			return false;
		}
		http_wait(g->http, LOOK);
	}
	return true;
}

/* What an answer says of the feed, where it fits: half of one never would. */
static void
fetch_keep(char out[HTTP_WANTED_MAX], const char *kept)
{
	snprintf(out, HTTP_WANTED_MAX, "%s",
	    strlen(kept) + 1 < HTTP_WANTED_MAX ? kept : "");
}

static enum fetch_end
fetch_body(struct fetching *g)
{
	struct fetch *f = g->f;

	if (lseek(g->fd, 0, SEEK_SET) == -1 ||
	    (f->body = fdopen(g->fd, "r")) == NULL)
		return fetch_failed(g, "%s", strerror(errno));
	g->fd = -1;
	fetch_keep(f->new_etag, g->call.kept[0]);
	fetch_keep(f->new_modified, g->call.kept[1]);
	return FETCH_BODY;
}

/* Why there is no answer, or not all of it. */
static enum fetch_end
fetch_unanswered(struct fetching *g)
{
	const struct http_call *call = &g->call;

	if (g->error != 0)
		return fetch_failed(
		    g, "%s: %s", spill_folder(), strerror(g->error));
	if (call->end == HTTP_TOO_LARGE)
		return fetch_failed(
		    g, "more than %ld MiB (--max-size)", g->f->mib);
	if (call->end == HTTP_LATE && clock_ms() >= g->until)
		return fetch_failed(g,
		    "not whole after %ld seconds (--max-time)", g->f->seconds);
	if (call->end == HTTP_BAD_URL || call->end == HTTP_PRIVATE)
		return fetch_failed(g,
		    "%s (http and hosts without a public address: "
		    "allow_private "
		    "in [http])",
		    call->why);
	return fetch_failed(g, "%s", call->why);
}

/* Sets the address to where the answer sends.  Returns 0, or -1 with the
 * reason. */
static int
fetch_follow(struct fetching *g)
{
	char to[HTTP_ORIGIN_MAX];

	if (g->next[0] == '\0') {
		(void)fetch_failed(g,
		    "answered %d %s without a usable Location", g->call.status,
		    g->call.reason);
		return -1;
	}
	if (g->hops == FETCH_REDIRECTS) {
		(void)fetch_failed(
		    g, "redirected more than %d times", FETCH_REDIRECTS);
		return -1;
	}
	if (url_origin(g->next, to, sizeof(to)) == -1 ||
	    (strncmp(g->origin, "https:", 6) == 0 &&
		strncmp(to, "https:", 6) != 0)) {
		(void)fetch_failed(
		    g, "redirected to what is no https URL, and not followed");
		return -1;
	}
	g->hops++;
	memcpy(g->origin, to, sizeof(g->origin));
	memcpy(g->url, g->next, sizeof(g->url));
	return 0;
}

static bool
fetch_is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

/* Asks the address, and those that it redirects to. */
static enum fetch_end
fetch_all(struct fetching *g)
{
	const struct fetch *f = g->f;
	const struct http_call *call = &g->call;

	do {
		if (!fetch_ask(g))
			return fetch_failed(g, "interrupted");
		g->f->answer = call->status != 0;
		if (call->end != HTTP_ANSWERED && call->end != HTTP_ENOUGH)
			return fetch_unanswered(g);
		if (call->status == 200)
			return fetch_body(g);
		if (call->status == 304 &&
		    (f->etag != NULL || f->modified != NULL))
			return FETCH_UNCHANGED;
		if (!fetch_is_redirect(call->status))
			return fetch_failed(
			    g, "answered %d %s", call->status, call->reason);
	} while (fetch_follow(g) == 0);
	return FETCH_FAILED;
}

/* Makes what a fetch needs.  Returns 0, or -1 with the reason. */
static int
fetch_begin(struct fetching *g)
{
	const struct fetch *f = g->f;
	char why[CONF_ERROR_MAX];

	if (!fetch_address(f->url)) {
		(void)fetch_failed(g, "its address is no URL");
	} else if (fetch_header_user(f->url, g->url, &g->user) == -1) {
		(void)fetch_failed(g, "no memory left");
	} else if (url_origin(g->url, g->own, sizeof(g->own)) == -1) {
		(void)fetch_failed(g, "its address is no URL");
	} else if (f->header != NULL &&
	    (g->key = fetch_header_line(f->header, why)) == NULL) {
		(void)fetch_failed(g, "its header: %s", why);
	} else if (http_global() == -1 ||
	    (g->http = http_new(f->conf)) == NULL) {
		(void)fetch_failed(g, "no memory left");
	} else if ((g->fd = spill_file()) == -1) {
		(void)fetch_failed(
		    g, "%s: %s", spill_folder(), strerror(errno));
	} else {
		memcpy(g->origin, g->own, sizeof(g->origin));
		return 0;
	}
	return -1;
}

enum fetch_end
fetch_do(struct fetch *f)
{
	struct fetching g = { .f = f, .fd = -1 };
	enum fetch_end end = FETCH_FAILED;

	f->body = NULL;
	f->answer = false;
	f->new_etag[0] = f->new_modified[0] = f->why[0] = '\0';
	g.until = clock_ms() + (int64_t)f->seconds * 1000;
	if (fetch_begin(&g) == 0)
		end = fetch_all(&g);
	http_free(g.http);
	fetch_header_free(g.key);
	fetch_header_free(g.user);
	if (g.fd != -1)
		close(g.fd);
	return end;
}
