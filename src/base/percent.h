/* SPDX-License-Identifier: MIT */
/*
 * percent: percent-encoding of texts for a URL.
 * Source: RFC 3986, section 2.
 */
#ifndef CTIM_PERCENT_H
#define CTIM_PERCENT_H

struct buf;

/* Adds text and encodes all bytes but the unreserved ones and those in keep (""
 * for none). */
void percent_add(struct buf *, const char *text, const char *keep);

#endif
