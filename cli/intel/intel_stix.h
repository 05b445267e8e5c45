/* SPDX-License-Identifier: MIT */
/*
 * intel_stix: records as a STIX 2.1 bundle, one indicator each.
 *
 * Source: STIX 2.1, sections 3.2 (common properties), 4.7 (indicator), 9
 * (patterns), 7.2.1.4 (TLP), appendix A (confidence).
 */
#ifndef CTIM_INTEL_STIX_H
#define CTIM_INTEL_STIX_H

#include <stdint.h>

struct buf;
struct record;

struct intel_stix {
	uint64_t n;       /* objects so far */
	uint64_t below;   /* names whose all below it no pattern tells */
	uint64_t foreign; /* records of types that no pattern tells */
};

void intel_stix_begin(struct intel_stix *, struct buf *);
/* Returns 0, or -1 when the record does not fit. */
int intel_stix_record(struct intel_stix *, struct buf *, const struct record *);
void intel_stix_end(const struct intel_stix *, struct buf *);
/* Says on standard error what the bundle could not hold, if anything. */
void intel_stix_say(const struct intel_stix *);

#endif
