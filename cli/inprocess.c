#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "inprocess.h"
#include "relay.h"
#include "secret.h"
#include "transport.h"

#define ENV_MAX		(16U << 10)	/* bytes of one meta-variable */
#define VARIABLES	6

struct memory {
	const char	*body;
	size_t		 left;
	struct buf	*answer;	/* header and body */
};

static ssize_t
take_body(void *arg, void *p, size_t n)
{
	struct memory	*m = arg;

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
	struct memory	*m = arg;

	(void)push;
	return buf_add(m->answer, p, n);
}

/* Takes the CGI header (RFC 3875, section 6) off. */
static const char *
take_header(struct buf *answer)
{
	const char	*end;
	size_t		 len;

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

static const char *
serve(const struct conf *conf, char *const *env, struct memory *m)
{
	struct session		*session = session_new(conf, NULL);
	struct transport	 transport = {
		.env = env, .read = take_body, .write = keep_answer, .arg = m,
		.deadline = clock_ms() + (int64_t)conf->deadline * 1000
	};

	if (session == NULL)
		return "no memory left";
	relay_serve(session, &transport);
	session_free(session);
	return take_header(m->answer);
}

const char *
inprocess_post(const struct conf *conf, const char *path, const char *token,
    const char *body, size_t len, struct buf *answer)
{
	struct memory	 m = { body, len, answer };
	struct buf	 values[VARIABLES];
	char		*env[VARIABLES + 1];
	const char	*why = NULL;

	for (size_t i = 0; i < VARIABLES; i++)
		buf_init(&values[i], ENV_MAX);
	buf_adds(&values[0], "REQUEST_METHOD=POST");
	buf_addf(&values[1], "PATH_INFO=%s", path);
	buf_addf(&values[2], "CONTENT_LENGTH=%zu", len);
	buf_adds(&values[3], "CONTENT_TYPE=application/json");
	buf_adds(&values[4], "HTTP_HOST=localhost");
	buf_addf(&values[5], "HTTP_AUTHORIZATION=Bearer %s", token);
	for (size_t i = 0; i < VARIABLES; i++) {
		env[i] = values[i].data;
		if (values[i].failed)
			why = "the token is too long";
	}
	env[VARIABLES] = NULL;
	if (why == NULL)
		why = serve(conf, env, &m);
	for (size_t i = 0; i < VARIABLES; i++)
		secret_free(&values[i]);
	return why;
}
