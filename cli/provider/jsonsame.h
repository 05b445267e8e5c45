/* SPDX-License-Identifier: MIT */
/*
 * jsonsame: whether an answer is the one that a case expects.
 *
 * Ids are made anew in every version of what makes them: they are the same where
 * one renaming, one to one, makes them so.  All else is compared exactly, but for
 * the order of members, and but for an empty `data` beside errors: whether that is
 * there depends on what else was asked (relay API, "Errors").
 */
#ifndef CTIM_JSONSAME_H
#define CTIM_JSONSAME_H

#include <stdbool.h>

struct buf;
struct json_object;

/* Whether they are; else the first difference is added to what, without a line
 * end.  Memory that ran out is a difference. */
bool jsonsame(
    struct json_object *expected, struct json_object *got, struct buf *what);

#endif
