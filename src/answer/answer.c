/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/errors.h"
#include "answer/response.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/set.h"
#include "os/spill.h"

#define NOT_HELD "The gateway could not hold the answer"

struct kind {
	size_t count;      /* in the answer */
	size_t here;       /* of the observable at hand */
	struct spill wait; /* "docs" without brackets */
};

struct answer {
	struct response *response;
	enum answer_shape shape;
	enum ctim_kind streamed; /* while not streaming: if it can */
	size_t limit;
	struct kind kinds[CTIM_KINDS];
	size_t room;        /* memory left to the spills */
	struct buf scratch; /* the entity being written */
	struct jsonout json;
	enum ctim_kind kind; /* of that entity */
	bool unique;         /* it cannot be there already */
	char id[CTIM_ID_MAX];
	struct set seen; /* entities and errors */
	struct errors errors;
	size_t elements;
	const char *status;
	const char *source; /* NULL: the relay that is asked alone */
	answer_filterer *filter;
	void *filter_arg;
	bool said;      /* answer_status() was called */
	bool open;      /* {"data": has left */
	bool streaming; /* so has the streamed kind's [ */
	bool answered;
	bool broken; /* it cannot be made whole */
};

struct answer *
answer_new(struct response *r, enum answer_shape shape, enum ctim_kind streamed)
{
	struct answer *a;
	size_t i;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->response = r;
	a->shape = shape;
	a->streamed = streamed;
	a->limit = SIZE_MAX;
	a->room = ANSWER_MEMORY;
	a->status = "ok";
	buf_init(&a->scratch, ANSWER_ENTITY);
	for (i = 0; i < CTIM_KINDS; i++)
		spill_init(&a->kinds[i].wait, &a->room);
	return a;
}

void
answer_free(struct answer *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < CTIM_KINDS; i++)
		spill_free(&a->kinds[i].wait);
	errors_free(&a->errors);
	set_free(&a->seen);
	buf_free(&a->scratch);
	free(a);
}

void
answer_observable(struct answer *a, size_t limit)
{
	size_t i;

	a->limit = limit;
	for (i = 0; i < CTIM_KINDS; i++)
		a->kinds[i].here = 0;
}

void
answer_answered(struct answer *a)
{
	a->answered = true;
}

void
answer_status(struct answer *a, const char *status)
{
	a->status = status;
	a->said = true;
}

void
answer_beside(struct answer *a)
{
	assert(a->shape == ANSWER_STATUS);
	jsonout_end_object(&a->json);
	if (jsonout_done(&a->json) == -1)
		a->broken = true;
}

static void
answer_put(struct answer *a, const char *text)
{
	response_write(a->response, text, strlen(text));
}

/* {"data":[ or {"data":{ — once, before anything else leaves. */
static void
open_data(struct answer *a)
{
	if (a->open)
		return;
	a->open = true;
	answer_put(a, a->shape == ANSWER_LIST ? "{\"data\":[" : "{\"data\":{");
}

struct jsonout *
answer_entity(struct answer *a, enum ctim_kind kind, const char *id)
{
	if (a->kinds[kind].here >= a->limit)
		return NULL;
	a->kind = kind;
	buf_reset(&a->scratch);
	jsonout_init(&a->json, &a->scratch);
	jsonout_object(&a->json);
	jsonout_kown(&a->json, "type", ctim_kind_name(kind));
	/* CTIM gives verdicts no id. */
	a->unique = kind != CTIM_VERDICT && id == NULL;
	if (a->unique)
		jsonout_kown(&a->json, "id", ctim_id(a->id, kind));
	else if (kind != CTIM_VERDICT)
		jsonout_kstring(&a->json, "id", id);
	return &a->json;
}

struct jsonout *
answer_link(struct answer *a, const char *id)
{
	size_t limit = a->limit;
	struct jsonout *j;

	a->limit = SIZE_MAX;
	j = answer_entity(a, CTIM_RELATIONSHIP, id);
	a->limit = limit;
	return j;
}

const char *
answer_id(const struct answer *a)
{
	return a->id;
}

struct jsonout *
answer_element(struct answer *a)
{
	buf_reset(&a->scratch);
	jsonout_init(&a->json, &a->scratch);
	jsonout_object(&a->json);
	return &a->json;
}

static int
answer_copy(void *arg, const void *p, size_t n)
{
	return response_write(arg, p, n);
}

/* Sends the entities of the streamed kind that wait; from now on each leaves as
 * it is made. */
static void
begin_stream(struct answer *a)
{
	struct spill *s = &a->kinds[a->streamed].wait;

	a->streaming = true;
	open_data(a);
	answer_put(a, "\"");
	answer_put(a, ctim_kind_plural(a->streamed));
	answer_put(a, "\":{\"docs\":[");
	if (spill_read(s, answer_copy, a->response) == -1)
		a->broken = true;
	a->room += s->memory.len;
	spill_free(s);
}

/* Chooses the kind that is streamed, as bytes have to leave.  n: bytes of an
 * entity of the kind at hand that does not wait yet. */
static void
choose_stream(struct answer *a, size_t n)
{
	size_t len[CTIM_KINDS];
	enum ctim_kind i, most = a->streamed;

	for (i = 0; i < CTIM_KINDS; i++)
		len[i] = spill_len(&a->kinds[i].wait) + (i == a->kind ? n : 0);
	for (i = 0; i < CTIM_KINDS; i++)
		if (len[i] > len[most])
			most = i;
	if (len[most] > 2 * len[a->streamed])
		a->streamed = most;
	begin_stream(a);
}

static void
answer_wait(struct answer *a)
{
	struct spill *s = &a->kinds[a->kind].wait;

	if ((spill_len(s) > 0 && spill_add(s, ",", 1) == -1) ||
	    spill_add(s, a->scratch.data, a->scratch.len) == -1)
		a->broken = true;
}

/* Remembers the entity at hand.  Returns whether it is in the answer already, or
 * cannot be remembered. */
static bool
answer_repeats(struct answer *a)
{
	bool before = true;

	if (set_add(&a->seen, hash_bytes(a->scratch.data, a->scratch.len),
		&before) == -1)
		a->broken = true;
	return before;
}

void
answer_end(struct answer *a)
{
	size_t n;

	assert(a->json.out == &a->scratch); /* something was begun */
	jsonout_end_object(&a->json);
	if (jsonout_done(&a->json) == -1) {
		a->broken = true;
		return;
	}
	if (a->filter != NULL &&
	    !a->filter(a->filter_arg, a->source, a->kind, &a->scratch))
		return;
	if (a->shape != ANSWER_ENTITIES) {
		open_data(a);
		if (a->elements++ > 0)
			answer_put(a, ",");
		/* The one element of an object is that object itself. */
		n = a->shape == ANSWER_OBJECT ? 1 : 0;
		response_write(
		    a->response, a->scratch.data + n, a->scratch.len - 2 * n);
		return;
	}
	if (!a->unique && answer_repeats(a))
		return;
	a->kinds[a->kind].here++;
	a->kinds[a->kind].count++;
	if (!a->streaming &&
	    ANSWER_MEMORY - a->room + a->scratch.len >= RESPONSE_HELD)
		choose_stream(a, a->scratch.len);
	if (!a->streaming || a->kind != a->streamed) {
		answer_wait(a);
		return;
	}
	if (a->kinds[a->kind].count > 1)
		answer_put(a, ",");
	response_write(a->response, a->scratch.data, a->scratch.len);
}

void
answer_end_unique(struct answer *a)
{
	/* Two sources may have the same. */
	a->unique = a->source == NULL;
	answer_end(a);
}

static void __attribute__((format(printf, 4, 0))) answer_error(struct answer *a,
    enum problem p, enum errors_weight weight, const char *format, va_list ap)
{
	if (errors_add(
		&a->errors, &a->seen, p, weight, a->source, format, ap) == -1)
		a->broken = true;
}

void
answer_problem(struct answer *a, enum problem p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	answer_error(
	    a, p, a->source == NULL ? ERRORS_WHOLE : ERRORS_PART, format, ap);
	va_end(ap);
}

void
answer_warning(struct answer *a, enum problem p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	answer_error(a, p, ERRORS_MILD, format, ap);
	va_end(ap);
}

void
answer_own_warning(struct answer *a, const char *code, const char *message)
{
	if (errors_add_own(&a->errors, &a->seen, a->source, code, message) ==
	    -1)
		a->broken = true;
}

void
answer_source(struct answer *a, const char *name)
{
	a->source = name;
}

void
answer_filter(struct answer *a, answer_filterer *filter, void *arg)
{
	a->filter = filter;
	a->filter_arg = arg;
}

void
answer_push(struct answer *a)
{
	if (!a->streaming && a->room < ANSWER_MEMORY)
		choose_stream(a, 0);
	if (a->open)
		response_push(a->response);
}

/* Ends the streamed kind, and writes the kinds that waited. */
static void
put_kinds(struct answer *a)
{
	char room[256];
	struct buf b;
	bool first = true;
	size_t i;

	buf_fixed(&b, room, sizeof(room));
	if (!a->streaming && a->kinds[a->streamed].count > 0)
		begin_stream(a);
	if (a->streaming) {
		buf_addf(&b, "],\"count\":%zu}", a->kinds[a->streamed].count);
		answer_put(a, b.data);
		first = false;
	}
	for (i = 0; i < CTIM_KINDS; i++) {
		if (a->kinds[i].count == 0 || i == (size_t)a->streamed)
			continue;
		buf_reset(&b);
		buf_addf(&b, "%s\"%s\":{\"count\":%zu,\"docs\":[",
		    first ? "" : ",", ctim_kind_plural((enum ctim_kind)i),
		    a->kinds[i].count);
		answer_put(a, b.data);
		/* It ends early, too, when the client has left. */
		if (spill_read(&a->kinds[i].wait, answer_copy, a->response) ==
			-1 &&
		    !a->response->gone)
			a->broken = true;
		answer_put(a, "]}");
		first = false;
	}
}

/* The status, and what answer_beside() left. */
static void
put_status(struct answer *a)
{
	answer_put(a, "\"status\":\"");
	answer_put(a, a->status);
	answer_put(a, "\"");
	if (a->scratch.len <= 2)
		return;
	answer_put(a, ",");
	response_write(a->response, a->scratch.data + 1, a->scratch.len - 2);
}

static void
put_data(struct answer *a)
{
	open_data(a);
	if (a->shape == ANSWER_STATUS) {
		put_status(a);
	} else if (a->shape == ANSWER_ENTITIES) {
		put_kinds(a);
	}
	answer_put(a, a->shape == ANSWER_LIST ? "]" : "}");
}

static void
put_errors(struct answer *a)
{
	size_t i;

	for (i = 0; i < a->errors.n; i++) {
		buf_reset(&a->scratch);
		if (errors_write(&a->errors, i, a->answered, &a->scratch) == -1)
			a->broken = true;
		answer_put(a,
		    i > 0       ? "," :
			a->open ? ",\"errors\":[" :
				  "{\"errors\":[");
		response_write(a->response, a->scratch.data, a->scratch.len);
	}
	if (a->errors.n > 0)
		answer_put(a, "]");
}

/* Whether the only result is an error that ends the request; a status that is
 * not known is none. */
static bool
only_fatal(const struct answer *a)
{
	if (a->open || a->answered || a->said || answer_entities(a) > 0)
		return false;
	return (a->shape == ANSWER_STATUS && a->errors.n > 0) ||
	    errors_fatal(&a->errors);
}

int
answer_finish(struct answer *a)
{
	if (!only_fatal(a))
		put_data(a);
	if (a->broken)
		answer_problem(a, PROBLEM_INTERNAL, NOT_HELD);
	put_errors(a);
	if (a->broken && !a->response->started) {
		/* Nothing was sent yet: status 500 instead of a cut answer. */
		a->response->bytes -= a->response->held.len;
		buf_reset(&a->response->held);
		response_error(a->response, 500, NOT_HELD);
		return -1;
	}
	/* Without its last brace the answer is no valid JSON, so no client
	 * takes the part for the whole. */
	if (!a->broken)
		answer_put(a, "}");
	response_end(a->response);
	return a->broken ? -1 : 0;
}

void
answer_refuse(struct answer *a, enum problem p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	answer_error(a, p, ERRORS_WHOLE, format, ap);
	va_end(ap);
	answer_finish(a);
}

int
answer_spill_error(const struct answer *a)
{
	size_t i;

	for (i = 0; i < CTIM_KINDS; i++)
		if (a->kinds[i].wait.error != 0)
			return a->kinds[i].wait.error;
	return 0;
}

size_t
answer_entities(const struct answer *a)
{
	size_t n = a->elements, i;

	for (i = 0; i < CTIM_KINDS; i++)
		n += a->kinds[i].count;
	return n;
}

size_t
answer_errors(const struct answer *a)
{
	return a->errors.n;
}
