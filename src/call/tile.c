/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "base/rfc3339.h"
#include "call/provider.h"
#include "call/tile.h"
#include "json/jsonout.h"

/* Seconds that the platform may keep an answer.  An import, an action or a match
 * can change the numbers at any moment, so it is the least that it takes. */
#define TILE_VALID 300

static const struct {
	const char *name;
	int64_t seconds;
} tile_periods[TILE_PERIODS] = {
	[TILE_LAST_HOUR] = { "last_hour", 3600 },
	[TILE_LAST_24_HOURS] = { "last_24_hours", 86400 },
	[TILE_LAST_7_DAYS] = { "last_7_days", INT64_C(7) * 86400 },
	[TILE_LAST_30_DAYS] = { "last_30_days", INT64_C(30) * 86400 },
	[TILE_LAST_60_DAYS] = { "last_60_days", INT64_C(60) * 86400 },
	[TILE_LAST_90_DAYS] = { "last_90_days", INT64_C(90) * 86400 },
};

static const char *const tile_types[] = {
	[TILE_METRIC_GROUP] = "metric_group",
	[TILE_VERTICAL_BAR_CHART] = "vertical_bar_chart",
	[TILE_HORIZONTAL_BAR_CHART] = "horizontal_bar_chart",
	[TILE_LINE_CHART] = "line_chart",
	[TILE_DONUT_GRAPH] = "donut_graph",
	[TILE_MARKDOWN] = "markdown",
	[TILE_THREAT_MAP] = "threat_map",
};

const struct tile *
tile_find(const struct tile *tiles, const char *id)
{
	for (; tiles->id != NULL; tiles++)
		if (strcmp(tiles->id, id) == 0)
			return tiles;
	return NULL;
}

int
tile_period(const struct tile *t, const char *name)
{
	int p;

	for (p = 0; p < TILE_PERIODS; p++)
		if (strcmp(tile_periods[p].name, name) == 0)
			return t->periods & TILE_PERIOD_BIT(p) ? p : -1;
	return -1;
}

int64_t
tile_seconds(enum tile_period p)
{
	return tile_periods[p].seconds;
}

void
tile_describe(struct jsonout *j, const struct tile *t)
{
	size_t i;

	jsonout_kstring(j, "id", t->id);
	jsonout_kstring(j, "type", tile_types[t->type]);
	jsonout_kstring(j, "title", t->title);
	jsonout_karray(j, "tags");
	for (i = 0; t->tags[i] != NULL; i++)
		jsonout_string(j, t->tags[i]);
	jsonout_end_array(j);
	jsonout_kstring(j, "description", t->description);
	jsonout_kstring(j, "short_description", t->short_description);
	jsonout_karray(j, "periods");
	for (i = 0; i < TILE_PERIODS; i++)
		if (t->periods & TILE_PERIOD_BIT(i))
			jsonout_string(j, tile_periods[i].name);
	jsonout_end_array(j);
	jsonout_kstring(j, "default_period", tile_periods[t->usual].name);
}

static void
tile_time(struct jsonout *j, const char *key, int64_t start, int64_t end)
{
	char text[RFC3339_MAX];

	jsonout_kobject(j, key);
	if (rfc3339_milli(text, start * 1000) == 0)
		jsonout_kstring(j, "start_time", text);
	if (rfc3339_milli(text, end * 1000) == 0)
		jsonout_kstring(j, "end_time", text);
	jsonout_end_object(j);
}

void
tile_write(struct jsonout *j, const struct tile_question *q)
{
	int64_t now = q->query->now;

	jsonout_kstring(j, "tile_id", q->tile->id);
	jsonout_kstring(j, "period", tile_periods[q->period].name);
	tile_time(j, "observed_time", q->since, now);
	tile_time(j, "valid_time", now, now + TILE_VALID);
	jsonout_kstring(j, "cache_scope", "org");
	q->tile->data(j, q);
}
