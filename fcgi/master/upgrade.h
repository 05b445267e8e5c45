/* SPDX-License-Identifier: MIT */
/*
 * upgrade: brings another binary into force, in this process.
 *
 * The new binary first checks itself and the configuration, in a process of its
 * own and within UPGRADE_TIME, while the old one serves on.  If that is well, the
 * master executes it, and it takes over what the old one had (handover.h): it
 * starts workers and then ends the old ones, as a reload does.
 */
#ifndef CTIM_UPGRADE_H
#define CTIM_UPGRADE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "fcgi/master/binary.h"

#define UPGRADE_TIME 10000 /* ms for the check */
/* What the check prints in front of its version when all is well, and the binary
 * can take over what this one leaves. */
#define UPGRADE_WORD "handover-1: "

struct master;

/* The check that is under way. */
struct upgrade {
	pid_t pid;               /* 0: there is none */
	struct binary_file file; /* of which */
	int out;                 /* what it says comes here */
	int64_t until;           /* clock_ms() at which it is killed */
	bool late;               /* it was */
	bool passed;             /* the new binary waits for its turn */
	struct buf said;         /* by the check */
};

/* Whether one is under way. */
bool upgrade_runs(const struct upgrade *);
/* Begins the one with which a reload begins.  file: what has changed; NULL: it was
 * asked for.  What comes of it is told as reload.h says. */
void upgrade_begin(struct master *, const char *file);
/* Goes on with it; often.  Does not return when all is well. */
void upgrade_look(struct master *);
/* A child has ended.  Returns whether it was the check. */
bool upgrade_buried(struct master *, pid_t, int status);
/* Gives it up. */
void upgrade_end(struct upgrade *);

#endif
