/* SPDX-License-Identifier: MIT */
/*
 * logfile: a file that several processes add lines to, for good: each line is
 * one write(2) at its end, and the file can be opened again after its rotation.
 *
 * A link, a device and, for root, a file of several names are refused, as a line
 * would go elsewhere.  Safe from any thread once it is open: a file that is
 * opened again takes the same number by dup3(2), so writers need no lock.
 * Source: open(2), O_APPEND; dup(2).
 */
#ifndef CTIM_LOGFILE_H
#define CTIM_LOGFILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

/* In memory that all processes share which write to the file, if there is memory
 * for that. */
struct logfile_shared {
	/* A full disk has cut the file within a line: the next one first ends
	 * that line. */
	_Atomic bool torn;
	_Atomic int64_t told; /* clock_ms() of logfile_tell(); 0: never */
};

struct logfile {
	int fd;         /* -1: not open */
	char *path;     /* NULL: fd is not the file's own, and stays open */
	bool made;      /* logfile_open() made the file */
	bool may_block; /* fd is no regular file: lines may be lost */
	struct logfile_shared own, *shared;
};

/* One that writes to a descriptor of the caller's until logfile_open(); -1:
 * nowhere. */
#define LOGFILE(number)                                     \
	{                                                   \
		.fd = (number), .may_block = (number) != -1 \
	}

/* Opens the file, which is made with mode 0640; what was open is closed.
 * Returns 0, or -1 with errno for logfile_why(); then all is as before. */
int logfile_open(struct logfile *, const char *path);
/* Goes on with a descriptor, which another program had of the file, and which is
 * the log's from then on.  Returns 0, or -1 when memory runs out. */
int logfile_adopt(struct logfile *, const char *path, int fd);
/* Goes back to a descriptor of the caller's; -1: nowhere. */
void logfile_leave(struct logfile *, int fd);
/* Whether logfile_open() would refuse the file at a path now: 0, or an errno. */
int logfile_check(const char *path);
/* Explains an errno of these functions; good until the next call. */
const char *logfile_why(int error);
/* For root, before it becomes that user: gives the file to the user, who will
 * open it again.  Only a file that logfile_open() made is given away.
 * Returns 0, or -1 with errno: EACCES when the file was there before, and that
 * user cannot open it. */
int logfile_give(const struct logfile *, uid_t, gid_t);
/* Opens the file again (after its rotation).  Returns 0, or -1 with errno; then
 * the old one stays open. */
int logfile_reopen(struct logfile *);
/* Adds a newline to a line and writes both.  Returns 0, or -1 with errno when
 * not all of it was written: ENOSPC for a part, EAGAIN where it would block. */
int logfile_put(struct logfile *, struct buf *line);
/* Whether it is time to say that the file cannot be written: once in ms
 * milliseconds, for all processes. */
bool logfile_tell(struct logfile *, int64_t ms);

#endif
