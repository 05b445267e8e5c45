/* SPDX-License-Identifier: MIT */
/*
 * ctim-relay module-type: the JSON that registers a relay at the platform as a
 * type of module.
 * Source: the files module_type.json of the published relays.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "call/provider.h"
#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/base/settings.h"
#include "cli/module/platform.h"
#include "conf/conf.h"
#include "ctim/observable.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "json/jsonscan.h"
#include "net/url.h"

#define TEXT     65536 /* bytes of the JSON */
#define SENTENCE 1024  /* bytes of a description made here */

/* A sheet with a lens over it. */
#define LOGO                                                       \
	"data:image/svg+xml;base64,"                               \
	"PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZp" \
	"ZXdCb3g9IjAgMCA0OCA0OCI+PGcgZmlsbD0ibm9uZSIgc3Ryb2tlPSIj" \
	"MmI1YzhhIiBzdHJva2Utd2lkdGg9IjMiPjxwYXRoIGQ9Ik04IDRoMjR2" \
	"NDBIOHoiLz48Y2lyY2xlIGN4PSIyOCIgY3k9IjI0IiByPSI5Ii8+PHBh" \
	"dGggZD0iTTM1IDMxbDkgOSIvPjwvZz48L3N2Zz4="

/* What a relay can do, as the platform calls it, and the routes for it. */
static const struct {
	unsigned route;        /* 0: every relay has it */
	const char *id, *does; /* does: behind the title */
	const char *apis[4];
} capabilities[] = {
	{ 0, "health", "whether the relay works, and its credentials are taken",
	    { "health" } },
	{ PROVIDER_OBSERVE, "observe", "what is known of an observable",
	    { "observe/observables" } },
	{ PROVIDER_DELIBERATE, "deliberate", "a verdict on an observable",
	    { "deliberate/observables" } },
	{ PROVIDER_REFER, "refer", "links to pages about an observable",
	    { "refer/observables" } },
	{ PROVIDER_TRIGGER, "respond", "actions for an observable",
	    { "respond/observables", "respond/trigger" } },
	{ PROVIDER_TILES, "tiles", "figures for dashboards",
	    { "tiles", "tiles/tile", "tiles/tile-data" } }
};

#define CAPABILITIES (sizeof(capabilities) / sizeof(capabilities[0]))

static const char *const module_type_kinds[] = { [FIELD_TEXT] = "string",
	[FIELD_PASSWORD] = "password",
	[FIELD_API_KEY] = "api_key" };

struct module_type {
	const struct command *cmd;
	const char *config, *url, *region, *jwks_host, *name;
	bool help;
	char region_url[PLATFORM_URL_MAX];
	struct conf *conf;
	const struct relay_conf *relay;
};

#define MODULE_TYPE_AT(member) offsetof(struct module_type, member)

static const struct options_row module_type_rows[] = { OPTIONS_CONFIG(
							   struct module_type),
	{ "url", 'u', &options_text, MODULE_TYPE_AT(url), "URL",
	    "where the platform reaches the relay, where that\n"
	    "is not base_url/RELAY" },
	{ "region", 'R', &options_text, MODULE_TYPE_AT(region), "R",
	    "of the platform: us, eu or apjc" },
	{ "jwks-host", 'J', &options_text, MODULE_TYPE_AT(jwks_host), "HOST",
	    "where its keys are, for any other platform; the\n"
	    "first of jwks_hosts unless said otherwise" },
	{ "help", 'h', &options_stop, MODULE_TYPE_AT(help), NULL, NULL } };

static const struct options module_type_option_table = { .rows =
							     module_type_rows,
	.n = sizeof(module_type_rows) / sizeof(module_type_rows[0]),
	.column = 24 };

static int
module_type_region(struct module_type *m)
{
	if (m->region == NULL)
		return CMD_OK;
	if (m->jwks_host != NULL)
		return command_usage(m->cmd,
		    "--region and --jwks-host say the same; name one of them");
	if (platform_url(m->region, m->region_url) == -1)
		return command_usage(m->cmd,
		    "there is no region \"%s\"; it is " PLATFORM_REGIONS
		    ", and any other platform is named with --jwks-host",
		    m->region);
	m->jwks_host = m->region_url + strlen("https://");
	return CMD_OK;
}

static int
module_type_options(struct module_type *m, int argc, char **argv)
{
	int status =
	    options_read(&module_type_option_table, m->cmd, m, argc, argv);

	if (status != CMD_OK || m->help)
		return status;
	if (argc - optind != 1)
		return command_usage(m->cmd,
		    argc == optind ? "which relay? Name it" :
				     "there is one relay at a time");
	m->name = argv[optind];
	if (m->url != NULL && !url_is_base(m->url))
		return command_usage(m->cmd,
		    "\"%s\" is no URL of a relay, such as "
		    "https://relay.example.org/otx",
		    m->url);
	return module_type_region(m);
}

/* Reads the configuration, and says what it lacks for a module that works. */
static int
module_type_prepare(struct module_type *m)
{
	if ((m->conf = settings_load(m->cmd, m->config)) == NULL)
		return CMD_CONFIG;
	m->relay = settings_relay(m->cmd, m->conf, m->name);
	if (m->relay == NULL)
		return CMD_FAILED;
	if (m->url == NULL && m->conf->base_url == NULL)
		return command_fail(m->cmd, CMD_FAILED,
		    "%s has no base_url in [server], so where the platform "
		    "reaches the relay must be named with --url",
		    m->conf->file);
	if (m->jwks_host == NULL && m->conf->jwks_hosts != NULL)
		m->jwks_host = m->conf->jwks_hosts[0];
	if (m->jwks_host == NULL)
		return command_fail(m->cmd, CMD_FAILED,
		    "jwks_hosts in [auth] is empty, so the gateway takes no "
		    "platform's tokens; name the platform's host there");
	if (!settings_lists(m->conf, m->jwks_host))
		(void)command_fail(m->cmd, CMD_OK,
		    "%s is none of jwks_hosts in [auth] of %s: the gateway "
		    "will refuse the platform's tokens until it is",
		    m->jwks_host, m->conf->file);
	return CMD_OK;
}

static void
write_field(struct jsonout *j, const char *claim, const char *kind,
    const char *label, const char *tooltip, bool required)
{
	char key[SENTENCE];

	/* The platform makes the claim NAME of a field custom_NAME. */
	snprintf(key, sizeof(key), "custom_%s", claim);
	jsonout_object(j);
	jsonout_kstring(j, "key", key);
	jsonout_kstring(j, "type", kind);
	jsonout_kstring(j, "label", label);
	jsonout_kstring(j, "tooltip", tooltip);
	jsonout_kbool(j, "required", required);
	jsonout_end_object(j);
}

static bool
is_needed(const struct provider *p, const char *claim)
{
	for (const char *const *c = p->claims; c != NULL && *c != NULL; c++)
		if (strcmp(*c, claim) == 0)
			return true;
	return false;
}

/* Whether users of the module are asked for a claim at all, and whether they must
 * have it: not where the gateway has one of its own. */
static bool
is_asked(const struct relay_conf *r, const char *claim, bool *needed)
{
	bool given = r->credentials != CREDENTIALS_TOKEN &&
	    conf_claim(r->claims, claim) != NULL;

	*needed = !given && is_needed(r->provider, claim);
	return !given || r->credentials != CREDENTIALS_GATEWAY;
}

static void
write_fields(struct jsonout *j, const struct relay_conf *r)
{
	const struct provider_field *f = r->provider->fields;
	bool needed;

	jsonout_key(j, "configuration_spec");
	jsonout_array(j);
	for (; f != NULL && f->claim != NULL; f++)
		if (is_asked(r, f->claim, &needed))
			write_field(j, f->claim, module_type_kinds[f->kind],
			    f->label, f->tooltip, needed);
	write_field(j, "CTR_ENTITIES_LIMIT", "integer", "Entities limit",
	    "The most entities of each kind that are returned for one "
	    "observable: 100 unless set, and 1000 at most.",
	    false);
	jsonout_end_array(j);
}

static bool
can(const struct provider *p, unsigned route)
{
	return route == 0 || (p->routes & route) != 0;
}

static void
write_capabilities(struct jsonout *j, const struct provider *p)
{
	const char *before;
	struct buf text;

	buf_init(&text, SENTENCE);
	jsonout_key(j, "capabilities");
	jsonout_array(j);
	for (size_t i = 0; i < CAPABILITIES; i++) {
		if (!can(p, capabilities[i].route))
			continue;
		buf_reset(&text);
		buf_addf(&text, "%s: %s", p->title, capabilities[i].does);
		before = " (";
		for (unsigned type = 0; type < OBSERVABLE_TYPES; type++) {
			if (capabilities[i].route == 0 ||
			    capabilities[i].route == PROVIDER_TILES ||
			    !observable_set_has(&p->types, type))
				continue;
			buf_addf(&text, "%s%s", before,
			    observable_name((enum observable_type)type));
			before = ", ";
		}
		if (*before == ',')
			buf_addc(&text, ')');
		jsonout_object(j);
		jsonout_kstring(j, "id", capabilities[i].id);
		jsonout_kstring(j, "description", text.data);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
	buf_free(&text);
}

static void
write_properties(struct jsonout *j, const struct module_type *m)
{
	char url[URL_MAX];

	snprintf(url, sizeof(url), "%s%s%s",
	    m->url != NULL ? m->url : m->conf->base_url,
	    m->url != NULL ? "" : "/", m->url != NULL ? "" : m->relay->name);
	jsonout_key(j, "properties");
	jsonout_object(j);
	jsonout_key(j, "supported-apis");
	jsonout_array(j);
	for (size_t i = 0; i < CAPABILITIES; i++)
		for (const char *const *api = capabilities[i].apis;
		     *api != NULL &&
		     can(m->relay->provider, capabilities[i].route);
		     api++)
			jsonout_string(j, *api);
	jsonout_end_array(j);
	jsonout_kstring(j, "url", url);
	jsonout_kstring(j, "auth-type", "configuration-token");
	jsonout_kstring(j, "configuration-token-alg", "RS256");
	jsonout_kstring(j, "custom_jwks_host", m->jwks_host);
	jsonout_end_object(j);
}

static void
write_all(struct jsonout *j, const struct module_type *m)
{
	const struct provider *p = m->relay->provider;

	jsonout_object(j);
	jsonout_kstring(j, "title", p->title);
	jsonout_kstring(j, "default_name", p->title);
	jsonout_kstring(j, "short_description", p->description);
	jsonout_kstring(
	    j, "description", p->about != NULL ? p->about : p->description);
	jsonout_kstring(j, "tips", p->tips);
	write_fields(j, m->relay);
	write_capabilities(j, p);
	write_properties(j, m);
	jsonout_kstring(j, "logo", LOGO);
	jsonout_end_object(j);
}

/* People look at it and change it: a line a member. */
static int
module_type_print(const struct module_type *m)
{
	struct json_object *type = NULL;
	struct jsonout j;
	struct buf text;
	const char *pretty = NULL;

	buf_init(&text, TEXT);
	jsonout_init(&j, &text);
	write_all(&j, m);
	if (jsonout_done(&j) == 0)
		type = jsonin_parse(
		    text.data, text.len, JSON_REQUEST_VALUES, NULL);
	if (type != NULL)
		pretty = json_object_to_json_string_ext(type,
		    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			JSON_C_TO_STRING_NOSLASHESCAPE);
	if (pretty != NULL)
		printf("%s\n", pretty);
	json_object_put(type);
	buf_free(&text);
	return pretty != NULL ?
	    CMD_OK :
	    command_fail(m->cmd, CMD_FAILED, "memory ran out");
}

int
cmd_module_type(const struct command *cmd, int argc, char **argv)
{
	struct module_type m = { .cmd = cmd };
	int status;

	if ((status = module_type_options(&m, argc, argv)) != CMD_OK)
		return status;
	if (m.help)
		return options_help(&module_type_option_table, cmd);
	if ((status = module_type_prepare(&m)) == CMD_OK)
		status = module_type_print(&m);
	conf_free(m.conf);
	return status;
}
