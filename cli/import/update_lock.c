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
#include "store/store_write.h"

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

static int
update_lock_other(const char *source, char why[UPDATE_LOCK_WHY])
{
	(void)snprintf(
	    why, UPDATE_LOCK_WHY, "another update of %s is running", source);
	return -1;
}

/* The database's lock. */
static int
update_lock_claim(struct update_lock *lock, const char *url, const char *source,
    char why[UPDATE_LOCK_WHY])
{
	char error[STORE_ERROR_MAX];
	int claimed = -1;

	if ((lock->store = store_open(url, STORE_ADD, error)) != NULL)
		claimed = store_claim(lock->store, source, error);
	if (claimed == 1)
		return 0;
	update_lock_give(lock);
	if (claimed == 0)
		return update_lock_other(source, why);
	(void)snprintf(why, UPDATE_LOCK_WHY, "%s", error);
	return -1;
}

int
update_lock_take(struct update_lock *held, const char *store,
    const char *source, char why[UPDATE_LOCK_WHY])
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = update_lock_byte(source),
		.l_len = 1 };
	const char *what = strerror(ENAMETOOLONG);
	char path[PATH_MAX];
	struct stat st;
	int fd = -1;

	*held = (struct update_lock){ .fd = -1 };
	if (store_is_url(store))
		return update_lock_claim(held, store, source, why);
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
	held->fd = fd;
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		(void)update_lock_other(source, why);
	else
		snprintf(why, UPDATE_LOCK_WHY, "%.256s.update: %s", store,
		    strerror(errno));
	update_lock_give(held);
	return -1;
}

void
update_lock_give(struct update_lock *lock)
{
	if (lock->fd != -1)
		close(lock->fd);
	store_close(lock->store);
	*lock = (struct update_lock){ .fd = -1 };
}
