/* SPDX-License-Identifier: MIT */
/*
 * answer: the JSON of one relay answer while it is being made.
 *
 * For the routes that answer entities, one kind is streamed: its entities leave
 * as they are made.  The other kinds wait in bounded buffers (above ANSWER_MEMORY
 * in an unlinked temporary file) until the streamed kind ends, and errors come
 * last.  The streamed kind is chosen when the first bytes have to leave: it is
 * the kind that the core names, unless another has more than twice its bytes by
 * then.  An entity that is already in the answer, same id and same members, is
 * left out.  For the routes that answer a list, elements leave as they are made.
 * Source: relay API, "Routes" and "Errors".
 */
#ifndef CTIM_ANSWER_H
#define CTIM_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctim/ctim.h"
#include "ctim/problem.h"
#include "json/jsonout.h"

struct answer;
struct response;

#define ANSWER_ENTITY (4U << 20) /* bytes of one entity */
#define ANSWER_MEMORY (4U << 20) /* bytes that wait in memory, a request */

/* What "data" is. */
enum answer_shape {
	ANSWER_STATUS,   /* {"status": "ok"} or what answer_status() says */
	ANSWER_ENTITIES, /* {"KINDS": {"count": n, "docs": []}} */
	ANSWER_LIST,     /* [] */
	ANSWER_OBJECT    /* {}, or the one element that is written */
};

/*
 * What providers call.  All of it belongs to the answer; strings handed in are
 * copied.
 *
 * answer_entity() gives a writer inside the new entity's object, with "type"
 * written and, for the kinds that have one, "id"; id NULL makes a version 4 one.
 * The provider writes the other members and calls answer_end().  NULL when this
 * observable already has as many of the kind as the token allows: then the
 * entity is not to be written.  Where the id was made, it is answer_id() until
 * the next entity.
 */
struct jsonout *answer_entity(struct answer *, enum ctim_kind, const char *id);
const char *answer_id(const struct answer *);
/* A relationship that joins two entities of the answer, for a provider whose
 * limit cuts these and not what joins them; id as above. */
struct jsonout *answer_link(struct answer *, const char *id);
/* An element of a list (a reference, an action, a tile): inside its object. */
struct jsonout *answer_element(struct answer *);
void answer_end(struct answer *);
/* Ends an entity that cannot be in the answer already, which is not looked for
 * then.  One with an id that answer_entity() made is such a one always. */
void answer_end_unique(struct answer *);
/* An error; the format makes its message.  One that is in the answer already,
 * same code and message, is left out. */
void answer_problem(struct answer *, enum problem, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, but never more than a warning, unless answer_problem() says so
 * too. */
void answer_warning(struct answer *, enum problem, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* A warning with a code that need not be one of enum problem's; both are texts
 * that need no format. */
void answer_own_warning(struct answer *, const char *code, const char *message);

/* What the core calls. */

/* Begins an answer of a shape on a response.  streamed: which kind is, if it can.
 * NULL when memory ran out.  The caller ends with answer_free(). */
struct answer *answer_new(
    struct response *, enum answer_shape, enum ctim_kind streamed);
void answer_free(struct answer *);
/* The next observable begins: limit is the most entities of each kind. */
void answer_observable(struct answer *, size_t limit);
/* The observable was answered: entities, or known that there are none. */
void answer_answered(struct answer *);
/*
 * What follows is of one of several sources, until the next call: its errors begin
 * with "NAME: ", and are warnings where another source has answered.  name, which
 * must outlive that, NULL: of the one that is asked alone.
 */
void answer_source(struct answer *, const char *name);
/*
 * From now on each finished entity or element, an object of JSON in an empty
 * buffer otherwise, is shown to a function with its source and, of an entity, its
 * kind: that may change it, or keep it out (false).
 */
typedef bool answer_filterer(
    void *arg, const char *source, enum ctim_kind, struct buf *json);
void answer_filter(struct answer *, answer_filterer *, void *arg);
/* ANSWER_STATUS: the text of "status", a constant; it is there then, whatever
 * errors there are. */
void answer_status(struct answer *, const char *status);
/* ANSWER_STATUS: ends answer_element(), whose members then stand behind "status",
 * unless the answer has no "data".  Once. */
void answer_beside(struct answer *);
/* Sends the entities of the streamed kind that are made so far. */
void answer_push(struct answer *);
/* Writes what is left and ends the response.  fatal: no "data" unless some of
 * it was already written.  Returns 0, or -1 when the answer could not be made
 * whole (it then ends, where it can, with an error that says so, and is cut
 * so that it is no valid JSON). */
int answer_finish(struct answer *);
/* The request cannot be answered at all: its only result is this. */
void answer_refuse(struct answer *, enum problem, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/* After answer_finish() returned -1: the errno of what could not be written to
 * or read from spill_folder(), or 0 when the cause is another. */
int answer_spill_error(const struct answer *);
size_t answer_entities(const struct answer *);
size_t answer_errors(const struct answer *);

#endif
