/* SPDX-License-Identifier: MIT */
/*
 * tail_record: one line of the gateway's log, in either of its formats, and how
 * people read it.
 */
#ifndef CTIM_TAIL_RECORD_H
#define CTIM_TAIL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TAIL_TEXT    512  /* bytes of a name, with the NUL; cut if longer */
#define TAIL_MESSAGE 8192 /* the same of a message */

enum tail_level {
	TAIL_DEBUG,
	TAIL_INFO,
	TAIL_WARNING,
	TAIL_ERROR,
	TAIL_LEVELS
};

/* Numbers of a request, by the names that the log gives them. */
enum tail_number {
	TAIL_STATUS,
	TAIL_OBSERVABLES,
	TAIL_ENTITIES,
	TAIL_ERRORS,
	TAIL_CALLS,
	TAIL_CACHED,
	TAIL_BYTES,
	TAIL_MS,
	TAIL_NUMBERS
};

struct tail_record {
	int64_t time; /* seconds since 1970; 0: not said */
	int ms;       /* of that */
	enum tail_level level;
	bool request;
	/* A request: */
	char relay[TAIL_TEXT], route[TAIL_TEXT], id[TAIL_TEXT];
	int64_t n[TAIL_NUMBERS];
	/* Anything else, also a line that is no record: */
	char message[TAIL_MESSAGE];
};

/* Which records of a log are wanted. */
struct tail_filter {
	const char *relay; /* NULL: any */
	bool http;         /* only requests */
	bool errors;       /* only what went wrong */
};

/* Makes the record of a line of len bytes, without its newline. */
void tail_record_parse(struct tail_record *, const char *line, size_t len);
bool tail_record_wanted(const struct tail_record *, const struct tail_filter *);
/* Prints one line, times in the local time zone. */
void tail_record_print(const struct tail_record *, FILE *, bool colours);

#endif
