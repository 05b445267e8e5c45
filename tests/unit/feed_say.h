/* SPDX-License-Identifier: MIT */
/*
 * feed_say: what a feed says, as text, for tests: a line an entry, "N ! " and why
 * for what is skipped, "* " and the note, "= " and the error.
 */
#ifndef CTIM_FEED_SAY_H
#define CTIM_FEED_SAY_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed.h"
#include "tests/unit/unit.h"

static struct buf feed_said;

/* "LINE TYPE VALUE" and what else the feed said: reason in parentheses, then
 * disposition, severity, confidence, tlp, priority, times, count, expiry,
 * reference, below. */
static int
feed_say_entry(void *arg, uint64_t line, const struct feed_entry *e)
{
	const struct {
		const char *name;
		int64_t n, none;
	} fields[] = { { "d", e->disposition, -1 }, { "s", e->severity, -1 },
		{ "c", e->confidence, -1 }, { "t", e->tlp, -1 },
		{ "p", e->priority, -1 }, { "first", e->first_seen, 0 },
		{ "last", e->last_seen, 0 }, { "n", e->count, 0 },
		{ "x", e->expires, -1 } };
	size_t i;

	(void)arg;
	buf_addf(&feed_said, "%" PRIu64 " %s %s", line,
	    observable_name(e->type), e->value);
	if (e->reason != NULL)
		buf_addf(&feed_said, " (%s)", e->reason);
	for (i = 0; i < COUNT(fields); i++)
		if (fields[i].n != fields[i].none)
			buf_addf(&feed_said, " %s=%" PRId64, fields[i].name,
			    fields[i].n);
	if (e->url != NULL)
		buf_addf(&feed_said, " u=%s", e->url);
	if (e->below)
		buf_adds(&feed_said, " below");
	buf_addc(&feed_said, '\n');
	return 0;
}

static int
feed_say_skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	(void)arg;
	ck_assert_ptr_nonnull(reason);
	buf_addf(&feed_said, "%" PRIu64 " ! %s\n", line, why);
	return 0;
}

static void
feed_say_note(void *arg, const char *text)
{
	(void)arg;
	buf_addf(&feed_said, "* %s\n", text);
}

/* What n bytes as a feed say. */
static const char *
feed_say(const char *bytes, size_t n, const struct feed_options *o)
{
	const struct feed_sink sink = { .entry = feed_say_entry,
		.skipped = feed_say_skipped,
		.note = feed_say_note };
	char error[FEED_ERROR_MAX];
	FILE *f = fmemopen((void *)(uintptr_t)bytes, n, "r");
	int r;

	if (feed_said.max == 0)
		buf_init(&feed_said, 64U << 20);
	buf_reset(&feed_said);
	ck_assert_ptr_nonnull(f);
	r = feed_read(f, o, &sink, error);
	fclose(f);
	if (r == -1)
		buf_addf(&feed_said, "= %s\n", error);
	return feed_said.data;
}

#endif
