/* SPDX-License-Identifier: MIT */
/*
 * request: one request on its way through relay.c, from the row of its route to
 * the line in the log.
 */
#ifndef CTIM_REQUEST_H
#define CTIM_REQUEST_H

#include <stdint.h>

#include "answer/response.h"
#include "base/buf.h"
#include "answer/traceparent.h"
#include "log/log.h"
#include "token/token.h"

struct conf;
struct relay_conf;
struct route;
struct session;
struct transport;

struct request {
	struct session *session;
	const struct conf *conf;
	struct transport *transport;
	const struct route *route;      /* NULL: there is none */
	const struct relay_conf *relay; /* NULL: the gateway itself */
	const struct claims *claims;    /* once the token is verified: own */
	struct claims own;              /* of the token and of the gateway */
	struct buf body;
	struct log_request log;
	int64_t now;              /* seconds since 1970 */
	struct traceparent trace; /* of which it is; "" for none */
	struct response response;
};

#endif
