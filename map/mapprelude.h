/* SPDX-License-Identifier: MIT */
/*
 * mapprelude: what is in scope in a map of a described provider, before its first
 * line: ctim-relay-describe(7), "map.jq".
 */
#ifndef CTIM_MAPPRELUDE_H
#define CTIM_MAPPRELUDE_H

/* Text of jq in one line, so that jq counts the lines of a file as people do. */
extern const char mapprelude[];
/* What follows the file; it begins with a newline, which ends a comment. */
extern const char mapprelude_end[];

#endif
