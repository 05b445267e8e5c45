/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/secret.h"
#include "cli/jwt/keyfile.h"
#include "token/auth.h"

#define KEY_LEAST 32   /* bytes; the gateway refuses shorter ones */
#define KEY_TEXT  65   /* of a new key, with its NUL */
#define NAMES_MAX 1000 /* files of one name and a number */

static int
keyfile_make_key(
    const struct command *cmd, const char *path, struct buf *key, bool *made)
{
	char text[KEY_TEXT]; /* a newline takes the place of its NUL */
	int r;

	if (auth_new_key(text) == -1)
		return command_fail(cmd, CMD_FAILED,
		    "the system gave no random bytes for a key: %s",
		    strerror(errno));
	text[KEY_TEXT - 1] = '\n';
	r = secret_make(path, text, sizeof(text));
	*made = r == 1;
	if (*made)
		buf_add(key, text, sizeof(text) - 1);
	explicit_bzero(text, sizeof(text));
	return r == -1 ? command_fail(cmd, CMD_FAILED, "cannot make %s: %s",
			     path, strerror(errno)) :
			 CMD_OK;
}

int
keyfile_open(
    const struct command *cmd, const char *path, struct buf *key, bool *made)
{
	int status;

	*made = false;
	if (access(path, F_OK) == -1 && errno == ENOENT) {
		status = keyfile_make_key(cmd, path, key, made);
		if (status != CMD_OK || *made)
			return status;
	}
	if ((status = secret_line(cmd, path, key)) != CMD_OK)
		return status;
	if (key->len < KEY_LEAST)
		return command_fail(cmd, CMD_FAILED,
		    "the key in %s has %zu characters and should have 64 (%d "
		    "at least); name another file, and a new key will be made "
		    "there",
		    path, key->len, KEY_LEAST);
	return CMD_OK;
}

void
keyfile_new_name(const char *path, char out[PATH_MAX])
{
	const char *dot = strrchr(path, '.');
	struct stat st;
	int i, n;

	if (dot == NULL || strchr(dot, '/') != NULL)
		dot = path + strlen(path);
	n = (int)(dot - path);
	snprintf(out, PATH_MAX, "%s", path);
	for (i = 2; i < NAMES_MAX && lstat(out, &st) == 0; i++)
		snprintf(out, PATH_MAX, "%.*s-%d%s", n, path, i, dot);
}
