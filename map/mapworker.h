/* SPDX-License-Identifier: MIT */
/*
 * mapworker: runs compiled programs of jq over questions.  Only mapworker.c knows
 * libjq.
 */
#ifndef CTIM_MAPWORKER_H
#define CTIM_MAPWORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MAPWORKER_WHY 512 /* bytes of a reason, with the NUL */

struct mapworker_program {
	char *text;              /* the file; NULL once it is known whether
				  * it can be compiled */
	void *jq;                /* compiled; else NULL */
	char why[MAPWORKER_WHY]; /* "3: syntax error, …" with the line, if it
				  * cannot be compiled; else "" */
};

/* Compiles a program, unless that was done.  Returns whether it is compiled; if not,
 * with an empty why, memory ran out, and the next call tries again. */
bool mapworker_compile(struct mapworker_program *);
/* Becomes a map worker: locks this process, which parent has forked, answers the
 * questions on MAPLOCK_FD, and ends. */
_Noreturn void mapworker_run(
    const struct mapworker_program *, size_t n, pid_t parent);

#endif
