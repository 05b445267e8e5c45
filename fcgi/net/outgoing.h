/* SPDX-License-Identifier: MIT */
/*
 * outgoing: an answer whose reader does not take it: records in a memory file,
 * and beyond what a worker may have of these, in a spill file without a name.
 *
 * Both are files, so that libfcgi writes its records into them as it would to
 * the connection.
 */
#ifndef CTIM_OUTGOING_H
#define CTIM_OUTGOING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What all answers of a worker have together: bytes used and allowed. */
struct outgoing_room {
	_Atomic int64_t memory, disk;
	_Atomic uint64_t lost; /* answers for which there was none */
	int64_t memory_most, disk_most;
};

enum outgoing_where { OUTGOING_MEMORY, OUTGOING_DISK, OUTGOING_FILES };

struct outgoing {
	struct outgoing_room *room;
	int fd[OUTGOING_FILES];         /* -1: none yet */
	int64_t len[OUTGOING_FILES];    /* bytes in the file */
	int64_t booked[OUTGOING_FILES]; /* bytes that the room counts for it */
	int64_t sent;                   /* of both, bytes that were taken */
	int64_t taken_at;               /* clock_ms() of the last of them */
};

/* Without files.  room outlives it. */
void outgoing_init(struct outgoing *, struct outgoing_room *room);
/* Closes the files and gives the room back; as after outgoing_init(). */
void outgoing_close(struct outgoing *);
/*
 * The file into which the next n bytes at most are to be written, at its own
 * place; then outgoing_wrote() must be called.  The answer stays in order: what
 * comes after something on disk goes to disk.  Returns -1 with errno; ENOBUFS:
 * the worker's answers have all room that there is.
 */
int outgoing_file(struct outgoing *, size_t n);
/* Counts what was written.  Returns 0, or -1 with errno. */
int outgoing_wrote(struct outgoing *);
/* Whether something was written that has not been taken. */
bool outgoing_waits(const struct outgoing *);
/*
 * Sends what the socket takes without waiting, most bytes at a time at most, and
 * adds their number to *taken.  Returns 1 when nothing waits any more, 0 when
 * something does, or -1 when the peer is gone or a file could not be read.
 */
int outgoing_send(struct outgoing *, int socket, size_t most, uint64_t *taken);

#endif
