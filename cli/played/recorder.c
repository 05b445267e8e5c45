/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cli/played/recorder.h"
#include "http/http.h"
#include "os/clock.h"

#define TEXT_MAX   (1U << 20) /* of a URL, headers, a body that is sent */
#define ANSWER_MAX (9U << 20) /* of an answer: more is not taken in */

/* A call, and while it is under way what its caller wants. */
struct recording {
	struct recorder_call kept; /* first */
	struct http_call *call;    /* NULL: it is over */
	enum http_take (*take)(
	    struct http_call *, const char *, size_t, int64_t);
	void *arg;
	int64_t began;
};

static struct {
	const struct http_functions *real;
	struct recorder_call *first, **last;
} recorder;

/* Gives the call back what is its caller's. */
static void
recorder_restore(struct recording *r)
{
	r->call->take = r->take;
	r->call->arg = r->arg;
	r->call = NULL;
}

static enum http_take
recorder_take(struct http_call *c, const char *p, size_t n, int64_t length)
{
	struct recording *r = c->arg;
	enum http_take taken = HTTP_MORE;

	(void)buf_add(&r->kept.answer, p, n);
	if (r->take != NULL) {
		c->arg = r->arg;
		taken = r->take(c, p, n, length);
		c->arg = r;
	}
	return taken;
}

/* Keeps what is sent, and puts itself between the call and its caller; without
 * memory it does not. */
static void
recorder_new(struct http_call *c)
{
	struct recording *r = calloc(1, sizeof(*r));
	struct recorder_call *k = &r->kept;
	const char *const *h;

	if (r == NULL)
		return;
	buf_init(&k->method, TEXT_MAX);
	buf_init(&k->url, TEXT_MAX);
	buf_init(&k->headers, TEXT_MAX);
	buf_init(&k->body, TEXT_MAX);
	buf_init(&k->reply, TEXT_MAX);
	buf_init(&k->answer, ANSWER_MAX);
	buf_adds(&k->method,
	    c->method != NULL   ? c->method :
		c->body != NULL ? "POST" :
				  "GET");
	buf_adds(&k->url, c->url);
	for (h = c->headers; h != NULL && *h != NULL; h++)
		buf_addf(&k->headers, "%s\n", *h);
	if (c->body != NULL)
		buf_adds(&k->body, c->body);
	r->call = c;
	r->take = c->take;
	r->arg = c->arg;
	r->began = clock_ms();
	c->take = recorder_take;
	c->arg = r;
	*recorder.last = k;
	recorder.last = &k->next;
}

/* Keeps what came of it. */
static void
recorder_ended(struct http_call *c)
{
	struct recording *r = c->arg;
	struct recorder_call *k;
	size_t i;

	if (c->take != recorder_take)
		return;
	k = &r->kept;
	k->status = c->status;
	k->ms = clock_ms() - r->began;
	if (c->end != HTTP_ANSWERED && c->end != HTTP_ENOUGH) {
		k->status = 0;
		snprintf(k->why, sizeof(k->why), "%s",
		    *c->why == '\0' ? "no answer" : c->why);
	}
	if (*c->retry_after != '\0')
		buf_addf(&k->reply, "Retry-After: %s\n", c->retry_after);
	for (i = 0;
	     c->wanted != NULL && i < HTTP_WANTED && c->wanted[i] != NULL; i++)
		if (*c->kept[i] != '\0')
			buf_addf(
			    &k->reply, "%s: %s\n", c->wanted[i], c->kept[i]);
	recorder_restore(r);
}

static int
recorder_global(void)
{
	return recorder.real->global();
}

static struct http *
recorder_make(const struct conf *conf)
{
	return recorder.real->make(conf);
}

static void
recorder_free(struct http *h)
{
	recorder.real->free(h);
}

static int
recorder_start(struct http *h, struct http_call *c)
{
	recorder_new(c);
	if (recorder.real->start(h, c) == 0)
		return 0;
	recorder_ended(c);
	return -1;
}

static void
recorder_cancel(struct http *h, struct http_call *c)
{
	recorder.real->cancel(h, c);
	if (c->take == recorder_take)
		recorder_restore(c->arg);
}

static void
recorder_cancel_all(struct http *h)
{
	struct recorder_call *k;
	struct recording *r;

	recorder.real->cancel_all(h);
	for (k = recorder.first; k != NULL; k = k->next) {
		r = (struct recording *)k;
		if (r->call != NULL)
			recorder_restore(r);
	}
}

static void
recorder_wait(struct http *h, int64_t ms)
{
	recorder.real->wait(h, ms);
}

static struct http_call *
recorder_next(struct http *h)
{
	struct http_call *c = recorder.real->next(h);

	if (c != NULL)
		recorder_ended(c);
	return c;
}

static void
recorder_run(struct http *h, struct http_call *c)
{
	recorder_new(c);
	recorder.real->run(h, c);
	recorder_ended(c);
}

/* Without an engine: commands ask on their own thread. */
static const struct http_functions recorder_functions = { .global =
							      recorder_global,
	.make = recorder_make,
	.free = recorder_free,
	.start = recorder_start,
	.cancel = recorder_cancel,
	.cancel_all = recorder_cancel_all,
	.wait = recorder_wait,
	.next = recorder_next,
	.run = recorder_run };

int
recorder_begin(char why[NETWORK_WHY])
{
	const struct network *n = network_open(why);

	if (n == NULL)
		return -1;
	recorder.real = n->http;
	recorder.last = &recorder.first;
	return network_play(&recorder_functions, why);
}

const struct recorder_call *
recorder_calls(void)
{
	return recorder.first;
}

static void
recorder_wipe(struct buf *b)
{
	OPENSSL_cleanse(b->data, b->cap);
	buf_free(b);
}

void
recorder_end(void)
{
	struct recorder_call *r;

	while ((r = recorder.first) != NULL) {
		recorder.first = r->next;
		recorder_wipe(&r->method);
		recorder_wipe(&r->url);
		recorder_wipe(&r->headers);
		recorder_wipe(&r->body);
		recorder_wipe(&r->reply);
		recorder_wipe(&r->answer);
		free(r);
	}
	recorder.last = &recorder.first;
}
