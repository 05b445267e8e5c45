#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/provider.h"
#include "cli/base/command.h"
#include "cli/check/check_show.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "json/jsonout.h"

#define OUTPUT_MAX (4U << 20)

static const struct route {
	unsigned bit;
	const char *name;
} check_show_routes[] = { { PROVIDER_DELIBERATE, "deliberate" },
	{ PROVIDER_OBSERVE, "observe" }, { PROVIDER_REFER, "refer" },
	{ PROVIDER_TRIGGER, "respond/trigger" } };

#define ROUTES (sizeof(check_show_routes) / sizeof(check_show_routes[0]))

/* Prints JSON, or says that it could not be made. */
static int
check_show_print_json(struct buf *b)
{
	int status = b->failed ? CMD_FAILED : CMD_OK;

	if (b->failed)
		fprintf(stderr, "ctim-relay check: no memory left\n");
	else if (text_print_json(stdout, b->data, b->len) == 0)
		putchar('\n');
	else
		status = CMD_FAILED;
	buf_free(b);
	return status;
}

static void
add_name(struct buf *b, const char *name)
{
	buf_addf(b, "%s%s", b->len == 0 ? "" : ", ", name);
}

static void
add_relay_row(struct table *t, const struct relay_conf *r)
{
	struct buf b;

	buf_init(&b, 4096);
	table_cell(t, r->name, TABLE_BOLD);
	table_cell(t, r->provider->name, TABLE_PLAIN);
	for (size_t i = 0; i < ROUTES; i++)
		if (r->provider->routes & check_show_routes[i].bit)
			add_name(&b, check_show_routes[i].name);
	table_cell(t, b.len == 0 ? NULL : b.data, TABLE_PLAIN);
	buf_reset(&b);
	for (enum observable_type type = 0; type < OBSERVABLE_TYPES; type++)
		if (r->provider->types & OBSERVABLE_BIT(type))
			add_name(&b, observable_name(type));
	table_cell(t, b.len == 0 ? NULL : b.data, TABLE_PLAIN);
	buf_free(&b);
}

static int
check_show_show_relays(const struct conf *conf)
{
	static const char *const names[] = { "RELAY", "PROVIDER", "ROUTES",
		"OBSERVABLES", NULL };
	struct table *t = table_new(names);
	int r;

	for (const struct relay_conf *relay = conf->relays; relay != NULL;
	     relay = relay->next)
		add_relay_row(t, relay);
	putchar('\n');
	r = table_print(t, stdout);
	table_free(t);
	return r == 0 ? CMD_OK : CMD_FAILED;
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
	return conf->relays == NULL ? CMD_OK : check_show_show_relays(conf);
}

static void
add_relay_json(struct jsonout *j, const struct relay_conf *r)
{
	jsonout_object(j);
	jsonout_kstring(j, "name", r->name);
	jsonout_kstring(j, "provider", r->provider->name);
	jsonout_key(j, "routes");
	jsonout_array(j);
	for (size_t i = 0; i < ROUTES; i++)
		if (r->provider->routes & check_show_routes[i].bit)
			jsonout_string(j, check_show_routes[i].name);
	jsonout_end_array(j);
	jsonout_key(j, "observables");
	jsonout_array(j);
	for (enum observable_type type = 0; type < OBSERVABLE_TYPES; type++)
		if (r->provider->types & OBSERVABLE_BIT(type))
			jsonout_string(j, observable_name(type));
	jsonout_end_array(j);
	jsonout_end_object(j);
}

static void
add_conf_json(struct jsonout *j, const struct conf *conf)
{
	jsonout_kstring(j, "listen", conf->listen);
	jsonout_kbool(j, "secret_key", conf->secret_key != NULL);
	jsonout_key(j, "relays");
	jsonout_array(j);
	for (const struct relay_conf *r = conf->relays; r != NULL; r = r->next)
		add_relay_json(j, r);
	jsonout_end_array(j);
}

int
check_show_json(const struct check_found *found)
{
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
	jsonout_raw(&j, found->errors.data, found->errors.len);
	jsonout_key(&j, "warnings");
	jsonout_raw(&j, found->warnings.data, found->warnings.len);
	if (found->conf != NULL)
		add_conf_json(&j, found->conf);
	jsonout_end_object(&j);
	status = check_show_print_json(&b);
	return found->n_errors > 0 || found->conf == NULL ? CMD_CONFIG : status;
}

/*
 * conf_each() goes as the files do, the defaults after them; a reader wants
 * every section once.
 */
struct value {
	const char *section;
	const struct conf_key *key;
	const char *text;
};

struct values {
	struct value *list;
	size_t n, room;
	bool failed;
};

static void
collect(void *arg, const char *section, const struct conf_key *key,
    const char *text)
{
	struct values *v = arg;
	struct value *list;

	if (v->n == v->room) {
		list = reallocarray(v->list, v->room + 64, sizeof(*list));
		if (list == NULL) {
			v->failed = true;
			return;
		}
		v->list = list;
		v->room += 64;
	}
	v->list[v->n++] = (struct value){ section, key, text };
}

static bool
is_relay(const struct value *value)
{
	return strcmp(value->key->section, "relay") == 0;
}

/* Whether value i is the first of its section. */
static bool
first_of(const struct values *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(v->list[k].section, v->list[i].section) == 0)
			return false;
	return true;
}

static void
values_section(const struct values *v, size_t first, struct jsonout *j)
{
	const char *section = v->list[first].section;

	if (j != NULL) {
		jsonout_key(j, section);
		jsonout_object(j);
	} else {
		printf("[%s]\n", section);
	}
	for (size_t i = first; i < v->n; i++) {
		const struct value *value = &v->list[i];

		if (strcmp(value->section, section) != 0)
			continue;
		if (j != NULL) {
			jsonout_kstring(j, value->key->name, value->text);
			continue;
		}
		printf("%s = ", value->key->name);
		(void)text_print(stdout, value->text);
		putchar('\n');
	}
	if (j != NULL)
		jsonout_end_object(j);
}

/* workers without a default is a number all the same, which conf_load() finds
 * out. */
static void
collect_workers(struct values *v, const struct conf *conf, char text[16])
{
	const struct conf_key *key = conf_keys();

	while (strcmp(key->name, "workers") != 0)
		key++;
	for (size_t i = 0; i < v->n; i++)
		if (v->list[i].key == key)
			return;
	snprintf(text, 16, "%d", conf->workers);
	collect(v, key->section, key, text);
}

int
check_show_values(const struct check_found *found, bool json)
{
	struct values v = { .n = 0 };
	char workers[16];
	struct buf b;
	struct jsonout j;
	bool more = false;
	int status = CMD_OK;

	conf_each(found->conf, collect, &v);
	collect_workers(&v, found->conf, workers);
	buf_init(&b, OUTPUT_MAX);
	jsonout_init(&j, &b);
	jsonout_object(&j);
	/* The gateway's own sections before the relays. */
	for (int relays = 0; relays < 2; relays++)
		for (size_t i = 0; i < v.n; i++) {
			if (is_relay(&v.list[i]) != relays || !first_of(&v, i))
				continue;
			if (more && !json)
				putchar('\n');
			more = true;
			values_section(&v, i, json ? &j : NULL);
		}
	jsonout_end_object(&j);
	b.failed = b.failed || v.failed;
	if (json || b.failed)
		status = check_show_print_json(&b);
	buf_free(&b);
	free(v.list);
	return status;
}

static void
key_row(const struct conf_key *key, const char *provider, struct table *t,
    struct jsonout *j)
{
	char section[64];

	if (t != NULL) {
		snprintf(section, sizeof(section), "%s%s%s", key->section,
		    provider == NULL ? "" : ", ",
		    provider == NULL ? "" : provider);
		table_cell(t, section, TABLE_PLAIN);
		table_cell(t, key->name, TABLE_BOLD);
		table_cell(t, key->fallback, TABLE_PLAIN);
		table_cell(t, key->help, TABLE_PLAIN);
		return;
	}
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

static void
all_keys(struct table *t, struct jsonout *j)
{
	const struct conf_key *key;

	for (key = conf_keys(); key->name != NULL; key++)
		key_row(key, NULL, t, j);
	for (size_t i = 0; providers[i] != NULL; i++)
		for (key = providers[i]->keys; key != NULL && key->name != NULL;
		     key++)
			key_row(key, providers[i]->name, t, j);
}

int
check_show_keys(bool json)
{
	static const char *const names[] = { "SECTION", "KEY", "DEFAULT",
		"MEANING", NULL };
	struct buf b;
	struct jsonout j;
	struct table *t;
	int r;

	if (json) {
		buf_init(&b, OUTPUT_MAX);
		jsonout_init(&j, &b);
		jsonout_array(&j);
		all_keys(NULL, &j);
		jsonout_end_array(&j);
		return check_show_print_json(&b);
	}
	t = table_new(names);
	all_keys(t, NULL);
	r = table_print(t, stdout);
	table_free(t);
	return r == 0 ? CMD_OK : CMD_FAILED;
}
