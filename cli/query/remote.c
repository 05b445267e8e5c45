/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "cli/base/httpbody.h"
#include "cli/base/secret.h"
#include "cli/query/asker.h"
#include "cli/terminal/interrupt.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "os/clock.h"

#define ANSWER_MAX   (256U << 20) /* bytes of an answer */
#define ERROR_VALUES 100          /* JSON values of a refusal */
#define HEADER_MAX   (16U << 10)  /* bytes of the field with the token */
#define TIMEOUT      (INT64_C(600) * 1000) /* ms; gateways end before it */
#define TRIES        4
#define WAIT         1000 /* ms before the second try, then twice it */
#define WAIT_MAX     (INT64_C(60) * 1000)
#define LOOK_EVERY   100 /* ms between looks for an interrupt */
#define WHY_MAX      1024

struct remote {
	struct http *http;
	const char *url;
	struct buf authorization;
	const char *headers[3];
	char why[WHY_MAX];
	bool answered; /* an earlier call was */
};

struct remote *
remote_open(const struct conf *conf, const char *url, const char *token)
{
	struct remote *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	buf_init(&e->authorization, HEADER_MAX);
	buf_addf(&e->authorization, "Authorization: Bearer %s", token);
	e->url = url;
	e->headers[0] = e->authorization.data;
	e->headers[1] = "Accept: application/json";
	if (e->authorization.failed || !http_header_safe(e->headers[0]) ||
	    http_global() == -1 || (e->http = http_new(conf)) == NULL) {
		remote_close(e);
		return NULL;
	}
	return e;
}

void
remote_close(struct remote *e)
{
	if (e == NULL)
		return;
	http_free(e->http);
	secret_free(&e->authorization);
	free(e);
}

/* Makes one try; false: an interrupt came. */
static bool
try(struct remote *e, struct http_call *call)
{
	if (http_start(e->http, call) == -1)
		return true;
	while (http_next(e->http) == NULL) {
		if (interrupt_came()) {
			http_cancel(e->http, call);
			return false;
		}
		http_wait(e->http, LOOK_EVERY);
	}
	return true;
}

/* Whether another try may go better.  Without a connection ever, nobody is
 * there. */
static bool
may_pass(const struct remote *e, const struct http_call *call)
{
	switch (call->end) {
	case HTTP_ANSWERED:
		return call->status == 429 || call->status == 502 ||
		    call->status == 503 || call->status == 504;
	case HTTP_NO_CONNECTION:
		return e->answered;
	case HTTP_CUT:
		return true;
	default:
		return false;
	}
}

static void
sleep_until(int64_t end)
{
	const struct timespec piece = { .tv_nsec = LOOK_EVERY * 1000000L };

	while (clock_ms() < end && !interrupt_came())
		(void)nanosleep(&piece, NULL);
}

/* Makes the error text of a refusal: the "message" of the gateway, or the
 * status alone. */
static const char *
remote_refused(
    struct remote *e, const struct http_call *call, struct buf *answer)
{
	struct json_object *said;
	const char *message;

	said = jsonin_parse(answer->data, answer->len, ERROR_VALUES, NULL);
	message = jsonin_string(said, "message");
	snprintf(e->why, sizeof(e->why), "%s answered %d %s%s%s%s", e->url,
	    call->status, call->reason, message == NULL ? "" : ": ",
	    message == NULL ? "" : message,
	    call->status == 404 ?
		"; does the URL end with the name of the relay, as in "
		"https://HOST/otx?" :
		"");
	json_object_put(said);
	return e->why;
}

static const char *
result(struct remote *e, const struct http_call *call, struct buf *answer)
{
	if (call->end == HTTP_ANSWERED)
		return call->status == 200 ? NULL :
					     remote_refused(e, call, answer);
	snprintf(e->why, sizeof(e->why), "%s: %s%s", e->url,
	    call->end == HTTP_REFUSED || call->end == HTTP_TOO_LARGE ?
		"the answer is larger than this command can hold" :
		call->why,
	    call->end == HTTP_TLS ? "; a certificate authority of your own is "
				    "named with --ca-file" :
				    "");
	return e->why;
}

const char *
remote_post(struct remote *e, const char *body, struct buf *answer)
{
	struct http_call call;
	int64_t wait, pause = WAIT;

	for (int i = 1;; i++, pause *= 2) {
		call = (struct http_call){ .url = e->url,
			.headers = e->headers,
			.body = body,
			.type = "application/json",
			.timeout = TIMEOUT,
			.max_body = ANSWER_MAX,
			.take = httpbody_keep,
			.arg = answer };
		buf_reset(answer);
		if (!try(e, &call))
			return "interrupted";
		e->answered = e->answered || call.end == HTTP_ANSWERED;
		if (i == TRIES || !may_pass(e, &call) || interrupt_came())
			return result(e, &call, answer);
		wait = http_retry_after(call.retry_after, time(NULL));
		if (wait < pause)
			wait = pause;
		sleep_until(clock_ms() + (wait > WAIT_MAX ? WAIT_MAX : wait));
	}
}
