/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/transport.h"
#include "base/buf.h"
#include "cli/base/secret.h"
#include "cli/query/local_call.h"
#include "cli/terminal/interrupt.h"
#include "conf/conf.h"
#include "os/clock.h"
#include "relay/relay.h"

#define ENV_MAX (16U << 10) /* bytes of one meta-variable */

enum { METHOD, PATH, LENGTH, TYPE, HOST, AUTHORIZATION, VARIABLES };

struct local_call {
	const struct conf *conf;
	struct session *session;
	int64_t now; /* 0: as the clock says */
	struct buf values[VARIABLES];
	char *env[VARIABLES + 1];
};

struct memory {
	const char *body;
	size_t left;
	struct buf *answer; /* header and body */
};

static ssize_t
local_call_take_body(void *arg, void *p, size_t n)
{
	struct memory *m = arg;

	if (n > m->left)
		n = m->left;
	memcpy(p, m->body, n);
	m->body += n;
	m->left -= n;
	return (ssize_t)n;
}

static int
keep_answer(void *arg, const void *p, size_t n, bool push)
{
	struct memory *m = arg;

	(void)push;
	return buf_add(m->answer, p, n);
}

static bool
is_gone(void *arg)
{
	(void)arg;
	return interrupt_came();
}

/* Takes the CGI header (RFC 3875, section 6) off the answer. */
static const char *
take_header(struct buf *answer)
{
	const char *end;
	size_t len;

	if (answer->failed)
		return "the answer is larger than this command can hold";
	if ((end = strstr(answer->data, "\r\n\r\n")) == NULL)
		return "the gateway gave no answer; its log lines above say "
		       "why";
	len = (size_t)(end + 4 - answer->data);
	memmove(answer->data, answer->data + len, answer->len - len + 1);
	answer->len -= len;
	return NULL;
}

struct local_call *
local_call_open(const struct conf *conf, const char *path, const char *token)
{
	struct local_call *in = calloc(1, sizeof(*in));
	bool good = in != NULL;

	if (in == NULL)
		return NULL;
	in->conf = conf;
	for (size_t i = 0; i < VARIABLES; i++)
		buf_init(&in->values[i], ENV_MAX);
	buf_adds(&in->values[METHOD], "REQUEST_METHOD=POST");
	buf_addf(&in->values[PATH], "PATH_INFO=%s", path);
	buf_adds(&in->values[TYPE], "CONTENT_TYPE=application/json");
	buf_adds(&in->values[HOST], "HTTP_HOST=localhost");
	buf_addf(
	    &in->values[AUTHORIZATION], "HTTP_AUTHORIZATION=Bearer %s", token);
	for (size_t i = 0; i < VARIABLES; i++)
		good = good && !in->values[i].failed;
	if (!good || (in->session = session_new(conf, NULL, NULL)) == NULL) {
		local_call_close(in);
		return NULL;
	}
	return in;
}

void
local_call_close(struct local_call *in)
{
	if (in == NULL)
		return;
	session_free(in->session);
	for (size_t i = 0; i < VARIABLES; i++)
		secret_free(&in->values[i]);
	free(in);
}

void
local_call_now(struct local_call *in, int64_t now)
{
	in->now = now;
}

const char *
local_call_post(
    struct local_call *in, const char *body, size_t len, struct buf *answer)
{
	struct memory m = { body, len, answer };
	struct transport transport = { .env = in->env,
		.read = local_call_take_body,
		.write = keep_answer,
		.gone = is_gone,
		.arg = &m,
		.now = in->now,
		.deadline = clock_ms() + (int64_t)in->conf->deadline * 1000 };

	buf_reset(&in->values[LENGTH]);
	buf_addf(&in->values[LENGTH], "CONTENT_LENGTH=%zu", len);
	if (in->values[LENGTH].failed)
		return "no memory left";
	for (size_t i = 0; i < VARIABLES; i++)
		in->env[i] = in->values[i].data;
	relay_serve(in->session, &transport);
	return take_header(answer);
}
