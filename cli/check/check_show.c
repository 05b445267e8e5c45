/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "call/provider.h"
#include "cli/base/command.h"
#include "cli/check/check_show.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "describe/described.h"
#include "conf/conf_patterns.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "net/nameset.h"
#include "net/netset.h"

#define OUTPUT_MAX (4U << 20)

static const struct route {
	unsigned bit;
	const char *name;
} check_show_routes[] = { { PROVIDER_DELIBERATE, "deliberate" },
	{ PROVIDER_OBSERVE, "observe" }, { PROVIDER_REFER, "refer" },
	{ PROVIDER_RESPOND, "respond" },
	{ PROVIDER_TRIGGER, "respond/trigger" } };

#define ROUTES (sizeof(check_show_routes) / sizeof(check_show_routes[0]))

/* Says that memory ran out.  Returns the exit status. */
static int
check_show_no_memory(void)
{
	fprintf(stderr, "ctim-relay check: no memory left\n");
	return CMD_FAILED;
}

/* Prints and frees JSON, or says that memory ran out.  Returns the exit
 * status. */
static int
check_show_print_json(struct jsonout *j, struct buf *b)
{
	int status = CMD_OK;

	if (jsonout_done(j) == -1) {
		status = check_show_no_memory();
	} else if (text_print_json(stdout, b->data, b->len) == 0) {
		putchar('\n');
	} else {
		status = CMD_FAILED;
	}
	buf_free(b);
	return status;
}

/* Return the name of route i of check_show_routes, or of type i; NULL: the
 * provider does not have it. */
static const char *
check_show_route(const struct provider *p, size_t i)
{
	return (p->routes & check_show_routes[i].bit) != 0 ?
	    check_show_routes[i].name :
	    NULL;
}

static const char *
check_show_type(const struct provider *p, size_t i)
{
	return observable_set_has(&p->types, i) ?
	    observable_name((enum observable_type)i) :
	    NULL;
}

/* The lists of what a relay has: each is a cell of the table, or an array. */
static const struct {
	const char *key;
	const char *(*name)(const struct provider *, size_t i);
	size_t n;
} check_show_lists[] = { { "routes", check_show_route, ROUTES },
	{ "observables", check_show_type, OBSERVABLE_TYPES } };

#define LISTS (sizeof(check_show_lists) / sizeof(check_show_lists[0]))

static void
check_show_row(struct table *t, const struct relay_conf *r)
{
	const char *name;
	struct buf b;

	buf_init(&b, 4096);
	table_cell(t, r->name, TABLE_BOLD);
	table_cell(t, r->provider->name, TABLE_PLAIN);
	for (size_t k = 0; k < LISTS; k++) {
		buf_reset(&b);
		for (size_t i = 0; i < check_show_lists[k].n; i++) {
			name = check_show_lists[k].name(r->provider, i);
			if (name != NULL)
				buf_addf(
				    &b, "%s%s", b.len == 0 ? "" : ", ", name);
		}
		table_cell(t, b.len == 0 ? NULL : b.data, TABLE_PLAIN);
	}
	buf_free(&b);
}

/* Where the providers that are no code of ours come from. */
static void
check_show_described(const struct conf *conf)
{
	const struct relay_conf *r;
	const struct described *d;
	bool first = true;

	for (r = conf->relays; r != NULL; r = r->next) {
		if ((d = described_of(r->provider)) == NULL)
			continue;
		printf("%srelay %s: %s, described in %s\n", first ? "\n" : "",
		    r->name, r->provider->title, described_dir(d));
		first = false;
	}
}

static int
check_show_relays(const struct conf *conf)
{
	static const char *const names[] = { "RELAY", "PROVIDER", "ROUTES",
		"OBSERVABLES", NULL };
	struct table *t = table_new(names);
	int r;

	for (const struct relay_conf *relay = conf->relays; relay != NULL;
	     relay = relay->next)
		check_show_row(t, relay);
	putchar('\n');
	r = table_print(t, stdout);
	table_free(t);
	check_show_described(conf);
	return r == 0 ? CMD_OK : CMD_FAILED;
}

/* How many entries each list of [egress] has. */
struct check_show_held {
	size_t networks, domains, patterns;
};

static struct check_show_held
check_show_count(const struct conf_egress *e)
{
	struct check_show_held n = { 0 };

	if (e->networks != NULL)
		n.networks = netset_count(e->networks);
	if (e->domains != NULL)
		n.domains = nameset_count(e->domains);
	if (e->patterns != NULL)
		n.patterns = conf_patterns_count(e->patterns);
	return n;
}

/* Adds a part of a line, "2 domains"; nothing for none. */
static void
check_show_part(const char **between, size_t n, const char *what)
{
	if (n == 0)
		return;
	printf("%s%zu %s%s", *between, n, what, n == 1 ? "" : "s");
	*between = ", ";
}

/* Says what [egress] holds back and where it writes; nothing without one. */
static void
check_show_egress(const struct conf_egress *e)
{
	const struct check_show_held n = check_show_count(e);
	const char *between = "held back   ";

	check_show_part(&between, n.networks, "network");
	check_show_part(&between, n.domains, "domain");
	check_show_part(&between, n.patterns, "pattern");
	if (e->private)
		printf("%sprivate addresses", between);
	if (e->private || *between == ',')
		putchar('\n');
	if (e->log == NULL)
		return;
	printf("egress log  ");
	(void)text_print(stdout, e->log);
	printf("%s\n", e->log_required ? " (required)" : "");
}

/* The same as a member; none without a section. */
static void
check_show_egress_json(struct jsonout *j, const struct conf_egress *e)
{
	const struct check_show_held n = check_show_count(e);

	if (n.networks + n.domains + n.patterns == 0 && !e->private &&
	    e->log == NULL)
		return;
	jsonout_kobject(j, "egress");
	jsonout_kint(j, "networks", (int64_t)n.networks);
	jsonout_kint(j, "domains", (int64_t)n.domains);
	jsonout_kint(j, "patterns", (int64_t)n.patterns);
	jsonout_kbool(j, "private", e->private);
	jsonout_kstring(j, "log", e->log);
	jsonout_kbool(j, "log_required", e->log_required);
	jsonout_end_object(j);
}

int
check_show(const struct check_found *found)
{
	const struct conf *conf = found->conf;

	fflush(stderr);
	if (found->n_errors > 0 || conf == NULL) {
		(void)text_print(stderr, found->file);
		fprintf(stderr, " %s be used: %zu error%s\n",
		    conf == NULL ? "cannot" : "should not", found->n_errors,
		    found->n_errors == 1 ? "" : "s");
		return CMD_CONFIG;
	}
	(void)text_print(stdout, found->file);
	printf(" is in order");
	if (found->n_warnings > 0)
		printf(", with %zu warning%s", found->n_warnings,
		    found->n_warnings == 1 ? "" : "s");
	printf(".\n\nlistens on  %s (unless it is handed a socket)\n"
	       "processes   %d, with %d threads each\n",
	    conf->listen, conf->workers, conf->threads);
	if (conf->secret_key == NULL)
		printf("secret key  none\n");
	else
		printf("secret key  %zu characters%s\n",
		    strlen(conf->secret_key),
		    conf->secret_key_previous == NULL ?
			"" :
			", and the previous one");
	check_show_egress(&conf->egress);
	return conf->relays == NULL ? CMD_OK : check_show_relays(conf);
}

static void
check_show_relay_json(struct jsonout *j, const struct relay_conf *r)
{
	jsonout_object(j);
	jsonout_kstring(j, "name", r->name);
	jsonout_kstring(j, "provider", r->provider->name);
	if (described_of(r->provider) != NULL)
		jsonout_kstring(j, "described_in",
		    described_dir(described_of(r->provider)));
	for (size_t k = 0; k < LISTS; k++) {
		jsonout_key(j, check_show_lists[k].key);
		jsonout_array(j);
		for (size_t i = 0; i < check_show_lists[k].n; i++)
			if (check_show_lists[k].name(r->provider, i) != NULL)
				jsonout_string(j,
				    check_show_lists[k].name(r->provider, i));
		jsonout_end_array(j);
	}
	jsonout_end_object(j);
}

int
check_show_json(const struct check_found *found)
{
	const struct relay_conf *r;
	struct buf b;
	struct jsonout j;
	int status;

	buf_init(&b, OUTPUT_MAX);
	jsonout_init(&j, &b);
	jsonout_object(&j);
	jsonout_kstring(&j, "file", found->file);
	jsonout_kbool(
	    &j, "usable", found->n_errors == 0 && found->conf != NULL);
	jsonout_key(&j, "errors");
	if (!found->whole)
		jsonout_starve(&j);
	jsonout_raw(&j, found->errors.data, found->errors.len);
	jsonout_key(&j, "warnings");
	jsonout_raw(&j, found->warnings.data, found->warnings.len);
	if (found->conf != NULL) {
		jsonout_kstring(&j, "listen", found->conf->listen);
		jsonout_kbool(
		    &j, "secret_key", found->conf->secret_key != NULL);
		check_show_egress_json(&j, &found->conf->egress);
		jsonout_key(&j, "relays");
		jsonout_array(&j);
		for (r = found->conf->relays; r != NULL; r = r->next)
			check_show_relay_json(&j, r);
		jsonout_end_array(&j);
	}
	jsonout_end_object(&j);
	status = check_show_print_json(&j, &b);
	return found->n_errors > 0 || found->conf == NULL ? CMD_CONFIG : status;
}

/* The values in force, as {SECTION: {KEY: TEXT}}: conf_each() follows the
 * files, with the defaults behind them, and a reader wants every section
 * once. */
struct check_show_kept {
	struct json_object *sections;
	bool failed; /* memory ran out */
};

/* Adds a member with a value, which it takes over.  Returns the value; NULL,
 * with the failed mark, when memory ran out. */
static struct json_object *
check_show_put(struct check_show_kept *v, struct json_object *in,
    const char *name, struct json_object *value)
{
	if (in != NULL && value != NULL &&
	    json_object_object_add(in, name, value) == 0)
		return value;
	json_object_put(value);
	v->failed = true;
	return NULL;
}

static void
check_show_keep(void *arg, const char *section, const struct conf_key *key,
    const char *text)
{
	struct check_show_kept *v = arg;
	struct json_object *in = jsonin_member(v->sections, section);

	if (in == NULL)
		in = check_show_put(
		    v, v->sections, section, json_object_new_object());
	(void)check_show_put(v, in, key->name, json_object_new_string(text));
}

/* Shows a section, in j or (NULL) for people.  Returns 0, or -1 when memory ran
 * out; main() sees to output that cannot be written. */
static int
check_show_section(
    struct jsonout *j, const char *section, struct json_object *values)
{
	struct json_object_iter i;
	int r = 0;

	if (j != NULL) {
		jsonout_kobject(j, section);
	} else {
		printf("[%s]\n", section);
	}
	json_object_object_foreachC(values, i)
	{
		if (j != NULL) {
			jsonout_kstring(
			    j, i.key, json_object_get_string(i.val));
			continue;
		}
		printf("%s = ", i.key);
		if (text_print(stdout, json_object_get_string(i.val)) == -1 &&
		    !ferror(stdout))
			r = -1;
		putchar('\n');
	}
	if (j != NULL)
		jsonout_end_object(j);
	return r;
}

/* Adds a key that was not set. */
static void
check_show_computed(struct check_show_kept *v, struct json_object *server,
    const char *key, size_t value, const char *unit)
{
	char text[32];

	if (jsonin_member(server, key) != NULL)
		return;
	(void)snprintf(text, sizeof(text), "%zu%s", value, unit);
	(void)check_show_put(v, server, key, json_object_new_string(text));
}

int
check_show_values(const struct check_found *found, bool json)
{
	struct check_show_kept v = { .sections = json_object_new_object() };
	struct json_object *server;
	struct json_object_iter section;
	struct buf b;
	struct jsonout j;
	bool more = false;

	conf_each(found->conf, check_show_keep, &v);
	/* They have no default in the table; conf_load() computes them. */
	server = jsonin_member(v.sections, "server");
	check_show_computed(
	    &v, server, "workers", (size_t)found->conf->workers, "");
	check_show_computed(
	    &v, server, "memory", found->conf->memory >> 20, "M");
	if (json) {
		buf_init(&b, OUTPUT_MAX);
		jsonout_init(&j, &b);
		jsonout_object(&j);
	}
	/* The gateway's own sections come before the relays. */
	for (int relays = 0; relays < 2 && !v.failed; relays++)
		json_object_object_foreachC(v.sections, section)
		{
			if ((strncmp(section.key, "relay ", 6) == 0) != relays)
				continue;
			if (more && !json)
				putchar('\n');
			more = true;
			if (check_show_section(json ? &j : NULL, section.key,
				section.val) == -1)
				v.failed = true;
		}
	json_object_put(v.sections);
	if (json) {
		jsonout_end_object(&j);
		if (v.failed)
			jsonout_starve(&j);
		return check_show_print_json(&j, &b);
	}
	return v.failed ? check_show_no_memory() : CMD_OK;
}

static void
check_show_key(const struct conf_key *key, const char *provider,
    struct table *t, struct jsonout *j)
{
	char section[64];

	snprintf(section, sizeof(section), "%s%s%s", key->section,
	    provider == NULL ? "" : ", ", provider == NULL ? "" : provider);
	table_cell(t, section, TABLE_PLAIN);
	table_cell(t, key->name, TABLE_BOLD);
	table_cell(t, key->fallback, TABLE_PLAIN);
	table_cell(t, key->help, TABLE_PLAIN);
	jsonout_object(j);
	jsonout_kstring(j, "section", key->section);
	jsonout_kstring(j, "provider", provider);
	jsonout_kstring(j, "key", key->name);
	jsonout_kstring(j, "default", key->fallback);
	jsonout_kbool(j, "secret", key->secret);
	if (key->min < key->max) {
		jsonout_kint(j, "least", key->min);
		jsonout_kint(j, "most", key->max);
	}
	jsonout_kstring(j, "help", key->help);
	jsonout_end_object(j);
}

/* Makes both forms and prints one of them. */
int
check_show_keys(bool json)
{
	static const char *const names[] = { "SECTION", "KEY", "DEFAULT",
		"MEANING", NULL };
	struct table *t = table_new(names);
	const struct conf_key *key;
	struct buf b;
	struct jsonout j;
	int status = CMD_OK;

	buf_init(&b, OUTPUT_MAX);
	jsonout_init(&j, &b);
	jsonout_array(&j);
	for (key = conf_keys(); key->name != NULL; key++)
		check_show_key(key, NULL, t, &j);
	for (size_t i = 0; providers[i] != NULL; i++)
		for (key = providers[i]->keys; key != NULL && key->name != NULL;
		     key++)
			check_show_key(key, providers[i]->name, t, &j);
	for (key = described_keys; key->name != NULL; key++)
		check_show_key(key, "described", t, &j);
	jsonout_end_array(&j);
	if (json) {
		status = check_show_print_json(&j, &b);
	} else {
		if (jsonout_done(&j) == -1 || table_print(t, stdout) == -1)
			status = CMD_FAILED;
		buf_free(&b);
	}
	table_free(t);
	return status;
}
