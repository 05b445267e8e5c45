/* SPDX-License-Identifier: MIT */
/*
 * closeall: a process without the descriptors of the one that made it.
 * Source: close_range(2), fork(2).
 */
#ifndef CTIM_CLOSEALL_H
#define CTIM_CLOSEALL_H

/* Closes all descriptors above the standard ones, but for those that are kept
 * (-1: none). */
void closeall(int keep, int also);

#endif
