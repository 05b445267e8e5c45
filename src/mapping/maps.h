/* SPDX-License-Identifier: MIT */
/*
 * maps: the programs of all providers of a configuration, in one map master
 * (map.h), and the question of a lookup to one of them.
 */
#ifndef CTIM_MAPS_H
#define CTIM_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mapping/map.h"

struct conf;
struct maps;
struct query;
struct relay_conf;

#define MAPS_WHY   2048 /* bytes of a message, with the NUL */
#define MAPS_AFTER 500  /* ms behind a request's deadline */

/* Gathers the programs.  Starts nothing: the map master is started by
 * maps_start(), else when the first question is asked, and then compiles each
 * program when it is asked for.  conf must outlive it.  NULL: no memory. */
struct maps *maps_new(const struct conf *);
/* Starts the map master for a pool, before its workers are forked, unless no
 * provider has a program.  0, or -1 with errors told: of each program that cannot
 * be compiled, or why there is no map master, which a question may still start. */
int maps_start(
    struct maps *, void (*complain)(void *, bool, const char *), void *arg);
/* Whether maps_start() found that a program of a relay cannot be compiled: then
 * nothing is asked of the relay.  One that is found when it is asked costs nobody
 * but those who ask it.  NULL: no. */
bool maps_broken(const struct maps *, const struct relay_conf *);
/* Ends the map master and waits for it, unless other processes have it. */
void maps_free(struct maps *);
/* The same without waiting, for a pool that goes on with another configuration:
 * the map master ends with the last process that has it. */
void maps_leave(struct maps *);
/* The process of the map master; 0: there is none. */
pid_t maps_pid(const struct maps *);
/* How many map workers there are; -1 when that cannot be told. */
int maps_workers(const struct maps *);

/* What a question took, and came to. */
struct maps_asked {
	bool asked;             /* a program was needed */
	enum map_result result; /* of it */
	int64_t ms;             /* that it took */
	/* What it wrote, to be released by the caller; or NULL. */
	struct json_object *entities;
	/* What people are told unless the result is MAP_DONE; whether that is
	 * the gateway's fault, not the service's or the map's. */
	char why[MAPS_WHY];
	bool internal;
	bool broken; /* a program cannot be compiled, so the description of the
		      * provider has an error */
};

/*
 * Has the provider of q write the question to its program, and asks that by
 * MAPS_AFTER behind the request's deadline (clock_ms()): what came until then is
 * still made something of.  *worker is the thread's, made when it is NULL, to
 * be released before the maps.  What is no error of the program itself is in the
 * log, too.
 */
struct maps_asked maps_ask(struct maps *, struct map_worker **worker,
    const struct relay_conf *, const struct query *q, int64_t deadline);

#endif
