/* SPDX-License-Identifier: MIT */
/*
 * jsonscan_state: where a scan is; what jsonscan.c and jsonscan_string.c share.
 */
#ifndef CTIM_JSONSCAN_STATE_H
#define CTIM_JSONSCAN_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "json/jsonscan.h"

struct hash;
struct json_object;

struct scan {
	const unsigned char *at, *end;
	size_t values, max_values;
	bool lenient; /* an answer of a service */
	const char *why;
	unsigned depth;
	/* Where no values are made, the hashes of the member names of all open
	 * objects; those of the innermost begin at first[depth]. */
	struct hash *names;
	size_t n, cap;
	size_t first[JSON_DEPTH + 1];
	bool object[JSON_DEPTH + 1];
	struct buf name; /* the name being read, decoded */
	bool escaped;    /* the string just read has escapes */
	bool build;      /* the values are wanted: */
	struct buf text; /* a string or number being made */
	struct json_object *root;
	struct json_object *open[JSON_DEPTH + 1]; /* the array or object of
					 * each depth, the parent's or root */
};

/* Ends the scan with a reason; false, to be returned. */
bool scan_refuse(struct scan *, const char *why);
/* Reads a string.  keep: where its bytes go, decoded, or NULL. */
bool scan_string(struct scan *, struct buf *keep);

#endif
