/* SPDX-License-Identifier: MIT */
/*
 * traceparent: the two header fields that join the requests of one thing that
 * somebody did, over all services that have a part in it.
 * Source: W3C Recommendation "Trace Context", level 1, sections 3.2, 3.3, 4.3.
 */
#ifndef CTIM_TRACEPARENT_H
#define CTIM_TRACEPARENT_H

#include <stdbool.h>
#include <stddef.h>

#define TRACEPARENT_MAX   56 /* bytes of a value that is written, with the NUL */
#define TRACEPARENT_FIELD (TRACEPARENT_MAX + 13) /* of the whole field */
#define TRACEPARENT_ID    33  /* of a trace-id, with the NUL */
#define TRACESTATE_MAX    512 /* bytes that are passed on, without a NUL */
#define TRACESTATE_FIELD  (TRACESTATE_MAX + 13) /* of the whole field */

struct transport;

struct traceparent {
	char trace[TRACEPARENT_ID]; /* hexadecimal, small letters; "": none */
	bool sampled;               /* the one flag that means anything */
};

/* Reads a value of traceparent.  False: it is none, and the trace is "". */
bool traceparent_read(struct traceparent *, const char *);
/* Begins a trace of our own.  Returns 0, or -1 when there is no chance (random
 * number) to be had; then the trace is "". */
int traceparent_begin(struct traceparent *);
/* Writes the value for a request that we make: the same trace, with a new
 * parent-id.  Returns 0, or -1 as above. */
int traceparent_next(const struct traceparent *, char value[TRACEPARENT_MAX]);
/* Puts the fields of a request that we make into list: traceparent, for
 * whose text `field` is room, and state, the whole field tracestate, where that is not NULL.  Returns
 * how many. */
size_t traceparent_fields(const struct traceparent *, const char *state,
    char field[TRACEPARENT_FIELD], const char **list);
/*
 * How many bytes of a value of tracestate may be passed on: all of a list of
 * members up to TRACESTATE_MAX; without members from its end where that is more;
 * 0 when it is no such list.
 */
size_t traceparent_state(const char *);
/* Puts the field tracestate that came with a request into field, and returns that;
 * NULL where none is to be passed on. */
const char *traceparent_came(
    const struct transport *, char field[TRACESTATE_FIELD]);

#endif
