/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "cli/base/command.h"
#include "cli/base/outfile.h"
#include "cli/played/alone.h"
#include "cli/provider/jsonsame.h"
#include "cli/played/played.h"
#include "cli/provider/record.h"
#include "cli/provider/testcase.h"
#include "cli/played/recorder.h"
#include "cli/terminal/text.h"
#include "describe/described.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "os/folder.h"
#include "token/mask.h"

#define TEXT_MAX  (32U << 20)
#define NAME_MOST 60 /* bytes of a case's name */
#define WORD      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define PRETTY                                               \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
	    JSON_C_TO_STRING_NOSLASHESCAPE)
#define BEARER      "Authorization: Bearer "
#define MADE_UP     "token-of-the-case"
#define TOKEN_LEAST 16 /* bytes: shorter texts are words, as "Bearer" */

struct recorded {
	const struct command *cmd;
	const struct mask *mask;
	bool signs_in; /* there is a [sign-in] */
	char dir[PATH_MAX];
	struct json_object *request, *upstream, *answer;
};

/* Whether a call is one that signs in: the first is, where there is a [sign-in], and
 * those like it. */
static bool
is_sign_in(const struct recorded *r, const struct recorder_call *c)
{
	const struct recorder_call *first = recorder_calls();

	return r->signs_in && strcmp(c->method.data, first->method.data) == 0 &&
	    strcmp(c->url.data, first->url.data) == 0;
}

/* All texts in an answer that may be a token of some kind. */
static void
record_texts(struct json_object *value, struct mask *all)
{
	struct json_object_iter at;
	size_t i;

	if (json_object_is_type(value, json_type_object))
		json_object_object_foreachC(value, at)
		    record_texts(at.val, all);
	for (i = 0; i < jsonin_length(value); i++)
		record_texts(jsonin_at(value, i), all);
	if (jsonin_text(value) != NULL &&
	    strlen(jsonin_text(value)) >= TOKEN_LEAST)
		mask_add(all, jsonin_text(value), strlen(jsonin_text(value)),
		    MADE_UP);
}

/* What signing in got is secret as well, wherever else it stands. */
static void
record_tokens(const struct recorded *r, struct mask *all)
{
	const struct recorder_call *c;
	struct json_object *answer;
	const char *p;
	size_t n;

	mask_init(all);
	mask_add_all(all, r->mask);
	for (c = recorder_calls(); c != NULL; c = c->next) {
		if (is_sign_in(r, c)) {
			answer =
			    jsonin_answer(c->answer.data, c->answer.len, NULL);
			record_texts(answer, all);
			json_object_put(answer);
		}
		if ((p = strstr(c->headers.data, BEARER)) == NULL)
			continue;
		p += sizeof(BEARER) - 1;
		n = strcspn(p, "\n");
		mask_add(all, p, n, MADE_UP);
	}
}

static struct json_object *
record_string(const struct mask *m, const struct buf *text)
{
	struct json_object *made = NULL;
	struct buf masked;

	buf_init(&masked, TEXT_MAX);
	mask_text(m, text->data, text->len, &masked);
	if (!masked.failed)
		made = json_object_new_string_len(masked.data, (int)masked.len);
	buf_free(&masked);
	return made;
}

/* Whether a case can have a value: it is read with less patience than what a service
 * sends. */
static bool
record_readable(struct json_object *value, const char **why)
{
	size_t n;
	const char *text = json_object_to_json_string_length(value, PRETTY, &n);

	*why = n < TESTCASE_BYTES ? NULL : strerror(EFBIG);
	if (*why == NULL)
		json_object_put(jsonin_parse(text, n, JSON_ANSWER_VALUES, why));
	return *why == NULL;
}

/* JSON, but as the text that came where no case can have the value.  What is masked
 * in it stays a value: that is refused later. */
static void
record_json(const struct mask *m, const struct recorder_call *c,
    struct json_object *json, const char *all, struct json_object *row)
{
	struct json_object *masked = mask_json(m, json, all);
	const char *why;

	if (!record_readable(masked, &why) && json_object_equal(json, masked)) {
		(void)json_object_object_add(
		    row, "text", record_string(m, &c->answer));
		json_object_put(masked);
	} else {
		(void)json_object_object_add(row, "json", masked);
	}
}

/* The body of an answer: JSON as such, anything else as a text.  all: what stands for
 * each text in it, or NULL; then a value alone is one, too. */
static void
record_body(const struct mask *m, const struct recorder_call *c,
    const char *all, struct json_object *row)
{
	struct json_object *json;
	const char *why = NULL;

	if (c->answer.len == 0)
		return;
	json = jsonin_answer(c->answer.data, c->answer.len, &why);
	if (all != NULL && !json_object_is_type(json, json_type_object) &&
	    !json_object_is_type(json, json_type_array))
		(void)json_object_object_add(
		    row, "text", json_object_new_string(all));
	else if (why == NULL)
		record_json(m, c, json, all, row);
	else
		(void)json_object_object_add(
		    row, "text", record_string(m, &c->answer));
	json_object_put(json);
}

static void
record_reply(const struct mask *m, const struct recorder_call *c,
    struct json_object *row)
{
	struct json_object *headers;
	const char *p = c->reply.data;
	struct buf value;
	char name[128];
	size_t n;

	if (c->reply.len == 0)
		return;
	headers = json_object_new_object();
	for (; *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, ":"), p);
		buf_init(&value, TEXT_MAX);
		(void)buf_add(
		    &value, p + strlen(name) + 2, n - strlen(name) - 2);
		(void)json_object_object_add(
		    headers, name, record_string(m, &value));
		buf_free(&value);
	}
	(void)json_object_object_add(row, "reply_headers", headers);
}

static struct json_object *
record_row(const struct recorded *r, const struct mask *m,
    const struct recorder_call *c)
{
	const bool got = is_sign_in(r, c) && c->status / 100 == 2;
	struct json_object *row = json_object_new_object();
	struct buf request;

	buf_init(&request, TEXT_MAX);
	buf_addf(&request, "%s %s", c->method.data, c->url.data);
	(void)json_object_object_add(
	    row, "request", record_string(m, &request));
	buf_free(&request);
	if (c->status != 200)
		(void)json_object_object_add(
		    row, "status", json_object_new_int(c->status));
	record_body(m, c, got ? MADE_UP : NULL, row);
	record_reply(m, c, row);
	return row;
}

/* All that was answered.  False: one was not. */
static bool
record_upstream(struct recorded *r)
{
	const struct recorder_call *c;
	struct mask all;
	bool good = true;

	record_tokens(r, &all);
	r->upstream = json_object_new_array();
	for (c = recorder_calls(); c != NULL; c = c->next) {
		good = good && c->status != 0;
		if (c->status != 0)
			(void)json_object_array_add(
			    r->upstream, record_row(r, &all, c));
	}
	mask_free(&all);
	if (!good)
		(void)command_fail(r->cmd, CMD_FAILED,
		    "a call has no answer; nothing was recorded");
	return good;
}

/* The request, with claims that are made up. */
static bool
record_request(struct recorded *r, const struct alone_request *request)
{
	char now[RFC3339_MAX];
	struct json_object *claims;
	const char *why;

	claims = jsonin_parse(request->claims, strlen(request->claims),
	    JSON_REQUEST_VALUES, &why);
	rfc3339_text(now, request->now);
	r->request = json_object_new_object();
	(void)json_object_object_add(
	    r->request, "route", json_object_new_string(request->path));
	(void)json_object_object_add(
	    r->request, "now", json_object_new_string(now));
	(void)json_object_object_add(
	    r->request, "claims", mask_json(r->mask, claims, NULL));
	if (request->len > 0)
		(void)json_object_object_add(r->request, "body",
		    jsonin_parse(request->body, request->len,
			JSON_REQUEST_VALUES, &why));
	json_object_put(claims);
	return jsonin_member(r->request, "claims") != NULL;
}

/* Puts the made-up request.  False: it does not make the same calls. */
static bool
record_again(struct recorded *r, const struct alone *alone,
    const struct alone_request *request)
{
	struct alone_request again = *request;
	char why[NETWORK_WHY];
	struct buf wrong, told;
	const char *error;

	again.claims = json_object_to_json_string_ext(
	    jsonin_member(r->request, "claims"), JSON_C_TO_STRING_PLAIN);
	buf_init(&wrong, TEXT_MAX);
	error = played_begin(why) == -1 ? why : NULL;
	if (error == NULL) {
		played_case(r->upstream, again.now, &wrong);
		played_learn();
		error = alone_ask(alone, &again, &r->answer);
		played_end(&wrong);
	}
	if (error == NULL && wrong.len > 0) {
		wrong.data[strcspn(wrong.data, "\n")] = '\0';
		error = wrong.data;
	}
	buf_init(&told, TEXT_MAX);
	if (error != NULL) {
		mask_text(r->mask, error, strlen(error), &told);
		(void)command_fail(r->cmd, CMD_FAILED,
		    "nothing was recorded, as with other claims other calls "
		    "are made: %s",
		    told.data);
	}
	buf_free(&told);
	buf_free(&wrong);
	return error == NULL;
}

static int
record_file(
    const struct recorded *r, const char *name, struct json_object *value)
{
	char path[PATH_MAX];
	struct outfile file;
	int status;

	if (snprintf(path, sizeof(path), "%s/%s", r->dir, name) >=
	    (int)sizeof(path))
		return command_fail(r->cmd, CMD_FAILED, "%s: %s", r->dir,
		    strerror(ENAMETOOLONG));
	if ((status = outfile_begin(r->cmd, &file, path, 0644)) != CMD_OK)
		return status;
	fprintf(
	    file.file, "%s\n", json_object_to_json_string_ext(value, PRETTY));
	return outfile_end(r->cmd, &file, false);
}

static int
record_write(const struct recorded *r)
{
	char above[PATH_MAX];
	const char *why;
	int status;

	if (!record_readable(r->request, &why) ||
	    !record_readable(r->upstream, &why) ||
	    !record_readable(r->answer, &why))
		return command_fail(r->cmd, CMD_FAILED,
		    "nothing was recorded, as no case can have what came: %s",
		    why);
	if (folder_of(r->dir, above) == -1 ||
	    (folder_make(above, 0755, NULL) == -1 && errno != EEXIST) ||
	    folder_make(r->dir, 0755, NULL) == -1)
		return command_fail(
		    r->cmd, CMD_FAILED, "%s: %s", r->dir, strerror(errno));
	if ((status = record_file(r, "request.json", r->request)) == CMD_OK &&
	    (status = record_file(r, "upstream.json", r->upstream)) == CMD_OK)
		status = record_file(r, "answer.json", r->answer);
	return status;
}

/* A secret may have a part in what is made, as in the name of an entity. */
static void
record_compare(const struct recorded *r, struct json_object *got)
{
	struct json_object *masked = mask_json(r->mask, got, NULL);
	struct buf what;

	buf_init(&what, TEXT_MAX);
	if (!jsonsame(masked, r->answer, &what)) {
		fprintf(stderr,
		    "the case comes to another answer than the service's:\n"
		    "    ");
		(void)text_print(stderr, what.data);
		putc('\n', stderr);
	}
	json_object_put(masked);
	buf_free(&what);
}

int
record_case(const struct command *cmd, const struct alone *alone,
    const struct alone_request *request, const struct mask *mask,
    const char *name, struct json_object *got)
{
	struct recorded r = { .cmd = cmd,
		.mask = mask,
		.signs_in =
		    described_provider(alone->described)->sign_in != NULL };
	int status = CMD_FAILED;

	if (strspn(name, WORD) < strlen(name) || *name == '\0' ||
	    strlen(name) > NAME_MOST)
		return command_fail(cmd, CMD_FAILED,
		    "\"%s\" is no name of a case: letters, digits, _ and -",
		    name);
	if (snprintf(r.dir, sizeof(r.dir), "%s/cases/%s", alone->path, name) >=
	    (int)sizeof(r.dir))
		return command_fail(cmd, CMD_FAILED, "%s: %s", alone->path,
		    strerror(ENAMETOOLONG));
	if (access(r.dir, F_OK) == 0)
		return command_fail(
		    cmd, CMD_FAILED, "%s: there is something already", r.dir);
	if (record_upstream(&r) && record_request(&r, request) &&
	    record_again(&r, alone, request)) {
		record_compare(&r, got);
		status = record_write(&r);
	}
	json_object_put(r.request);
	json_object_put(r.upstream);
	json_object_put(r.answer);
	return status;
}
