/* SPDX-License-Identifier: MIT */
/*
 * testcase: one case of a described provider: a directory with request.json,
 * upstream.json and answer.json.
 */
#ifndef CTIM_TESTCASE_H
#define CTIM_TESTCASE_H

#include <stdbool.h>

#define TESTCASE_BYTES (16U << 20) /* of a file of a case, at most */

struct alone;
struct command;

struct testcase {
	const struct command *cmd;
	const struct alone *alone; /* the gateway that is asked */
	const char *dir;           /* of the case */
	bool accept;               /* what comes is written to answer.json */
};

/* Runs it; played_begin() was called.  Prints what fails, a line each, and what
 * differs.  Returns whether it passed. */
bool testcase_run(const struct testcase *);

#endif
