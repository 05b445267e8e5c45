/* ctim-relay jwt: a token for a relay. */
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "auth.h"
#include "buf.h"
#include "claims.h"
#include "command.h"
#include "conf.h"
#include "ctim.h"
#include "expires.h"
#include "keyfile.h"
#include "provider.h"
#include "secret.h"
#include "settings.h"
#include "text.h"

#define KEY_TEXT	65	/* of a new key, with its NUL */

static const char help_text[] =
    "Without -f it asks for the credentials that the relay needs, if any.\n"
    "The token alone goes to standard output, everything else to standard\n"
    "error.\n\n"
    "  -c, --config FILE     the configuration, instead of the usual one\n"
    "  -r, --relay NAME      the relay that the token is for\n"
    "  -f, --file FILE       its claims, as a JSON object (-: standard input)\n"
    "  -k, --key-file FILE   sign with the key in this file, which is made\n"
    "                        (mode 0600) when it is not there; without -c or\n"
    "                        -r no configuration is read then\n"
    "  -e, --expires T       " EXPIRES_FORMS "\n"
    "  -q, --quiet           print nothing but the token\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "relay", required_argument, NULL, 'r' },
	{ "file", required_argument, NULL, 'f' },
	{ "key-file", required_argument, NULL, 'k' },
	{ "expires", required_argument, NULL, 'e' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

struct jwt {
	const struct command	*cmd;
	const char	*config, *relay_name, *file, *key_file, *expires_text;
	bool		 quiet, help;
	struct conf	*conf;		/* NULL: none was read */
	const struct relay_conf *relay;	/* NULL: for none in particular */
	struct buf	 key, claims;
	bool		 made;		/* the key is new */
	int64_t		 now, expires;
};

static int
options(struct jwt *jwt, int argc, char **argv)
{
	int	c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:r:f:k:e:qh", long_options,
	    NULL)) != -1) {
		switch (c) {
		case 'c':
			jwt->config = optarg;
			break;
		case 'r':
			jwt->relay_name = optarg;
			break;
		case 'f':
			jwt->file = optarg;
			break;
		case 'k':
			jwt->key_file = optarg;
			break;
		case 'e':
			jwt->expires_text = optarg;
			break;
		case 'q':
			jwt->quiet = true;
			break;
		case 'h':
			jwt->help = true;
			break;
		default:
			return command_option(jwt->cmd, c, argv);
		}
	}
	if (optind < argc)
		return command_usage(jwt->cmd, "what is \"%s\"? A relay is "
		    "named with --relay", argv[optind]);
	if (jwt->expires_text == NULL)
		return CMD_OK;
	jwt->expires = expires_parse(jwt->expires_text, jwt->now);
	if (jwt->expires == -1)
		return command_usage(jwt->cmd, "\"%s\" is no time to come; "
		    "write " EXPIRES_FORMS, jwt->expires_text);
	return CMD_OK;
}

static bool
needs_claims(const struct relay_conf *relay)
{
	return relay->provider->claims != NULL &&
	    relay->provider->claims[0] != NULL;
}

/*
 * The relay that is meant when none is named: the only one; none in particular
 * when the claims are given, or when no relay needs any.
 */
static int
choose_relay(struct jwt *jwt)
{
	const struct relay_conf	*relay = jwt->conf->relays;
	bool			 needed = false;

	if (relay != NULL && relay->next == NULL) {
		jwt->relay = relay;
		return CMD_OK;
	}
	for (; relay != NULL; relay = relay->next)
		needed = needed || needs_claims(relay);
	if (!needed || jwt->file != NULL)
		return CMD_OK;
	(void)command_fail(jwt->cmd, CMD_USAGE, "which relay is the token "
	    "for? Name it with --relay:");
	for (relay = jwt->conf->relays; relay != NULL; relay = relay->next)
		fprintf(stderr, "  %s (%s%s)\n", relay->name,
		    relay->provider->title, needs_claims(relay) ? "" :
		    "; needs no credentials");
	return CMD_USAGE;
}

static int
read_conf(struct jwt *jwt)
{
	if ((jwt->conf = settings_load(jwt->cmd, jwt->config)) == NULL)
		return CMD_CONFIG;
	if (jwt->relay_name == NULL)
		return choose_relay(jwt);
	jwt->relay = settings_relay(jwt->cmd, jwt->conf, jwt->relay_name);
	return jwt->relay == NULL ? CMD_FAILED : CMD_OK;
}

/* The configuration's key, or a new one. */
static int
find_key(struct jwt *jwt)
{
	char	text[KEY_TEXT];

	if (jwt->conf->secret_key != NULL) {
		buf_adds(&jwt->key, jwt->conf->secret_key);
		return CMD_OK;
	}
	if (jwt->quiet)
		return command_fail(jwt->cmd, CMD_FAILED, "%s has no "
		    "secret_key, and --quiet could not show a new one; name a "
		    "file for it with --key-file, or leave --quiet away",
		    jwt->conf->file);
	if (auth_new_key(text) == -1)
		return command_fail(jwt->cmd, CMD_FAILED, "the system gave no "
		    "random bytes for a key");
	buf_adds(&jwt->key, text);
	explicit_bzero(text, sizeof(text));
	jwt->made = true;
	return CMD_OK;
}

/* The key file first: the configuration may name the same file, and would be
 * refused while it is not there. */
static int
prepare(struct jwt *jwt)
{
	int	status;

	if (jwt->key_file != NULL && (status = keyfile_open(jwt->cmd,
	    jwt->key_file, &jwt->key, &jwt->made)) != CMD_OK)
		return status;
	if ((jwt->key_file == NULL || jwt->config != NULL ||
	    jwt->relay_name != NULL) && (status = read_conf(jwt)) != CMD_OK)
		return status;
	if (jwt->key_file == NULL && (status = find_key(jwt)) != CMD_OK)
		return status;
	return claims_read(jwt->cmd, jwt->file, jwt->relay, &jwt->claims);
}

/* Whether the configuration that was read has the key of the token. */
static bool
key_in_force(const struct jwt *jwt)
{
	const char	*key = jwt->conf == NULL ? NULL : jwt->conf->secret_key;

	return key != NULL && strlen(key) == jwt->key.len &&
	    CRYPTO_memcmp(key, jwt->key.data, jwt->key.len) == 0;
}

static void
say_token(const struct jwt *jwt)
{
	char	until[CTIM_TIME_MAX];

	if (jwt->relay != NULL)
		fprintf(stderr, "\nThis token is for the relay \"%s\" (%s).",
		    jwt->relay->name, jwt->relay->provider->title);
	else
		fprintf(stderr, "\nThis token names no relay; every relay "
		    "takes it that needs no other claims.");
	if (jwt->expires == 0) {
		fprintf(stderr, " It does not expire.\n");
	} else {
		ctim_time(until, jwt->expires);
		fprintf(stderr, " It expires at %s.\n", until);
	}
}

/* A new key that is in no file yet: how to make one. */
static void
say_make_file(const struct jwt *jwt, const char *path)
{
	const char	*group = jwt->conf->group != NULL ? jwt->conf->group :
			    jwt->conf->user;

	fprintf(stderr, "\nThe configuration has no secret key, so a new one "
	    "was made:\n\n%s\n\nIt is kept nowhere else. Put it into a file "
	    "that the gateway alone can read:\n\n"
	    "    sudo install -D -m 06%s /dev/null %s\n"
	    "    sudo tee %s >/dev/null     (then the key, Enter, Ctrl-D)\n",
	    jwt->key.data, group == NULL ? "00" : "40", path, path);
	if (group != NULL)
		fprintf(stderr, "    sudo chgrp %s %s\n", group, path);
}

/* Two texts of ours around the name of a file. */
static void
say_path(const char *before, const char *path, const char *after)
{
	fputs(before, stderr);
	(void)text_print(stderr, path);
	fputs(after, stderr);
}

static void
say_key(const struct jwt *jwt)
{
	char		 full[PATH_MAX];
	const char	*path = CTIM_SYSCONFDIR "/ctim-relay/secret.key";

	if (jwt->key_file == NULL) {
		say_make_file(jwt, path);
	} else {
		path = realpath(jwt->key_file, full);
		if (path == NULL)
			path = jwt->key_file;
		if (jwt->made)
			say_path("\nA new secret key was made and put into ",
			    path, ",\nwhich its owner alone can read; the "
			    "gateway must be able to.\n");
		else
			say_path("\nThe gateway takes this token when it has "
			    "the key of ", path, ".\n");
	}
	say_path("\nThen in ", jwt->conf != NULL ? jwt->conf->file :
	    conf_path(), ":\n\n    [auth]\n");
	say_path("    secret_key = file:", path, "\n\n"
	    "and let a gateway that runs read it again:\n\n"
	    "    sudo pkill -HUP -o -x ctim-relay.fcgi\n");
}

static int
print(struct jwt *jwt)
{
	const char	*why = NULL;
	char		*token;

	token = auth_token(jwt->claims.data, jwt->key.data, jwt->now,
	    jwt->expires, &why);
	if (token == NULL)
		return command_fail(jwt->cmd, CMD_FAILED,
		    "the token could not be made: %s", why);
	printf("%s\n", token);
	fflush(stdout);
	OPENSSL_cleanse(token, strlen(token));
	free(token);
	if (jwt->quiet)
		return CMD_OK;
	say_token(jwt);
	if (!key_in_force(jwt))
		say_key(jwt);
	return CMD_OK;
}

int
cmd_jwt(const struct command *cmd, int argc, char **argv)
{
	struct jwt	jwt = { .cmd = cmd, .now = time(NULL) };
	int		status;

	if ((status = options(&jwt, argc, argv)) != CMD_OK)
		return status;
	if (jwt.help)
		return command_help(cmd, help_text);
	buf_init(&jwt.key, SECRET_MAX);
	buf_init(&jwt.claims, SECRET_MAX);
	if ((status = prepare(&jwt)) == CMD_OK)
		status = print(&jwt);
	secret_free(&jwt.key);
	secret_free(&jwt.claims);
	conf_free(jwt.conf);
	return status;
}
