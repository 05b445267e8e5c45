/* SPDX-License-Identifier: MIT */
/*
 * master_own: what a master knows of itself, and what it says of that in the
 * log and on the control socket.  Only this folder includes it.
 */
#ifndef CTIM_MASTER_OWN_H
#define CTIM_MASTER_OWN_H

#include <sys/types.h>

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "fcgi/master/notify.h"
#include "figures/ledger.h"
#include "hook/hook.h"
#include "fcgi/master/upgrade.h"

#include "fcgi/master/status.h"

struct conf;
struct master_setup;
struct balance;

/* What the answer to "stop" waits for; reloads are numbered below. */
#define MASTER_END UINT_MAX

struct child {
	pid_t pid;       /* 0: the slot is free */
	int64_t started; /* clock_ms() */
	bool stale;      /* to be replaced */
	bool told;       /* to stop */
	bool blind;      /* its signs of life cannot be seen: it is of a binary
			  * with another memory */
	int64_t beat;    /* its last sign of life that we saw */
	int64_t silent;  /* ms since then that we were awake */
};

/* What only the master knows, in memory that the process that serves metrics
 * shares.  Numbers may be a turn of the loop old, a second at most, that of map
 * workers two. */
struct master_figures {
	_Atomic int64_t started, loaded; /* as in struct status, all of them */
	_Atomic uint64_t reloads, refused, deaths;
	_Atomic int wanted, map_workers;
	_Atomic int worker[STATUS_WORKERS];
	_Atomic bool stopping;
};

struct master {
	const struct master_setup *setup;
	struct balance *share;
	pid_t pid;
	int signals;            /* signalfd(2) */
	struct child *child;    /* by share slot */
	int top;                /* used slots are below it */
	int64_t next;           /* clock_ms() of the next start */
	int pause;              /* ms, of the last early death */
	int64_t early;          /* clock_ms() of that */
	bool serves;            /* all workers that there should be serve */
	bool reload;            /* asked for, waits for its turn */
	bool force;             /* with an upgrade, changed or not */
	struct upgrade upgrade; /* with which the reload begins */
	bool upgraded;   /* this binary has taken over, and is to tell that */
	unsigned turn;   /* number of the one that was begun last */
	bool telling;    /* that one is not complete */
	struct buf said; /* lines about its configuration */
	struct notify notify;
	bool stopping;
	struct hook_seen changes; /* of stores, of which programs are told */
	struct ledger ledger;     /* of matches */
	int64_t watched;          /* clock_ms() of the last watch() */
	int64_t kill_at;          /* clock_ms() at which patience ends */
	int deadline;             /* seconds: the longest of all configurations
					 * so far, which old workers may still have */
	int become;               /* in a new worker: its slot; else -1 */
	struct master_figures *figures; /* NULL: not yet, or no memory */
	int64_t counted; /* clock_ms() when its map workers were counted */
	/* For status: */
	int64_t since, loaded; /* seconds since 1970 */
	uint64_t reloads, refused, deaths;
};

/* The configuration in force. */
const struct conf *master_conf(const struct master *);
/* How many workers there should be. */
int master_wanted(const struct master *);
/* Warns of what a reload with `new` cannot change. */
void master_tell_restart(const struct master *, const struct conf *new);
/* Into the log: how it serves; what: "start" or "reload". */
void master_log_setup(const struct master *, const char *what);
/* For struct control: answers a question, or takes an order, arg being the
 * master. */
unsigned master_answer(
    void *arg, const char *question, uid_t who, struct buf *out);
/* Puts the numbers where the process that serves metrics finds them, and makes
 * that where there should be one. */
void master_show(struct master *);
/* A child has ended.  Returns whether it was the map master, which the workers
 * cannot have another of: others take their place, with one. */
bool master_lost_maps(struct master *, pid_t, int status);
/* Ends the map master, once no worker is left. */
void master_end_maps(struct master *);
/* Begins the end; why: for the log. */
void master_stop(struct master *, const char *why);

#endif
