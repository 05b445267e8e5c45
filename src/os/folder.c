/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "os/folder.h"

int
folder_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);

	if (n >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (slash == NULL || n == 0) {
		memcpy(out, slash == NULL ? "." : "/", 2);
		return 0;
	}
	memmove(out, path, n);
	out[n] = '\0';
	return 0;
}

int
folder_make(const char *path, mode_t mode, const struct folder_owner *owner)
{
	int fd, r = 0, error;

	if (mkdir(path, mode & 0777) == -1)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	/* chown(2) takes the set-group-id bit away: so the mode comes last. */
	if (owner != NULL)
		r = fchown(fd, owner->uid, owner->gid);
	if (r == 0)
		r = fchmod(fd, mode);
	error = errno;
	(void)close(fd);
	errno = error;
	return r;
}
