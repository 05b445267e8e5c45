/* SPDX-License-Identifier: MIT */
/*
 * ctim: the small facts of the Cisco Threat Intelligence Model that every
 * provider needs: ids, times, closed vocabularies.
 * Source: threatgrid/ctim 1.3.28, doc/structures and src/ctim/schemas.
 */
#ifndef CTIM_CTIM_H
#define CTIM_CTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rfc3339.h"

/* Entity kinds, in the order in which an answer lists them. */
enum ctim_kind {
	CTIM_SIGHTING,
	CTIM_INDICATOR,
	CTIM_JUDGEMENT,
	CTIM_VERDICT,
	CTIM_RELATIONSHIP,
	CTIM_KINDS
};
const char *ctim_kind_name(enum ctim_kind);   /* "sighting" */
const char *ctim_kind_plural(enum ctim_kind); /* "sightings" */

/* disposition (an integer in CTIM) and its name. */
enum ctim_disposition {
	CTIM_CLEAN = 1,
	CTIM_MALICIOUS,
	CTIM_SUSPICIOUS,
	CTIM_COMMON,
	CTIM_UNKNOWN
};
/* severity; confidence (High-Med-Low) has all of them but Critical. */
enum ctim_severity {
	CTIM_SEVERITY_UNKNOWN,
	CTIM_SEVERITY_NONE,
	CTIM_SEVERITY_INFO,
	CTIM_SEVERITY_LOW,
	CTIM_SEVERITY_MEDIUM,
	CTIM_SEVERITY_HIGH,
	CTIM_SEVERITY_CRITICAL
};
enum ctim_tlp { CTIM_WHITE, CTIM_GREEN, CTIM_AMBER, CTIM_RED };

/* Names as CTIM spells them; NULL for a number outside the vocabulary. */
const char *ctim_disposition_name(int);
const char *ctim_severity_name(int);
const char *ctim_tlp_name(int);
/* Numbers of names, compared without case; -1 for none. */
int ctim_disposition(const char *);
int ctim_severity(const char *);
int ctim_confidence(const char *);
int ctim_tlp(const char *);
/* The same for what others write: of TLP 2.0, "clear" is white too, and
 * "amber+strict" amber. */
int ctim_tlp_given(const char *);

/* Code points that texts of CTIM may have, by what it calls them. */
#define CTIM_SHORT    1024 /* titles, reasons, tags */
#define CTIM_MEDIUM   2048 /* short descriptions */
#define CTIM_MARKDOWN 5000 /* descriptions */
#define CTIM_URI      2048

/* Whether a text from outside may stand where CTIM has a URI, also a relative
 * one; of those that it takes, the ones without brackets before the query, and no
 * javascript:, vbscript: and data:, which run where they are followed. */
bool ctim_is_uri(const char *);
/* Whether it may stand where CTIM has the id of an entity: "transient:ANYTHING" on
 * one line, or the URL of one that a CTIA keeps, ".../ctia/TYPE/TYPE-UUID". */
bool ctim_is_ref(const char *);

#define CTIM_ID_MAX 64 /* "transient:relationship-" + UUID + NUL */
#define RFC3339_MAX 32 /* "2020-04-16T00:00:00Z" + NUL, with room */

/* Id "transient:KIND-UUID": a random UUID (RFC 4122 version 4) … */
const char *ctim_id(char id[CTIM_ID_MAX], enum ctim_kind);
/* … or version 5 of name in the X.500 namespace: the same name, the same id.
 * All return id. */
const char *ctim_id_of(char id[CTIM_ID_MAX], enum ctim_kind, const char *name);
const char *ctim_id_of_bytes(
    char id[CTIM_ID_MAX], enum ctim_kind, const char *name, size_t n);

#endif
