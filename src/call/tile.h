/* SPDX-License-Identifier: MIT */
/*
 * tile: a figure of a dashboard, as a provider describes and draws it.
 *
 * The gateway knows the periods, finds and checks what a request names, reads
 * what the store has counted, and writes the members that all tiles have; the
 * provider writes the others.
 * Source: relay API, "tiles": types of tiles and the members of their data.
 */
#ifndef CTIM_TILE_H
#define CTIM_TILE_H

#include <stdint.h>

struct figures;
struct jsonout;
struct query;

/* In the order of tile_periods[]. */
enum tile_period {
	TILE_LAST_HOUR,
	TILE_LAST_24_HOURS,
	TILE_LAST_7_DAYS,
	TILE_LAST_30_DAYS,
	TILE_LAST_60_DAYS,
	TILE_LAST_90_DAYS,
	TILE_PERIODS
};

#define TILE_PERIOD_BIT(period) (1U << (period))
#define TILE_ALL_PERIODS        (TILE_PERIOD_BIT(TILE_PERIODS) - 1)

/* The types that the platform draws. */
enum tile_type {
	TILE_METRIC_GROUP,
	TILE_VERTICAL_BAR_CHART,
	TILE_HORIZONTAL_BAR_CHART,
	TILE_LINE_CHART,
	TILE_DONUT_GRAPH,
	TILE_MARKDOWN,
	TILE_THREAT_MAP
};

#define TILE_TAGS 4

/* What data() of a tile looks at. */
struct tile_question {
	const struct query *query; /* its observable is NULL */
	const struct tile *tile;
	enum tile_period period;
	int64_t since; /* when the period begins; it ends at query->now */
	/* What the store has counted, of what the tile needs; NULL for a provider
	 * without a store. */
	const struct figures *figures;
};

/* One tile; a table of them ends with a row without id. */
struct tile {
	const char *id; /* letters, digits, "_" */
	enum tile_type type;
	const char *title;
	const char *tags[TILE_TAGS + 1]; /* ended by NULL */
	const char *description, *short_description;
	unsigned periods; /* TILE_PERIOD_BIT(), or'ed */
	enum tile_period usual;
	unsigned needs; /* FIGURES_* of figures.h; 0 without a store */
	/* Writes "data" and the members of the type beside it. */
	void (*data)(struct jsonout *, const struct tile_question *);
};

/* The row of an id, NULL for none. */
const struct tile *tile_find(const struct tile *tiles, const char *id);
/* The period of a name, if the tile has it; else -1. */
int tile_period(const struct tile *, const char *name);
/* How many seconds a period has. */
int64_t tile_seconds(enum tile_period);
/* Writes the members of the tile's descriptor. */
void tile_describe(struct jsonout *, const struct tile *);
/* Writes all members of the tile's data. */
void tile_write(struct jsonout *, const struct tile_question *);

#endif
