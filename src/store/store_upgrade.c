/* SPDX-License-Identifier: MIT */
/* A store of an older version is brought to the present format. */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/dbfile.h"
#include "os/folder.h"
#include "store/store_db.h"

#define COPIES 9          /* names of a copy that are tried */
#define SPARE  (1U << 20) /* bytes that a copy leaves free, and an eighth */

/* Whether the disk has room for a copy of the store, and for the upgrade after
 * it. */
static bool
store_upgrade_room(const char *path)
{
	char folder[PATH_MAX], wal[PATH_MAX];
	struct statvfs disk;
	struct stat st;
	uint64_t size;

	if (folder_of(path, folder) == -1 || statvfs(folder, &disk) == -1 ||
	    stat(path, &st) == -1)
		return false;
	size = (uint64_t)st.st_size;
	if ((size_t)snprintf(wal, sizeof(wal), "%s-wal", path) < sizeof(wal) &&
	    stat(wal, &st) == 0)
		size += (uint64_t)st.st_size;
	return (uint64_t)disk.f_bavail * disk.f_frsize >=
	    size + size / 8 + SPARE;
}

/* Makes the file for the copy: PATH.v1, or PATH.v1-2 and so on where there is
 * one of that name.  Returns 0, or -1 with errno. */
static int
store_upgrade_name(const char *path, int64_t format, char name[PATH_MAX])
{
	int i, n;

	for (i = 1; i <= COPIES; i++) {
		n = snprintf(name, PATH_MAX, i == 1 ? "%s.v%d" : "%s.v%d-%d",
		    path, (int)format, i);
		if (n >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (dbfile_twin(name, path) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

/*
 * Copies the store by a connection of its own, which sees what is committed,
 * while this one has the lock for writing: nobody changes the store between the
 * copy and the upgrade.  Writes the name of the copy; returns NULL, or why
 * there is none.
 */
static const char *
store_upgrade_copy(struct store *s, int64_t format, char name[PATH_MAX])
{
	const char *path = sqlite3_db_filename(s->db.handle, "main");
	struct sqlite from = { .text = s->db.text }, to = from;
	int code;

	if (!store_upgrade_room(path))
		return "there is not enough room on the disk";
	if (store_upgrade_name(path, format, name) == -1)
		return strerror(errno);
	if ((code = sqlite_open(&from, path, false)) == SQLITE_OK &&
	    (code = sqlite_open(&to, name, true)) == SQLITE_OK)
		code = sqlite_copy(&from, &to);
	sqlite_close(&from);
	sqlite_close(&to);
	if (code == SQLITE_OK)
		return NULL;
	(void)unlink(name);
	return sqlite3_errstr(code);
}

/* Says what was done.  copy: where the old store is kept; why: NULL, or why it
 * is not. */
static void
store_upgrade_say(struct store *s, const struct store_renewed *urls,
    const char *copy, const char *why)
{
	size_t n;

	snprintf(s->note, sizeof(s->note),
	    why == NULL ?
		"%.160s: brought to the format of ctim-relay " CTIM_VERSION
		"; the old store is kept as %.160s" :
		"%.160s: brought to the format of ctim-relay " CTIM_VERSION
		"; no copy of the old store was kept: "
		"%.100s",
	    s->path, why == NULL ? copy : why);
	n = strlen(s->note);
	if (urls->renewed + urls->merged + urls->unable > 0)
		snprintf(s->note + n, sizeof(s->note) - n,
		    "; URLs: %d spelt anew, %d taken away as the same ones, "
		    "%d without a spelling to look up left as they are",
		    urls->renewed, urls->merged, urls->unable);
}

int
db_upgrade(struct store *s)
{
	struct store_renewed urls;
	struct sqlite_format f;
	char copy[PATH_MAX] = "";
	const char *why;
	int code;

	if ((code = sqlite_run(&s->db, SQL_BEGIN_WRITE)) != SQLITE_OK ||
	    (code = sqlite_format(&s->db, &f)) != SQLITE_OK)
		return code;
	/* Another process was faster. */
	if (f.version >= STORE_FORMAT)
		return sqlite_run(&s->db, SQL_COMMIT);
	why = store_upgrade_copy(s, f.version, copy);
	if ((code = sqlite_exec(&s->db, store_sql_upgrade)) == SQLITE_OK &&
	    (code = store_renew(s->db.handle, &urls)) == SQLITE_OK &&
	    (code = store_tally_fill(s)) == SQLITE_OK)
		code = sqlite_run(&s->db, SQL_COMMIT);
	if (code != SQLITE_OK) {
		if (why == NULL)
			(void)unlink(copy);
		return code;
	}
	store_upgrade_say(s, &urls, copy, why);
	return SQLITE_OK;
}
