/* ctim-relay check: whether the configuration can be used, and how. */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "call/provider.h"
#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/base/settings.h"
#include "cli/check/check_show.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "json/jsonout.h"
#include "log/log.h"
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

/* On standard error for people, and kept for --json. */
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

static void
warn_store(
    struct check *check, const struct relay_conf *relay, const char *text)
{
	char line[CONF_ERROR_MAX];

	snprintf(line, sizeof(line), "[relay %s] %s", relay->name, text);
	check_note(check, false, line);
}

/* Root can open any store, and the user that the server becomes perhaps not. */
static void
look_at_owner(
    struct check *check, const struct relay_conf *relay, const char *path)
{
	const char *user = check->found.conf->user;
	const struct passwd *pw;
	struct stat st;

	if (geteuid() != 0 || user == NULL || stat(path, &st) == -1 ||
	    (pw = getpwnam(user)) == NULL)
		return;
	if (st.st_uid != pw->pw_uid && st.st_gid != pw->pw_gid)
		warn_store(check, relay,
		    "the store belongs to another user than [server] user; "
		    "chown it and its directory");
}

/* A relay that answers from a store needs one that can be opened; as whom the
 * gateway will run is not known here, so this is no more than a warning. */
static void
check_try_store(struct check *check, const struct relay_conf *relay)
{
	const char *path = relay->provider->store(relay->own);
	char error[STORE_ERROR_MAX];
	struct store *store = store_open(path, STORE_READ, error);

	if (store == NULL || store_check(store, error) == -1)
		warn_store(check, relay, error);
	store_close(store);
	look_at_owner(check, relay, path);
}

static void
warn_root(struct check *check, const char *why)
{
	char line[CONF_ERROR_MAX];

	snprintf(line, sizeof(line), "%s: %s", check->found.file, why);
	check_note(check, false, line);
}

static bool
calls_services(const struct conf *conf)
{
	const struct relay_conf *r = conf->relays;

	while (r != NULL && r->provider->request == NULL)
		r = r->next;
	return r != NULL;
}

/* Nothing but speed depends on the cache, so this is a warning, too. */
static void
check_try_cache(struct check *check)
{
	char why[CACHE_WHY], line[CACHE_WHY + 96];

	if (cache_check(check->found.conf, why) == 0)
		return;
	snprintf(line, sizeof(line), "[cache] url: %s%s", why,
	    settings_cache_hint(why));
	check_note(check, false, line);
}

/* What to do about a configuration that is not there, or not for this user. */
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
note_path(void *arg, const struct pathtrust_finding *f)
{
	char line[PATHTRUST_TEXT + PATHTRUST_MEND];

	snprintf(line, sizeof(line), "%s; to mend it: %s", f->text, f->mend);
	check_note(arg, true, line);
}

static void
check_look_at_paths(struct check *check)
{
	const struct conf *conf = check->found.conf;
	struct pathtrust_who who;
	char line[PATH_MAX + 256];
	int error;

	pathtrust_find(conf, &who);
	(void)pathtrust_look(conf, &who, note_path, check);
	if ((error = log_check(conf->log_target)) == 0)
		return;
	snprintf(line, sizeof(line), "[log] target %s: %s", conf->log_target,
	    log_why(error));
	check_note(check, true, line);
}

/* The server may be started under another limit, so this is a warning. */
static void
try_descriptors(struct check *check)
{
	struct rlimit rl;
	char why[CONF_ERROR_MAX];

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 &&
	    descriptors_check(check->found.conf, rl.rlim_max, why) == -1)
		check_note(check, false, why);
}

static int
check_run(struct check *check)
{
	struct check_found *found = &check->found;
	const char *root;

	found->file = check->config != NULL ? check->config : conf_path();
	found->conf = conf_load(found->file, &relay_lists, check_note, check);
	if (found->conf != NULL &&
	    (root = settings_as_root(found->conf)) != NULL)
		warn_root(check, root);
	if (found->conf != NULL)
		try_descriptors(check);
	if (found->conf != NULL && calls_services(found->conf))
		check_try_cache(check);
	if (found->conf != NULL)
		for (const struct relay_conf *r = found->conf->relays;
		     r != NULL; r = r->next)
			if (r->provider->store != NULL)
				check_try_store(check, r);
	if (found->conf != NULL)
		check_look_at_paths(check);
	jsonout_end_array(&check->errors);
	jsonout_end_array(&check->warnings);
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
