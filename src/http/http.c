/* SPDX-License-Identifier: MIT */
/* A thread's side of the engine. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "conf/conf.h"
#include "http/http.h"
#include "http/http_engine.h"
#include "http/http_transfer.h"
#include "os/clock.h"

#define LOOK 1000 /* ms between looks of http_do() */
#define PAST \
	250 /* ms past its time that http_do() waits for the engine to say
	     * so */

struct http {
	struct http_engine *engine;
	bool own;              /* it is this thread's, and has none */
	struct http_calls all; /* handed over, not yet named or cancelled */
	pthread_mutex_t lock;
	/* Under the lock: */
	pthread_cond_t news;
	struct http_calls ended;
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void
global_init(void)
{
	global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int
http_global(void)
{
	pthread_once(&global_once, global_init);
	return global_result == CURLE_OK ? 0 : -1;
}

/* Lock and condition, which waits by clock_ms(); 0 or an error number. */
static int
http_init_lock(struct http *h)
{
	pthread_condattr_t attr;
	int error;

	if ((error = pthread_condattr_init(&attr)) != 0)
		return error;
	if ((error = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC)) == 0 &&
	    (error = pthread_cond_init(&h->news, &attr)) == 0 &&
	    (error = pthread_mutex_init(&h->lock, NULL)) != 0)
		(void)pthread_cond_destroy(&h->news);
	(void)pthread_condattr_destroy(&attr);
	return error;
}

struct http *
http_join(struct http_engine *engine)
{
	struct http *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	h->engine = engine;
	TAILQ_INIT(&h->all);
	TAILQ_INIT(&h->ended);
	if (http_init_lock(h) == 0)
		return h;
	free(h);
	return NULL;
}

struct http *
http_new(const struct conf *conf)
{
	struct http_engine *engine = http_engine_new(conf);
	struct http *h;

	if (engine == NULL)
		return NULL;
	if ((h = http_join(engine)) == NULL) {
		http_engine_free(engine);
		return NULL;
	}
	h->own = true;
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	http_cancel_all(h);
	if (h->own)
		http_engine_free(h->engine);
	(void)pthread_cond_destroy(&h->news);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

/* Nothing of an earlier transfer is left in the call. */
static void
http_clear(struct http *h, struct http_call *call)
{
	const struct conf *conf = http_engine_conf(h->engine);

	call->status = 0;
	call->reason[0] = call->retry_after[0] = call->date[0] = '\0';
	call->server[0] = '\0';
	memset(call->kept, 0, sizeof(call->kept));
	if (call->redirect != NULL)
		call->redirect[0] = '\0';
	call->until = call->began = call->granted = 0;
	call->h2 = call->fresh = false;
	call->own = (struct http_own){ .from = h,
		.policy = { conf->allow_private, conf->ca_file } };
	if (call->policy != NULL)
		call->own.policy = *call->policy;
}

int
http_start(struct http *h, struct http_call *call)
{
	http_clear(h, call);
	if (!http_check_call(call))
		return -1;
	call->own.out = true;
	TAILQ_INSERT_TAIL(&h->all, call, own.all);
	http_engine_post(h->engine, call);
	return 0;
}

/* The call is its thread's again. */
static void
http_take_back(struct http *h, struct http_call *call)
{
	TAILQ_REMOVE(&h->all, call, own.all);
	call->own.out = false;
}

/* Waits for news until then (clock_ms()), under the lock. */
static void
http_sleep(struct http *h, int64_t until)
{
	struct timespec t = { .tv_sec = (time_t)(until / 1000),
		.tv_nsec = (long)(until % 1000) * 1000000 };

	(void)pthread_cond_timedwait(&h->news, &h->lock, &t);
}

void
http_cancel(struct http *h, struct http_call *call)
{
	if (!call->own.out)
		return;
	http_take_back(h, call);
	if (!http_engine_withdraw(h->engine, call))
		return;
	if (h->own)
		http_engine_round(h->engine, 0);
	(void)pthread_mutex_lock(&h->lock);
	while (!call->own.dropped)
		(void)pthread_cond_wait(&h->news, &h->lock);
	(void)pthread_mutex_unlock(&h->lock);
}

/* The last first: that one waits for the place of another, and would get it and
 * go out. */
void
http_cancel_all(struct http *h)
{
	struct http_call *call;

	while ((call = TAILQ_LAST(&h->all, http_calls)) != NULL)
		http_cancel(h, call);
}

void
http_give_back(struct http_call *call)
{
	struct http *h = call->own.from;

	(void)pthread_mutex_lock(&h->lock);
	call->own.back = true;
	TAILQ_INSERT_TAIL(&h->ended, call, own.link);
	(void)pthread_cond_signal(&h->news);
	(void)pthread_mutex_unlock(&h->lock);
}

void
http_let_go(struct http_call *call)
{
	struct http *h = call->own.from;

	(void)pthread_mutex_lock(&h->lock);
	if (call->own.back)
		TAILQ_REMOVE(&h->ended, call, own.link);
	call->own.dropped = true;
	(void)pthread_cond_signal(&h->news);
	(void)pthread_mutex_unlock(&h->lock);
}

void
http_wait(struct http *h, int64_t ms)
{
	int64_t until = clock_ms() + ms;

	if (h->own) {
		http_engine_round(
		    h->engine, TAILQ_EMPTY(&h->ended) && ms > 0 ? ms : 0);
		return;
	}
	(void)pthread_mutex_lock(&h->lock);
	while (TAILQ_EMPTY(&h->ended) && clock_ms() < until)
		http_sleep(h, until);
	(void)pthread_mutex_unlock(&h->lock);
}

struct http_call *
http_next(struct http *h)
{
	struct http_call *call;

	(void)pthread_mutex_lock(&h->lock);
	if ((call = TAILQ_FIRST(&h->ended)) != NULL) {
		TAILQ_REMOVE(&h->ended, call, own.link);
		call->own.back = false;
	}
	(void)pthread_mutex_unlock(&h->lock);
	if (call != NULL)
		http_take_back(h, call);
	return call;
}

void
http_do(struct http *h, struct http_call *call)
{
	int64_t until = clock_ms() + call->timeout, left;

	call->deadline = until;
	if (http_start(h, call) == -1)
		return;
	while (http_next(h) == NULL) {
		left = until + PAST - clock_ms();
		if (left <= 0) {
			http_cancel(h, call);
			http_end_as(call, HTTP_LATE);
			return;
		}
		http_wait(h, left < LOOK ? left : LOOK);
	}
}
