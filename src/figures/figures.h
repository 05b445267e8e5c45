/* SPDX-License-Identifier: MIT */
/*
 * figures: what a store has counted, read for the tiles of a dashboard.
 *
 * All of it comes from counts that are kept (store_tally.h, matched.h) and from
 * a bounded number of the audit's last rows: no request goes through records.
 */
#ifndef CTIM_FIGURES_H
#define CTIM_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store_action.h"
#include "store/store_write.h"

#define FIGURES_ROWS  10    /* of the audit, and of observables */
#define FIGURES_BINS  92    /* the most hours or days of a period */
#define FIGURES_AUDIT 10000 /* rows of it that are looked at, the newest */

/* What is to be read. */
enum {
	FIGURES_SOURCES = 1 << 0, /* sources, n */
	FIGURES_EXPIRED = 1 << 1, /* expired */
	FIGURES_ACTED = 1 << 2,   /* acted, acted_more */
	FIGURES_ACTIONS = 1 << 3, /* actions, n_actions */
	FIGURES_MATCHED = 1 << 4, /* bin, first, bins, matched */
	FIGURES_TOP = 1 << 5      /* top, n_top, others */
};

/* An observable that was matched, and by which sources. */
struct figures_top {
	enum observable_type type;
	const char *value, *sources; /* with commas between */
	uint64_t n;
};

struct figures {
	/* The sources by name, with their records by type and disposition;
	 * expired is not counted.  Good until the store is used again. */
	const struct store_count *sources;
	size_t n;
	/* Records that the store still has, and that expired in an hour that has
	 * ended in the period. */
	uint64_t expired;
	uint64_t acted;  /* actions in the period that succeeded */
	bool acted_more; /* the period has more rows than were looked at */
	struct store_action actions[FIGURES_ROWS]; /* the newest first */
	size_t n_actions;
	/* Matches by disposition of each hour, or of each day where the period is
	 * longer than one, of UTC: of all that the period has a part of. */
	int64_t bin;   /* seconds that each has */
	int64_t first; /* the time of the first, divided by that */
	size_t bins;
	uint64_t matched[FIGURES_BINS][CTIM_UNKNOWN + 1];
	/* Observables matched most in the days that the period has a part of, and
	 * how often those were of which the store has kept no value. */
	struct figures_top top[FIGURES_ROWS];
	size_t n_top;
	uint64_t others;
	char *texts[7 * FIGURES_ROWS]; /* of these */
	size_t n_texts;
};

/*
 * Reads what needs (FIGURES_*) names, for the period from since to now, as it is
 * at one moment.  Returns 0, or -1 with the reason in error; figures_free() is
 * due in either case.  A store of an older format has no counts: of it the
 * sources are counted record by record, and all else is 0.
 */
int figures_read(struct store *, unsigned needs, int64_t since, int64_t now,
    struct figures *, char error[STORE_ERROR_MAX]);
void figures_free(struct figures *);

#endif
