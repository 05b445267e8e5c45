/* SPDX-License-Identifier: MIT */
/*
 * stix_pattern: what a pattern of a STIX indicator looks for, as far as it is a
 * value that can be looked up.
 *
 * Taken are comparisons of a value by =, IN and ISSUBSET, joined by OR within
 * and between observations; and one value joined by AND to other properties of
 * the same object, which are passed over; all hashes of one file.  A part of an
 * OR that cannot be taken is left out with its reason.
 * Source: STIX 2.1 section 9; 2.0 part 5.
 */
#ifndef CTIM_STIX_PATTERN_H
#define CTIM_STIX_PATTERN_H

#include <stddef.h>

#include "base/buf.h"

#define STIX_PATTERN_MAX (1U << 20) /* bytes */

/* What a pattern has, in its order. */
struct stix_part {
	const char *type;   /* of the value, as feeds name it; "": it shows it;
			       NULL: this part is left out */
	const char *reason; /* why, a constant; NULL: it is a value */
	size_t text;        /* the value or the property, in texts */
};

struct stix_pattern {
	struct buf parts; /* of struct stix_part */
	struct buf texts; /* each ended by a NUL */
};

void stix_pattern_init(struct stix_pattern *);
void stix_pattern_free(struct stix_pattern *);
/*
 * Reads a pattern.  Returns NULL, or why it is none (a constant), with the
 * offset in *at; then there are no parts.  A reason comes once.
 */
const char *stix_pattern_read(
    struct stix_pattern *, const char *pattern, size_t *at);
/* Part i, NULL behind the last. */
const struct stix_part *stix_pattern_part(
    const struct stix_pattern *, size_t i);
const char *stix_pattern_text(
    const struct stix_pattern *, const struct stix_part *);

#endif
