/* SPDX-License-Identifier: MIT */
/* playedrow: whether a row of a case (played.h) is written as it must be. */
#ifndef CTIM_PLAYEDROW_H
#define CTIM_PLAYEDROW_H

#include <stddef.h>

struct buf;
struct json_object;

/* Adds to wrong, a line each, what cannot be used of row i; read only. */
void playedrow_look(struct json_object *row, size_t i, struct buf *wrong);

#endif
