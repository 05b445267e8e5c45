/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "call/provider.h"
#include "cli/base/command.h"
#include "cli/base/secret.h"
#include "cli/base/settings.h"
#include "cli/query/asker.h"
#include "cli/query/local_call.h"
#include "cli/query/query_options.h"
#include "conf/conf.h"
#include "ctim/observable.h"
#include "log/log.h"
#include "net/url.h"
#include "os/regular.h"

#define BATCH_STORE     250 /* observables of a request to a local store */
#define BATCH_SERVICE   25  /* the same, to a service, within its deadline */
#define BATCH_ELSEWHERE 100
#define BYTES_ELSEWHERE (512U << 10) /* [server] max_body is 1M by default */

/* Errors show here, and not in the log of the gateway, where they would look as
 * if the platform had asked. */
static int
log_here(struct asker *a)
{
	conf_release_string(&a->conf->log_target);
	a->conf->log_target = strdup("stderr");
	a->conf->log_level = LOG_LEVEL_WARNING;
	a->conf->log_format = LOG_FORMAT_TEXT;
	if (a->conf->log_target == NULL || log_open(a->conf) == -1)
		return command_fail(a->cmd, CMD_FAILED, "no memory left");
	return CMD_OK;
}

static int
find_relay(struct asker *a, const char *name)
{
	if (name == NULL)
		return command_usage(a->cmd, "no relay named");
	a->conf = settings_load(a->cmd, a->options->config);
	if (a->conf == NULL)
		return CMD_CONFIG;
	a->relay = settings_relay(a->cmd, a->conf, name);
	if (a->relay == NULL)
		return CMD_FAILED;
	buf_addf(&a->where, "/%s/%s", name, a->options->route->path);
	return log_here(a);
}

/* Whether others could read the token on its way. */
static bool
is_readable(const char *url)
{
	char host[URL_MAX + 1];

	return strncmp(url, "https:", 6) != 0 &&
	    url_host(url, host, sizeof(host)) == 0 &&
	    strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0 &&
	    strcmp(host, "localhost") != 0;
}

static int
find_url(struct asker *a)
{
	const struct query_options *o = a->options;
	char url[URL_MAX + 1];
	const char *what;
	size_t len;

	if (!url_is_base(o->url) ||
	    url_normalise(o->url, url, sizeof(url)) == -1 ||
	    strncmp(url, "http", 4) != 0)
		return command_usage(a->cmd,
		    "\"%s\" is no URL of a relay; that is like "
		    "https://relay.example.org/otx",
		    o->url);
	for (len = strlen(url); len > 0 && url[len - 1] == '/';)
		url[--len] = '\0';
	if (is_readable(url))
		(void)command_fail(a->cmd, CMD_OK,
		    "warning: with http the token can be read on its way; use "
		    "https");
	buf_addf(&a->where, "%s/%s", url, o->route->path);
	/* A user who names a URL may call it, wherever it is. */
	if ((a->conf = settings_default(a->cmd)) == NULL)
		return CMD_FAILED;
	a->conf->allow_private = true;
	if (o->ca_file != NULL) {
		if ((what = regular_other(o->ca_file)) != NULL)
			return command_fail(
			    a->cmd, CMD_FAILED, "%s: %s", o->ca_file, what);
		conf_release_string(&a->conf->ca_file);
		a->conf->ca_file = strdup(o->ca_file);
		if (a->conf->ca_file == NULL)
			return command_fail(
			    a->cmd, CMD_FAILED, "no memory left");
	}
	return CMD_OK;
}

int
asker_find(struct asker *a, const struct command *cmd,
    const struct query_options *options, const char *name)
{
	int status;

	*a = (struct asker){ .cmd = cmd, .options = options };
	buf_init(&a->where, URL_MAX + 64);
	status = options->url != NULL ? find_url(a) : find_relay(a, name);
	if (status == CMD_OK && a->where.failed)
		status = command_fail(cmd, CMD_USAGE, "the URL is too long");
	return status;
}

const char *
asker_name(const struct asker *a)
{
	return a->relay != NULL ? a->relay->name : a->options->url;
}

struct observable_set
asker_types(const struct asker *a)
{
	return a->relay != NULL ? a->relay->provider->types : observable_all;
}

size_t
asker_batch(const struct asker *a)
{
	size_t n = BATCH_ELSEWHERE;

	if (a->relay != NULL)
		n = a->relay->provider->request != NULL ? BATCH_SERVICE :
							  BATCH_STORE;
	if (a->options->batch > 0)
		n = (size_t)a->options->batch;
	if (a->relay != NULL && n > (size_t)a->conf->max_observables)
		n = (size_t)a->conf->max_observables;
	return n;
}

size_t
asker_bytes(const struct asker *a)
{
	return a->relay != NULL ? a->conf->max_body : BYTES_ELSEWHERE;
}

int
asker_open(struct asker *a)
{
	struct buf token;
	int status;

	buf_init(&token, SECRET_MAX);
	status = query_token(a->cmd, a->options, a->conf, a->relay, &token);
	if (status != CMD_OK)
		;
	else if (a->relay != NULL)
		a->inprocess =
		    local_call_open(a->conf, a->where.data, token.data);
	else
		a->elsewhere = remote_open(a->conf, a->where.data, token.data);
	secret_free(&token);
	if (status == CMD_OK && a->inprocess == NULL && a->elsewhere == NULL)
		return command_fail(a->cmd, CMD_FAILED,
		    "the relay cannot be asked: no memory left, or the token "
		    "is too long or no token");
	return status;
}

const char *
asker_ask(struct asker *a, const struct buf *body, struct buf *answer)
{
	if (a->inprocess != NULL)
		return local_call_post(
		    a->inprocess, body->data, body->len, answer);
	return remote_post(a->elsewhere, body->data, answer);
}

void
asker_close(struct asker *a)
{
	local_call_close(a->inprocess);
	remote_close(a->elsewhere);
	buf_free(&a->where);
	conf_free(a->conf);
}
