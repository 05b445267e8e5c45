/* SPDX-License-Identifier: MIT */
/*
 * progress: how far a long piece of work is, on one line of a terminal.  When
 * standard error is no terminal nothing is printed.
 */
#ifndef CTIM_PROGRESS_H
#define CTIM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;     /* there is a terminal */
	bool drawn;     /* there is a line on it to take away */
	uint64_t total; /* 0: not known */
	int64_t began;  /* clock, ms */
	int64_t next;   /* clock at which to draw again, ms */
};

/* total: how much there is to do, in bytes; 0 when that is not known. */
void progress_begin(struct progress *, uint64_t total);
/* Draws, at most ten times a second: done bytes, records so far. */
void progress_at(struct progress *, uint64_t done, uint64_t records);
/* The same for work that is counted in pieces: done of them, how long the rest
 * will take, and news, a text of ours.  before: pieces of done that took no
 * time. */
void progress_count(
    struct progress *, uint64_t done, uint64_t before, const char *news);
/* Takes the line away. */
void progress_end(struct progress *);

#endif
