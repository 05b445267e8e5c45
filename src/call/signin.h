/* SPDX-License-Identifier: MIT */
/*
 * signin: the token of services that want us to sign in first.
 */
#ifndef CTIM_SIGNIN_H
#define CTIM_SIGNIN_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct transfer;
struct run;

/* Whether the transfer has the token that it needs, or needs none; else it is
 * timed until there is one, for which somebody signs in. */
bool signin_want(struct run *, struct transfer *, int64_t now);
/* The call that signs in is over: those who wait for it go on, or fail like
 * it. */
void signin_done(struct run *, struct transfer *);
/* The field with a token that is there already, for a call that cannot wait for one;
 * false: there is none. */
bool signin_have(struct run *, const char *host, struct buf *field);
/* It ends without that: others may sign in. */
void signin_forget(struct run *);

#endif
