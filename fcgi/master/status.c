/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "fcgi/net/balance.h"
#include "fcgi/master/status.h"
#include "os/clock.h"
#include "shared/shared.h"

#define LOCK_WAIT 10 /* ms that a table of the workers' may be held */

const char *const status_workers[STATUS_WORKERS] = { [STATUS_SERVING] =
							 "serving",
	[STATUS_STARTING] = "starting",
	[STATUS_ENDING] = "ending",
	[STATUS_SILENT] = "silent" };

const char *const status_breakers[] = { [BREAKER_CLOSED] = "closed",
	[BREAKER_HALF_OPEN] = "half-open",
	[BREAKER_IS_OPEN] = "open" };

/* Threads and the queue, as the workers told last. */
static void
look_at_workers(struct status *s, int64_t clock)
{
	const struct balance_slot *slot;
	int i, idle, top = atomic_load(&s->share->top);

	s->threads = s->busy = s->requests = s->readers = s->large = 0;
	for (i = 0; i < top; i++) {
		slot = &s->share->slot[i];
		if (!balance_lives(s->share, i, clock))
			continue;
		s->requests += atomic_load(&slot->requests);
		s->readers += atomic_load(&slot->readers);
		s->large += atomic_load(&slot->large);
		if (atomic_load(&slot->ready) == 0)
			continue;
		idle = atomic_load(&slot->threads) - atomic_load(&slot->idle);
		s->threads += atomic_load(&slot->threads);
		s->busy += idle > 0 ? idle : 0;
	}
	balance_count(s->share, NULL, &idle, &s->places);
	s->dropped = atomic_load(&s->share->dropped);
	s->queued = atomic_load(&s->share->queued);
	if (s->queued < 0)
		s->queued = 0;
}

static void
status_look(struct status *s)
{
	struct shared *outside = s->outside;
	int64_t clock = clock_ms();

	s->now = (int64_t)time(NULL);
	look_at_workers(s, clock);
	s->n_breakers =
	    breaker_list(&outside->breakers, clock, LOCK_WAIT, s->breaker);
	s->n_jwks = keysets_list(&outside->jwks, LOCK_WAIT, s->jwks);
	s->n_quotas = quota_list(&outside->quotas, s->now, LOCK_WAIT, s->quota);
}

/* For health checks: one word, and why where it is not the good one. */
static void
ping(const struct status *s, struct buf *b)
{
	if (s->stopping)
		(void)buf_adds(b, "failed: it stops\n");
	else if (s->worker[STATUS_SERVING] == 0)
		(void)buf_adds(b, "failed: no worker serves\n");
	else
		(void)buf_adds(b, "ok\n");
}

void
status_answer(struct status *s, const char *question, struct buf *b)
{
	static const struct {
		const char *question;
		bool look;
		void (*answer)(const struct status *, struct buf *);
	} answers[] = { { "ping", false, ping },
		{ "status", true, status_json },
		{ "metrics", true, status_metrics } };
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (strcmp(answers[i].question, question) != 0)
			continue;
		if (answers[i].look)
			status_look(s);
		answers[i].answer(s, b);
		return;
	}
}
