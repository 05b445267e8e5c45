/* SPDX-License-Identifier: MIT */
/*
 * outcome: what the end of a transfer means: the provider's reply, another try, or
 * a failure; what transfer.c and outcome.c share.
 */
#ifndef CTIM_OUTCOME_H
#define CTIM_OUTCOME_H

#include <stddef.h>

#include "call/provider.h"

struct claims;
struct mask;
struct transfer;

/* Hands bytes to the provider's scan(); n 0: it is the end. */
enum scan_result outcome_scan(struct transfer *, const char *p, size_t n);
/* Forgets what the last try brought. */
void outcome_reset(struct transfer *);
/* Adds the secrets among the claims, in place of which {CLAIM} stands. */
void outcome_secrets(
    struct mask *, const struct provider *, const struct claims *);
/* Takes what a call was made with out of what is told of its failure, where the
 * service may be quoted: relay API, credentials are never shown in an error. */
void outcome_mask(struct transfer *);

#endif
