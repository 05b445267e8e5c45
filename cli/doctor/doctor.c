/* SPDX-License-Identifier: MIT */
/* ctim-relay doctor: what goes wrong in practice, and the line that mends it. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/base/secret.h"
#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "net/url.h"
#include "os/clock.h"

#define CONF   DOCTOR_NEEDS_CONF
#define CALLS  DOCTOR_NEEDS_TIME
#define FRONT  (DOCTOR_NEEDS_URL | DOCTOR_NEEDS_TIME | DOCTOR_NEEDS_CONF)
#define BEHIND (FRONT | DOCTOR_NEEDS_FRONT)

/* A check stands behind those that it depends on. */
static const struct doctor_row doctor_rows[] = { { "config", 0, doctor_config },
	{ "cgi", 0, doctor_cgi }, { "network", CONF, doctor_network },
	{ "modes", CONF, doctor_modes }, { "paths", CONF, doctor_paths },
	{ "key", CONF, doctor_key }, { "log", CONF, doctor_log },
	{ "store", CONF, doctor_store }, { "cache", CONF, doctor_cache },
	{ "socket", CONF, doctor_socket }, { "control", CONF, doctor_control },
	{ "metrics", CONF, doctor_metrics }, { "users", CONF, doctor_users },
	{ "ca", CONF, doctor_ca }, { "proxy", CONF | CALLS, doctor_proxy },
	{ "jwks", CONF | CALLS, doctor_jwks },
	{ "provider", CONF | CALLS, doctor_providers },
	{ "described", CONF, doctor_described },
	{ "clock", CONF, doctor_clock }, { "front", FRONT, doctor_front },
	{ "path", BEHIND, doctor_path },
	{ "authorization", BEHIND, doctor_authorization },
	{ "header", BEHIND, doctor_header }, { "body", BEHIND, doctor_body },
	{ "streaming", CONF, doctor_streaming },
	{ "timeout", CONF, doctor_timeout }, { "limit", CONF, doctor_limit } };

static int
doctor_set_url(const struct options_found *found)
{
	char **url = found->at;
	size_t n;

	if (!url_is_base(found->text))
		return command_usage(found->cmd,
		    "--url must be a URL as in https://relay.example.org/ctim, "
		    "without user, query or fragment");
	for (n = strlen(found->text); found->text[n - 1] == '/'; n--)
		;
	free(*url);
	*url = strndup(found->text, n);
	return *url != NULL ?
	    CMD_OK :
	    command_fail(found->cmd, CMD_FAILED, "no memory left");
}

static const struct options_kind doctor_url = { .set = doctor_set_url };

#define DOCTOR_AT(member) offsetof(struct doctor, member)

static const struct options_row doctor_option_rows[] = { OPTIONS_CONFIG(
							     struct doctor),
	{ "url", 'u', &doctor_url, DOCTOR_AT(url), "URL",
	    "where the web server in front shows the gateway" },
	{ "web", 'w', &options_text, DOCTOR_AT(web), "FILE",
	    "the web server's configuration, instead of the\n"
	    "usual one of nginx or Apache" },
	{ "cgi", 'C', &options_text, DOCTOR_AT(cgi), "FOLDER",
	    "of shared hosting: where ctim-relay.cgi is" },
	{ "file", 'f', &options_text, DOCTOR_AT(credentials_file), "FILE",
	    "credentials, JSON: {\"RELAY\": {\"key\": \"...\"}}" },
	{ "relay", 'r', &options_text, DOCTOR_AT(relay), "NAME",
	    "the file holds the credentials of this relay alone" },
	OPTIONS_JSON(struct doctor),
	{ "help", 'h', &options_flag, DOCTOR_AT(help), NULL, NULL } };

static const struct options doctor_option_table = { .rows = doctor_option_rows,
	.n = sizeof(doctor_option_rows) / sizeof(doctor_option_rows[0]) };

static int
doctor_options(struct doctor *d, int argc, char **argv)
{
	int status = options_read(&doctor_option_table, d->cmd, d, argc, argv);

	if (status != CMD_OK)
		return status;
	if (optind < argc)
		return command_usage(d->cmd,
		    "what is \"%s\"? The web server in front is named with "
		    "--url",
		    argv[optind]);
	if (d->relay != NULL && d->credentials_file == NULL && !d->help)
		return command_usage(d->cmd,
		    "--relay says whose credentials the file of -f holds; name "
		    "that, too");
	return CMD_OK;
}

/* {"otx": {"key": ...}}; with --relay the file is what stands behind "otx". */
static int
read_credentials(struct doctor *d)
{
	struct json_object *all, *wrapped;
	struct buf text;
	const char *why = NULL;
	int status;

	buf_init(&text, SECRET_MAX);
	status = secret_read(d->cmd, d->credentials_file, &text);
	if (status != CMD_OK) {
		secret_free(&text);
		return status;
	}
	all = jsonin_parse(text.data, text.len, JSON_REQUEST_VALUES, &why);
	secret_free(&text);
	if (!json_object_is_type(all, json_type_object)) {
		json_object_put(all);
		return command_fail(d->cmd, CMD_FAILED,
		    "%s: %s; it should be one JSON object, for example "
		    "{\"otx\": {\"key\": \"...\"}}",
		    d->credentials_file, why != NULL ? why : "not an object");
	}
	if (d->relay != NULL) {
		if ((wrapped = json_object_new_object()) == NULL) {
			json_object_put(all);
			return command_fail(
			    d->cmd, CMD_FAILED, "no memory left");
		}
		json_object_object_add(wrapped, d->relay, all);
		all = wrapped;
	}
	d->credentials = all;
	return CMD_OK;
}

/* Returns why a check cannot run now; NULL: it can. */
static const char *
hindrance(const struct doctor *d, unsigned needs)
{
	if ((needs & DOCTOR_NEEDS_URL) != 0 && d->url == NULL)
		return "--url was not given";
	if ((needs & DOCTOR_NEEDS_CONF) != 0 && d->conf == NULL)
		return "the configuration cannot be used";
	if ((needs & DOCTOR_NEEDS_FRONT) != 0 && !d->front)
		return "no gateway answers at the URL";
	if ((needs & DOCTOR_NEEDS_TIME) != 0 && doctor_left(d, 1) == 0)
		return "the checks before it took all the time there is";
	return NULL;
}

_Static_assert(
    sizeof(doctor_rows) / sizeof(doctor_rows[0]) <= 32, "a bit for each row");

bool
doctor_was_bad(const struct doctor *d, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(doctor_rows) / sizeof(doctor_rows[0]); i++)
		if (strcmp(doctor_rows[i].name, name) == 0)
			return (d->bad & 1U << i) != 0;
	return false;
}

static int
doctor_run(struct doctor *d)
{
	const char *why;
	size_t i;

	doctor_cgi_find(d);
	d->until = clock_ms() + DOCTOR_ALL;
	doctor_begin(d);
	for (i = 0; i < sizeof(doctor_rows) / sizeof(doctor_rows[0]); i++) {
		d->row = &doctor_rows[i];
		d->place = (unsigned)i;
		/* Without --url nobody asked about the web server in front. */
		if ((d->row->needs & DOCTOR_NEEDS_URL) != 0 && d->url == NULL)
			continue;
		if ((why = hindrance(d, d->row->needs)) != NULL)
			doctor_say(d, DOCTOR_SKIPPED, "%s", why);
		else
			d->row->run(d);
	}
	return doctor_end(d);
}

int
cmd_doctor(const struct command *cmd, int argc, char **argv)
{
	struct doctor d = { .cmd = cmd };
	unsigned i;
	int status;

	if ((status = doctor_options(&d, argc, argv)) == CMD_OK) {
		if (d.help)
			status = options_help(&doctor_option_table, cmd);
		else if (d.credentials_file == NULL ||
		    (status = read_credentials(&d)) == CMD_OK)
			status = doctor_run(&d);
	}
	json_object_put(d.credentials);
	conf_free(d.conf);
	for (i = 0; i < DOCTOR_QUOTES; i++)
		free(d.quoted[i]);
	doctor_web_free(&d);
	free(d.url);
	set_free(&d.said);
	return status;
}
