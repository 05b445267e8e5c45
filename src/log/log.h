/* SPDX-License-Identifier: MIT */
/*
 * log: one record, one line, to stderr, syslog or a file.
 *
 * Safe from any thread; a record is one write(2).  Control characters come out
 * escaped, so nothing from outside can forge a line.  Never log a token, a key
 * or a body.
 */
#ifndef CTIM_LOG_H
#define CTIM_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/rfc3339.h"

struct conf;

/* Until log_open() records go to stderr as text, at level info.
 * A link, a device and a file of several names are no target.
 * Returns 0, or -1 with errno when the target cannot be opened; then the
 * previous one stays in use. */
int log_open(const struct conf *);
/* The same after an upgrade: a target that cannot be opened, as the one before
 * was opened by root, goes on with fd, which is the log's own then and else is
 * closed; -1: there is none. */
int log_adopt(const struct conf *, int fd);
/* Whether log_open() would refuse the file at a target now: 0, or an errno. */
int log_check(const char *target);
/* Explains the errno of log_open() or log_reopen() and its mend; good until the
 * next call. */
const char *log_why(int error);
/* For root, before it becomes that user: gives the file to the user, who will
 * open it again.  Only a file that log_open() made is given away.
 * Returns 0, or -1 with errno: EACCES when the file was there before, and that
 * user cannot open it. */
int log_give(uid_t, gid_t);
/* Opens the file again (after its rotation).  Returns 0, or -1 with errno; then
 * the old one stays open. */
int log_reopen(void);

/* For a process that closes all descriptors of its parent: gives up the connection
 * to syslog, which the next record opens again, and returns the log's descriptor,
 * to be kept. */
int log_keep(void);

void log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *, ...) __attribute__((format(printf, 1, 2)));

/* The time now as records have it, with ms. */
void log_time(char text[RFC3339_MAX]);

/* A request that has ended.  Strings may be NULL ("-" in the record). */
struct log_request {
	const char *relay, *route;
	int status; /* HTTP */
	size_t observables, entities, errors;
	size_t calls;   /* to the provider, those in … */
	size_t cached;  /* … the cache among them */
	size_t retried; /* made again: counted, not written */
	size_t held;    /* observables that [egress] held back: the same */
	uint64_t bytes; /* of the answer's body */
	int64_t ms;
	size_t maps; /* programs of described providers that were asked, … */
	int64_t map_ms; /* … and for how long: written where there are some */
	const char *id; /* X-Request-Id */
	const char *token; /* auth_check()'s id */
	const char *trace; /* trace-id; NULL: none, and no word of it */
};
void log_request(const struct log_request *);

#endif
