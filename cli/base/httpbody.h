/* SPDX-License-Identifier: MIT */
/*
 * httpbody: the body of an HTTP answer, kept whole.
 */
#ifndef CTIM_HTTPBODY_H
#define CTIM_HTTPBODY_H

#include <stddef.h>
#include <stdint.h>

#include "http/http.h"

/* The take() of a call whose arg is a struct buf of the caller's, to which the
 * bytes are added; refuses a body that does not fit. */
enum http_take httpbody_keep(
    struct http_call *, const char *p, size_t n, int64_t length);

#endif
