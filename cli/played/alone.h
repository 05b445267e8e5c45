/* SPDX-License-Identifier: MIT */
/*
 * alone: a gateway in this process whose one relay has a described provider, read
 * from a directory, whatever the configuration of the machine is.
 *
 * What other requests and the time of day would change is off: the cache, turns
 * (`rate`), retries and circuits.
 */
#ifndef CTIM_ALONE_H
#define CTIM_ALONE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct described;
struct json_object;
struct relay_conf;

#define ALONE_RELAY "case"

/* Only one at a time, as its descriptions are read through a static. */
struct alone {
	const char *dir; /* as it was named; not owned */
	char path[PATH_MAX];
	struct described *described;
	struct conf *conf; /* its only relay is conf->relays */
};

/* Opens it and compiles the maps.  False after printing all errors, on standard
 * error; then there is nothing to close. */
bool alone_open(struct alone *, const char *dir);
void alone_close(struct alone *);
/* Prints a line about the directory on standard error. */
void alone_say(const struct alone *, const char *before, const char *line);

/* A request: claims and body as JSON texts, path as in "observe/observables",
 * now in seconds since 1970. */
struct alone_request {
	const char *path, *claims;
	const char *body;
	size_t len;
	int64_t now;
};
/* Puts it, and the answer, to be released by the caller, into *answer.  Returns
 * NULL, or an error text, good until the next call. */
const char *alone_ask(const struct alone *, const struct alone_request *,
    struct json_object **answer);

#endif
