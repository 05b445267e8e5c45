/* SPDX-License-Identifier: MIT */
/*
 * tail_file: a file that somebody else appends to, line by line: its end, and
 * what comes after it, also when it is moved away or cut.
 */
#ifndef CTIM_TAIL_FILE_H
#define CTIM_TAIL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#define TAIL_LINE_MAX 65536 /* bytes; what is longer comes in pieces */

struct tail_file {
	const char *path; /* the caller's */
	int fd;
	off_t at;        /* read so far */
	int64_t moved;   /* clock_ms() at which another file was
					 * seen in its place; 0: none */
	struct buf line; /* the one that is not whole yet */
	/* Gets every line of len bytes, without its newline. */
	void (*take)(void *arg, const char *line, size_t len);
	void *arg;
};

/* Opens a file ("-": standard input).  The caller fills in take and arg.
 * Returns 0, or -1 with errno. */
int tail_file_open(struct tail_file *, const char *path);
void tail_file_close(struct tail_file *);
/* Goes back so far that the last n lines that wanted() accepts are read from
 * there on.  Returns how many more accepted lines come before them, or -1 with
 * errno. */
int64_t tail_file_back(struct tail_file *, uint64_t n,
    bool (*wanted)(void *arg, const char *line, size_t len), void *arg);
/* Takes all lines that are there now.  Returns 0, or -1 with errno. */
int tail_file_read(struct tail_file *);
/* Takes the rest as a line, as nothing more will come. */
void tail_file_rest(struct tail_file *);
/* As tail_file_read().  Where another file took the place, or the file was cut,
 * reading goes on at the beginning. */
int tail_file_follow(struct tail_file *);

#endif
