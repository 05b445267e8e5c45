/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal/progress.h"
#include "os/clock.h"

#define BAR      30 /* characters */
#define PAUSE_MS 100

void
progress_begin(struct progress *p, uint64_t total)
{
	*p = (struct progress){ .shown = isatty(STDERR_FILENO) == 1,
		.total = total,
		.began = clock_ms() };
}

/* Whether it is time to draw. */
static bool
progress_is_due(struct progress *p)
{
	int64_t now;

	if (!p->shown || (now = clock_ms()) < p->next)
		return false;
	p->next = now + PAUSE_MS;
	p->drawn = true;
	return true;
}

static void
draw_bar(const struct progress *p, uint64_t done)
{
	static const char full[] = "##############################";
	int n;

	if (done > p->total)
		done = p->total;
	n = (int)(done * BAR / p->total);
	fprintf(stderr, "\r[%-*.*s] %3d%%  ", BAR, n, full,
	    (int)(done * 100 / p->total));
}

void
progress_at(struct progress *p, uint64_t done, uint64_t records)
{
	if (!progress_is_due(p))
		return;
	if (p->total == 0)
		putc('\r', stderr);
	else
		draw_bar(p, done);
	fprintf(stderr, "%" PRIu64 " records\033[K", records);
	fflush(stderr);
}

void
progress_count(
    struct progress *p, uint64_t done, uint64_t before, const char *news)
{
	uint64_t left;

	if (p->total == 0 || !progress_is_due(p))
		return;
	draw_bar(p, done);
	fprintf(stderr, "%" PRIu64 " of %" PRIu64 "%s", done, p->total, news);
	if (done > before) {
		left = (uint64_t)(p->next - PAUSE_MS - p->began) *
		    (p->total - done) / (done - before) / 1000;
		fprintf(stderr, ", %" PRIu64 ":%02u left", left / 60,
		    (unsigned)(left % 60));
	}
	fputs("\033[K", stderr);
	fflush(stderr);
}

void
progress_end(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->shown = p->drawn = false;
}
