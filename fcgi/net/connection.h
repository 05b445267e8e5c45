/* SPDX-License-Identifier: MIT */
/*
 * connection: a FastCGI connection with its state while it waits without a
 * thread: the bytes of its request that have come, and the bytes of its answer
 * that the reader has not taken.
 */
#ifndef CTIM_CONNECTION_H
#define CTIM_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/net/outgoing.h"
#include "fcgi/net/record.h"

#define CONNECTION_INPUT 32768 /* bytes for one recv(2) */

/* What a connection waits for. */
enum connection_wait {
	CONNECTION_REQUEST, /* the rest of a request, or the next one */
	CONNECTION_READER,  /* that its answer is taken */
	CONNECTION_END,     /* that the peer closes, who gets no more */
	CONNECTION_NOTHING  /* it is to be closed */
};

struct connection {
	int fd;               /* -1: none */
	int64_t born;         /* clock_ms() of its accept */
	int64_t began;        /* of the request's first byte; 0: none yet */
	int64_t whole;        /* of the request's last */
	uint64_t bytes;       /* that it moved in its life, either way */
	unsigned int answers; /* that it got */
	struct record record;
	struct outgoing out;
	size_t taken; /* bytes of memory, of large.c */
	/* For parked.c, while it waits: */
	enum connection_wait wait;
	bool keep;      /* after the answer the next request may come */
	int64_t until;  /* clock_ms() at which CONNECTION_END is over */
	size_t counted; /* record_memory() as it was counted; large.c's, too */
	struct connection *next, *previous;
};

/* Connections without a descriptor that a thread has ready. */
struct spares {
	struct connection *first;
	int n;
};

/* A connection on its way to another process, beside its descriptors. */
struct connection_note {
	int64_t born, whole;
	uint64_t bytes, body, kept;
	uint64_t params, frames; /* bytes of each in the memory file */
	unsigned int answers;
	uint16_t id;
	bool keep;
};

/* The socket, and a memory file with the request. */
enum { CONNECTION_SOCKET, CONNECTION_FILE, CONNECTION_FDS };

/* Without a descriptor; max_body in bytes.  NULL when memory ran out.  room
 * outlives it. */
struct connection *connection_new(size_t max_body, struct outgoing_room *room);
/* Closes it, too. */
void connection_free(struct connection *);
/* Makes as many spare ones as a thread should have; false when memory ran out.
 * The arguments are those of connection_new(). */
bool connection_fill(
    struct spares *, size_t max_body, struct outgoing_room *room);
/* Takes one of the spare ones, of which there must be one. */
struct connection *connection_take(struct spares *);
/* Closes a connection, and keeps it as a spare one or frees it. */
void connection_spare(struct spares *, struct connection *);
/* Gives the memory of the spare ones back. */
void connection_rest(struct spares *);
/* Frees the spare ones. */
void connection_empty(struct spares *);
/* Gives it a connected socket, accepted just now. */
void connection_open(struct connection *, int fd);
/* Closes the socket and forgets everything, for the next one. */
void connection_close(struct connection *);
/* After an answer: the next request may come.  Gives its memory back. */
void connection_again(struct connection *);
/* What a connection waits for whose answer is taken.  One on which more came
 * than its request is not closed with bytes unread: over TCP that would take
 * from the peer what of the answer is on its way. */
enum connection_wait connection_answered(const struct connection *);
/*
 * Reads what is there, without waiting, into input (CONNECTION_INPUT bytes) and
 * from there into the record, at most reads times as much.  RECORD_MORE: more
 * has to come first.
 */
enum record_result connection_read(
    struct connection *, unsigned char *input, int reads);
/*
 * Ends a connection whose request did not come to be: result, which is neither
 * RECORD_WHOLE nor RECORD_MORE.  Sends what there is to say, without waiting.
 * Returns CONNECTION_END or CONNECTION_NOTHING.
 */
enum connection_wait connection_drop(
    struct connection *, enum record_result result);
/* Whether a warning may be written that whoever can connect can cause: one a
 * second. */
bool connection_may_warn(void);
/* Whether a goes before b where not all can stay, at clock_ms() now: the one
 * with fewer bytes a second over its life, of equals the older one; those that have
 * just come last, the older first, so that drips go before new visitors. */
bool connection_slower(
    const struct connection *a, const struct connection *b, int64_t now);
/*
 * A whole request for another process, or a kept connection on which the next
 * has not begun: fills the note, and fd with the socket,
 * which stays the connection's, and with a memory file that is the caller's.
 * Returns 0, or -1 with errno.
 */
int connection_pack(const struct connection *, struct connection_note *note,
    int fd[CONNECTION_FDS]);
/*
 * The opposite, into a connection without a descriptor.  Takes both
 * descriptors.  Returns 0, or -1 when memory ran out; what is left for it then is
 * connection_drop() with RECORD_STARVED.
 */
int connection_unpack(struct connection *, const struct connection_note *note,
    const int fd[CONNECTION_FDS]);

#endif
