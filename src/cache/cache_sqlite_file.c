/* SPDX-License-Identifier: MIT */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache_sqlite.h"
#include "conf/conf.h"
#include "db/dbfile.h"
#include "os/folder.h"

/* Opens and locks the directory of the file.  Returns -1 with errno. */
static int
lock_directory(const struct cache_file *f)
{
	char dir[PATH_MAX];
	int fd;

	if (folder_of(f->path, dir) == -1)
		return -1;
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

enum cache_result
cache_sqlite_make(const struct cache_file *f, struct cache_try *t, int *fd)
{
	*fd = lock_directory(f);
	if (*fd == -1 && errno == ENOENT) {
		/* A command that root runs before the service would make a
		 * directory that the service's user may not enter. */
		if (geteuid() == 0 && f->conf->user != NULL)
			return cache_sqlite_fail(f, t,
			    "its directory is not "
			    "there; make it for the service's user, mode 2770");
		if (dbfile_directory(f->path, NULL, t->why) == -1)
			return CACHE_FAILED;
		*fd = lock_directory(f);
	}
	if (*fd == -1 && errno == EWOULDBLOCK) {
		cache_sqlite_fail(f, t, "another process makes it");
		return CACHE_BUSY;
	}
	return dbfile_make(f->path, t->why) == 0 ? CACHE_DONE : CACHE_FAILED;
}

enum cache_result
cache_sqlite_could(const struct cache_file *f, struct cache_try *t)
{
	char dir[PATH_MAX];
	struct stat st;
	int r;

	if ((size_t)snprintf(dir, sizeof(dir), "%s", f->path) >= sizeof(dir))
		return cache_sqlite_fail(f, t, strerror(ENAMETOOLONG));
	if (lstat(dir, &st) == 0 && S_ISLNK(st.st_mode) && stat(dir, &st) == -1)
		return cache_sqlite_fail(f, t, "a link that leads nowhere");
	/* Finds the nearest directory that is there. */
	while ((r = eaccess(dir, F_OK)) == -1 && errno == ENOENT &&
	    folder_of(dir, dir) == 0)
		;
	if (r == 0 && eaccess(dir, W_OK) == 0)
		return CACHE_NOTHING;
	return cache_sqlite_fail(f, t, strerror(errno));
}

bool
cache_sqlite_discard(const struct cache_file *f)
{
	static const char *const beside[] = { "-wal", "-shm", "-journal" };
	char name[PATH_MAX];
	int fd;
	bool gone;
	size_t i;

	if ((fd = lock_directory(f)) == -1)
		return errno == EWOULDBLOCK; /* another process removes it */
	gone = sqlite_moved(&f->db, f->path);
	if (!gone && unlink(f->path) == 0) {
		gone = true;
		for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
			if ((size_t)snprintf(name, sizeof(name), "%s%s",
				f->path, beside[i]) < sizeof(name))
				unlink(name);
	}
	close(fd);
	return gone;
}
