/* SPDX-License-Identifier: MIT */
/* ctim-relay check: whether the configuration can be used, and how. */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "call/provider.h"
#include "cli/base/casekeys.h"
#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/base/settings.h"
#include "cli/check/check_show.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "describe/described.h"
#include "mapping/maps.h"
#include "hook/hook.h"
#include "json/jsonout.h"
#include "log/log.h"
#include "log/logfile.h"
#include "net/network.h"
#include "relay/lists.h"
#include "start/descriptors.h"
#include "start/pathtrust.h"
#include "store/store.h"

#define LIST_MAX (1U << 20) /* bytes of all errors, of all warnings */

struct check {
	const struct command *cmd;
	const char *config;
	bool dump, keys, json, help;
	struct check_found found;
	struct jsonout errors, warnings;
};

static const struct options_row check_rows[] = { OPTIONS_CONFIG(struct check),
	{ "dump", 'd', &options_flag, offsetof(struct check, dump), NULL,
	    "print every key in force, secrets masked" },
	{ "keys", 'k', &options_flag, offsetof(struct check, keys), NULL,
	    "print every key there is, with its default" },
	OPTIONS_JSON(struct check),
	{ "help", 'h', &options_flag, offsetof(struct check, help), NULL,
	    NULL } };

static const struct options check_option_table = { .rows = check_rows,
	.n = sizeof(check_rows) / sizeof(check_rows[0]) };

static int
check_options(struct check *check, int argc, char **argv)
{
	int status =
	    options_read(&check_option_table, check->cmd, check, argc, argv);

	if (status != CMD_OK)
		return status;
	if (optind < argc)
		return command_usage(check->cmd,
		    "what is \"%s\"? A configuration is named with -c",
		    argv[optind]);
	if (check->dump && check->keys)
		return command_usage(
		    check->cmd, "--dump and --keys are two questions");
	return CMD_OK;
}

/* Prints a complaint for people on standard error, and keeps it for --json. */
static void
check_note(void *arg, bool error, const char *line)
{
	struct check *check = arg;

	jsonout_string(error ? &check->errors : &check->warnings, line);
	if (error)
		check->found.n_errors++;
	else
		check->found.n_warnings++;
	if (check->json)
		return;
	fputs(error ? "" : "warning: ", stderr);
	(void)text_print(stderr, line);
	putc('\n', stderr);
}

static void check_notef(struct check *, bool error, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
check_notef(struct check *check, bool error, const char *format, ...)
{
	char line[PATHTRUST_TEXT + PATHTRUST_MEND];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	check_note(check, error, line);
}

/* Opens the store of a relay.  The user that the gateway will run as is not
 * known here, so a store that cannot be opened is only warned of; a URL is the
 * same for everybody, and opening it reaches no database yet.  Root can
 * open any store, and the user that the server becomes perhaps not. */
static void
check_try_store(struct check *check, const struct relay_conf *relay)
{
	const char *path = relay->provider->store(relay->own);
	const char *user = check->found.conf->user;
	char error[STORE_ERROR_MAX];
	struct store *store = store_open(path, STORE_READ, error);
	const struct passwd *pw;
	struct stat st;

	if (store == NULL || store_check(store, error) == -1)
		check_notef(check, store == NULL && store_is_url(path),
		    "[relay %s] %s", relay->name, error);
	store_close(store);
	if (geteuid() == 0 && user != NULL && !store_is_url(path) &&
	    stat(path, &st) == 0 && (pw = getpwnam(user)) != NULL &&
	    st.st_uid != pw->pw_uid && st.st_gid != pw->pw_gid)
		check_notef(check, false,
		    "[relay %s] the store belongs to another user than "
		    "[server] user; chown it and its directory",
		    relay->name);
}

/* Looks at the program that runs after changes of a relay's store. */
static void
check_try_program(struct check *check, const struct relay_conf *relay)
{
	const struct provider *p = relay->provider;
	const char *path =
	    p->on_change == NULL ? NULL : p->on_change(relay->own);
	char why[HOOK_WHY];

	if (path != NULL && hook_check(path, why) == -1)
		check_notef(check, true, "[relay %s] on_change: %s: %s",
		    relay->name, path, why);
}

static void
check_note_key(void *arg, const char *path, const char *claim)
{
	check_notef(arg, false,
	    "%s: %s looks like a real key; a case has one that is made up",
	    path, claim);
}

/* Compiles the programs of described providers, and looks for keys in their
 * cases, of each once. */
static void
check_try_described(struct check *check)
{
	const struct relay_conf *first = check->found.conf->relays, *r, *same;
	struct maps *maps = maps_new(check->found.conf);

	if (maps == NULL)
		check_note(check, true, "no memory left");
	else
		(void)maps_start(maps, check_note, check);
	maps_free(maps);
	for (r = first; r != NULL; r = r->next) {
		for (same = first; same->provider != r->provider;)
			same = same->next;
		if (same == r && described_of(r->provider) != NULL)
			casekeys_directory(r->provider,
			    described_dir(described_of(r->provider)),
			    check_note_key, check);
	}
}

/* Tries the stores, the object that makes calls and, where a relay calls a
 * service, the cache.  Only speed depends on the cache, so a fault of it is a
 * warning; so is the lack of the object where RS256 tokens alone need it. */
static void
check_try_relays(struct check *check)
{
	const struct relay_conf *r;
	bool calls = false;
	char why[CACHE_WHY], missing[NETWORK_WHY];

	for (r = check->found.conf->relays; r != NULL; r = r->next)
		calls = calls || r->provider->request != NULL;
	check_try_described(check);
	if (network_open(missing) == NULL)
		check_note(check, calls, missing);
	if (calls && cache_check(check->found.conf, why) == -1)
		check_notef(check, false, "[cache] url: %s%s", why,
		    settings_cache_hint(why));
	for (r = check->found.conf->relays; r != NULL; r = r->next)
		if (r->provider->store != NULL)
			check_try_store(check, r);
	for (r = check->found.conf->relays; r != NULL; r = r->next)
		check_try_program(check, r);
}

/* Says what to do about a configuration that is not there, or not for this
 * user. */
static void
say_unread(const char *file)
{
	char denied[SETTINGS_DENIED];
	struct stat st;

	if (settings_denied(file, denied))
		fprintf(stderr, "To read it, %s.\n", denied);
	else if (lstat(file, &st) == -1 && errno == ENOENT)
		fprintf(stderr,
		    "A first one is made of the line \"[relay local]\"; see "
		    "ctim-relay.conf(5).\n");
}

static void
check_note_path(void *arg, const struct pathtrust_finding *f)
{
	check_notef(arg, true, "%s; to mend it: %s", f->text, f->mend);
}

/* Looks for faults of a configuration that could be read. */
static void
check_look_at(struct check *check)
{
	const struct conf *conf = check->found.conf;
	const char *root = settings_as_root(conf);
	struct pathtrust_who who;
	struct rlimit rl;
	char why[CONF_ERROR_MAX];
	int error;

	if (root != NULL)
		check_notef(check, false, "%s: %s", check->found.file, root);
	/* The server may be started under another limit, so this is a
	 * warning. */
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 &&
	    descriptors_check(conf, rl.rlim_max, why) == -1)
		check_note(check, false, why);
	check_try_relays(check);
	pathtrust_find(conf, &who);
	(void)pathtrust_look(conf, &who, check_note_path, check);
	if ((error = log_check(conf->log_target)) != 0)
		check_notef(check, true, "[log] target %s: %s",
		    conf->log_target, log_why(error));
	if (conf->egress.log != NULL &&
	    (error = logfile_check(conf->egress.log)) != 0)
		check_notef(check, true, "[egress] log %s: %s",
		    conf->egress.log, logfile_why(error));
}

static int
check_run(struct check *check)
{
	struct check_found *found = &check->found;

	found->file = check->config != NULL ? check->config : conf_path();
	found->conf = conf_load(found->file, &relay_lists, check_note, check);
	if (found->conf != NULL)
		check_look_at(check);
	jsonout_end_array(&check->errors);
	jsonout_end_array(&check->warnings);
	found->whole = jsonout_done(&check->errors) == 0;
	if (jsonout_done(&check->warnings) == -1)
		found->whole = false;
	if (check->dump && found->conf != NULL)
		return check_show_values(found, check->json);
	if (check->json)
		return check_show_json(found);
	if (found->conf == NULL)
		say_unread(found->file);
	return check_show(found);
}

int
cmd_check(const struct command *cmd, int argc, char **argv)
{
	struct check check = { .cmd = cmd };
	int status;

	if ((status = check_options(&check, argc, argv)) != CMD_OK)
		return status;
	if (check.help)
		return options_help(&check_option_table, cmd);
	if (check.keys)
		return check_show_keys(check.json);
	buf_init(&check.found.errors, LIST_MAX);
	buf_init(&check.found.warnings, LIST_MAX);
	jsonout_init(&check.errors, &check.found.errors);
	jsonout_init(&check.warnings, &check.found.warnings);
	jsonout_array(&check.errors);
	jsonout_array(&check.warnings);
	status = check_run(&check);
	buf_free(&check.found.errors);
	buf_free(&check.found.warnings);
	conf_free(check.found.conf);
	return status;
}
