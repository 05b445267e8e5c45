/* SPDX-License-Identifier: MIT */
/*
 * keyfile: a file that holds the secret key, and nothing else.
 */
#ifndef CTIM_KEYFILE_H
#define CTIM_KEYFILE_H

#include <limits.h>
#include <stdbool.h>

struct buf;
struct command;

/*
 * Reads the key in the file into key, an empty buffer.  When there is no such
 * file, makes one with a new key, readable by its owner alone, and *made is
 * true.  Returns CMD_OK; else the error has been printed, and the result is its
 * status.
 */
int keyfile_open(
    const struct command *, const char *path, struct buf *key, bool *made);
/*
 * Finds a name for a new key, so that no other is lost: the first of
 * "secret.key", "secret-2.key" and so on that no file in the directory of path
 * has.  Where the directory cannot be read, the name is path.
 */
void keyfile_new_name(const char *path, char out[PATH_MAX]);

#endif
