/* SPDX-License-Identifier: MIT */
/* ctim-relay provider list, show: which described providers there are. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "call/provider.h"
#include "cli/base/settings.h"
#include "cli/provider/providercmd.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "ctim/observable.h"
#include "describe/described.h"

#define WORDS_MAX 4096 /* bytes of a list of types, routes, relays */

static const struct {
	unsigned route;
	const char *name;
} show_routes[] = { { PROVIDER_DELIBERATE, "deliberate" },
	{ PROVIDER_OBSERVE, "observe" }, { PROVIDER_REFER, "refer" } };

/* The configuration, or the defaults where there is none and nobody named one.
 * NULL after printing why. */
static struct conf *
show_conf(const struct providercmd *p)
{
	const char *said = getenv("CTIM_RELAY_CONF");

	if (p->config == NULL && (said == NULL || *said == '\0') &&
	    access(conf_path(), F_OK) == -1 && errno == ENOENT)
		return settings_default(p->cmd);
	return settings_load(p->cmd, p->config);
}

static void
show_word(struct buf *b, const char *word)
{
	buf_addf(b, "%s%s", b->len == 0 ? "" : " ", word);
}

static void
show_types(const struct provider *p, struct buf *b)
{
	unsigned i;

	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (observable_set_has(&p->types, i))
			show_word(b, observable_name((enum observable_type)i));
}

static void
show_route_names(const struct provider *p, struct buf *b)
{
	size_t i;

	for (i = 0; i < sizeof(show_routes) / sizeof(*show_routes); i++)
		if (p->routes & show_routes[i].route)
			show_word(b, show_routes[i].name);
}

/* The relays that use a provider of that name. */
static void
show_relays(const struct conf *conf, const char *name, struct buf *b)
{
	const struct relay_conf *r;

	for (r = conf->relays; r != NULL; r = r->next)
		if (strcmp(r->provider_name, name) == 0)
			show_word(b, r->name);
}

/* --- list ---------------------------------------------------------------- */

static const char *const list_columns[] = { "name", "title", "types", "relays",
	"described in", NULL };

struct listing {
	const struct conf *conf;
	struct table *table;
	struct buf seen; /* names, each with a blank before and behind it */
	size_t n;
};

static void
list_row(struct listing *l, const char *name, const char *path)
{
	struct described *d = described_read(path, NULL, NULL);
	const struct provider *p = d == NULL ? NULL : described_provider(d);
	struct buf words;

	buf_init(&words, WORDS_MAX);
	table_cell(l->table, name, TABLE_BOLD);
	table_cell(l->table, p == NULL ? "has errors" : p->title,
	    p == NULL ? TABLE_RED : TABLE_PLAIN);
	if (p != NULL)
		show_types(p, &words);
	table_cell(l->table, words.len == 0 ? NULL : words.data, TABLE_PLAIN);
	buf_reset(&words);
	show_relays(l->conf, name, &words);
	table_cell(l->table, words.len == 0 ? NULL : words.data, TABLE_PLAIN);
	table_cell(l->table, path, TABLE_DIM);
	l->n++;
	buf_free(&words);
	described_free(d);
}

/* A directory of the first folder that has it; what is no provider is no row. */
static void
list_directory(struct listing *l, const char *folder, const char *name)
{
	char path[PATH_MAX], ini[PATH_MAX + 16], word[NAME_MAX + 3];
	struct stat st;

	if (!described_is_name(name) || provider_find(name) != NULL)
		return;
	snprintf(word, sizeof(word), " %s ", name);
	if (strstr(l->seen.data, word) != NULL ||
	    snprintf(path, sizeof(path), "%s/%s", folder, name) >=
		(int)sizeof(path))
		return;
	snprintf(ini, sizeof(ini), "%s/provider.ini", path);
	if (stat(ini, &st) == -1)
		return;
	buf_adds(&l->seen, word);
	list_row(l, name, path);
}

static void
list_folder(struct listing *l, const char *folder)
{
	struct dirent **names = NULL;
	int i, n = scandir(folder, &names, NULL, alphasort);

	if (n == -1 && errno != ENOENT) {
		(void)text_print(stderr, folder);
		fprintf(stderr, ": %s\n", strerror(errno));
	}
	for (i = 0; i < n; i++) {
		list_directory(l, folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static void
list_nothing(const struct conf *conf)
{
	size_t i;

	printf("no described providers in");
	for (i = 0; conf->providers != NULL && conf->providers[i] != NULL;
	     i++) {
		putchar(' ');
		(void)text_print(stdout, conf->providers[i]);
	}
	putchar('\n');
}

int
listproviders(const struct providercmd *p)
{
	struct listing l = { .conf = NULL };
	struct conf *conf;
	int status = CMD_OK;
	size_t i;

	if (p->n != 0)
		return command_usage(p->cmd, "what is \"%s\"?", p->words[0]);
	if ((conf = show_conf(p)) == NULL)
		return CMD_CONFIG;
	l.conf = conf;
	l.table = table_new(list_columns);
	buf_init(&l.seen, 1U << 20);
	for (i = 0; conf->providers != NULL && conf->providers[i] != NULL; i++)
		list_folder(&l, conf->providers[i]);
	if (l.n == 0)
		list_nothing(conf);
	else if (table_print(l.table, stdout) == -1)
		status =
		    command_fail(p->cmd, CMD_FAILED, "cannot print the table");
	table_free(l.table);
	buf_free(&l.seen);
	conf_free(conf);
	return status;
}

/* --- show ---------------------------------------------------------------- */

static void
show_line(const char *label, const char *text)
{
	printf("%-14s", label);
	(void)text_print(stdout, *text == '\0' ? "none" : text);
	putchar('\n');
}

static void
show_call(void *arg, const char *call, const char *method, const char *types)
{
	struct buf line;

	(void)arg;
	buf_init(&line, WORDS_MAX);
	buf_addf(&line, "%s: %s for %s", call, method, types);
	show_line("call", line.data);
	buf_free(&line);
}

static bool
show_is_needed(const struct provider *p, const char *claim)
{
	const char *const *c;

	for (c = p->claims; c != NULL && *c != NULL; c++)
		if (strcmp(*c, claim) == 0)
			return true;
	return false;
}

static void
show_claims(const struct provider *p)
{
	static const char *const kinds[] = { [FIELD_TEXT] = "",
		[FIELD_PASSWORD] = ", a password",
		[FIELD_API_KEY] = ", an API key" };
	const struct provider_field *f;
	struct buf line;

	buf_init(&line, WORDS_MAX);
	for (f = p->fields; f != NULL && f->claim != NULL; f++) {
		buf_reset(&line);
		buf_addf(&line, "%s: %s%s%s", f->claim, f->label,
		    kinds[f->kind],
		    show_is_needed(p, f->claim) ? "" : ", may be missing");
		show_line("claim", line.data);
	}
	buf_free(&line);
}

static void
show_limit(const struct provider *p)
{
	char text[64];

	if (p->rate == 0) {
		show_line("limit", "none");
		return;
	}
	snprintf(text, sizeof(text), "%d call%s in %d s for each credential",
	    p->rate, p->rate == 1 ? "" : "s",
	    p->rate_seconds == 0 ? 1 : p->rate_seconds);
	show_line("limit", text);
}

static void
show_all(const struct conf *conf, const char *name, const struct described *d)
{
	const struct provider *p = described_provider(d);
	struct buf words;

	buf_init(&words, WORDS_MAX);
	show_line("title", p->title);
	show_line("description", p->description);
	show_line("described in", described_dir(d));
	show_relays(conf, name, &words);
	show_line("relays", words.data);
	buf_reset(&words);
	show_types(p, &words);
	show_line("types", words.data);
	buf_reset(&words);
	show_route_names(p, &words);
	show_line("routes", words.data);
	described_each_call(d, show_call, NULL);
	show_claims(p);
	show_limit(p);
	buf_free(&words);
}

static void
show_complain(void *arg, bool error, const char *line)
{
	(void)arg;
	if (!error)
		fputs("warning: ", stderr);
	(void)text_print(stderr, line);
	putc('\n', stderr);
}

/* Finds the directory in the first folder that has it. */
static bool
show_find(const struct conf *conf, const char *name, char path[PATH_MAX])
{
	struct stat st;
	size_t i;

	for (i = 0; conf->providers != NULL && conf->providers[i] != NULL; i++)
		if (snprintf(path, PATH_MAX, "%s/%s", conf->providers[i],
			name) < PATH_MAX &&
		    stat(path, &st) == 0)
			return true;
	return false;
}

static int
show_provider(
    const struct providercmd *p, const struct conf *conf, const char *name)
{
	char path[PATH_MAX];
	struct described *d;

	if (provider_find(name) != NULL)
		return command_fail(p->cmd, CMD_FAILED,
		    "%s is a provider of the gateway itself, not a described "
		    "one",
		    name);
	if (!described_is_name(name) || !show_find(conf, name, path))
		return command_fail(p->cmd, CMD_FAILED,
		    "there is no described provider \"%s\"; `ctim-relay "
		    "provider list` lists them",
		    name);
	if ((d = described_read(path, show_complain, NULL)) == NULL)
		return CMD_FAILED;
	show_all(conf, name, d);
	described_free(d);
	return CMD_OK;
}

int
showprovider(const struct providercmd *p)
{
	struct conf *conf;
	int status;

	if (p->n != 1)
		return command_usage(p->cmd,
		    p->n == 0 ? "no provider named" :
				"one provider can be shown at a time");
	if ((conf = show_conf(p)) == NULL)
		return CMD_CONFIG;
	status = show_provider(p, conf, p->words[0]);
	conf_free(conf);
	return status;
}
