/* SPDX-License-Identifier: MIT */
/*
 * master: starts workers, replaces what dies, reloads, stops.  It serves
 * nothing itself and has one thread.
 *
 * Meanwhile it answers who asks on the control socket (control.h).
 *
 * SIGHUP reads the configuration again: new workers start with it, and when
 * they serve, the old ones finish what they have and end; where another binary is
 * in place, or after SIGUSR2, that one is executed (upgrade.h).  SIGUSR1 opens the
 * log file again.  SIGTERM and SIGINT finish everything and end.
 */
#ifndef CTIM_MASTER_H
#define CTIM_MASTER_H

struct binary;
struct conf;
struct control;
struct handover;
struct listener;
struct metrics;
struct balance;
struct shared;

struct master_setup {
	struct conf **conf; /* replaced (and freed) by a reload */
	const char *file;   /* to load it from; NULL: conf_path() */
	int workers;        /* as told on start; -1: as conf says */
	struct listener *listener;
	struct control *control; /* open or not */
	struct metrics *metrics; /* the same */
	struct binary *binary;
	const struct handover *before; /* what the binary before has left */
	struct balance *share;
	struct shared *outside;
};

/*
 * Runs until it is told to stop.  Returns the exit status; it returns in the
 * workers, too, when these end, so the caller must have nothing to do after it
 * that only the master should.  Call with worker_signals() done.
 */
int master_run(const struct master_setup *);

/* Opens the half of the gateway that makes calls (net/network.h), and what the
 * cache needs, for this process and its workers; says in the log when there is
 * none.  Calls fail then, or nothing is cached, all else works; a reload tries
 * again. */
void master_open_objects(const struct conf *);

#endif
