/* SPDX-License-Identifier: MIT */
/* Which entries of a feed are no indicators of anything: for all formats. */
#include <inttypes.h>

#include "cli/feed/feed_row.h"
#include "ctim/ctim.h"
#include "ctim/indicator.h"

/* Why an address is skipped, by its scope. */
static const char *const scope_reasons[] = {
	[INDICATOR_WIDE] =
	    "a network that is too large (--any-network takes it)",
	[INDICATOR_UNSPECIFIED] = "the unspecified address",
	[INDICATOR_LOOPBACK] = "a loopback address",
	[INDICATOR_PRIVATE] = "a private address",
	[INDICATOR_PLAIN] = NULL
};

/* Why the entry is skipped, NULL: it is not. */
static const char *
scope_why(const struct feed_options *o, const struct feed_entry *e)
{
	int disposition =
	    e->disposition != -1 ? e->disposition : o->disposition;
	enum indicator_scope scope;

	if (e->type != OBSERVABLE_IP && e->type != OBSERVABLE_IPV6)
		return NULL;
	scope = indicator_scope(e->type, e->value);
	if ((scope == INDICATOR_WIDE && o->any_network) ||
	    (scope == INDICATOR_PRIVATE && disposition == CTIM_CLEAN))
		return NULL;
	return scope_reasons[scope];
}

/* Counts a row with texts of another encoding, once for all its values. */
static void
scope_foreign(struct feed_scope *s, uint64_t line)
{
	if (s->foreign == 0)
		s->first = line;
	else if (s->last == line)
		return;
	s->last = line;
	s->foreign++;
}

static int
scope_entry(void *arg, uint64_t line, const struct feed_entry *e)
{
	struct feed_scope *s = arg;
	const char *why = scope_why(s->options, e);

	if (e->foreign)
		scope_foreign(s, line);
	return why == NULL ?
	    s->to->entry(s->to->arg, line, e) :
	    feed_skip(s->to, line, why, "%s: %s", e->value, why);
}

static int
scope_skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	const struct feed_scope *s = arg;

	return s->to->skipped(s->to->arg, line, reason, why);
}

static void
scope_note(void *arg, const char *text)
{
	const struct feed_scope *s = arg;

	if (s->to->note != NULL)
		s->to->note(s->to->arg, text);
}

static void
scope_file(void *arg, const char *name)
{
	const struct feed_scope *s = arg;

	if (s->to->file != NULL)
		s->to->file(s->to->arg, name);
}

struct feed_sink
feed_scope_sink(struct feed_scope *s)
{
	return (struct feed_sink){ .entry = scope_entry,
		.skipped = scope_skipped,
		.note = scope_note,
		.file = scope_file,
		.arg = s };
}

void
feed_scope_end(const struct feed_scope *s)
{
	if (s->foreign > 0)
		feed_note(s->to,
		    "texts of %" PRIu64 " row%s no UTF-8, and were read as "
		    "Windows-1252, the first in line %" PRIu64,
		    s->foreign, s->foreign == 1 ? " were" : "s were", s->first);
}
