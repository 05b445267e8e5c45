/* SPDX-License-Identifier: MIT */
/*
 * verdicts: of the verdicts of several sources the one that counts for each
 * observable.
 *
 * It counts whose judgement has the highest priority (VERDICTS_PRIORITY without
 * one); at equal priority Clean before Malicious before Suspicious before Common
 * before Unknown; then the one that holds from later on; then the one of the
 * source that is named first.
 * Source: CTIM verdict and judgement.
 */
#ifndef CTIM_VERDICTS_H
#define CTIM_VERDICTS_H

#include "answer/answer.h"

#define VERDICTS_PRIORITY 50

struct verdicts;

/* sources: names in the order in which they come first, ended by NULL; they must
 * outlive the verdicts.  NULL when memory ran out; the caller ends with
 * verdicts_free(). */
struct verdicts *verdicts_new(char *const *sources);
void verdicts_free(struct verdicts *);
/* For answer_filter(), arg the verdicts: keeps verdicts out of the answer, and
 * notes them and the priorities of judgements. */
answer_filterer verdicts_filter;
/* Writes the ones that count.  The filter must be off by now. */
void verdicts_write(struct verdicts *, struct answer *);

#endif
