/* SPDX-License-Identifier: MIT */
/*
 * outcome: what the end of a transfer means: the provider's reply, another try, or
 * a failure; what transfer.c and outcome.c share.
 */
#ifndef CTIM_OUTCOME_H
#define CTIM_OUTCOME_H

#include <stddef.h>

#include "call/provider.h"

struct transfer;

/* Hands bytes to the provider's scan(); n 0: it is the end. */
enum scan_result outcome_scan(struct transfer *, const char *p, size_t n);
/* Forgets what the last try brought. */
void outcome_reset(struct transfer *);

#endif
