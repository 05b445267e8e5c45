/* SPDX-License-Identifier: MIT */
/*
 * quotas: what the answers of a service tell of a credential's quota: kept, kept
 * to, and shown in the health of a relay.
 *
 * A call is held back only for a provider that names header fields of its own
 * (struct provider, quota): what others tell is shown alone, as nobody knows
 * whether they count the same calls.
 * Source: relay API, "POST /health"; the platform's schema of a quota.
 */
#ifndef CTIM_QUOTAS_H
#define CTIM_QUOTAS_H

#include <stdbool.h>
#include <stdint.h>

struct jsonout;
struct provider;
struct quota_seen;
struct relay_conf;
struct run;
struct transfer;

/* An answer has come: keeps what it tells. */
void quotas_take(struct run *, const struct transfer *);
/* Whether a transfer may go; else it has landed as too many requests. */
bool quotas_may(struct run *, struct transfer *);
/* What the last answer told the credential of a run; false: nothing. */
bool quotas_seen(const struct run *, struct quota_seen *);

/* A member of "quotas" for a relay: "NAME": {"description", "values"}, without what
 * was not told. */
void quotas_write(
    struct jsonout *, const struct relay_conf *, const struct quota_seen *);

#endif
