/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "call/provider.h"
#include "cli/base/settings.h"
#include "cli/jwt/jwt.h"
#include "cli/jwt/keyfile.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "json/jsonout.h"

#define JWT_GROUP 64   /* bytes of " " and a group */
#define JWKS_TEXT 8192 /* bytes of a key set of one key */

/* Prints a text from outside between two of ours. */
static void
say_text(const char *before, const char *text, const char *after)
{
	fputs(before, stderr);
	(void)text_print(stderr, text);
	fputs(after, stderr);
}

/* Whether the configuration has the key of the token. */
static bool
key_in_force(const struct jwt *jwt)
{
	const char *key = jwt->conf == NULL ? NULL : jwt->conf->secret_key;

	return key != NULL && strlen(key) == jwt->key.len &&
	    CRYPTO_memcmp(key, jwt->key.data, jwt->key.len) == 0;
}

static void
say_token(const struct jwt *jwt)
{
	char until[RFC3339_MAX];

	if (jwt->module.name != NULL)
		say_text(
		    "\nThis token is for the module ", jwt->module.name, ".");
	else if (jwt->relay != NULL)
		fprintf(stderr, "\nThis token is for the relay \"%s\" (%s).",
		    jwt->relay->name, jwt->relay->provider->title);
	else
		fprintf(stderr,
		    "\nThis token names no relay; every relay "
		    "takes it that needs no other claims.");
	if (jwt->expires == 0) {
		fprintf(stderr, " It does not expire.\n");
	} else {
		rfc3339_text(until, jwt->expires);
		fprintf(stderr, " It expires at %s.\n", until);
	}
}

/* Writes " " and the group of the user that serves: its name, or its number
 * where a shell would take the name for more than a word.  Writes nothing when
 * the configuration names no user, or this machine has no such group. */
static void
jwt_group(const struct jwt *jwt, char text[JWT_GROUP])
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const struct conf *c = jwt->conf;
	const struct passwd *pw = NULL;
	const struct group *gr = NULL;

	text[0] = '\0';
	if (c != NULL && c->group != NULL)
		gr = getgrnam(c->group);
	else if (c != NULL && c->user != NULL &&
	    (pw = getpwnam(c->user)) != NULL)
		gr = getgrgid(pw->pw_gid);
	else if (c != NULL && c->user == NULL && c->socket_group != NULL)
		gr = getgrnam(c->socket_group);
	if (gr == NULL)
		return;
	if (gr->gr_name[strspn(gr->gr_name, plain)] == '\0' &&
	    gr->gr_name[0] != '-' && strlen(gr->gr_name) < JWT_GROUP - 1)
		snprintf(text, JWT_GROUP, " %s", gr->gr_name);
	else
		snprintf(text, JWT_GROUP, " %ld", (long)gr->gr_gid);
}

/* Says how to make a file of a new key that is in none yet.  With -C the shell
 * overwrites no file; then it still reads what is pasted, so that the key does
 * not become a command for the next shell. */
static void
say_make_file(const struct jwt *jwt, const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX], group[JWT_GROUP];
	struct stat st;

	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	fprintf(stderr,
	    "\nThere is no secret key yet, so a new one was made:"
	    "\n\n%s\n\nIt is kept nowhere else. Put it into a file that the "
	    "gateway alone can read: paste it\nafter this line, then press "
	    "Enter and Ctrl-D:\n\n",
	    jwt->key.data);
	if (lstat(dir, &st) == -1 && errno == ENOENT)
		fprintf(stderr, "    sudo mkdir -p %s\n", dir);
	jwt_group(jwt, group);
	fprintf(stderr,
	    "    sudo sh -C -c 'umask 077; cat >\"$1\" || { cat >/dev/null; "
	    "exit 1; }%s' sh %s%s\n",
	    group[0] == '\0' ? "" :
			       "; chgrp \"$2\" \"$1\" && chmod 0640 \"$1\"",
	    path, group);
}

static void
say_key(const struct jwt *jwt)
{
	char full[PATH_MAX];
	const char *path = full;

	if (jwt->key_file == NULL) {
		keyfile_new_name(
		    CTIM_SYSCONFDIR "/ctim-relay/secret.key", full);
		say_make_file(jwt, path);
	} else {
		path = realpath(jwt->key_file, full);
		if (path == NULL)
			path = jwt->key_file;
		if (jwt->made)
			say_text("\nA new secret key was made and put into ",
			    path,
			    ",\nwhich its owner alone can read; the "
			    "gateway must be able to.\n");
		else
			say_text("\nThe gateway takes this token when it has "
				 "the key of ",
			    path, ".\n");
	}
	say_text("\nThen in ",
	    jwt->conf != NULL ? jwt->conf->file : conf_path(),
	    ":\n\n    [auth]\n");
	say_text("    secret_key = file:", path,
	    "\n\n"
	    "(what stands there becomes secret_key_previous, so that the "
	    "tokens made with it stay\n"
	    "good) and let a gateway that runs read it again:\n\n"
	    "    sudo ctim-relay reload\n");
}

/* Prints the public key, for the host of the key set. */
static void
say_key_set(const struct jwt *jwt)
{
	struct jsonout j;
	struct buf text;

	buf_init(&text, JWKS_TEXT);
	jsonout_init(&j, &text);
	jsonout_object(&j);
	jsonout_key(&j, "keys");
	jsonout_array(&j);
	(void)signing_jwk(&j, jwt->rsa, jwt->kid);
	jsonout_end_array(&j);
	jsonout_end_object(&j);
	fprintf(stderr, ":\n\n");
	if (jsonout_done(&j) == 0)
		(void)text_print_json(stderr, text.data, text.len);
	putc('\n', stderr);
	buf_free(&text);
}

static void
say_rs256(const struct jwt *jwt)
{
	if (jwt->made)
		say_text("\nA new private key was made and put into ",
		    jwt->rsa_file,
		    ", which its owner\n"
		    "alone can read; keep it there: who has it can sign in.\n");
	if (jwt->aud != NULL)
		say_text("\nThe token is taken by the relay at ", jwt->aud,
		    " alone.\n");
	if (jwt->jwks_file != NULL)
		say_text("\nIts public key was put into ", jwt->jwks_file,
		    "; serve that file as");
	else
		fprintf(stderr, "\nIts public key is to be served as");
	say_text(" https://",
	    jwt->jwks_host == NULL ? "JWKS_HOST" : jwt->jwks_host,
	    "/.well-known/jwks");
	if (jwt->jwks_file == NULL)
		say_key_set(jwt);
	else
		putc('\n', stderr);
	if (jwt->jwks_host == NULL || settings_lists(jwt->conf, jwt->jwks_host))
		return;
	say_text("\nThe gateway takes keys from hosts on its list alone. In ",
	    jwt->conf != NULL ? jwt->conf->file : conf_path(),
	    ",\nbeside the others that are used:\n\n    [auth]\n");
	say_text("    jwks_hosts = ", jwt->jwks_host, "\n");
}

void
jwt_say(const struct jwt *jwt)
{
	say_token(jwt);
	if (jwt->rs256)
		say_rs256(jwt);
	else if (!key_in_force(jwt))
		say_key(jwt);
	if (jwt->module.name != NULL)
		module_settings_say(&jwt->module);
	else if (jwt->relay != NULL)
		say_text("\nA module for the relay, to be registered at the "
			 "platform: ctim-relay module-type ",
		    jwt->relay->name, "\n");
}
