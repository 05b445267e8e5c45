/* SPDX-License-Identifier: MIT */
/*
 * response: the CGI side of an answer: status, header, body, counted.
 *
 * A body that is whole before anything had to leave gets a Content-Length;
 * otherwise it is streamed.  Nothing from outside is ever put into a header.
 * Source: RFC 3875, section 6.
 */
#ifndef CTIM_RESPONSE_H
#define CTIM_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define RESPONSE_HELD  32768 /* bytes of body held before they are sent */
#define REQUEST_ID_MAX 65    /* bytes of an X-Request-Id, and a NUL */

struct transport;

struct response {
	struct transport *transport; /* the caller's */
	int status;                  /* HTTP; 200 unless set */
	const char *type;            /* Content-Type, a constant */
	const char *policy;          /* more header fields with their CRLF, a
				      * constant; NULL: not HTML */
	const char *extra;           /* one more header field with its
						 * CRLF, a constant, or NULL */
	char id[REQUEST_ID_MAX];
	bool head_only;  /* HEAD: the header alone */
	bool started;    /* the header has left */
	bool gone;       /* the client has left */
	uint64_t bytes;  /* of the body, so far */
	struct buf held; /* in room: an answer that says that
						 * memory ran out needs none */
	char room[RESPONSE_HELD + 1];
};

/* For one request; the id is the caller's X-Request-Id when it is short and
 * plain, else a new one.  Nothing need be freed. */
void response_init(struct response *, struct transport *);

/* Adds n bytes to the body.  0, or -1 when the client is gone. */
int response_write(struct response *, const void *, size_t n);
/* Sends the held bytes now. */
int response_push(struct response *);
/* The body is whole. */
int response_end(struct response *);

/* The body is HTML: its type, and the fields that go with it. */
void response_html(struct response *);

/* Writes a whole answer to a request that is no relay call: {"code", "message",
 * "reason"}, or a page that says the same to who prefers HTML. */
void response_error(struct response *, int status, const char *message);

#endif
