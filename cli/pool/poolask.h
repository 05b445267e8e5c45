/* SPDX-License-Identifier: MIT */
/*
 * poolask: one question to the running pool, on its control socket.
 */
#ifndef CTIM_POOLASK_H
#define CTIM_POOLASK_H

#define POOLASK_MAX (4U << 20) /* bytes of an answer */
#define POOLASK_WHY 512        /* bytes of a reason */

/* The row of a command's options that names the control socket; its struct has
 * such a member, and the command includes "cli/base/options.h". */
#define POOL_SOCKET(type)                                                     \
	{                                                                     \
		"socket", 's', &options_text, offsetof(type, socket), "PATH", \
		    "the control socket, instead of the configuration's"      \
	}

struct buf;

/*
 * Asks the pool whose control socket is at path; it has ms for the answer.
 * Returns 0, or -1 with one line in why that says what to do.
 */
int poolask(const char *path, const char *question, int ms, struct buf *answer,
    char why[POOLASK_WHY]);

#endif
