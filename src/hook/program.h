/* SPDX-License-Identifier: MIT */
/*
 * program: runs a program of the operator, without a shell, for a bounded time.
 *
 * The program gets /dev/null as its input, the given environment, the folder /,
 * a session of its own, the usual signals and no descriptor of ours.  All that
 * it and its children print is taken, line by line, up to a limit.
 * Source: execve(2), setsid(2), PR_SET_CHILD_SUBREAPER(2const).
 */
#ifndef CTIM_PROGRAM_H
#define CTIM_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#define PROGRAM_LINES 64   /* of output that are handed on */
#define PROGRAM_LINE  1024 /* bytes of one; a longer one comes in parts */

struct program {
	const char *path; /* absolute */
	char *const *env; /* "NAME=value" strings, ended by NULL */
	int64_t most;     /* ms that the program may take */
	/* A line of the output, without its end; bytes as they came, but for
	 * NUL, which is a blank. */
	void (*line)(void *arg, const char *line);
	void *arg;
};

enum program_how {
	PROGRAM_ENDED,     /* with an exit status */
	PROGRAM_SIGNALLED, /* by a signal that was not ours */
	PROGRAM_LATE,      /* its time was over, and all of it was killed */
	PROGRAM_FAILED     /* it could not be started */
};

struct program_end {
	enum program_how how;
	int value;       /* exit status, signal or errno */
	size_t left_out; /* bytes of output beyond PROGRAM_LINES */
};

/*
 * Runs the program and waits until it and all of its children have ended, those
 * in sessions of their own too; at the latest until `most` is over, when what is
 * left is killed.  The calling process must have no other children, and all its
 * descriptors must be close-on-exec.
 */
struct program_end program_run(const struct program *);

#endif
