/* SPDX-License-Identifier: MIT */
/*
 * handover: what the master of one binary leaves to that of the next, which is
 * the same process: its sockets, logs and workers.
 *
 * It is a JSON text in an open file without a name; CTIM_RELAY_HANDOVER in the
 * environment says of which process it is and the number of its descriptor.  A
 * reader takes what it knows of it, so that versions can add to it.
 */
#ifndef CTIM_HANDOVER_H
#define CTIM_HANDOVER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/master/control.h"
#include "fcgi/net/balance.h"
#include "fcgi/net/listener.h"

#define HANDOVER_FORMAT 1
#define HANDOVER_WHY    256 /* bytes of a reason */
/* Descriptors: listening, of the queue and its memory, of metrics, of the control
 * socket, logs. */
#define HANDOVER_FDS \
	(LISTENER_MAX + 2 * BALANCE_LANES + 1 + 1 + 1 + CONTROL_PLACES + 2)

struct handover_worker {
	pid_t pid;
	int slot;
	bool told, blind; /* as in struct child */
};

struct handover {
	bool given; /* the binary before has left something */
	struct listener listener;
	/* Open or not; what is asked is lost, who waits for an order is not. */
	struct control *control; /* the owner's */
	struct metrics *metrics; /* the same */
	struct balance *share;   /* NULL: one that this binary cannot read */
	int log, egress;         /* descriptors; -1: none */
	unsigned turn;           /* number of the reload that this is */
	bool again, upgrade;     /* another one is asked for; with upgrade */
	int deadline;            /* seconds: the longest of its workers */
	struct handover_worker *worker; /* the owner's */
	size_t workers;
};

/* Takes what there is, into control and metrics too, which are initialised.  Returns 0, also
 * when there is nothing; -1 with a reason in why (HANDOVER_WHY bytes) when it
 * cannot be read.  The caller calls handover_free(). */
int handover_take(struct handover *, struct control *, struct metrics *,
    char why[HANDOVER_WHY]);
/*
 * Leaves it: all its descriptors stay open in the next program.  Returns the
 * descriptor of the text, or -1 with errno; then, and when there is no next
 * program after all, handover_undo() has to follow.
 */
int handover_leave(const struct handover *);
void handover_undo(const struct handover *, int text);
void handover_free(struct handover *);

#endif
