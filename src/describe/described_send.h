/* SPDX-License-Identifier: MIT */
/* What is sent for a call of a described provider; of described*.c alone. */
#ifndef CTIM_DESCRIBED_SEND_H
#define CTIM_DESCRIBED_SEND_H

#include "describe/described_own.h"

/*
 * Adds a call to the lookup of the question, with what [auth] has for it.  NULL:
 * none was made, as an answer has not what it needs.  One that cannot be sent has
 * failed.
 */
struct call *send_call(struct described_values *, const struct described_call *,
    const struct described_request *, int step);
/* A call that has failed, for what could not be filled in; NULL for FILL_MISSING.
 * wrong: the placeholder whose value cannot stand where it is. */
struct call *send_failed(struct described_values *, int step,
    enum placeholders_filled, const struct placeholder *wrong);

#endif
