/* SPDX-License-Identifier: MIT */
/* ctim-relay provider try: one question to the service itself. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "base/buf.h"
#include "call/outcome.h"
#include "call/provider.h"
#include "cli/base/secret.h"
#include "cli/jwt/claims.h"
#include "cli/played/alone.h"
#include "cli/provider/providercmd.h"
#include "cli/provider/record.h"
#include "cli/played/recorder.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/terms/terms.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "token/mask.h"
#include "token/token.h"

#define BODY_MAX (1U << 20)
#define PRETTY                                               \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
	    JSON_C_TO_STRING_NOSLASHESCAPE)

static const struct {
	const char *name, *path;
	unsigned route;
} try_routes[] = { { "observe", "observe/observables", PROVIDER_OBSERVE },
	{ "deliberate", "deliberate/observables", PROVIDER_DELIBERATE },
	{ "refer", "refer/observables", PROVIDER_REFER },
	{ "health", "health", PROVIDER_HEALTH } };
#define ROUTES (sizeof(try_routes) / sizeof(*try_routes))

/* What is asked. */
struct trying {
	const struct providercmd *p;
	struct alone alone;
	size_t route; /* in try_routes[] */
	struct terms terms;
	struct buf claims, body;
	struct mask mask;
	int64_t ms; /* that it took */
	struct json_object *answer;
};

/* The route that was named, else the first that the provider has. */
static int
try_find_route(struct trying *t)
{
	const struct provider *p = t->alone.conf->relays->provider;
	const char *name = t->p->route;

	for (t->route = 0; t->route < ROUTES; t->route++)
		if (name != NULL ?
			strcmp(try_routes[t->route].name, name) == 0 :
			(p->routes & try_routes[t->route].route) != 0)
			break;
	if (t->route == ROUTES)
		return command_usage(t->p->cmd,
		    "there is no route \"%s\"; there are observe, deliberate, "
		    "refer and health",
		    name == NULL ? "" : name);
	if (!(p->routes & try_routes[t->route].route))
		return command_fail(t->p->cmd, CMD_FAILED, "%s has no route %s",
		    p->title, try_routes[t->route].name);
	return CMD_OK;
}

/* The observables that are named, as the body of the request. */
static int
try_read_words(struct trying *t)
{
	bool health = try_routes[t->route].route == PROVIDER_HEALTH;
	int status = CMD_OK, i;

	if (health && t->p->n > 1)
		return command_usage(
		    t->p->cmd, "the route health takes no observables");
	for (i = 1; i < t->p->n && status == CMD_OK; i++)
		status = terms_place(t->p->cmd, &t->terms, t->p->words[i], 0);
	if (status != CMD_OK || health)
		return status;
	if (t->terms.left_out > 0) {
		terms_left_out(t->p->cmd, &t->terms);
		return CMD_FAILED;
	}
	if (t->terms.n == 0)
		return command_usage(t->p->cmd, "nothing to ask about");
	(void)terms_body(&t->terms, 0, t->terms.n, BODY_MAX - 1, &t->body);
	return t->body.failed ?
	    command_fail(t->p->cmd, CMD_FAILED, "no memory left") :
	    CMD_OK;
}

static int
try_read_claims(struct trying *t)
{
	const struct relay_conf *relay = t->alone.conf->relays;
	struct claims claims = { 0 };
	const char *why;
	int status =
	    claims_read(t->p->cmd, t->p->credentials, relay, &t->claims);

	if (status != CMD_OK)
		return status;
	claims.payload = jsonin_parse(
	    t->claims.data, t->claims.len, JSON_REQUEST_VALUES, &why);
	outcome_secrets(&t->mask, relay->provider, &claims);
	json_object_put(claims.payload);
	return CMD_OK;
}

static int
try_show_calls(const struct trying *t)
{
	static const char *const columns[] = { "method", "URL", ">status",
		">ms", ">bytes", "why", NULL };
	struct table *table = table_new(columns);
	const struct recorder_call *c;
	struct buf url;
	int r;

	buf_init(&url, BODY_MAX);
	for (c = recorder_calls(); c != NULL; c = c->next) {
		buf_reset(&url);
		mask_text(&t->mask, c->url.data, c->url.len, &url);
		table_cell(table, c->method.data, TABLE_PLAIN);
		table_cell(table, url.data, TABLE_PLAIN);
		table_number(table, c->status);
		table_number(table, c->ms);
		table_number(table, (long long)c->answer.len);
		table_cell(table, c->why[0] == '\0' ? NULL : c->why, TABLE_RED);
	}
	r = table_print(table, stdout);
	table_free(table);
	buf_free(&url);
	return r == 0 ?
	    CMD_OK :
	    command_fail(t->p->cmd, CMD_FAILED, "cannot print the table");
}

/* Whether nothing in the answer is a fatal error. */
static bool
try_is_good(struct json_object *answer)
{
	struct json_object *errors = jsonin_member(answer, "errors");
	const char *type;
	size_t i;

	for (i = 0; i < jsonin_length(errors); i++) {
		type = jsonin_string(jsonin_at(errors, i), "type");
		if (type == NULL || strcmp(type, "fatal") == 0)
			return false;
	}
	return true;
}

static void
try_show_answer(const struct trying *t)
{
	const char *text = json_object_to_json_string_ext(t->answer, PRETTY);
	struct buf masked;

	buf_init(&masked, 64U << 20);
	mask_text(&t->mask, text, strlen(text), &masked);
	printf("\nthe answer, after %lld ms:\n", (long long)t->ms);
	(void)text_print_json(stdout, masked.data, masked.len);
	putchar('\n');
	buf_free(&masked);
}

static int64_t
try_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
try_ask(struct trying *t)
{
	const struct alone_request request = { .path =
						   try_routes[t->route].path,
		.claims = t->claims.data,
		.body = t->body.data,
		.len = t->body.len,
		.now = (int64_t)time(NULL) };
	int64_t began = try_clock();
	const char *error = alone_ask(&t->alone, &request, &t->answer);
	int status;

	t->ms = try_clock() - began;
	if (error != NULL)
		return command_fail(
		    t->p->cmd, CMD_FAILED, "no answer came: %s", error);
	if ((status = try_show_calls(t)) != CMD_OK)
		return status;
	try_show_answer(t);
	if (t->p->record != NULL &&
	    (status = record_case(t->p->cmd, &t->alone, &request, &t->mask,
		 t->p->record, t->answer)) != CMD_OK)
		return status;
	return try_is_good(t->answer) ? CMD_OK : CMD_FAILED;
}

static int
try_all(struct trying *t)
{
	char why[NETWORK_WHY];
	int status;

	if (recorder_begin(why) == -1)
		return command_fail(t->p->cmd, CMD_FAILED, "%s", why);
	if (!alone_open(&t->alone, t->p->words[0]))
		return CMD_FAILED;
	t->alone.conf->allow_private = t->p->allow_private;
	t->terms.types = t->alone.conf->relays->provider->types;
	if ((status = try_find_route(t)) == CMD_OK &&
	    (status = try_read_words(t)) == CMD_OK &&
	    (status = try_read_claims(t)) == CMD_OK)
		status = try_ask(t);
	json_object_put(t->answer);
	recorder_end();
	alone_close(&t->alone);
	return status;
}

int
tryprovider(const struct providercmd *p)
{
	struct trying t = { .p = p };
	int status;

	if (p->n == 0)
		return command_usage(p->cmd, "no directory named");
	buf_init(&t.claims, SECRET_MAX);
	buf_init(&t.body, BODY_MAX);
	mask_init(&t.mask);
	status = try_all(&t);
	mask_free(&t.mask);
	terms_free(&t.terms);
	secret_free(&t.claims);
	buf_free(&t.body);
	return status;
}
