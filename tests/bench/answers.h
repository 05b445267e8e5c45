/* SPDX-License-Identifier: MIT */
/*
 * answers: what OTX and SpyCloud say in `make bench`, whole HTTP answers that
 * are made before the first request.  A failure ends the program.
 */
#ifndef CTIM_BENCH_ANSWERS_H
#define CTIM_BENCH_ANSWERS_H

#include <stddef.h>

#define ANSWERS_OBSERVABLES 8 /* that are asked about */
#define ANSWERS_SOURCES     5 /* catalog entries of SpyCloud */

/* Header and body. */
struct answer {
	char *text;
	size_t len;
};

struct answers {
	/* The caller says. */
	size_t pulses;  /* of each observable */
	size_t entries; /* of a pulse's one page */
	int at;         /* where those that match begin in it,
					 * in percent; -1: there are none */
	/* Made. */
	char *paths[ANSWERS_OBSERVABLES];           /* of `general` */
	struct answer general[ANSWERS_OBSERVABLES]; /* OTX: pulses */
	struct answer page;    /* OTX: entries, the same for all */
	struct answer records; /* SpyCloud: breach records */
	struct answer catalog[ANSWERS_SOURCES];
	struct answer ok, nothing;
};

void answers_make(struct answers *);
void answers_free(struct answers *);
/* By what follows /api/v1/indicators/ and /breach/catalog/. */
const struct answer *answers_general(const struct answers *, const char *);
const struct answer *answers_catalog(const struct answers *, const char *);

#endif
