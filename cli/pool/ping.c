/* SPDX-License-Identifier: MIT */
/* ctim-relay ping: whether the gateway works, for health checks. */
#include <sys/random.h>

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/httpbody.h"
#include "cli/base/options.h"
#include "cli/base/settings.h"
#include "cli/pool/fcgiask.h"
#include "cli/pool/poolask.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "os/clock.h"

#define PATIENCE     3 /* seconds */
#define PATIENCE_MAX 300
#define URL_MAX      2048 /* bytes */
#define CHECK        17   /* bytes of the word sent, with its NUL */
#define WHY          512  /* bytes of a reason */

struct ping {
	const struct command *cmd;
	const char *config, *socket, *url;
	long seconds;
	int ms;
	bool quiet, help;
	char why[WHY]; /* why the gateway does not work */
};

_Static_assert(
    WHY >= POOLASK_WHY && WHY >= FCGIASK_WHY, "reasons are handed on");

static bool
is_http(const char *url)
{
	return strncmp(url, "http://", 7) == 0 ||
	    strncmp(url, "https://", 8) == 0;
}

static const struct options_kind ping_seconds = {
	.set = options_number, .least = 1, .most = PATIENCE_MAX
};

#define PING_AT(member) offsetof(struct ping, member)

static const struct options_row ping_rows[] = { OPTIONS_CONFIG(struct ping),
	POOL_SOCKET(struct ping),
	{ "url", 'u', &options_text, PING_AT(url), "URL",
	    "http:// or https:// of the gateway; or unix:PATH or\n"
	    "HOST:PORT, where it speaks FastCGI" },
	{ "timeout", 't', &ping_seconds, PING_AT(seconds), "S",
	    "seconds for the answer (3 unless said)" },
	{ "quiet", 'q', &options_flag, PING_AT(quiet), NULL,
	    "print nothing: the exit status tells" },
	{ "help", 'h', &options_stop, PING_AT(help), NULL, NULL } };

static const struct options ping_option_table = { .rows = ping_rows,
	.n = sizeof(ping_rows) / sizeof(ping_rows[0]),
	.before = "Asks the running pool, or, with --url, the gateway itself "
		  "by its watchdog.\n"
		  "Exits with 0 when it works, 1 when not.\n\n" };

static int
ping_options(struct ping *p, int argc, char **argv)
{
	int status = options_read(&ping_option_table, p->cmd, p, argc, argv);

	if (status != CMD_OK || p->help)
		return status;
	p->ms = (int)p->seconds * 1000;
	if (optind < argc)
		return command_usage(p->cmd,
		    "what is \"%s\"? A gateway is named with --url",
		    argv[optind]);
	if (p->url != NULL && p->socket != NULL)
		return command_usage(
		    p->cmd, "--url and --socket are two ways to ask");
	if (p->url != NULL && !is_http(p->url) && !fcgiask_is_address(p->url))
		return command_usage(p->cmd,
		    "--url takes http://..., https://..., unix:/PATH or "
		    "HOST:PORT, not \"%s\"",
		    p->url);
	return CMD_OK;
}

/* 0, or -1 with p->why. */
static int
ask_pool(struct ping *p, const char *path)
{
	struct buf answer;
	int r;

	buf_init(&answer, POOLASK_MAX);
	r = poolask(path, "ping", p->ms, &answer, p->why);
	if (r == 0 && strcmp(answer.data, "ok\n") != 0) {
		answer.data[strcspn(answer.data, "\n")] = '\0';
		(void)snprintf(p->why, sizeof(p->why), "%.200s: %.200s", path,
		    answer.data);
		r = -1;
	}
	buf_free(&answer);
	return r;
}

/* Whether the watchdog sent the word back: 0, or -1 with p->why. */
static int
ping_judge(
    struct ping *p, int status, const struct buf *body, const char *check)
{
	struct json_object *o = jsonin_parse(body->data, body->len, 100, NULL);
	const char *said = jsonin_string(o, "data");
	bool good = status == 200 && said != NULL && strcmp(said, check) == 0;

	json_object_put(o);
	if (status != 200)
		(void)snprintf(p->why, sizeof(p->why), "%.200s: status %d",
		    p->url, status);
	else if (!good)
		(void)snprintf(p->why, sizeof(p->why),
		    "%.200s: what answers there is no ctim-relay, or headers "
		    "do not reach it",
		    p->url);
	return good ? 0 : -1;
}

/* The HTTP status, or -1 with p->why. */
static int
ask_http(struct ping *p, const char *check, struct buf *body)
{
	char url[URL_MAX], header[64];
	const char *headers[] = { header, NULL };
	struct http_call call = { .url = url,
		.headers = headers,
		.timeout = p->ms,
		.max_body = FCGIASK_MAX,
		.take = httpbody_keep,
		.arg = body };
	struct conf *conf = conf_default();
	struct http *http = NULL;
	size_t len = strlen(p->url);

	while (len > 0 && p->url[len - 1] == '/')
		len--;
	(void)snprintf(url, sizeof(url), "%.*s/watchdog", (int)len, p->url);
	(void)snprintf(header, sizeof(header), "Health-Check: %s", check);
	if (conf != NULL) {
		/* The caller named the address, so a private one is allowed. */
		conf->allow_private = true;
		if (http_global() == 0)
			http = http_new(conf);
	}
	call.end = HTTP_FAILED;
	if (http != NULL)
		http_do(http, &call);
	if (call.end != HTTP_ANSWERED)
		(void)snprintf(p->why, sizeof(p->why), "%.200s: %s", p->url,
		    *call.why != '\0' ? call.why : "no answer");
	http_free(http);
	conf_free(conf);
	return call.end == HTTP_ANSWERED ? call.status : -1;
}

/* 0, or -1 with p->why. */
static int
ask_watchdog(struct ping *p)
{
	char check[CHECK];
	uint64_t random;
	struct buf body;
	int status, r = -1;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = 0;
	(void)snprintf(check, sizeof(check), "%016" PRIx64, random);
	buf_init(&body, FCGIASK_MAX);
	if (is_http(p->url))
		status = ask_http(p, check, &body);
	else
		status =
		    fcgiask(p->url, "/watchdog", check, p->ms, &body, p->why);
	if (status != -1)
		r = ping_judge(p, status, &body, check);
	buf_free(&body);
	return r;
}

int
cmd_ping(const struct command *cmd, int argc, char **argv)
{
	struct ping p = { .cmd = cmd, .seconds = PATIENCE };
	struct conf *conf = NULL;
	const char *asked;
	int64_t began = clock_ms();
	int r, status = ping_options(&p, argc, argv);

	if (status != CMD_OK)
		return status;
	if (p.help)
		return options_help(&ping_option_table, cmd);
	asked = p.url != NULL ? p.url : p.socket;
	/* Health checks know good and bad, nothing else. */
	if (asked == NULL) {
		if ((conf = settings_rest(
			 cmd, p.config, "server", "control")) == NULL)
			return CMD_FAILED;
		asked = conf->control;
	}
	r = p.url != NULL ? ask_watchdog(&p) : ask_pool(&p, asked);
	if (r == 0 && !p.quiet)
		printf("works, %" PRId64 " ms\n", clock_ms() - began);
	else if (r == -1 && !p.quiet)
		(void)command_fail(cmd, CMD_FAILED, "%s", p.why);
	conf_free(conf);
	return r == 0 ? CMD_OK : CMD_FAILED;
}
