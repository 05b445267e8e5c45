/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/base/command.h"
#include "cli/base/settings.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "relay/lists.h"

static void
print_error(void *arg, bool error, const char *line)
{
	(void)arg;
	if (!error)
		return;
	(void)text_print(stderr, line);
	putc('\n', stderr);
}

/* Returns the group that may read st, or pass through it; NULL: root's
 * alone. */
static const char *
settings_group(const struct stat *st)
{
	const mode_t bit = S_ISDIR(st->st_mode) ? S_IXGRP : S_IRGRP;
	const struct group *gr;

	if ((st->st_mode & bit) == 0 || st->st_gid == 0 ||
	    (gr = getgrgid(st->st_gid)) == NULL)
		return NULL;
	return gr->gr_name;
}

bool
settings_denied(const char *path, char text[SETTINGS_DENIED])
{
	char at[PATH_MAX], *slash;
	const char *group;
	struct stat st;

	if (geteuid() == 0 || eaccess(path, R_OK) == 0 || errno != EACCES)
		return false;
	/* A path that cannot be looked at is behind a directory that can. */
	snprintf(at, sizeof(at), "%s", path);
	while (stat(at, &st) == -1) {
		if ((slash = strrchr(at, '/')) == NULL || slash == at)
			break;
		*slash = '\0';
	}
	group = stat(at, &st) == -1 ? NULL : settings_group(&st);
	snprintf(text, SETTINGS_DENIED,
	    group == NULL ? "run it with sudo%s" :
			    "run it with sudo, or as a member of %s",
	    group == NULL ? "" : group);
	return true;
}

const char *
settings_as_root(const struct conf *conf)
{
	const struct passwd *pw =
	    conf->user == NULL ? NULL : getpwnam(conf->user);
	struct stat st;

	/* Root does not start a gateway with another user's configuration. */
	if ((conf->user != NULL && (pw == NULL || pw->pw_uid != 0)) ||
	    (geteuid() != 0 && (stat(conf->file, &st) == -1 || st.st_uid != 0)))
		return NULL;
	/* An administrator who started the gateway as another user does so
	 * again. */
	if (strncmp(conf->listen, "unix:", 5) == 0 &&
	    lstat(conf->listen + 5, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_uid != 0)
		return NULL;
	return conf->user == NULL ?
	    "no [server] user: a gateway that root starts serves as root" :
	    "[server] user is root: a gateway that root starts serves as root";
}

const char *
settings_cache_hint(const char *why)
{
	/* The first word of an error of Redis is for programs. */
	return strstr(why, "error WRONGPASS") != NULL ?
	    ": the password, or the user, is not the server's" :
	    strstr(why, "error NOAUTH") != NULL ?
	    ": the server wants a password" :
	    "";
}

struct conf *
settings_load(const struct command *cmd, const char *file)
{
	struct conf *conf = conf_load(file, &relay_lists, print_error, NULL);
	char denied[SETTINGS_DENIED];

	if (conf != NULL)
		return conf;
	if (settings_denied(file != NULL ? file : conf_path(), denied))
		(void)command_fail(cmd, CMD_CONFIG, "%s", denied);
	else
		(void)command_fail(cmd, CMD_CONFIG,
		    "the configuration cannot be used as it is; \"ctim-relay "
		    "check\" tries it again");
	return NULL;
}

/* Says which value of a key is used, as the configuration has errors. */
static void
say_taken(const struct command *cmd, const struct conf *conf,
    const char *section, const char *name)
{
	const struct conf_key *key = conf_keys();
	const char *value;

	while (
	    strcmp(key->section, section) != 0 || strcmp(key->name, name) != 0)
		key++;
	value = *(char *const *)((const char *)conf + key->offset);
	(void)command_fail(cmd, CMD_OK,
	    "the configuration has errors; [%s] %s is taken to be %s%s",
	    section, name, value,
	    strcmp(value, key->fallback) == 0 ? ", the default" : "");
}

struct conf *
settings_rest(const struct command *cmd, const char *file, const char *section,
    const char *name)
{
	struct conf *conf;
	char denied[SETTINGS_DENIED];
	bool good;

	/* A name of a file that is not there may be meant for another
	 * gateway. */
	if (file != NULL && access(file, F_OK) == -1)
		return settings_load(cmd, file);
	if ((conf = conf_load_rest(
		 file, &relay_lists, print_error, NULL, &good)) == NULL)
		(void)command_fail(cmd, CMD_FAILED, "no memory left");
	else if (!good) {
		if (settings_denied(file != NULL ? file : conf_path(), denied))
			(void)command_fail(cmd, CMD_OK, "%s", denied);
		say_taken(cmd, conf, section, name);
	}
	return conf;
}

struct conf *
settings_default(const struct command *cmd)
{
	struct conf *conf = conf_default();

	if (conf == NULL)
		(void)command_fail(cmd, CMD_FAILED, "no memory left");
	return conf;
}

const struct relay_conf *
settings_relay(
    const struct command *cmd, const struct conf *conf, const char *name)
{
	const struct relay_conf *relay = conf_relay(conf, name, strlen(name));

	if (relay != NULL)
		return relay;
	(void)command_fail(
	    cmd, CMD_FAILED, "%s has no relay \"%s\"", conf->file, name);
	if (conf->relays == NULL) {
		fprintf(stderr,
		    "It has none at all; a line \"[relay local]\" is enough "
		    "for one.\n");
		return NULL;
	}
	fprintf(stderr, "Relays:");
	for (relay = conf->relays; relay != NULL; relay = relay->next)
		fprintf(stderr, " %s", relay->name);
	fprintf(stderr, "\n");
	return NULL;
}

bool
settings_lists(const struct conf *conf, const char *host)
{
	char **listed = conf == NULL ? NULL : conf->jwks_hosts;

	for (; listed != NULL && *listed != NULL; listed++)
		if (strcasecmp(*listed, host) == 0)
			return true;
	return false;
}
