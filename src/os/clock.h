/* SPDX-License-Identifier: MIT */
/*
 * clock: the time by which the gateway waits.
 */
#ifndef CTIM_CLOCK_H
#define CTIM_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t clock_ms(void);

#endif
