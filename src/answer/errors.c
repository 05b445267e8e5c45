/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "answer/errors.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/set.h"
#include "json/jsonout.h"

#define MESSAGE_BYTES (4U << 20) /* of a message */

struct error {
	enum problem problem;
	char *code; /* NULL: the problem's */
	enum errors_weight weight;
	char *message;
};

void
errors_free(struct errors *e)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		free(e->list[i].message);
		free(e->list[i].code);
	}
	free(e->list);
}

/* Gives one that is in the list more weight. */
static void
errors_worsen(struct errors *e, enum problem p, enum errors_weight weight,
    const char *message)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (e->list[i].problem == p && e->list[i].code == NULL &&
		    strcmp(e->list[i].message, message) == 0) {
			if (e->list[i].weight < weight)
				e->list[i].weight = weight;
			return;
		}
}

/* Puts a new error behind the others. */
static int
errors_append(struct errors *e, enum problem p, const char *code,
    enum errors_weight weight, const char *message)
{
	struct error *list, new = { p, NULL, weight, NULL };

	list = reallocarray(e->list, e->n + 1, sizeof(*list));
	if (list == NULL)
		return -1;
	e->list = list;
	new.message = strdup(message);
	if (code != NULL)
		new.code = strdup(code);
	if (new.message == NULL || (code != NULL && new.code == NULL)) {
		free(new.message);
		free(new.code);
		return -1;
	}
	e->list[e->n++] = new;
	return 0;
}

int
errors_add(struct errors *e, struct set *seen, enum problem p,
    enum errors_weight weight, const char *source, const char *format,
    va_list ap)
{
	struct buf b;
	struct hash h;
	bool before = false;
	int r = -1;

	if (e->n == ERRORS_MAX)
		return 0;
	buf_init(&b, MESSAGE_BYTES);
	if (source != NULL)
		(void)buf_addf(&b, "%s: ", source);
	(void)buf_vaddf(&b, format, ap);
	if (!b.failed) {
		/* Many calls may fail alike.  No entity in seen has the text of
		 * a message: that is an object. */
		h = hash_bytes(b.data, b.len);
		h.a += (uint64_t)p;
		r = set_add(seen, h, &before);
	}
	if (r == 0 && !before)
		r = errors_append(e, p, NULL, weight, b.data);
	else if (r == 0)
		errors_worsen(e, p, weight, b.data);
	buf_free(&b);
	return r;
}

int
errors_add_own(struct errors *e, struct set *seen, const char *source,
    const char *code, const char *message)
{
	struct buf b;
	bool before = false;
	size_t n;
	int r = -1;

	if (e->n == ERRORS_MAX)
		return 0;
	buf_init(&b, MESSAGE_BYTES);
	/* Neither an object nor a message begins with a line's end. */
	(void)buf_addf(&b, "\n%s\n", code);
	n = b.len;
	if (source != NULL)
		(void)buf_addf(&b, "%s: ", source);
	(void)buf_adds(&b, message);
	if (!b.failed)
		r = set_add(seen, hash_bytes(b.data, b.len), &before);
	if (r == 0 && !before)
		r = errors_append(
		    e, PROBLEM_UNKNOWN, code, ERRORS_MILD, b.data + n);
	buf_free(&b);
	return r;
}

int
errors_write(const struct errors *e, size_t i, bool answered, struct buf *out)
{
	const struct error *error = &e->list[i];
	struct jsonout j;

	jsonout_init(&j, out);
	jsonout_object(&j);
	jsonout_kstring(&j, "type",
	    error->weight == ERRORS_MILD ||
		    (error->weight == ERRORS_PART && answered) ?
		"warning" :
		problem_type(error->problem, answered));
	jsonout_kstring(&j, "code",
	    error->code != NULL ? error->code : problem_code(error->problem));
	jsonout_kstring(&j, "message", error->message);
	jsonout_end_object(&j);
	return jsonout_done(&j);
}

bool
errors_fatal(const struct errors *e)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (e->list[i].weight != ERRORS_MILD &&
		    strcmp(problem_type(e->list[i].problem, false), "fatal") ==
			0)
			return true;
	return false;
}
