/* SPDX-License-Identifier: MIT */
/*
 * One process, one request.  Everything that could wait for ever is bounded by
 * the deadline: reads by poll(2), the rest by alarm(2), whose default is to end
 * the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "answer/html.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "conf/conf.h"
#include "fcgi/cgi.h"
#include "fcgi/privilege.h"
#include "figures/ledger.h"
#include "hook/hook.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/writeall.h"
#include "relay/lists.h"
#include "relay/relay.h"
#include "relay/session.h"
#include "shared/shared.h"
#include "start/beside.h"

#define OUT_SIZE     16384      /* bytes that wait for a write(2) */
#define DRAIN_MAX    (16 << 20) /* bytes of a body that nobody wanted */
#define DRAIN_TIME   2000       /* ms for these */
#define EXIT_CONFIG  78         /* sysexits(3) */
#define MATCHES_TIME 100        /* ms that matches wait for the store */

struct cgi {
	int64_t deadline;
	uint64_t left; /* bytes of the body to come */
	bool counted;  /* left is known; else to the end */
	bool cut;      /* the length is no number */
	bool over;     /* nothing more comes */
	size_t used;   /* bytes in out */
	char out[OUT_SIZE];
};

/* Up to n bytes by the time until.  0: end of file, -1: error or late. */
static ssize_t
input(void *p, size_t n, int64_t until)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t left;
	ssize_t got;
	int r;

	for (;;) {
		left = until - clock_ms();
		if (left <= 0)
			return -1;
		r = poll(&in, 1, left > 60000 ? 60000 : (int)left);
		if (r == 0 || (r == -1 && errno == EINTR))
			continue;
		if (r == -1)
			return -1;
		got = read(STDIN_FILENO, p, n);
		if (got == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		return got;
	}
}

/* How long the body is.  Source: RFC 3875, 4.1.2; Apache's mod_cgi hands a
 * chunked body over without a length. */
static void
cgi_body_begin(struct cgi *c, const struct transport *t)
{
	const char *s = transport_var(t, "CONTENT_LENGTH");
	const char *coding = transport_var(t, "HTTP_TRANSFER_ENCODING");
	char *end;

	c->counted = true;
	if (s == NULL) {
		c->counted =
		    coding == NULL || strcasestr(coding, "chunked") == NULL;
		return;
	}
	errno = 0;
	c->left = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0) {
		c->left = 0;
		c->cut = true;
	}
}

static ssize_t
cgi_body_read(void *arg, void *p, size_t n)
{
	struct cgi *c = arg;
	ssize_t got;

	if (c->counted && n > c->left)
		n = (size_t)c->left;
	if (c->cut)
		return -1;
	if (n == 0 || c->over)
		return 0;
	got = input(p, n, c->deadline);
	if (got <= 0) {
		c->over = true;
		c->cut = got == -1 || c->counted;
		return c->cut ? -1 : 0;
	}
	if (c->counted)
		c->left -= (uint64_t)got;
	return got;
}

static int
answer_flush(struct cgi *c)
{
	size_t n = c->used;

	c->used = 0;
	return writeall(STDOUT_FILENO, c->out, n);
}

static int
cgi_answer_write(void *arg, const void *p, size_t n, bool push)
{
	struct cgi *c = arg;

	if (n > OUT_SIZE - c->used && answer_flush(c) == -1)
		return -1;
	if (n >= OUT_SIZE) {
		if (writeall(STDOUT_FILENO, p, n) == -1)
			return -1;
	} else if (n > 0) {
		memcpy(c->out + c->used, p, n);
		c->used += n;
	}
	return push ? answer_flush(c) : 0;
}

/* The web server closes its end of the pipe, or of the socket. */
static bool
cgi_client_gone(void *arg)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	(void)arg;
	return poll(&out, 1, 0) > 0;
}

/* What is left of a body that was refused: some web servers answer 502 when
 * their write to us fails before they have read the answer. */
static void
drain(struct cgi *c)
{
	char trash[16384];
	int64_t until = clock_ms() + DRAIN_TIME;
	size_t total = 0;
	ssize_t got;

	c->deadline = until;
	while (total < DRAIN_MAX && clock_ms() < until) {
		got = cgi_body_read(c, trash, sizeof(trash));
		if (got <= 0)
			return;
		total += (size_t)got;
	}
}

/* The caller learns that something is wrong, people find out what on stderr.  c
 * (NULL: no memory) is for a browser, and for the body, without whose end Apache's
 * mod_cgid may cut the answer. */
static int
misconfigured(struct cgi *c, const char *message, int status)
{
	struct transport t = {
		.env = environ, .write = cgi_answer_write, .arg = c
	};
	struct response r;
	char answer[512];
	int n;

	if (c != NULL && html_wanted(&t)) {
		response_init(&r, &t);
		response_error(&r, 500, message);
		(void)answer_flush(c);
	} else {
		n = snprintf(answer, sizeof(answer),
		    "Status: 500 Internal Server Error\r\n"
		    "Content-Type: application/json\r\n"
		    "Cache-Control: no-store\r\n"
		    "X-Content-Type-Options: nosniff\r\n\r\n"
		    "{\"code\":500,\"message\":\"%s.\","
		    "\"reason\":\"Internal Server Error\"}\n",
		    message);
		(void)writeall(STDOUT_FILENO, answer, (size_t)n);
	}
	if (c != NULL) {
		cgi_body_begin(c, &t);
		drain(c);
	}
	return status;
}

static void
cgi_refuse(void *arg, const struct beside_finding *f)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", f->text);
}

/*
 * The configuration that .ctim-relay names, or NULL: the usual one.  *refused: the
 * file is there, and the reason why it is not followed was told.
 */
static const char *
cgi_configuration(struct beside *b, bool *refused)
{
	const char *said = getenv("CTIM_RELAY_CONF");

	*refused = false;
	b->file[0] = '\0';
	if (said != NULL && *said != '\0')
		return NULL;
	*b = (struct beside){ .uid = geteuid(),
		.roots = { getenv("DOCUMENT_ROOT"),
		    getenv("CONTEXT_DOCUMENT_ROOT") },
		.each = cgi_refuse };
	if (!beside_look(b))
		return NULL;
	*refused = !b->good;
	return b->conf;
}

/* Errors only: a warning at every request would drown the log. */
static void
cgi_complain(void *arg, bool error, const char *line)
{
	(void)arg;
	if (error)
		(void)fprintf(stderr, "%s\n", line);
}

/* Takes the matches of the request to the stores.  The web server has the whole
 * answer when the output ends, and may end this process then. */
static void
cgi_matches(const struct conf *conf, struct shared *shared)
{
	sigset_t set;
	int null;

	if (!matches_wait(&shared->matches))
		return;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	if ((null = open("/dev/null", O_WRONLY | O_CLOEXEC)) != -1) {
		(void)dup2(null, STDOUT_FILENO);
		(void)close(null);
	}
	ledger_save(conf, shared, MATCHES_TIME, false);
}

static int
cgi_serve(const struct conf *conf, struct cgi *c)
{
	struct transport t = { .env = environ,
		.read = cgi_body_read,
		.write = cgi_answer_write,
		.gone = cgi_client_gone,
		.arg = c,
		.script = true };
	struct hook_seen seen = { { 0 } };
	struct session *session;
	int r;

	t.deadline = c->deadline = clock_ms() + (int64_t)conf->deadline * 1000;
	(void)alarm((unsigned int)conf->deadline + 1);
	session = session_new(conf, NULL, NULL);
	if (session == NULL)
		return misconfigured(c, "The gateway cannot start", 1);
	cgi_body_begin(c, &t);
	relay_serve(session, &t);
	r = answer_flush(c);
	drain(c);
	hook_look(&seen, conf, session_shared(session));
	cgi_matches(conf, session_shared(session));
	session_free(session);
	return r == 0 ? 0 : 1;
}

/* Reads the configuration; NULL when the reason why it cannot be used was told. */
static struct conf *
cgi_load(void)
{
	struct beside beside;
	bool refused;
	const char *file = cgi_configuration(&beside, &refused);
	struct conf *conf;

	if (refused)
		return NULL;
	conf = conf_load(file, &relay_lists_start, cgi_complain, NULL);
	if (conf == NULL && file == NULL && *beside.file != '\0')
		(void)fprintf(stderr, "%s: is not there either\n", beside.file);
	return conf;
}

int
cgi_run(void)
{
	struct conf *conf;
	struct cgi *c;
	sigset_t set;
	int r;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGALRM, SIG_DFL);
	/* A web server may have forked from a thread that blocks all signals,
	 * and the mask survives exec: alarm(2) is the last bound of a request. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	privilege_harden();
	c = calloc(1, sizeof(*c));
	conf = cgi_load();
	if (conf == NULL)
		r = misconfigured(
		    c, "The gateway is not configured", EXIT_CONFIG);
	else if (c == NULL)
		r = misconfigured(c, "The gateway cannot start", 1);
	else {
		if (log_open(conf) == -1)
			(void)fprintf(stderr, "[log] target %s: %s\n",
			    conf->log_target, log_why(errno));
		r = cgi_serve(conf, c);
	}
	free(c);
	conf_free(conf);
	return r;
}
