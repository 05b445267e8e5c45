/* SPDX-License-Identifier: MIT */
/*
 * probe: what balancers and supervisors ask: whether the process answers, and
 * whether it is ready for requests.  No service is called.
 * Source: relay API, "Routes"; the names are those of Kubernetes.
 */
#ifndef CTIM_PROBE_H
#define CTIM_PROBE_H

#include <stdbool.h>

struct request;

/* Whether the caller's REMOTE_ADDR is in one of the networks of `probes`. */
bool probe_offered(const struct request *);
/* Answers 200 with "ok". */
void probe_healthz(struct request *);
/* The same, or 503 with the reason as text: the gateway stops, or the cache or a
 * store cannot be opened.  A cache that is a server is no reason: while it does not
 * answer, a line after "ok" says so. */
void probe_readyz(struct request *);

#endif
