/*
 * flight_retry: what the end of a transfer means: the provider's reply, another
 * try, or a failure; what flight.c and flight_retry.c share.
 */
#ifndef CTIM_FLIGHT_RETRY_H
#define CTIM_FLIGHT_RETRY_H

#include <stddef.h>

#include "provider.h"

struct flight;

/* Hands bytes to the provider's scan(); n 0: it is the end. */
enum scan_result flight_scan(struct flight *, const char *p, size_t n);
/* Forgets what the last try brought. */
void		 flight_reset(struct flight *);

#endif
