/* SPDX-License-Identifier: MIT */
/*
 * dbfile: the file and the directory of a store, with the owner and the
 * modes that let the service and the command line share it.
 *
 * A WAL store is three files that every user of it must be able to write, its
 * readers included; so directories get mode 2770 and files 0660, and root gives
 * what it makes to the owner of the directory above.  SQLite gives its -wal and
 * -shm files the owner and mode of the main file.
 */
#ifndef CTIM_DBFILE_H
#define CTIM_DBFILE_H

#include <stdbool.h>

struct folder_owner;

#define DB_ERROR_MAX 512 /* bytes of a line for people */

/* Makes the missing directories above a file; the last one for owner, unless
 * that is NULL.  Returns 0, or -1 with the reason in error. */
int dbfile_directory(const char *path, const struct folder_owner *owner,
    char error[DB_ERROR_MAX]);
/* Makes the file, empty, and the directories above it that are missing.
 * Returns 0, also when it is there already, or -1 with the reason in error. */
int dbfile_make(const char *path, char error[DB_ERROR_MAX]);
/* Makes a new, empty file at path with the mode, and as far as this user may
 * the owner, of the file at like.  Returns 0, or -1 with errno: EEXIST when
 * there is something at path. */
int dbfile_twin(const char *path, const char *like);
/*
 * Refuses a path, or one of the files that SQLite makes beside it, that leads
 * to a named pipe, a directory or a device; what is not there is taken.  To be
 * called before SQLite opens the path.  Returns 0, or -1 with the reason in
 * error.
 */
int dbfile_check(const char *path, char error[DB_ERROR_MAX]);
/*
 * As root: whether opened, the path that SQLite found at path, is the file of
 * that name, and not one that another user's symbolic link led to.  To be
 * called when the file is open and nothing is written yet; then a later change
 * of the name does no harm.  Returns 0, or -1 with the reason in error.
 */
int dbfile_opened(
    const char *path, const char *opened, char error[DB_ERROR_MAX]);
/* Explains from the file system why a store could not be opened: writes a line
 * for people and returns true, or returns false when it finds no reason. */
bool dbfile_explain(const char *path, bool write, char error[DB_ERROR_MAX]);

#endif
