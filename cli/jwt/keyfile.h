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
 * The key in the file into key, an empty buffer.  When there is no such file,
 * one is made with a new key, readable by its owner alone, and *made is true.
 * Returns CMD_OK; else what is wrong has been printed, and it is the status.
 */
int keyfile_open(
    const struct command *, const char *path, struct buf *key, bool *made);
/*
 * A name for a new key, so that no other is lost: the first of "secret.key",
 * "secret-2.key", ... with which nothing is in the directory of path.  Where
 * that cannot be seen it is path.
 */
void keyfile_new_name(const char *path, char out[PATH_MAX]);

#endif
