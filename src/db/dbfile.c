/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/dbfile.h"
#include "os/folder.h"
#include "os/regular.h"

#define FILE_MODE      0660
#define DIRECTORY_MODE 02770
#define PARENT_MODE    0755
#define PATH_SHOWN     256 /* bytes of a path in an error: the mend must fit */

static int
dbfile_fail(char error[DB_ERROR_MAX], const char *path, const char *what,
    const char *mend)
{
	snprintf(error, DB_ERROR_MAX, "%.*s: %s: %s%s%s", PATH_SHOWN, path,
	    what, strerror(errno), mend == NULL ? "" : "; ",
	    mend == NULL ? "" : mend);
	return -1;
}

/* Root gives what it makes at path to the owner and group of the directory
 * above: *owner points at those (in *room), and is NULL for other users.
 * Returns 0, or -1 with errno. */
static int
dbfile_owner(const char *path, struct folder_owner *room,
    const struct folder_owner **owner)
{
	char parent[PATH_MAX];
	struct stat st;

	*owner = NULL;
	if (geteuid() != 0)
		return 0;
	if (folder_of(path, parent) == -1 || stat(parent, &st) == -1)
		return -1;
	*room = (struct folder_owner){ st.st_uid, st.st_gid };
	*owner = room;
	return 0;
}

/* Makes a directory, for owner if that is not NULL, and what is missing above
 * it. */
static int
dbfile_make_directory(
    const char *path, mode_t mode, const struct folder_owner *owner)
{
	char parent[PATH_MAX];
	struct folder_owner room;
	struct stat st;

	if (stat(path, &st) == 0) {
		errno = ENOTDIR;
		return S_ISDIR(st.st_mode) ? 0 : -1;
	}
	if (errno != ENOENT || folder_of(path, parent) == -1 ||
	    dbfile_make_directory(parent, PARENT_MODE, NULL) == -1 ||
	    (owner == NULL && dbfile_owner(path, &room, &owner) == -1))
		return -1;
	return folder_make(path, mode, owner) == 0 || errno == EEXIST ? 0 : -1;
}

int
dbfile_directory(const char *path, const struct folder_owner *owner,
    char error[DB_ERROR_MAX])
{
	char dir[PATH_MAX];

	if (folder_of(path, dir) == -1)
		return dbfile_fail(error, path, "cannot be made", NULL);
	if (dbfile_make_directory(dir, DIRECTORY_MODE, owner) == -1)
		return dbfile_fail(error, dir, "cannot make this directory",
		    "make it for the service's user, mode 2770, or name "
		    "another file");
	return 0;
}

int
dbfile_make(const char *path, char error[DB_ERROR_MAX])
{
	struct folder_owner room;
	const struct folder_owner *owner;
	int fd, r;

	if (dbfile_directory(path, NULL, error) == -1)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    FILE_MODE);
	if (fd == -1 && errno == EEXIST)
		return 0;
	if (fd == -1)
		return dbfile_fail(error, path, "cannot be made",
		    "run the command as the owner of its directory");
	r = fchmod(fd, FILE_MODE); /* whatever the umask is */
	if (r == 0)
		r = dbfile_owner(path, &room, &owner);
	if (r == 0 && owner != NULL)
		r = fchown(fd, owner->uid, owner->gid);
	close(fd);
	if (r == -1) {
		dbfile_fail(error, path, "cannot set its owner and mode", NULL);
		unlink(path);
	}
	return r;
}

int
dbfile_twin(const char *path, const char *like)
{
	struct stat st;
	mode_t mode;
	int fd, kept;

	if (stat(like, &st) == -1)
		return -1;
	fd = open(
	    path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	/* Only root gives files away; a member of the group keeps the group, and
	 * another group is not let in. */
	mode = st.st_mode & 0777;
	if (fchown(fd, st.st_uid, st.st_gid) == -1 &&
	    fchown(fd, (uid_t)-1, st.st_gid) == -1)
		mode &= 0707;
	if (fchmod(fd, mode) == 0)
		return close(fd);
	kept = errno;
	close(fd);
	unlink(path);
	errno = kept;
	return -1;
}

int
dbfile_check(const char *path, char error[DB_ERROR_MAX])
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char name[PATH_MAX];
	const char *what;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if ((size_t)snprintf(name, sizeof(name), "%s%s", path,
			ends[i]) >= sizeof(name) ||
		    (what = regular_other(name)) == NULL)
			continue;
		snprintf(error, DB_ERROR_MAX,
		    "%.*s%s: %s; move it away, or name another file",
		    PATH_SHOWN, path, ends[i], what);
		return -1;
	}
	return 0;
}

int
dbfile_opened(const char *path, const char *opened, char error[DB_ERROR_MAX])
{
	struct stat named, st;

	if (geteuid() != 0)
		return 0;
	if (lstat(path, &named) == -1 || lstat(opened, &st) == -1)
		return dbfile_fail(error, path, "cannot be opened", NULL);
	if (S_ISLNK(named.st_mode) ?
		named.st_uid == 0 :
		named.st_dev == st.st_dev && named.st_ino == st.st_ino)
		return 0;
	errno = ELOOP;
	return dbfile_fail(error, path, "is another user's symbolic link",
	    "name the file itself");
}

bool
dbfile_explain(const char *path, bool write, char error[DB_ERROR_MAX])
{
	static const char *const companions[] = { "-wal", "-shm" };
	char name[PATH_MAX];
	struct stat st;
	size_t i;

	if (stat(path, &st) == -1) {
		dbfile_fail(error, path, "cannot be opened",
		    errno == ENOENT ?
			"`ctim-relay intel import` makes it" :
			"run as its owner or as a member of its group");
		return true;
	}
	if (eaccess(path, write ? R_OK | W_OK : R_OK) == -1) {
		dbfile_fail(error, path,
		    write ? "cannot be written" : "cannot be read",
		    "run as its owner or as a member of its group");
		return true;
	}
	for (i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
		if ((size_t)snprintf(name, sizeof(name), "%s%s", path,
			companions[i]) >= sizeof(name) ||
		    eaccess(name, R_OK) == 0)
			continue;
		dbfile_fail(error, name,
		    "this file beside the store cannot be read "
		    "or made",
		    "run as the owner of the store or as a member "
		    "of its group; the directory must be theirs to write");
		return true;
	}
	return false;
}
