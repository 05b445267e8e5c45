/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "cli/played/played.h"
#include "cli/played/playedrow.h"
#include "http/http.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "net/reason.h"
#include "os/clock.h"

#define ROWS_MAX  1000  /* calls of a case */
#define WRONG_MAX 65536 /* bytes of what the calls of a case have wrong */

/* What a thread has of the engine: the calls that are under way, in their order. */
struct http {
	struct {
		struct http_call *call;
		struct json_object *row;
	} out[ROWS_MAX];
	size_t n;
};

/* The case at hand.  The process asks one at a time, and on one thread. */
static struct {
	struct json_object *list;
	bool used[ROWS_MAX];
	bool learns;
	int64_t now;
	struct buf wrong;
} playing;

static const char *
played_method(const struct http_call *c)
{
	if (c->method != NULL)
		return c->method;
	return c->body != NULL && *c->body != '\0' ? "POST" : "GET";
}

static bool
played_is_request(struct json_object *row, const struct http_call *c)
{
	const char *request = jsonin_string(row, "request");
	const char *method = played_method(c);
	size_t n = strlen(method);

	return request != NULL && strncmp(request, method, n) == 0 &&
	    request[n] == ' ' && strcmp(request + n + 1, c->url) == 0;
}

/* Whether "Name: value" is a header that every call has. */
static bool
played_is_common(const char *header)
{
	return strncasecmp(header, "Accept:", 7) == 0 ||
	    strncasecmp(header, "Content-Type:", 13) == 0;
}

/* The value of a header that the row has under that name, NULL for none. */
static const char *
played_header(struct json_object *headers, const char *name, size_t n)
{
	if (!json_object_is_type(headers, json_type_object))
		return NULL;
	json_object_object_foreach(headers, key, value) if (strlen(key) == n &&
	    strncasecmp(key, name, n) == 0) return jsonin_text(value);
	return NULL;
}

/* Whether the call has the row's headers, and no others but those of all. */
static bool
played_has_headers(struct json_object *row, const struct http_call *c)
{
	struct json_object *headers = jsonin_member(row, "headers");
	const char *const *h;
	const char *value, *wanted;
	size_t n = 0, name;

	for (h = c->headers; h != NULL && *h != NULL; h++) {
		if (played_is_common(*h))
			continue;
		name = strcspn(*h, ":");
		value = *h + name + ((*h)[name] == ':');
		value += strspn(value, " ");
		wanted = played_header(headers, *h, name);
		if (wanted == NULL || strcmp(wanted, value) != 0)
			return false;
		n++;
	}
	return headers == NULL ||
	    n == (size_t)json_object_object_length(headers);
}

static bool
played_has_body(struct json_object *row, const struct http_call *c)
{
	struct json_object *wanted = jsonin_member(row, "body"), *body;
	const char *text = c->body == NULL ? "" : c->body, *why;
	bool same;

	if (wanted == NULL)
		return *text == '\0';
	if (json_object_is_type(wanted, json_type_string))
		return strcmp(json_object_get_string(wanted), text) == 0;
	body = jsonin_parse(text, strlen(text), JSON_ANSWER_VALUES, &why);
	same = body != NULL && json_object_equal(wanted, body);
	json_object_put(body);
	return same;
}

/* Tells of a call that the list does not have as it is. */
static void
played_miss(const struct http_call *c, bool request, bool headers)
{
	buf_addf(&playing.wrong, "%s %s was asked%s%s", played_method(c),
	    c->url,
	    !request    ? ", which is not there or was asked before" :
		headers ? " with another body: " :
			  " with other headers:",
	    request && headers ? (c->body == NULL ? "none" : c->body) : "");
	if (request && !headers) {
		const char *const *h;

		for (h = c->headers; h != NULL && *h != NULL; h++)
			if (!played_is_common(*h))
				buf_addf(&playing.wrong, " %s;", *h);
	}
	buf_addc(&playing.wrong, '\n');
}

/* Puts what is sent into a row. */
static void
played_learn_row(struct json_object *row, const struct http_call *c)
{
	struct json_object *headers = json_object_new_object(), *body;
	const char *const *h;
	const char *value, *why;
	char name[256];

	for (h = c->headers; h != NULL && *h != NULL; h++) {
		if (played_is_common(*h))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*h, ":"), *h);
		value = *h + strlen(name);
		value += strspn(value, ": ");
		(void)json_object_object_add(
		    headers, name, json_object_new_string(value));
	}
	if (json_object_object_length(headers) > 0)
		(void)json_object_object_add(row, "headers", headers);
	else
		json_object_put(headers);
	if (c->body == NULL || *c->body == '\0')
		return;
	body = jsonin_parse(c->body, strlen(c->body), JSON_ANSWER_VALUES, &why);
	(void)json_object_object_add(
	    row, "body", body != NULL ? body : json_object_new_string(c->body));
}

/* The row of a call, which is used then; NULL: there is none. */
static struct json_object *
played_row(const struct http_call *c)
{
	struct json_object *row;
	bool request = false, headers = false;
	size_t i, n = jsonin_length(playing.list);

	for (i = 0; i < n && i < ROWS_MAX; i++) {
		row = jsonin_at(playing.list, i);
		if (playing.used[i] || !played_is_request(row, c))
			continue;
		request = true;
		if (playing.learns) {
			playing.used[i] = true;
			played_learn_row(row, c);
			return row;
		}
		if (!played_has_headers(row, c))
			continue;
		headers = true;
		if (!played_has_body(row, c))
			continue;
		playing.used[i] = true;
		return row;
	}
	played_miss(c, request, headers);
	return NULL;
}

static void
played_reset(struct http_call *c)
{
	c->status = 0;
	c->reason[0] = c->retry_after[0] = c->date[0] = c->server[0] = '\0';
	memset(c->kept, 0, sizeof(c->kept));
	if (c->redirect != NULL)
		c->redirect[0] = '\0';
	ratelimit_init(&c->quota);
	c->until = 0;
	c->h2 = c->fresh = false;
	c->why[0] = '\0';
	c->began = clock_ms();
	c->granted = c->timeout;
}

static int
played_start(struct http *h, struct http_call *c)
{
	struct json_object *row;

	played_reset(c);
	row = h->n == ROWS_MAX ? NULL : played_row(c);
	if (row == NULL) {
		c->end = HTTP_FAILED;
		snprintf(c->why, sizeof(c->why), "the case has no such call");
		return -1;
	}
	h->out[h->n].call = c;
	h->out[h->n++].row = row;
	return 0;
}

static void
played_drop(struct http *h, size_t i)
{
	memmove(h->out + i, h->out + i + 1, (h->n - i - 1) * sizeof(*h->out));
	h->n--;
}

static void
played_cancel(struct http *h, struct http_call *c)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->out[i].call == c) {
			played_drop(h, i);
			return;
		}
}

static void
played_cancel_all(struct http *h)
{
	h->n = 0;
}

static void
played_wait(struct http *h, int64_t ms)
{
	if (h->n == 0 && ms > 0)
		(void)poll(NULL, 0, ms > INT_MAX ? INT_MAX : (int)ms);
}

static void
played_quota(struct http_call *c, const char *name, const char *value)
{
	enum ratelimit_field field = RATELIMIT_OTHER;
	size_t i, n = strlen(name);

	if (c->quota_names == NULL)
		field = ratelimit_field(name, n);
	for (i = RATELIMIT_LIMIT;
	     c->quota_names != NULL && i <= RATELIMIT_RESET; i++)
		if (c->quota_names[i] != NULL &&
		    strcasecmp(c->quota_names[i], name) == 0)
			field = (enum ratelimit_field)i;
	if (field != RATELIMIT_OTHER)
		ratelimit_take(
		    &c->quota, field, value, strlen(value), playing.now);
}

/* A header field of the answer, where somebody wants it. */
static void
played_field(struct http_call *c, const char *name, const char *value)
{
	size_t i;

	if (strcasecmp(name, "Retry-After") == 0)
		snprintf(c->retry_after, sizeof(c->retry_after), "%s", value);
	else if (strcasecmp(name, "Date") == 0)
		snprintf(c->date, sizeof(c->date), "%s", value);
	else if (strcasecmp(name, "Server") == 0)
		snprintf(c->server, sizeof(c->server), "%s", value);
	for (i = 0;
	     c->wanted != NULL && i < HTTP_WANTED && c->wanted[i] != NULL; i++)
		if (strcasecmp(c->wanted[i], name) == 0)
			snprintf(c->kept[i], sizeof(c->kept[i]), "%s", value);
	played_quota(c, name, value);
}

static void
played_fields(struct json_object *row, struct http_call *c)
{
	struct json_object *headers = jsonin_member(row, "reply_headers");

	if (!json_object_is_type(headers, json_type_object))
		return;
	json_object_object_foreach(
	    headers, key, value) if (jsonin_text(value) != NULL)
	    played_field(c, key, jsonin_text(value));
}

/* The body of the answer; *n: its bytes. */
static const char *
played_body(struct json_object *row, size_t *n)
{
	struct json_object *json, *text = jsonin_member(row, "text");

	if (jsonin_has(row, "json", &json))
		return json == NULL ? (*n = 4, "null") :
				      json_object_to_json_string_length(
					  json, JSON_C_TO_STRING_PLAIN, n);
	*n = 0;
	if (!json_object_is_type(text, json_type_string))
		return "";
	*n = (size_t)json_object_get_string_len(text);
	return json_object_get_string(text);
}

static void
played_answer(struct json_object *row, struct http_call *c)
{
	static const enum http_end ends[] = { [HTTP_MORE] = HTTP_ANSWERED,
		[HTTP_STOP] = HTTP_ENOUGH,
		[HTTP_REFUSE] = HTTP_REFUSED };
	const char *body;
	int64_t status;
	size_t n = 0;

	if (!jsonin_int(jsonin_member(row, "status"), &status))
		status = 200;
	c->status = (int)status;
	snprintf(c->reason, sizeof(c->reason), "%s", http_reason(c->status));
	played_fields(row, c);
	body = played_body(row, &n);
	c->end = HTTP_ANSWERED;
	if (body == NULL)
		c->end = HTTP_NO_MEMORY;
	else if (n > c->max_body)
		c->end = HTTP_TOO_LARGE;
	else if (n > 0 && c->take != NULL)
		c->end = ends[c->take(c, body, n, 0)];
}

static struct http_call *
played_next(struct http *h)
{
	struct http_call *c;

	if (h->n == 0)
		return NULL;
	c = h->out[0].call;
	played_answer(h->out[0].row, c);
	played_drop(h, 0);
	return c;
}

static void
played_run(struct http *h, struct http_call *c)
{
	if (played_start(h, c) == 0)
		(void)played_next(h);
}

static int
played_global(void)
{
	return 0;
}

static struct http *
played_make(const struct conf *conf)
{
	(void)conf;
	return calloc(1, sizeof(struct http));
}

static void
played_free(struct http *h)
{
	free(h);
}

/* Without an engine: commands ask on their own thread. */
static const struct http_functions played_functions = { .global = played_global,
	.make = played_make,
	.free = played_free,
	.start = played_start,
	.cancel = played_cancel,
	.cancel_all = played_cancel_all,
	.wait = played_wait,
	.next = played_next,
	.run = played_run };

int
played_begin(char why[NETWORK_WHY])
{
	buf_init(&playing.wrong, WRONG_MAX);
	return network_play(&played_functions, why);
}

void
played_case(struct json_object *list, int64_t now, struct buf *wrong)
{
	size_t i, n = jsonin_length(list);

	playing.list = list;
	playing.now = now;
	playing.learns = false;
	memset(playing.used, 0, sizeof(playing.used));
	buf_reset(&playing.wrong);
	if (!json_object_is_type(list, json_type_array) || n > ROWS_MAX)
		buf_addf(wrong, "is no list of at most %d calls\n", ROWS_MAX);
	for (i = 0; i < n && i < ROWS_MAX; i++)
		playedrow_look(jsonin_at(list, i), i, wrong);
}

void
played_learn(void)
{
	playing.learns = true;
}

void
played_end(struct buf *wrong)
{
	size_t i, n = jsonin_length(playing.list);

	buf_add(wrong, playing.wrong.data, playing.wrong.len);
	for (i = 0; i < n && i < ROWS_MAX; i++)
		if (!playing.used[i])
			buf_addf(wrong, "%s was never asked\n",
			    jsonin_string(
				jsonin_at(playing.list, i), "request"));
	playing.list = NULL;
	buf_reset(&playing.wrong);
}
