/* SPDX-License-Identifier: MIT */
/*
 * spycloud: declarations for the two files of the provider: calls (spycloud.c),
 * CTIM (spycloud_write.c).
 */
#ifndef CTIM_SPYCLOUD_H
#define CTIM_SPYCLOUD_H

#include "base/rfc3339.h"
#include "call/provider.h"

struct json_object;

/* Bytes of a record or an entry that are taken: one that cannot be written must
 * not cost the others the answer (ANSWER_ENTITY). */
#define SPYCLOUD_PART  (512U << 10)

#define SPYCLOUD_PAGES 50 /* of an address's records are read */

struct spycloud_conf {
	char *url, *portal_url;
	char **redact; /* NULL: nothing */
};

enum spycloud_step {
	SPYCLOUD_HEALTH,
	SPYCLOUD_RECORDS, /* a page (number: from 1); found: {"records":
				 * the newest of all pages so far, newest
				 * first, "undated": how many have no date,
				 * "cursor": of the next page, if any} */
	SPYCLOUD_CATALOG  /* found: the entry; about: its source_id */
};

/* A member as text: a string that is not empty, or an integer; else NULL.  It
 * belongs to the object. */
const char *spycloud_text(struct json_object *, const char *name);
/* The time that a record or an entry is of; -1 when it has none. */
int spycloud_published(struct json_object *, char text[RFC3339_MAX]);
/* The call for the catalog entry of a source (NULL: none is named); NULL when
 * there is none. */
const struct call *spycloud_catalog_call(
    const struct query *, const char *source);
/* The last page of records that was read; NULL for none. */
struct call *spycloud_page(const struct query *);
void spycloud_answer(struct answer *, const struct query *);

#endif
