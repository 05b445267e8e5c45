/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sha256.h"
#include "cli/import/update_lock.h"
#include "db/dbfile.h"
#include "os/regular.h"

/* The byte of a source: 62 bits, so that no two share one. */
static off_t
update_lock_byte(const char *source)
{
	unsigned char hash[SHA256_BYTES];
	uint64_t n;

	sha256_hash(source, strlen(source), hash);
	memcpy(&n, hash, sizeof(n));
	return (off_t)(n >> 2);
}

int
update_lock_take(
    const char *store, const char *source, char why[UPDATE_LOCK_WHY])
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = update_lock_byte(source),
		.l_len = 1 };
	const char *what = strerror(ENAMETOOLONG);
	char path[PATH_MAX];
	struct stat st;
	int fd = -1;

	if (snprintf(path, sizeof(path), "%s.update", store) <
	    (int)sizeof(path)) {
		if (dbfile_twin(path, store) == -1 && errno != EEXIST)
			what = strerror(errno);
		else
			fd = regular_open(path, O_RDWR, &st, &what);
	}
	if (fd == -1) {
		snprintf(
		    why, UPDATE_LOCK_WHY, "%.256s.update: %s", store, what);
		return -1;
	}
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return fd;
	if (errno == EAGAIN || errno == EACCES)
		snprintf(why, UPDATE_LOCK_WHY,
		    "another update of %s is running", source);
	else
		snprintf(why, UPDATE_LOCK_WHY, "%.256s.update: %s", store,
		    strerror(errno));
	close(fd);
	return -1;
}

void
update_lock_give(int fd)
{
	if (fd != -1)
		close(fd);
}
