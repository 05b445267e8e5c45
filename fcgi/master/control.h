/* SPDX-License-Identifier: MIT */
/*
 * control: the socket on which the command line asks the master how it is, and
 * tells it what to do.
 *
 * One line, one answer, and the connection is closed.  Nothing here waits: the
 * master polls the descriptors together with its signals.  Who says nothing is
 * dropped after a second, or when somebody else wants the place; who waits for
 * something to end keeps the place until it has.
 */
#ifndef CTIM_CONTROL_H
#define CTIM_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "fcgi/net/unixsocket.h"

#define CONTROL_PLACES 16 /* conversations at a time */
#define CONTROL_POLLS  (CONTROL_PLACES + 1)
#define CONTROL_LINE   64 /* bytes of a question, with its newline */
#define CONTROL_WHY    UNIXSOCKET_WHY

struct conf;

struct control_talk {
	int fd;        /* -1: the place is free */
	int64_t until; /* clock_ms() at which it is dropped */
	char line[CONTROL_LINE];
	size_t have;    /* bytes of that */
	unsigned waits; /* for what, as answer() said; 0: for nothing */
	bool answering;
	struct buf answer;
	size_t sent;
};

struct control {
	int fd; /* listening; -1: there is none */
	struct unixsocket file;
	int64_t pause; /* clock_ms() until which nobody new is
					 * let in; 0: none */
	struct control_talk talk[CONTROL_PLACES];
	/* The answer to a question (its line without the end) of the user who
	 * ((uid_t)-1: not known) into out; left empty where that is none.
	 * Returns 0, or the number of what the answer waits for: then
	 * control_tell() gives it. */
	unsigned (*answer)(
	    void *arg, const char *question, uid_t who, struct buf *out);
	void *arg;
};

/* No socket yet.  The caller sets answer and arg before control_work(). */
void control_init(struct control *);
/*
 * Listens at [server] control, for owner and gid ((uid_t)-1, (gid_t)-1: as we
 * are); makes the directory for them when it is missing.  Returns 0, or -1 with
 * a reason in why (CONTROL_WHY bytes).
 */
int control_open(
    struct control *, const struct conf *, uid_t owner, gid_t gid, char *why);
/* Removes the file, so that a successor can have the name; who is in, is
 * answered. */
void control_leave(struct control *);
/* Closes everything; in a worker, whose business it is not, the file stays. */
void control_close(struct control *);

/* What to poll(2) for (CONTROL_POLLS at most): returns how many; *wait (ms, -1:
 * for ever) becomes less where somebody's time ends before. */
size_t control_poll(const struct control *, struct pollfd *, int *wait);
/* After poll(2), with what it found. */
void control_work(struct control *, const struct pollfd *, size_t n);
/* Nobody new is let in; or again. */
void control_hold(struct control *, bool);
/* Whether somebody asks, or gets an answer, who waits for nothing. */
bool control_talks(const struct control *);
/* Answers all who wait for what with the text. */
void control_tell(struct control *, unsigned what, const char *text);

#endif
