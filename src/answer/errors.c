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
	bool mild; /* never more than a warning */
	char *message;
};

void
errors_free(struct errors *e)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		free(e->list[i].message);
	free(e->list);
}

/* Makes an error of a warning that is in the list. */
static void
errors_worsen(struct errors *e, enum problem p, const char *message)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (e->list[i].problem == p &&
		    strcmp(e->list[i].message, message) == 0) {
			e->list[i].mild = false;
			return;
		}
}

/* Puts a new error behind the others. */
static int
errors_append(struct errors *e, enum problem p, bool mild, const char *message)
{
	struct error *list, new = { p, mild, NULL };

	list = reallocarray(e->list, e->n + 1, sizeof(*list));
	if (list == NULL)
		return -1;
	e->list = list;
	if ((new.message = strdup(message)) == NULL)
		return -1;
	e->list[e->n++] = new;
	return 0;
}

int
errors_add(struct errors *e, struct set *seen, enum problem p, bool mild,
    const char *format, va_list ap)
{
	struct buf b;
	struct hash h;
	bool before = false;
	int r = -1;

	if (e->n == ERRORS_MAX)
		return 0;
	buf_init(&b, MESSAGE_BYTES);
	if (buf_vaddf(&b, format, ap) == 0) {
		/* Many calls may fail alike.  No entity in seen has the text of
		 * a message: that is an object. */
		h = hash_bytes(b.data, b.len);
		h.a += (uint64_t)p;
		r = set_add(seen, h, &before);
	}
	if (r == 0 && !before)
		r = errors_append(e, p, mild, b.data);
	else if (r == 0 && !mild)
		errors_worsen(e, p, b.data);
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
	    error->mild ? "warning" : problem_type(error->problem, answered));
	jsonout_kstring(&j, "code", problem_code(error->problem));
	jsonout_kstring(&j, "message", error->message);
	jsonout_end_object(&j);
	return jsonout_done(&j);
}

bool
errors_fatal(const struct errors *e)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (!e->list[i].mild &&
		    strcmp(problem_type(e->list[i].problem, false), "fatal") ==
			0)
			return true;
	return false;
}
