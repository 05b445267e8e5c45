/* SPDX-License-Identifier: MIT */
/*
 * extract: the observables in a text: a report, a mail, a log.
 *
 * Finds addresses, networks ("a-b" and "net/mask", too), domains, URLs, e-mail
 * addresses and hashes, also defanged, percent-encoded, escaped as in JSON, with
 * punctuation of any script, brackets or a port around them.  A bare domain
 * counts when it ends in a top-level domain (tld.h).  Colon-separated digits that
 * are a serial number or a fingerprint are no address.
 */
#ifndef CTIM_EXTRACT_H
#define CTIM_EXTRACT_H

#include "ctim/observable.h"

struct feed_reader;

/*
 * Calls each with every observable, in normal form (indicator.h), until it
 * returns another value than 0; returns that, or 0 at the end of the text.
 * Passes over what is too long to be one.
 */
int extract_read(struct feed_reader *,
    int (*each)(void *arg, enum observable_type, const char *value), void *arg);

#endif
