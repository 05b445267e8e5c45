/* SPDX-License-Identifier: MIT */
/*
 * map: the gateway's side of ctim-relay-map, which runs the jq programs of
 * described providers in processes of its own.
 *
 * A map master is started once for the programs of a configuration, compiles
 * each of them, and forks a map worker for each thread that asks.  The worker is
 * locked: it can read and write one descriptor, and nothing else.  One that is
 * late is killed; the next question gets a new one.  map/mapmaster.h and
 * map/mapworker.h have the other side, net/mapframe.h what goes between.
 */
#ifndef CTIM_MAP_H
#define CTIM_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAP_NAME     "ctim-relay-map"
#define MAP_TIME     2000        /* ms that one question may take */
#define MAP_QUESTION (32U << 20) /* bytes of one question */
#define MAP_WHY      1024        /* bytes of a reason, with the NUL */
#define MAP_LINE     5120        /* the same with a label before it */

struct buf;
struct json_object;
struct map_master;
struct map_worker;

/* NULL: the program beside this one, else the installed one; for tests: another. */
extern const char *map_path;

struct map_program {
	const char *label; /* path of the file, in messages; NULL ends a list */
	const char *text;  /* the file, 64 KB at most */
};

/* Is told of a program that cannot be compiled: "PATH/map.jq:3: syntax error, …". */
typedef void map_complain(void *arg, size_t program, const char *line);
/*
 * Starts a map master that has compiled the programs, which get the numbers 0 …
 * n - 1; when it returns, they are compiled.  Each that cannot be is told; when it
 * is asked, that is MAP_NONE with the reason.  NULL with the reason in why (size
 * bytes): there is no map master.  The programs are not needed any longer.  To be
 * called before fork where workers of the pool shall use it: they inherit it, and
 * it ends when the last process that has it is gone.
 */
struct map_master *map_master_start(const struct map_program *, size_t n,
    map_complain *, void *arg, char *why, size_t size);
/* The same, but a program is compiled when it is first asked, as that takes 20 to
 * 40 ms: for a process that has few requests. */
struct map_master *map_master_later(
    const struct map_program *, size_t n, char *why, size_t size);
/* Ends it, when no other process has it, and waits for that; else only lets go of
 * it.  NULL is fine.  Its map_workers must have been freed. */
void map_master_stop(struct map_master *);
/* The same without waiting: the master of a pool reaps all its children. */
void map_master_leave(struct map_master *);
/* Its process; 0 for NULL. */
pid_t map_master_pid(const struct map_master *);
/* How many map workers there are, for status; -1 when that cannot be told.  For
 * one thread of one process. */
int map_master_workers(const struct map_master *);

enum map_result {
	MAP_DONE,
	MAP_ERROR,   /* jq's error(), or an answer that is too large */
	MAP_LATE,    /* killed at its deadline */
	MAP_CRASHED, /* the worker died of it */
	MAP_MEMORY,  /* the worker had too little */
	MAP_OFF,     /* not asked: late, crashed or out of memory too often */
	MAP_NONE,    /* no worker could be had */
	MAP_RESULTS
};

/* The worker of one thread, which is made when it is first asked.  NULL: no
 * memory. */
struct map_worker *map_worker_new(struct map_master *);
void map_worker_free(struct map_worker *);
/*
 * Puts one question, the JSON text {observable, type_name, now, limit, route,
 * claim, data, answers} of providers, to a program; deadline: clock_ms().
 * *entities: an array of what the program wrote, with MAP_ERROR what came before
 * it, to be released by the caller; else NULL.  In the place of one that cannot be
 * read, as it is nested too deep, is its text, a string whose
 * json_object_get_userdata() is the reason, a constant text.  why: with MAP_ERROR
 * the words of jq, with MAP_NONE the reason for the log.
 */
enum map_result map_ask(struct map_worker *, int program,
    const struct buf *question, int64_t deadline, struct json_object **entities,
    char *why, size_t size);

#endif
