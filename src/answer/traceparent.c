/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "answer/traceparent.h"
#include "answer/transport.h"

#define STATE          "tracestate: "
#define HEX            "0123456789abcdef"
#define ZEROS          "00000000000000000000000000000000"
#define VERSION_DIGITS 2 /* digits of each part */
#define TRACE_DIGITS   32
#define PARENT_DIGITS  16
#define FLAGS_DIGITS   2
#define WHOLE                                                        \
	(VERSION_DIGITS + 1 + TRACE_DIGITS + 1 + PARENT_DIGITS + 1 + \
	    FLAGS_DIGITS)
#define MEMBERS 32 /* of tracestate (3.3.1.1) */

/* Whether n small hexadecimal digits stand at p, which need not be as long. */
static bool
traceparent_hex(const char *p, size_t n)
{
	return strspn(p, HEX) >= n;
}

static bool
traceparent_zeros(const char *p, size_t n)
{
	return strncmp(p, ZEROS, n) == 0;
}

bool
traceparent_read(struct traceparent *t, const char *text)
{
	const char *trace = text + VERSION_DIGITS + 1;
	const char *parent = trace + TRACE_DIGITS + 1,
		   *flags = parent + PARENT_DIGITS + 1;
	size_t n = strlen(text);

	memset(t, 0, sizeof(*t));
	/* A later version may say more, behind another dash. */
	if (n < WHOLE || !traceparent_hex(text, VERSION_DIGITS) ||
	    strncmp(text, "ff", VERSION_DIGITS) == 0 ||
	    text[VERSION_DIGITS] != '-' ||
	    (n > WHOLE &&
		(strncmp(text, "00", VERSION_DIGITS) == 0 ||
		    text[WHOLE] != '-')) ||
	    !traceparent_hex(trace, TRACE_DIGITS) ||
	    trace[TRACE_DIGITS] != '-' ||
	    traceparent_zeros(trace, TRACE_DIGITS) ||
	    !traceparent_hex(parent, PARENT_DIGITS) ||
	    parent[PARENT_DIGITS] != '-' ||
	    traceparent_zeros(parent, PARENT_DIGITS) ||
	    !traceparent_hex(flags, FLAGS_DIGITS))
		return false;
	memcpy(t->trace, trace, TRACE_DIGITS);
	t->sampled = (strchr(HEX, flags[1]) - HEX) % 2 == 1;
	return true;
}

/* n random digits, not all of them 0, and a NUL. */
static int
traceparent_draw(char *out, size_t n)
{
	unsigned char random[TRACE_DIGITS / 2];
	size_t i;

	do {
		if (getrandom(random, n / 2, 0) != (ssize_t)(n / 2)) {
			out[0] = '\0';
			return -1;
		}
		for (i = 0; i < n; i++)
			out[i] = HEX[random[i / 2] >> (i % 2 * 4) & 0xf];
		out[n] = '\0';
	} while (traceparent_zeros(out, n));
	return 0;
}

int
traceparent_begin(struct traceparent *t)
{
	memset(t, 0, sizeof(*t));
	return traceparent_draw(t->trace, TRACE_DIGITS);
}

int
traceparent_next(const struct traceparent *t, char value[TRACEPARENT_MAX])
{
	char parent[PARENT_DIGITS + 1];

	_Static_assert(TRACEPARENT_MAX == WHOLE + 1, "a value of version 00");
	if (traceparent_draw(parent, PARENT_DIGITS) == -1)
		return -1;
	/* Flags that have no meaning yet must be 0 (3.2.2.5.2). */
	(void)snprintf(value, TRACEPARENT_MAX, "00-%.32s-%s-%s", t->trace,
	    parent, t->sampled ? "01" : "00");
	return 0;
}

size_t
traceparent_fields(const struct traceparent *t, const char *state,
    char field[TRACEPARENT_FIELD], const char **list)
{
	static const char name[] = "traceparent: ";

	_Static_assert(
	    TRACEPARENT_FIELD == sizeof(name) - 1 + TRACEPARENT_MAX, "field");
	if (traceparent_next(t, stpcpy(field, name)) == -1)
		return 0;
	list[0] = field;
	if (state == NULL)
		return 1;
	list[1] = state;
	return 2;
}

/* Whether n bytes are one member of tracestate: KEY=VALUE, or nothing. */
static bool
traceparent_member(const char *p, size_t n)
{
	const char *equals = memchr(p, '=', n);
	size_t i;

	for (i = 0; i < n; i++)
		if ((p[i] < ' ' && p[i] != '\t') || p[i] > '~')
			return false;
	return strspn(p, " \t") >= n || (equals != NULL && equals > p);
}

size_t
traceparent_state(const char *text)
{
	const char *p = text, *end;
	size_t n, fits = 0, members = 0;

	for (;; p = end + 1) {
		n = strcspn(p, ",");
		end = p + n;
		if (++members > MEMBERS || !traceparent_member(p, n))
			return 0;
		if ((size_t)(end - text) <= TRACESTATE_MAX)
			fits = (size_t)(end - text);
		if (*end == '\0')
			return fits;
	}
}

const char *
traceparent_came(const struct transport *t, char field[TRACESTATE_FIELD])
{
	const char *trace = transport_var(t, "HTTP_TRACEPARENT");
	const char *state = transport_var(t, "HTTP_TRACESTATE");
	struct traceparent came;
	size_t n;

	/* It means nothing beside another trace. */
	if (trace == NULL || state == NULL || !traceparent_read(&came, trace) ||
	    (n = traceparent_state(state)) == 0)
		return NULL;
	(void)snprintf(field, TRACESTATE_FIELD, STATE "%.*s", (int)n, state);
	return field;
}
