#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "transport.h"

#define BAR		30	/* characters */
#define PAUSE_MS	100

void
progress_begin(struct progress *p, uint64_t total)
{
	*p = (struct progress){ .shown = isatty(STDERR_FILENO) == 1,
	    .total = total };
}

void
progress_at(struct progress *p, uint64_t done, uint64_t records)
{
	static const char	 full[] = "##############################";
	int64_t			 now;
	int			 n;

	if (!p->shown || (now = clock_ms()) < p->next)
		return;
	p->next = now + PAUSE_MS;
	p->drawn = true;
	if (done > p->total)
		done = p->total;
	if (p->total == 0)
		fprintf(stderr, "\r%" PRIu64 " records\033[K", records);
	else {
		n = (int)(done * BAR / p->total);
		fprintf(stderr, "\r[%-*.*s] %3d%%  %" PRIu64 " records\033[K",
		    BAR, n, full, (int)(done * 100 / p->total), records);
	}
	fflush(stderr);
}

void
progress_end(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->shown = p->drawn = false;
}
