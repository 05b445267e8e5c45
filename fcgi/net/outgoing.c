/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/socket.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/net/outgoing.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/spill.h"

#define OUTGOING_CHUNK 65536 /* bytes read back at a time */

void
outgoing_init(struct outgoing *o, struct outgoing_room *room)
{
	*o = (struct outgoing){ .room = room, .fd = { -1, -1 } };
}

static _Atomic int64_t *
outgoing_used(struct outgoing *o, enum outgoing_where where)
{
	return where == OUTGOING_DISK ? &o->room->disk : &o->room->memory;
}

/* Takes n bytes more of the room.  Returns whether they are there. */
static bool
outgoing_book(struct outgoing *o, enum outgoing_where where, int64_t n)
{
	_Atomic int64_t *used = outgoing_used(o, where);
	int64_t most =
	    where == OUTGOING_DISK ? o->room->disk_most : o->room->memory_most;

	if (atomic_fetch_add(used, n) + n > most) {
		atomic_fetch_sub(used, n);
		return false;
	}
	o->booked[where] += n;
	return true;
}

static void
outgoing_give_back(struct outgoing *o, enum outgoing_where where, int64_t n)
{
	atomic_fetch_sub(outgoing_used(o, where), n);
	o->booked[where] -= n;
}

void
outgoing_close(struct outgoing *o)
{
	enum outgoing_where i;

	for (i = 0; i < OUTGOING_FILES; i++) {
		if (o->fd[i] != -1)
			(void)close(o->fd[i]);
		if (o->booked[i] != 0)
			outgoing_give_back(o, i, o->booked[i]);
	}
	outgoing_init(o, o->room);
}

static int
outgoing_open(struct outgoing *o, enum outgoing_where where)
{
	if (o->fd[where] == -1)
		o->fd[where] = where == OUTGOING_DISK ?
		    spill_file() :
		    memfd_create("ctim-answer", MFD_CLOEXEC);
	return o->fd[where];
}

int
outgoing_file(struct outgoing *o, size_t n)
{
	int64_t more = (int64_t)n;

	if (!outgoing_waits(o))
		o->taken_at = clock_ms();
	if (o->len[OUTGOING_DISK] == 0 &&
	    outgoing_book(o, OUTGOING_MEMORY, more))
		return outgoing_open(o, OUTGOING_MEMORY);
	if (outgoing_book(o, OUTGOING_DISK, more))
		return outgoing_open(o, OUTGOING_DISK);
	errno = ENOBUFS;
	return -1;
}

int
outgoing_wrote(struct outgoing *o)
{
	enum outgoing_where i;
	off_t at;

	for (i = 0; i < OUTGOING_FILES; i++) {
		if (o->fd[i] == -1)
			continue;
		if ((at = lseek(o->fd[i], 0, SEEK_CUR)) == -1)
			return -1;
		o->len[i] = at;
		outgoing_give_back(o, i, o->booked[i] - at);
	}
	return 0;
}

bool
outgoing_waits(const struct outgoing *o)
{
	return o->sent < o->len[OUTGOING_MEMORY] + o->len[OUTGOING_DISK];
}

/* All of a file has been taken: its room is for others. */
static int
outgoing_empty(struct outgoing *o, enum outgoing_where where)
{
	if (o->len[where] == 0)
		return 0;
	if (ftruncate(o->fd[where], 0) == -1 ||
	    lseek(o->fd[where], 0, SEEK_SET) == -1)
		return -1;
	outgoing_give_back(o, where, o->booked[where]);
	o->sent -= o->len[where];
	o->len[where] = 0;
	return 0;
}

/* Reads up to n of the bytes that come next.  Returns how many, or -1. */
static ssize_t
outgoing_next(struct outgoing *o, void *p, size_t n)
{
	enum outgoing_where where = OUTGOING_MEMORY;
	ssize_t got;

	if (o->sent >= o->len[OUTGOING_MEMORY]) {
		/* What is in memory no more is counted no more. */
		if (outgoing_empty(o, OUTGOING_MEMORY) == -1)
			return -1;
		where = OUTGOING_DISK;
	}
	if ((int64_t)n > o->len[where] - o->sent)
		n = (size_t)(o->len[where] - o->sent);
	do
		got = pread(o->fd[where], p, n, o->sent);
	while (got == -1 && errno == EINTR);
	if (got == 0)
		errno = EIO;
	return got == 0 ? -1 : got;
}

int
outgoing_send(struct outgoing *o, int fd, size_t most, uint64_t *taken)
{
	char chunk[OUTGOING_CHUNK];
	ssize_t n, done;

	while (outgoing_waits(o) && most > 0) {
		n = outgoing_next(
		    o, chunk, most < sizeof(chunk) ? most : sizeof(chunk));
		if (n == -1) {
			log_error(
			    "an answer that waits cannot be read back: %s",
			    strerror(errno));
			return -1;
		}
		done = send(fd, chunk, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return errno == EAGAIN ? 0 : -1;
		o->sent += done;
		o->taken_at = clock_ms();
		*taken += (uint64_t)done;
		most -= (size_t)done;
	}
	if (outgoing_waits(o))
		return 0;
	return outgoing_empty(o, OUTGOING_MEMORY) == -1 ||
		outgoing_empty(o, OUTGOING_DISK) == -1 ?
	    -1 :
	    1;
}
