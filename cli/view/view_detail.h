/* SPDX-License-Identifier: MIT */
/*
 * view_detail: the tables below the verdicts: judgements that no verdict is
 * based on, sightings, indicators.
 */
#ifndef CTIM_VIEW_DETAIL_H
#define CTIM_VIEW_DETAIL_H

#include "base/rfc3339.h"
#include "base/set.h"
#include "cli/terminal/rows.h"
#include "ctim/ctim.h"

struct answers;
struct json_object;

enum { DETAIL_JUDGEMENTS, DETAIL_SIGHTINGS, DETAIL_INDICATORS, DETAILS };

struct view_detail {
	bool all; /* however many there are */
	struct rows rows[DETAILS];
	size_t n[DETAILS];     /* each once, shown or not */
	struct set indicators; /* ids: every batch names them */
};

void view_detail_init(struct view_detail *, bool all);
void view_detail_free(struct view_detail *);
void view_detail_take(struct view_detail *, const struct answers *);
/* Returns 0, or -1 when not all was printed. */
int view_detail_print(const struct view_detail *);

/* The colour of a disposition. */
enum table_colour view_detail_colour(int disposition);
/* Writes the end of an entity: "2030-12-31 00:00Z"; "no end"; the text as it is
 * when that is no time. */
const char *view_detail_until(
    char text[RFC3339_MAX], struct json_object *entity);

#endif
