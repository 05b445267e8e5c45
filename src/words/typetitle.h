/* SPDX-License-Identifier: MIT */
/*
 * typetitle: what people call a type of observables: IPv6, domain, file name.
 * Source: CTIM observable-type vocabulary.
 */
#ifndef CTIM_TYPETITLE_H
#define CTIM_TYPETITLE_H

struct buf;

/* Adds what people call the type of a CTIM name ("ipv6"); of a name that is new to
 * it the name's own words. */
void typetitle_add(struct buf *, const char *name);

#endif
