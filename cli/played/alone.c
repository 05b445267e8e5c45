/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "call/provider.h"
#include "cli/played/alone.h"
#include "cli/query/local_call.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "describe/described.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "log/log.h"
#include "mapping/maps.h"
#include "os/writeall.h"
#include "relay/lists.h"
#include "token/auth.h"

#define KEY_TEXT     65          /* of a new key, with its NUL */
#define ANSWER_BYTES (64U << 20) /* of an answer, with its header */

/* The description that the configuration is read with. */
static struct described *alone_described;

static void
alone_print(const char *line)
{
	(void)text_print(stderr, line);
	putc('\n', stderr);
}

static void
alone_complain(void *arg, bool error, const char *line)
{
	(void)arg;
	if (!error)
		fputs("warning: ", stderr);
	alone_print(line);
}

/* What the configuration below has to say is of interest when it is refused. */
static void
alone_complain_conf(void *arg, bool error, const char *line)
{
	if (error)
		alone_complain(arg, error, line);
}

void
alone_say(const struct alone *a, const char *before, const char *line)
{
	(void)text_print(stderr, a->dir);
	fprintf(stderr, ": %s", before);
	alone_print(line);
}

static void
alone_keep(void *held)
{
	(void)held;
}

static enum conf_described
alone_provider(const struct conf *conf, const char *name,
    struct conf_provider *p, void (*complain)(void *, bool, const char *),
    void *arg)
{
	const struct provider *provider = described_provider(alone_described);

	(void)conf;
	(void)complain;
	(void)arg;
	*p = (struct conf_provider){ .name = name,
		.provider = provider,
		.keys = described_keys,
		.conf_size = provider->conf_size,
		.held = alone_described,
		.release = alone_keep };
	return CONF_DESCRIBED;
}

/* The text of the configuration. */
static bool
alone_text(const char *name, struct buf *text)
{
	char key[KEY_TEXT];

	if (auth_new_key(key) == -1)
		return false;
	return buf_addf(text,
		   "[server]\nbase_url = https://localhost\n"
		   "[auth]\nsecret_key = %s\njwks_hosts =\n"
		   "[cache]\nurl = off\n"
		   "[relay " ALONE_RELAY "]\nprovider = %s\n"
		   "allow_private = yes\n",
		   key, name) == 0;
}

static bool
alone_settle(struct conf *conf)
{
	conf->retries = conf->breaker = 0;
	conf->relays->rate.calls = 0;
	conf->log_level = LOG_LEVEL_ERROR;
	conf->log_format = LOG_FORMAT_TEXT;
	conf_release_string(&conf->log_target);
	conf->log_target = strdup("stderr");
	return conf->log_target != NULL && log_open(conf) == 0;
}

/* Makes the configuration, from a file that nobody else sees. */
static bool
alone_configure(struct alone *a, const char *name)
{
	struct conf_lists lists = relay_lists;
	struct buf text;
	char path[64];
	int fd = memfd_create("conf", MFD_CLOEXEC);

	buf_init(&text, 1024);
	lists.described = alone_provider;
	if (fd != -1 && fchmod(fd, 0600) == 0 && alone_text(name, &text) &&
	    writeall(fd, text.data, text.len) == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		a->conf = conf_load(path, &lists, alone_complain_conf, NULL);
	}
	if (fd != -1)
		close(fd);
	buf_free(&text);
	if (a->conf != NULL && alone_settle(a->conf))
		return true;
	alone_say(a, "", "no configuration could be made for it");
	return false;
}

/* Compiles the maps first: an error there is told once, not by every request. */
static bool
alone_compile(struct alone *a)
{
	a->conf->maps = maps_new(a->conf);
	if (a->conf->maps == NULL)
		alone_say(a, "", "no memory left");
	return a->conf->maps != NULL &&
	    maps_start(a->conf->maps, alone_complain, NULL) == 0;
}

/* The name of the provider, the last part of its whole path.  NULL: told. */
static const char *
alone_name(struct alone *a)
{
	const char *name;

	if (realpath(a->dir, a->path) == NULL) {
		alone_say(a, "", strerror(errno));
		return NULL;
	}
	name = strrchr(a->path, '/') + 1;
	if (!described_is_name(name)) {
		alone_say(a, "",
		    "its name is none of a provider: small letters, digits, _ "
		    "and -");
		return NULL;
	}
	if (provider_find(name) != NULL) {
		alone_say(a, "",
		    "its name is one of a provider of the gateway itself");
		return NULL;
	}
	return name;
}

bool
alone_open(struct alone *a, const char *dir)
{
	const char *name;

	*a = (struct alone){ .dir = dir };
	if ((name = alone_name(a)) == NULL)
		return false;
	a->described = alone_described =
	    described_read(a->path, alone_complain, NULL);
	if (a->described != NULL && alone_configure(a, name) &&
	    alone_compile(a))
		return true;
	alone_close(a);
	return false;
}

void
alone_close(struct alone *a)
{
	if (a->conf != NULL) {
		maps_free(a->conf->maps);
		a->conf->maps = NULL;
	}
	conf_free(a->conf);
	described_free(a->described);
	a->conf = NULL;
	a->described = alone_described = NULL;
}

static const char *
alone_post(const struct alone *a, const struct alone_request *r,
    const char *token, struct buf *answer)
{
	struct local_call *in;
	const char *error = "no memory left";
	char path[256];

	if (snprintf(path, sizeof(path), "/" ALONE_RELAY "/%s", r->path) >=
	    (int)sizeof(path))
		return "there is no such route";
	if ((in = local_call_open(a->conf, path, token)) != NULL) {
		local_call_now(in, r->now);
		error = local_call_post(in, r->body, r->len, answer);
	}
	local_call_close(in);
	return error;
}

const char *
alone_ask(const struct alone *a, const struct alone_request *r,
    struct json_object **answer)
{
	const char *error;
	struct buf text;
	char *token;

	*answer = NULL;
	token = auth_token(
	    r->claims, a->conf->secret_key, r->now, 0, NULL, NULL, &error);
	if (token == NULL)
		return error;
	buf_init(&text, ANSWER_BYTES);
	error = alone_post(a, r, token, &text);
	if (error == NULL) {
		*answer = jsonin_parse(
		    text.data, text.len, JSON_ANSWER_VALUES * 4, &error);
		if (*answer == NULL && error == NULL)
			error = "null";
	}
	explicit_bzero(token, strlen(token));
	free(token);
	buf_free(&text);
	return error;
}
