/* SPDX-License-Identifier: MIT */
/*
 * reason: the words that go with the status codes of HTTP, which HTTP/2 does
 * not carry (RFC 9113, section 8.3.2).
 * Source: RFC 9110, section 15; RFC 6585.
 */
#ifndef CTIM_REASON_H
#define CTIM_REASON_H

/* The reason phrase of a status; "Unknown" for others. */
const char *http_reason(int status);

#endif
