/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "log/logfile.h"
#include "os/clock.h"
#include "os/pollone.h"

static struct logfile_shared *
logfile_state(struct logfile *f)
{
	return f->shared != NULL ? f->shared : &f->own;
}

static void
logfile_share(struct logfile *f)
{
	void *p;

	if (f->shared != NULL)
		return;
	p = mmap(NULL, sizeof(*f->shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p != MAP_FAILED)
		f->shared = p;
}

/* Whether the file ends within a line. */
static bool
logfile_is_torn(const char *path)
{
	int in = open(
	    path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	off_t end = in == -1 ? -1 : lseek(in, 0, SEEK_END);
	char last = '\n';

	if (end > 0 && pread(in, &last, 1, end - 1) != 1)
		last = '\n';
	if (in != -1)
		close(in);
	return last != '\n';
}

/* Refuses anything but a regular file: a line would go where a link leads, or
 * into a device; and for root also a file with a second name, which may be
 * another file's.  Returns 0, or an errno for logfile_why(). */
static int
logfile_refuses(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return ELOOP;
	if (!S_ISREG(st->st_mode))
		return ENODEV;
	return st->st_nlink > 1 && geteuid() == 0 ? EMLINK : 0;
}

int
logfile_check(const char *path)
{
	struct stat st;

	return lstat(path, &st) == -1 ? 0 : logfile_refuses(&st);
}

/* Opens the file; *created says whether it was missing.  A pipe without a
 * reader, a terminal and the like must not hold the caller, hence O_NONBLOCK,
 * which regular files ignore.  Returns -1 with errno. */
static int
logfile_descriptor(const char *path, bool *created)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY |
	    O_NOFOLLOW | O_NONBLOCK;
	struct stat st;
	int new, error;

	new = open(path, flags | O_CREAT | O_EXCL, 0640);
	*created = new != -1;
	if (new == -1 && errno == EEXIST)
		new = open(path, flags);
	if (new == -1) {
		if (errno == ENXIO || errno == EISDIR)
			errno = ENODEV;
		return -1;
	}
	error = fstat(new, &st) == -1 ? errno : logfile_refuses(&st);
	if (error != 0) {
		close(new);
		errno = error;
		return -1;
	}
	return new;
}

const char *
logfile_why(int error)
{
	switch (error) {
	case ELOOP:
		return "is a link, and those are not followed";
	case ENODEV:
		return "is no regular file";
	case EMLINK:
		return "has more than one name";
	default:
		return strerror(error);
	}
}

void
logfile_leave(struct logfile *f, int fd)
{
	if (f->path != NULL)
		close(f->fd);
	free(f->path);
	f->path = NULL;
	f->fd = fd;
	f->made = false;
	f->may_block = fd != -1;
	atomic_store(&logfile_state(f)->torn, false);
}

int
logfile_open(struct logfile *f, const char *path)
{
	char *copy = strdup(path);
	bool made;
	int new;

	logfile_share(f);
	if (copy == NULL)
		return -1;
	if ((new = logfile_descriptor(copy, &made)) == -1) {
		free(copy);
		return -1;
	}
	logfile_leave(f, new);
	f->path = copy;
	f->made = made;
	f->may_block = false;
	atomic_store(&logfile_state(f)->torn, logfile_is_torn(copy));
	return 0;
}

int
logfile_adopt(struct logfile *f, const char *path, int fd)
{
	char *copy = strdup(path);

	logfile_share(f);
	if (copy == NULL)
		return -1;
	logfile_leave(f, fd);
	f->path = copy;
	f->may_block = false;
	return 0;
}

int
logfile_give(const struct logfile *f, uid_t uid, gid_t gid)
{
	struct stat st;

	if (f->path == NULL)
		return 0;
	if (f->made)
		return fchown(f->fd, uid, gid);
	if (fstat(f->fd, &st) == -1)
		return -1;
	errno = EACCES;
	return st.st_uid == uid || (st.st_mode & S_IWOTH) != 0 ||
		(st.st_gid == gid && (st.st_mode & S_IWGRP) != 0) ?
	    0 :
	    -1;
}

int
logfile_reopen(struct logfile *f)
{
	bool created;
	int new, r;

	if (f->path == NULL)
		return 0;
	if ((new = logfile_descriptor(f->path, &created)) == -1)
		return -1;
	r = dup3(new, f->fd, O_CLOEXEC);
	close(new);
	if (r == -1)
		return -1;
	atomic_store(&logfile_state(f)->torn, logfile_is_torn(f->path));
	return 0;
}

int
logfile_put(struct logfile *f, struct buf *line)
{
	static char newline[] = "\n";
	struct iovec out[2] = { { newline, 1 } };
	_Atomic bool *torn = &logfile_state(f)->torn;
	bool mend;
	ssize_t n;
	int ready;

	if (buf_addc(line, '\n') == -1) {
		errno = ENOMEM;
		return -1;
	}
	/* A pipe whose reader stalls would hold the thread that logs, in the
	 * middle of a request or of a stop: then the line is lost. */
	if (f->may_block &&
	    ((ready = pollone(f->fd, POLLOUT, 0)) <= 0 || !(ready & POLLOUT))) {
		errno = EAGAIN;
		return -1;
	}
	out[1] = (struct iovec){ line->data, line->len };
	mend = f->path != NULL && atomic_exchange(torn, false);
	do
		n = writev(f->fd, mend ? out : out + 1, mend ? 2 : 1);
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)(line->len + mend))
		return 0;
	if (f->path != NULL && (n == -1 ? mend : n > mend))
		atomic_store(torn, true);
	if (n != -1)
		errno = ENOSPC;
	return -1;
}

bool
logfile_tell(struct logfile *f, int64_t ms)
{
	_Atomic int64_t *told = &logfile_state(f)->told;
	int64_t now = clock_ms(), last = atomic_load(told);

	return (last == 0 || now - last >= ms) &&
	    atomic_compare_exchange_strong(told, &last, now);
}
