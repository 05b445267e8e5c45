/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "cli/base/secret.h"
#include "cli/jwt/jwt.h"
#include "conf/conf.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "json/jsonscan.h"
#include "os/regular.h"
#include "os/writeall.h"
#include "token/jwk.h"

/* Bytes of a key set; the gateway takes no larger one. */
#define JWKS_MAX 65536

static bool
is_missing(const char *path)
{
	return access(path, F_OK) == -1 && errno == ENOENT;
}

int
jwt_rs256_check(const struct jwt *jwt)
{
	const char *option = jwt->kid != NULL ? "--kid" :
	    jwt->jwks_file != NULL            ? "--jwks" :
	    jwt->jwks_host != NULL            ? "--jwks-host" :
	    jwt->aud != NULL                  ? "--aud" :
	    jwt->make_key                     ? "--make-key" :
						NULL;

	if (!jwt->rs256 && option != NULL)
		return command_usage(jwt->cmd,
		    "%s is for RS256 tokens; name the private key with --key",
		    option);
	if (jwt->rs256 && jwt->rsa_file == NULL)
		return command_usage(jwt->cmd,
		    "RS256 needs a private key; name its file with --key, and "
		    "with --make-key it is made");
	if (jwt->rs256 && jwt->key_file != NULL)
		return command_usage(jwt->cmd,
		    "--key-file is for HS256 tokens, --key for RS256; name one "
		    "of them");
	if (jwt->kid != NULL && *jwt->kid == '\0')
		return command_usage(jwt->cmd, "--kid is empty");
	/* Says so before anything is asked. */
	if (jwt->rs256 && !jwt->make_key && is_missing(jwt->rsa_file))
		return command_fail(jwt->cmd, CMD_FAILED,
		    "there is no file %s; with --make-key it is made",
		    jwt->rsa_file);
	return CMD_OK;
}

static int
jwt_rs256_make_key(struct jwt *jwt, struct buf *pem)
{
	int r;

	if (signing_make(pem) == -1)
		return command_fail(
		    jwt->cmd, CMD_FAILED, "no key could be made");
	if ((r = secret_make(jwt->rsa_file, pem->data, pem->len)) != 1)
		return command_fail(jwt->cmd, CMD_FAILED, "cannot make %s: %s",
		    jwt->rsa_file, strerror(r == 0 ? EEXIST : errno));
	jwt->made = true;
	return CMD_OK;
}

/* Reads the private key from its file, or makes one. */
static int
jwt_rs256_find_key(struct jwt *jwt)
{
	struct buf pem;
	const char *why;
	int status;

	buf_init(&pem, SECRET_MAX);
	if (!jwt->make_key || !is_missing(jwt->rsa_file))
		status = secret_read(jwt->cmd, jwt->rsa_file, &pem);
	else
		status = jwt_rs256_make_key(jwt, &pem);
	if (status == CMD_OK &&
	    (jwt->rsa = signing_read(pem.data, &why)) == NULL)
		status = command_fail(
		    jwt->cmd, CMD_FAILED, "%s holds %s", jwt->rsa_file, why);
	secret_free(&pem);
	return status;
}

/* Looks which claims the payload has already. */
static void
look_at_claims(const struct jwt *jwt, bool *aud, bool *host)
{
	struct json_object *claims;

	claims = jsonin_parse(
	    jwt->claims.data, jwt->claims.len, JSON_REQUEST_VALUES, NULL);
	*aud = jsonin_member(claims, "aud") != NULL;
	*host = jsonin_member(claims, "jwks_host") != NULL;
	json_object_put(claims);
}

/* Finds the relay's URL, as the platform calls it. */
static int
find_aud(struct jwt *jwt)
{
	if (jwt->conf == NULL || jwt->relay == NULL)
		return command_fail(jwt->cmd, CMD_USAGE,
		    "which relay takes the token? Name it with --relay, or its "
		    "URL with --aud");
	if (jwt->conf->base_url == NULL)
		return command_fail(jwt->cmd, CMD_FAILED,
		    "%s has no base_url in [server], so the relay's URL must "
		    "be named with --aud",
		    jwt->conf->file);
	buf_addf(&jwt->own_aud, "%s/%s", jwt->conf->base_url, jwt->relay->name);
	jwt->aud = jwt->own_aud.data;
	return CMD_OK;
}

/* Takes the only host on the gateway's list. */
static int
jwt_rs256_find_host(struct jwt *jwt)
{
	char **hosts = jwt->conf == NULL ? NULL : jwt->conf->jwks_hosts;

	if (hosts == NULL || hosts[0] == NULL || hosts[1] != NULL)
		return command_fail(jwt->cmd, CMD_USAGE,
		    "which host serves the key set? Name it with --jwks-host");
	jwt->jwks_host = hosts[0];
	return CMD_OK;
}

int
jwt_rs256_prepare(struct jwt *jwt)
{
	bool has_aud, has_host;
	int status;

	look_at_claims(jwt, &has_aud, &has_host);
	if (jwt->aud == NULL && !has_aud && (status = find_aud(jwt)) != CMD_OK)
		return status;
	if (jwt->jwks_host == NULL && !has_host &&
	    (status = jwt_rs256_find_host(jwt)) != CMD_OK)
		return status;
	if ((status = jwt_rs256_find_key(jwt)) != CMD_OK)
		return status;
	if (jwt->kid == NULL) {
		if (signing_kid(jwt->rsa, jwt->own_kid) == -1)
			return command_fail(
			    jwt->cmd, CMD_FAILED, "memory ran out");
		jwt->kid = jwt->own_kid;
	}
	return CMD_OK;
}

void
jwt_rs256_free(struct jwt *jwt)
{
	EVP_PKEY_free(jwt->rsa);
	buf_free(&jwt->own_aud);
}

/* Puts the key behind the others of a set, or in the place of the one of the
 * same name. */
static int
write_set(const struct jwt *jwt, struct json_object *old, struct buf *out)
{
	struct json_object *keys = jsonin_member(old, "keys"), *entry;
	struct jsonout j;
	const char *kid;
	int r;

	jsonout_init(&j, out);
	jsonout_object(&j);
	jsonout_key(&j, "keys");
	jsonout_array(&j);
	for (size_t i = 0; i < jsonin_length(keys); i++) {
		entry = jsonin_at(keys, i);
		kid = jsonin_string(entry, "kid");
		if (kid == NULL || strcmp(kid, jwt->kid) != 0)
			jsoncopy_value(&j, entry);
	}
	r = signing_jwk(&j, jwt->rsa, jwt->kid);
	jsonout_end_array(&j);
	jsonout_end_object(&j);
	if (jsonout_done(&j) == -1 || buf_addc(out, '\n') == -1)
		r = -1;
	return r;
}

/* Replaces the file in one step, so that nobody reads half of it. */
static int
replace(const char *path, const struct buf *text)
{
	char *name;
	int fd, error;

	if (asprintf(&name, "%s.XXXXXX", path) == -1)
		return -1;
	if ((fd = mkstemp(name)) == -1) {
		free(name);
		return -1;
	}
	error = writeall(fd, text->data, text->len) == -1 ||
		fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) == -1 ||
		fsync(fd) == -1 || rename(name, path) == -1 ?
	    errno :
	    0;
	close(fd);
	if (error != 0)
		unlink(name);
	free(name);
	errno = error;
	return error == 0 ? 0 : -1;
}

/* Reads the set that is there already; *set is NULL where there is none. */
static int
read_set(const struct jwt *jwt, struct json_object **set)
{
	struct buf text;
	const char *why = NULL;
	struct stat st;
	int fd;

	*set = NULL;
	if ((fd = regular_open(jwt->jwks_file, O_RDONLY, &st, &why)) == -1)
		return errno == ENOENT ? CMD_OK :
					 command_fail(jwt->cmd, CMD_FAILED,
					     "%s: %s", jwt->jwks_file, why);
	buf_init(&text, JWKS_MAX);
	/* A larger file, cut short, is no JSON. */
	(void)infile_all(fd, &text);
	*set = jsonin_parse(text.data, text.len, JSON_REQUEST_VALUES, &why);
	close(fd);
	buf_free(&text);
	if (json_object_is_type(jsonin_member(*set, "keys"), json_type_array) &&
	    jsonin_length(jsonin_member(*set, "keys")) < JWK_KEYS)
		return CMD_OK;
	json_object_put(*set);
	*set = NULL;
	return command_fail(jwt->cmd, CMD_FAILED,
	    "%s is there and is no key set with room for another key (%s); "
	    "name another file",
	    jwt->jwks_file,
	    why != NULL ?
		why :
		"an object with an array \"keys\" of 31 entries at most");
}

int
jwt_rs256_publish(const struct jwt *jwt)
{
	struct json_object *old;
	struct buf text;
	int status;

	if (jwt->jwks_file == NULL)
		return CMD_OK;
	if ((status = read_set(jwt, &old)) != CMD_OK)
		return status;
	buf_init(&text, JWKS_MAX);
	if (write_set(jwt, old, &text) == -1)
		status = command_fail(jwt->cmd, CMD_FAILED,
		    "the key set would be larger than %d bytes", JWKS_MAX);
	else if (replace(jwt->jwks_file, &text) == -1)
		status = command_fail(jwt->cmd, CMD_FAILED,
		    "cannot write %s: %s", jwt->jwks_file, strerror(errno));
	buf_free(&text);
	json_object_put(old);
	return status;
}
