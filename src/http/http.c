#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "conf/conf.h"
#include "http/http.h"
#include "http/http_transfer.h"
#include "http/http_trust.h"
#include "os/clock.h"

#define SPARE       64  /* handles that are kept for the next call */
#define IDLE_MIN    16  /* connections that are kept, at least … */
#define IDLE_MAX    128 /* and at most */
#define IDLE_OTHERS 8   /* for other hosts than the busiest */

struct http {
	const struct conf *conf;
	CURLM *multi;
	X509_STORE *trust; /* NULL until it is needed */
	struct http_transfer *busy, *spare;
	int n_busy, n_spare;
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

static void
list_insert(struct http_transfer **list, struct http_transfer *t)
{
	t->next = *list;
	t->prev = list;
	if (t->next != NULL)
		t->next->prev = &t->next;
	*list = t;
}

static void
list_remove(struct http_transfer *t)
{
	*t->prev = t->next;
	if (t->next != NULL)
		t->next->prev = t->prev;
}

/* So many connections that the busiest relay finds its own again. */
static long
idle_connections(const struct conf *conf)
{
	const struct relay_conf *r;
	int n = conf->parallel;

	for (r = conf->relays; r != NULL; r = r->next)
		if (r->parallel > n)
			n = r->parallel;
	n += IDLE_OTHERS;
	return n < IDLE_MIN ? IDLE_MIN : n > IDLE_MAX ? IDLE_MAX : n;
}

struct http *
http_new(const struct conf *conf)
{
	struct http *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	h->conf = conf;
	if ((h->multi = curl_multi_init()) == NULL ||
	    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
		idle_connections(conf)) != CURLM_OK) {
		http_free(h);
		return NULL;
	}
	return h;
}

void
http_free(struct http *h)
{
	struct http_transfer *t;

	if (h == NULL)
		return;
	while (h->busy != NULL)
		http_cancel(h, h->busy->call);
	while ((t = h->spare) != NULL) {
		list_remove(t);
		http_transfer_free(t);
	}
	curl_multi_cleanup(h->multi);
	http_trust_put(h->trust);
	free(h);
}

/* A handle without a transfer, on no list. */
static struct http_transfer *
get_spare(struct http *h)
{
	struct http_transfer *t = h->spare;

	if (t == NULL)
		return http_transfer_new();
	list_remove(t);
	h->n_spare--;
	return t;
}

static void
put_spare(struct http *h, struct http_transfer *t)
{
	if (h->n_spare == SPARE || !http_transfer_reset(t)) {
		http_transfer_free(t);
		return;
	}
	list_insert(&h->spare, t);
	h->n_spare++;
}

/* The transfer is no longer under way. */
static void
http_finish(struct http *h, struct http_transfer *t)
{
	(void)curl_multi_remove_handle(h->multi, t->easy);
	t->call->handle = NULL;
	list_remove(t);
	h->n_busy--;
	put_spare(h, t);
}

/* The file of certificates to trust: the configuration's, else the one that
 * libcurl was built with. */
static const char *
http_trust_file(const struct http *h, CURL *easy)
{
	char *file = NULL;

	if (h->conf->ca_file != NULL)
		return h->conf->ca_file;
	(void)curl_easy_getinfo(easy, CURLINFO_CAINFO, &file);
	return file;
}

/* Reads the certificates to trust at the first https call of the thread. */
static int
get_trust(struct http *h, CURL *easy)
{
	const char *file;

	if (h->trust == NULL && (file = http_trust_file(h, easy)) != NULL)
		h->trust = http_trust_get(file);
	return h->trust == NULL ? -1 : 0;
}

static int
http_begin(
    struct http *h, struct http_transfer *t, struct http_call *call, bool https)
{
	bool tls = https || h->conf->proxy != NULL;

	errno = 0;
	if (tls && get_trust(h, t->easy) == -1) {
		if (errno == ENOMEM) {
			http_end_as(call, HTTP_NO_MEMORY);
			return -1;
		}
		http_end_as(call, HTTP_TLS);
		snprintf(call->why, sizeof(call->why),
		    "the file of trusted certificates cannot be read");
		return -1;
	}
	if (http_transfer_begin(t, h->conf, tls ? h->trust : NULL, call, https,
		clock_ms()) == -1)
		return -1;
	if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK) {
		http_end_as(call, HTTP_NO_MEMORY);
		return -1;
	}
	return 0;
}

int
http_start(struct http *h, struct http_call *call)
{
	struct http_transfer *t;
	bool https;

	call->status = 0;
	call->reason[0] = call->retry_after[0] = call->date[0] = '\0';
	call->server[0] = '\0';
	memset(call->kept, 0, sizeof(call->kept));
	call->until = 0;
	call->h2 = call->fresh = false;
	call->handle = NULL;
	if (!http_check_call(h->conf, call, &https))
		return -1;
	if ((t = get_spare(h)) == NULL) {
		http_end_as(call, HTTP_NO_MEMORY);
		return -1;
	}
	if (http_begin(h, t, call, https) == -1) {
		put_spare(h, t);
		return -1;
	}
	list_insert(&h->busy, t);
	h->n_busy++;
	call->handle = t;
	return 0;
}

void
http_cancel(struct http *h, struct http_call *call)
{
	if (call->handle != NULL)
		http_finish(h, call->handle);
}

/* Lets a transfer make a connection of its own.  A handle can be put back where
 * it was taken from: that allocates nothing. */
static void
hurry(struct http *h, struct http_transfer *t, int64_t now)
{
	int64_t left = t->until > now ? t->until - now : 1;

	(void)curl_multi_remove_handle(h->multi, t->easy);
	(void)curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)left);
	(void)curl_multi_add_handle(h->multi, t->easy);
	t->patience = 0;
}

/*
 * Transfers to a host whose protocol is not known yet wait for the first one's
 * connection: over HTTP/2 it will carry all of them.  But when that hangs,
 * libcurl lets them try one after the other, each for the whole connect
 * time-out.  So they wait for a moment only.  Returns the ms until the next of
 * them has waited enough, ms at most.
 */
static int64_t
hurry_all(struct http *h, int64_t ms)
{
	struct http_transfer *t;
	int64_t now = clock_ms();

	for (t = h->busy; t != NULL; t = t->next) {
		if (t->moving || t->patience == 0)
			continue;
		if (t->patience <= now)
			hurry(h, t, now);
		else if (t->patience - now < ms)
			ms = t->patience - now;
	}
	return ms;
}

void
http_wait(struct http *h, int64_t ms)
{
	int running;

	ms = hurry_all(h, ms);
	(void)curl_multi_perform(h->multi, &running);
	if (running < h->n_busy || ms <= 0)
		return;
	(void)curl_multi_poll(
	    h->multi, NULL, 0, ms > INT_MAX ? INT_MAX : (int)ms, NULL);
}

struct http_call *
http_next(struct http *h)
{
	struct http_transfer *t;
	struct http_call *call;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		t = NULL;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		call = t->call;
		http_end_call(t, m->data.result);
		http_finish(h, t);
		return call;
	}
	return NULL;
}

void
http_do(struct http *h, struct http_call *call)
{
	if (http_start(h, call) == -1)
		return;
	do
		http_wait(h, 1000);
	while (http_next(h) == NULL);
}
