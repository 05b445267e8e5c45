/* SPDX-License-Identifier: MIT */
/*
 * http_transfer: one transfer on a libcurl handle: what is set on it, what it
 * calls back, and what its end means.  For the engine.
 */
#ifndef CTIM_HTTP_TRANSFER_H
#define CTIM_HTTP_TRANSFER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "http/http.h"

#define HTTP_TYPE_MAX 240 /* bytes of a Content-Type */

/*
 * Of libcurl's signer: 8.14 and later escapes the path of a URL once more by itself,
 * as it has to, but where it is S3's; before, the path is signed as it stands in the
 * URL.  From 8.14 to before 8.19 a "%2B" of the query is signed as a blank, whatever
 * is done (curl #20543).
 */
#define HTTP_SIGNS_ESCAPED 0x080e00U
#define HTTP_SIGNS_PLUS    0x081300U

struct http_host;

struct http_transfer {
	/* The engine's lists: it is spare, or has a place; and of those that
	 * may have to get a connection of their own. */
	TAILQ_ENTRY(http_transfer) link, alone;
	CURL *easy;
	struct http_call *call; /* NULL while it is spare */
	struct http_host *host; /* where it has its place */
	const struct conf *conf;
	struct curl_slist *headers;
	int64_t deadline;      /* clock_ms() of its time-out */
	int64_t alone_at;      /* clock_ms() until which it may wait for the
				 * connection of another; 0: not at all */
	size_t body;           /* bytes taken, unpacked */
	size_t header;         /* bytes of header lines */
	enum http_end verdict; /* why we ended it ourselves; HTTP_ANSWERED: we
				 * did not */
	const char *why;       /* of that, a constant; NULL: the words for it */
	bool coded;            /* the body is packed */
	bool moving;           /* it has its own connection, or asks for the
				 * address */
	bool refused;          /* an address was private */
	bool opened;           /* another was not */
	bool deaf;             /* its socket could not be waited for */
	int no_socket;         /* errno, when none could be made */
};

/* http_check.c: whether a call may be made at all, by the policy in its `own`,
 * of which origin and https are filled in.  False: end and why of the call are
 * filled in. */
bool http_check_call(struct http_call *);

/* http_header.c: libcurl's callback for a line of the header, or of the trailer
 * behind a body; arg is a transfer. */
size_t http_header_take(char *line, size_t one, size_t n, void *arg);

/* A spare one, or NULL. */
struct http_transfer *http_transfer_new(void);
void http_transfer_free(struct http_transfer *);
/* Makes it ready to be added to the multi handle of the host's pool, at now
 * (clock_ms()).  -1: it cannot be, and end and why of the call are filled in. */
int http_transfer_begin(struct http_transfer *, const struct conf *,
    struct http_host *, struct http_call *, int64_t now);
/* Makes it spare; nothing of the call is left in it.  False: it cannot be used
 * again and is to be freed. */
bool http_transfer_reset(struct http_transfer *);

/* http_end.c: fills in the call from the handle and libcurl's verdict. */
void http_end_call(struct http_transfer *, CURLcode);
/* Fills in end, and why from the words for it. */
void http_end_as(struct http_call *, enum http_end);

#endif
