/* SPDX-License-Identifier: MIT */
/*
 * answers: the statements of an answer about each observable.
 */
#ifndef CTIM_ANSWERS_H
#define CTIM_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/set.h"
#include "ctim/ctim.h"

struct terms;
struct json_object;

/* An answer, and indexes of it. */
struct answers {
	struct json_object *answer;     /* owned by the caller */
	struct json_object *data;       /* NULL: there is none */
	struct json_object *judgements; /* by id */
	struct set decided;             /* "TYPE:VALUE" with a verdict */
	struct set mentioned;           /* with anything else */
	struct set based;               /* ids: judgements of verdicts */
	size_t malicious;               /* how many observables are */
};

/* A statement about one observable: a verdict with the judgement behind it
 * (NULL: missing), or, without a verdict, that judgement alone; or neither. */
struct finding {
	const char *type, *value;
	struct json_object *entity, *judgement;
	int disposition; /* enum ctim_disposition */
	bool taken;      /* the relay takes the type */
	bool whole;      /* no errors: without a statement, nothing is known */
};

/* The answer, an object, must outlive it.  0, or -1 when memory ran out. */
int answers_init(struct answers *, struct json_object *answer);
void answers_free(struct answers *);

/* Returns the entities of a kind, NULL for none. */
struct json_object *answers_docs(const struct answers *, enum ctim_kind);
/* Whether answers_each() shows a judgement, with its verdict or for itself. */
bool answers_told(const struct answers *, struct json_object *judgement);
/*
 * Calls each for every statement, in the order of the answer, then for the
 * observables asked about, from a place up to another, that have none.
 */
void answers_each(const struct answers *, const struct terms *, size_t from,
    size_t to, void (*each)(void *arg, const struct finding *), void *arg);
/* Returns the number of an entity's disposition, CTIM_UNKNOWN when it has none
 * of the vocabulary. */
int answers_disposition(struct json_object *entity);
/* Returns the end of a verdict or judgement as text, NULL when there is none,
 * and in seconds since 1970, -1 when the text is no time. */
const char *answers_end(struct json_object *entity, int64_t *seconds);
/*
 * Returns the exit status: CMD_MALICIOUS when a verdict (or, without one, a
 * judgement) says so; else CMD_FAILED when there are errors, so that nothing
 * incomplete looks clean; else CMD_OK.
 */
int answers_status(const struct answers *);

#endif
