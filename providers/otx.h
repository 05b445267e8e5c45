/* SPDX-License-Identifier: MIT */
/*
 * otx: declarations for the three files of the provider: calls, and results that
 * are cut out of answers (otx.c), spellings of an observable (otx_value.c), CTIM
 * (otx_write.c).
 */
#ifndef CTIM_OTX_H
#define CTIM_OTX_H

#include "call/provider.h"
#include "ctim/indicator.h"

#define OTX_NAME "AlienVault OTX"

struct otx_conf {
	char *url;
};

/* The result of a call, NULL for nothing. */
enum otx_step {
	OTX_HEALTH,
	OTX_GENERAL, /* {"pulses": [{"id", "name", "description", "TLP",
			 * "tags", "author": its name, "place": a number}…]} */
	OTX_PAGE     /* {"entry": {"created", "expiration"}} or
			 * {"next": true}; about its pulse */
};

/* What the observable types are called: in texts, in calls, in links. */
struct otx_kind {
	const char *name; /* NULL: of no use to the service */
	const char *api;  /* NULL: it cannot be asked for */
	const char *link;
	const char *counted; /* as what pulses count it, where the
					 * answer may be of the type of another
					 * hash of the file; else NULL */
};
extern const struct otx_kind otx_kinds[OBSERVABLE_TYPES];

/* The base URL of the relay at hand. */
const char *otx_url(const struct query *);

/* Of an observable, what an entry is compared with. */
struct otx_spelling {
	enum observable_type type;
	const char *asked; /* otx_value() */
	char text[INDICATOR_MAX + 1];
	char normal[INDICATOR_MAX + 1]; /* "": has none */
};

/* An observable as it is asked for: in normal form, of a URL scheme and host
 * alone.  In out, or the observable's own text where it has no such form. */
const char *otx_value(const struct observable *, char[INDICATOR_MAX + 1]);
/* Fills it in; the observable must outlive it. */
void otx_spelling(struct otx_spelling *, const struct observable *);
/* A text of *n bytes, the host or all of the value, that every spelling with the
 * same normal form contains, but for case.  *n is 0 where there is none. */
const char *otx_core(const struct otx_spelling *, size_t *n);
/* Whether a text of n bytes has the same normal form. */
bool otx_is(const char *text, size_t n, const void *spelling);

void otx_answer(struct answer *, const struct query *);
void otx_refer(struct answer *, const struct query *);

#endif
