/* SPDX-License-Identifier: MIT */
/*
 * tld: top-level domains, by the public suffix list.
 *
 * Of the system's list or libpsl's own, the newer; where neither can be had, a
 * name is taken to end in one.
 * Source: libpsl.h; https://publicsuffix.org/list/.
 */
#ifndef CTIM_TLD_H
#define CTIM_TLD_H

#include <stdbool.h>

struct tld;

/* Opens the list; NULL when there is none.  The caller ends with _close(). */
struct tld *tld_open(void);
void tld_close(struct tld *);
/* Whether a domain in normal form (indicator.h) ends in a top-level domain, or in
 * one of those that are for examples and inner networks. */
bool tld_known(const struct tld *, const char *domain);

#endif
