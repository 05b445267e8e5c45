/* SPDX-License-Identifier: MIT */
#include "fcgi/net/dropped.h"
#include "log/log.h"
#include "os/clock.h"

#define TELL_EVERY 1000 /* ms between such lines */

static const char *const dropped_why[DROPPED_REASONS] = {
	[DROPPED_LATE] = "the request did not come within read_timeout",
	[DROPPED_UNREAD] = "nothing of the answer was taken for write_timeout",
	[DROPPED_CROWD] = "the slowest, as more than `connections` wait",
	[DROPPED_MEMORY] =
	    "the slowest, as unfinished requests take more than parked_memory",
	[DROPPED_STOPPED] = "its answer was not taken until the worker's end"
};

size_t
dropped_untold(const struct dropped *d)
{
	size_t n = 0;
	int i;

	for (i = DROPPED_LATE; i < DROPPED_REASONS; i++)
		n += d->n[i];
	return n;
}

void
dropped_tell(struct dropped *d, bool end)
{
	int64_t now = clock_ms();
	int i;

	if (dropped_untold(d) == 0 ||
	    (!end && d->told != 0 && now - d->told < TELL_EVERY))
		return;
	d->told = now;
	for (i = DROPPED_LATE; i < DROPPED_REASONS; i++)
		if (d->n[i] != 0)
			log_warning("%zu connection%s dropped: %s", d->n[i],
			    d->n[i] == 1 ? "" : "s", dropped_why[i]);
	*d = (struct dropped){ .told = now };
}
