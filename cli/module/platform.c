/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "cli/base/httpbody.h"
#include "cli/base/secret.h"
#include "cli/module/platform.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "json/jsonscan.h"

#define TOKEN_PATH   "/iroh/oauth2/token"
#define MODULES_PATH "/iroh/iroh-int/module-instance"
#define TOKEN_MAX    16384 /* bytes of a token */
#define CLIENT_MAX   4096  /* bytes of ID and password */
#define SAID_MAX     300   /* characters that are shown of its reason */
#define JSON         "application/json"

static const struct {
	const char *region, *part;
} platform_regions[] = { { "us", "" }, { "eu", ".eu" }, { "apjc", ".apjc" } };

/* One call, and what it is for: "... when asked for a token". */
struct terms {
	const char *method, *path, *id, *body, *type, *purpose;
};

/* What to do about a call that did not come to an end. */
static const struct {
	enum http_end end;
	const char *hint;
} platform_ends[] = { { HTTP_TLS,
			  "an authority of your own goes into [http] ca_file "
			  "of a configuration that -c names" },
	{ HTTP_NO_HOST, "look at --region, TR_API_URL and the name server" },
	{ HTTP_NO_CONNECTION,
	    "look at --region, TR_API_URL and the firewall; a proxy goes into "
	    "[http] proxy of a configuration that -c names" },
	{ HTTP_LATE, "try again; look first whether it was done" },
	{ HTTP_CUT, "try again; look first whether it was done" } };

/* The same for an answer; of rows that fit the last. */
static const struct {
	int from, to;
	const char *hint;
} statuses[] = { { 300, 399,
		     "it points elsewhere, where no credentials are sent; look "
		     "at --region and TR_API_URL" },
	{ 400, 499, "it does not take what was sent" },
	{ 401, 401,
	    "it does not take the API client; look at its ID and password, and "
	    "at --region" },
	{ 403, 403,
	    "the API client may not do this; it needs the scope "
	    "\"integration\" and a user who is an administrator" },
	{ 404, 404,
	    "look at --region and TR_API_URL, and whether the module is still "
	    "there" },
	{ 429, 429, "it was asked too often; try again later" },
	{ 500, 599, "the fault is the platform's; try again later" } };

#define N(table) (sizeof(table) / sizeof((table)[0]))

int
platform_url(const char *region, char out[PLATFORM_URL_MAX])
{
	for (size_t i = 0; i < N(platform_regions); i++)
		if (strcmp(region, platform_regions[i].region) == 0) {
			snprintf(out, PLATFORM_URL_MAX,
			    "https://visibility%s.amp.cisco.com",
			    platform_regions[i].part);
			return 0;
		}
	return -1;
}

/* RFC 7617: the ID must not hold a colon, neither a control character. */
static int
make_basic(struct platform *p, const char *id, const char *password)
{
	char pair[CLIENT_MAX], text[CLIENT_MAX * 2];
	int n = snprintf(pair, sizeof(pair), "%s:%s", id, password);

	if (n < 0 || n >= (int)sizeof(pair) || strchr(id, ':') != NULL ||
	    !http_header_safe(pair)) {
		explicit_bzero(pair, sizeof(pair));
		text_addf(p->why,
		    "The client ID and password cannot be the platform's: they "
		    "are too long, have a control character, or there is a "
		    "colon in the ID.");
		return -1;
	}
	(void)EVP_EncodeBlock(
	    (unsigned char *)text, (const unsigned char *)pair, n);
	buf_addf(&p->basic, "Authorization: Basic %s", text);
	explicit_bzero(pair, sizeof(pair));
	explicit_bzero(text, sizeof(text));
	return 0;
}

int
platform_open(struct platform *p, const struct conf *conf, const char *url,
    const char *id, const char *password, const char *const *secrets,
    struct buf *why)
{
	*p = (struct platform){ .url = url,
		.secrets = secrets,
		.why = why,
		.timeout = (int64_t)conf->timeout * 1000 };
	buf_init(&p->basic, CLIENT_MAX * 2);
	buf_init(&p->token, TOKEN_MAX);
	buf_init(&p->answer, JSON_ANSWER_BYTES);
	if (http_global() == -1 || (p->http = http_new(conf)) == NULL) {
		text_addf(why, "There is no memory left to call the platform.");
		return -1;
	}
	return make_basic(p, id, password);
}

void
platform_close(struct platform *p)
{
	http_free(p->http);
	secret_free(&p->basic);
	secret_free(&p->token);
	secret_free(&p->answer);
}

/* An ID is the platform's: anything that means something in a URL is written
 * as %XX (RFC 3986, 2.1). */
static void
add_id(struct buf *url, const char *id)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	buf_addc(url, '/');
	for (; *id != '\0'; id++)
		if (strchr(plain, *id) != NULL)
			buf_addc(url, *id);
		else
			buf_addf(url, "%%%02X", (unsigned char)*id);
}

static void
do_call(struct platform *p, const struct terms *asked, const char *credential,
    struct http_call *call)
{
	const char *headers[] = { credential, "Accept: " JSON, NULL };
	struct buf url;

	buf_reset(&p->answer);
	buf_init(&url, PLATFORM_URL_MAX * 4);
	buf_addf(&url, "%s%s", p->url, asked->path);
	if (asked->id != NULL)
		add_id(&url, asked->id);
	*call = (struct http_call){ .url = url.data,
		.headers = headers,
		.method = asked->method,
		.body = asked->body,
		.type = asked->type,
		.timeout = p->timeout,
		.max_body = JSON_ANSWER_BYTES,
		.take = httpbody_keep,
		.arg = &p->answer };
	http_do(p->http, call);
	call->url = NULL;
	call->headers = NULL;
	buf_free(&url);
}

/* Whether a text of the platform repeats a secret. */
static bool
tells(const struct platform *p, const char *text)
{
	const char *token = strrchr(p->token.data, ' '),
		   *basic = strrchr(p->basic.data, ' ');

	for (const char *const *s = p->secrets; *s != NULL; s++)
		if (**s != '\0' && strstr(text, *s) != NULL)
			return true;
	return strstr(text, basic + 1) != NULL ||
	    (token != NULL && strstr(text, token + 1) != NULL);
}

/* Adds the reason that the platform gives for a refusal. */
static void
add_said(struct platform *p)
{
	static const char *const names[] = { "error_description", "message",
		"error" };
	struct json_object *answer;
	const char *text = NULL;

	answer = jsonin_answer(p->answer.data, p->answer.len, NULL);
	for (size_t i = 0; i < N(names) && text == NULL; i++)
		text = jsonin_string(answer, names[i]);
	if (text != NULL && *text != '\0' && !tells(p, text))
		text_addf(p->why, " It says: \"%.*s\".",
		    (int)jsoncopy_cut(text, SAID_MAX), text);
	json_object_put(answer);
}

/* Returns 0 for a good answer, else -1, and why says what to do. */
static int
platform_judge(
    struct platform *p, const struct terms *asked, const struct http_call *call)
{
	const char *hint = "look at TR_API_URL";

	if (call->end != HTTP_ANSWERED) {
		for (size_t i = 0; i < N(platform_ends); i++)
			if (platform_ends[i].end == call->end)
				hint = platform_ends[i].hint;
		text_addf(p->why, "%s did not answer when asked %s: %s (%s).",
		    p->url, asked->purpose, call->why, hint);
		return -1;
	}
	if (call->status / 100 == 2)
		return 0;
	hint = "which is not expected";
	for (size_t i = 0; i < N(statuses); i++)
		if (call->status >= statuses[i].from &&
		    call->status <= statuses[i].to)
			hint = statuses[i].hint;
	text_addf(p->why, "%s answered \"%d %s\" when asked %s: %s.", p->url,
	    call->status, call->reason, asked->purpose, hint);
	add_said(p);
	return -1;
}

static void
not_understood(
    struct platform *p, const struct terms *asked, const char *reason)
{
	text_addf(p->why,
	    "%s answered something that cannot be understood when asked %s: %s "
	    "(is it the platform? Look at TR_API_URL).",
	    p->url, asked->purpose, reason);
}

/* Asks for a token, which is kept as a header. */
static int
get_token(struct platform *p)
{
	static const struct terms asked = { .path = TOKEN_PATH,
		.body = "grant_type=client_credentials",
		.type = "application/x-www-form-urlencoded",
		.purpose = "for a token" };
	const char *why = NULL, *token;
	struct json_object *answer;
	struct http_call call;

	buf_reset(&p->token);
	do_call(p, &asked, p->basic.data, &call);
	if (platform_judge(p, &asked, &call) == -1)
		return -1;
	answer = jsonin_answer(p->answer.data, p->answer.len, &why);
	token = jsonin_string(answer, "access_token");
	if (answer != NULL || why == NULL)
		why = token == NULL || *token == '\0' ||
			!http_header_safe(token) || strchr(token, ' ') != NULL ?
		    "there is no \"access_token\"" :
		    buf_addf(&p->token, "Authorization: Bearer %s", token) ==
			-1 ?
		    "the \"access_token\" is too long" :
		    NULL;
	if (why != NULL)
		not_understood(p, &asked, why);
	json_object_put(answer);
	return why == NULL ? 0 : -1;
}

/* A token may have expired since the call before. */
static int
authorized(struct platform *p, const struct terms *asked)
{
	struct http_call call;

	if (p->token.len == 0 && get_token(p) == -1)
		return -1;
	do_call(p, asked, p->token.data, &call);
	if (call.end == HTTP_ANSWERED && call.status == 401) {
		if (get_token(p) == -1)
			return -1;
		do_call(p, asked, p->token.data, &call);
	}
	return platform_judge(p, asked, &call);
}

int
platform_list(struct platform *p, struct json_object **modules)
{
	static const struct terms asked = { .path = MODULES_PATH,
		.purpose = "for its modules" };
	const char *why = NULL;

	*modules = NULL;
	if (authorized(p, &asked) == -1)
		return -1;
	*modules = jsonin_answer(p->answer.data, p->answer.len, &why);
	if (json_object_is_type(*modules, json_type_array))
		return 0;
	not_understood(p, &asked,
	    *modules == NULL && why != NULL ? why : "it is no array");
	json_object_put(*modules);
	*modules = NULL;
	return -1;
}

static int
send_body(struct platform *p, struct terms *asked, struct json_object *value)
{
	struct jsonout j;
	struct buf body;
	bool whole;
	int r = -1;

	buf_init(&body, JSON_ANSWER_BYTES);
	jsonout_init(&j, &body);
	jsoncopy_value(&j, value);
	whole = jsonout_done(&j) == 0;
	asked->body = body.data;
	asked->type = JSON;
	if (!whole)
		text_addf(p->why, "The module is too large to be sent.");
	else
		r = authorized(p, asked);
	secret_free(&body);
	return r;
}

int
platform_add(struct platform *p, struct json_object *module)
{
	struct terms asked = { .path = MODULES_PATH,
		.purpose = "to add the module" };

	return send_body(p, &asked, module);
}

int
platform_edit(struct platform *p, const char *id, struct json_object *changes)
{
	struct terms asked = { .method = "PATCH",
		.path = MODULES_PATH,
		.id = id,
		.purpose = "to edit the module" };

	return send_body(p, &asked, changes);
}

int
platform_remove(struct platform *p, const char *id)
{
	const struct terms asked = { .method = "DELETE",
		.path = MODULES_PATH,
		.id = id,
		.purpose = "to remove the module" };

	return authorized(p, &asked);
}
