/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "os/regular.h"

static const struct {
	mode_t kind;
	const char *what;
} regular_others[] = { { S_IFIFO, "it is a named pipe, not a file" },
	{ S_IFDIR, "it is a directory, not a file" },
	{ S_IFSOCK, "it is a socket, not a file" },
	{ S_IFCHR, "it is a device, not a file" },
	{ S_IFBLK, "it is a device, not a file" },
	{ S_IFLNK, "it is a symbolic link, which is not followed here" } };

/* What a path with that st_mode is; NULL: a regular file. */
static const char *
regular_not(mode_t mode)
{
	size_t i;

	for (i = 0; i < sizeof(regular_others) / sizeof(regular_others[0]); i++)
		if ((mode & S_IFMT) == regular_others[i].kind)
			return regular_others[i].what;
	return S_ISREG(mode) ? NULL : "it is no file";
}

const char *
regular_other(const char *path)
{
	struct stat st;

	return stat(path, &st) == -1 ? NULL : regular_not(st.st_mode);
}

bool
regular_same(const char *path, const char *other)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(other, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int
regular_open(const char *path, int flags, struct stat *st, const char **what)
{
	return regular_open_in(AT_FDCWD, path, flags, st, what);
}

int
regular_open_in(
    int folder, const char *path, int flags, struct stat *st, const char **what)
{
	const int follow = flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
	int fd = -1, error;

	*what = NULL;
	if (fstatat(folder, path, st, follow) == 0 &&
	    (*what = regular_not(st->st_mode)) == NULL &&
	    (fd = openat(folder, path,
		 flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) != -1 &&
	    fstat(fd, st) == 0 && (*what = regular_not(st->st_mode)) == NULL)
		return fd;
	error = *what != NULL ? EINVAL : errno;
	if (*what == NULL)
		*what = strerror(error);
	if (fd != -1)
		(void)close(fd);
	errno = error;
	return -1;
}
