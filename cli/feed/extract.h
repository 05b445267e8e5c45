/*
 * extract: the observables in a text: a report, a mail, a log.
 *
 * Finds addresses, domains, URLs, e-mail addresses and hashes, also defanged,
 * also with punctuation or a port around them.  A domain that could be the name
 * of a file (report.pdf) counts when it is defanged only.
 */
#ifndef CTIM_EXTRACT_H
#define CTIM_EXTRACT_H

#include "ctim/observable.h"

struct feed_reader;

/*
 * Calls each with every observable, in normal form (indicator.h), until it
 * returns another value than 0; returns that, or 0 at the end of the text.
 * Passes over words that are too long.
 */
int extract_read(struct feed_reader *,
    int (*each)(void *arg, enum observable_type, const char *value), void *arg);

#endif
