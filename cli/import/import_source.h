/* SPDX-License-Identifier: MIT */
/*
 * import_source: what the rows of a feed say of their source, as `intel export`
 * writes it: its title, its page for looking values up, whether its domains
 * match what is below them.
 */
#ifndef CTIM_IMPORT_SOURCE_H
#define CTIM_IMPORT_SOURCE_H

#include <stdbool.h>

#include "cli/feed/feed.h"
#include "store/store_write.h"

/* All zeros at first. */
struct import_source {
	char title[STORE_TITLE * 4 + 1], lookup[STORE_URL + 1];
	bool said;
	bool subdomains;
	bool several; /* the rows say it of several sources */
	bool wrong;   /* a text that no source can have */
};

/* Looks at what an entry says. */
void import_source_see(struct import_source *, const struct feed_entry *);
/* Sets what was said, and was not set (STORE_SET_*) already; the texts stay
 * here.  Returns what it has set. */
unsigned import_source_set(
    const struct import_source *, struct source *, unsigned set);
/* What people should be told: NULL for nothing. */
const char *import_source_note(const struct import_source *);

#endif
