/* SPDX-License-Identifier: MIT */
/*
 * egress_scan: looks through a text for names and addresses of [egress].
 *
 * Names and addresses are looked for everywhere in the text, not just where a
 * host stands: a value may hold one in its path, its query, its user name.
 */
#ifndef CTIM_EGRESS_SCAN_H
#define CTIM_EGRESS_SCAN_H

#include <stdbool.h>

struct conf_egress;

/* Whether the text, in small letters, names a listed domain, or one below it, or
 * an address that is listed or private.  host: the text may begin with a host, so
 * that "167772161" is an address. */
bool egress_scan(const struct conf_egress *, const char *text, bool host);

#endif
