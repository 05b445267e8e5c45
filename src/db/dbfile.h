/*
 * dbfile: the file and the directory of a store, with the owner and the
 * modes that let the service and the command line share it.
 *
 * A WAL store is three files that every user of it must be able to write, its
 * readers included; so directory 2770, files 0660, and what root makes goes to
 * the owner of the directory it is made in.  SQLite gives its -wal and -shm
 * files the owner and mode of the main file.
 */
#ifndef CTIM_DBFILE_H
#define CTIM_DBFILE_H

#include <stdbool.h>

struct folder_owner;

#define DB_ERROR_MAX 512 /* bytes of a line for people */

/* Makes the directories above a file that are missing; the one that it is in
 * for owner, unless that is NULL.  Returns 0, or -1 with the reason in error. */
int dbfile_directory(const char *path, const struct folder_owner *owner,
    char error[DB_ERROR_MAX]);
/* Makes the file, empty, and the directories above it that are missing.  Returns
 * 0, also when it is there already, or -1 with the reason in error. */
int dbfile_make(const char *path, char error[DB_ERROR_MAX]);
/*
 * As root: whether opened, the path that SQLite found at path, is the file of
 * that name, and not one that another user's symbolic link led to.  To be asked
 * when the file is open and nothing is written yet; then it does not matter
 * what becomes of the name meanwhile.  Returns 0, or -1 with the reason in error.
 */
int dbfile_opened(
    const char *path, const char *opened, char error[DB_ERROR_MAX]);
/* Why a store could not be opened, as far as the file system tells: writes the
 * line for people and returns true, or false when it tells nothing. */
bool dbfile_explain(const char *path, bool write, char error[DB_ERROR_MAX]);

#endif
