/*
 * http_transfer: one transfer on a libcurl handle: what is set on it, what it
 * calls back, and what its end means.  For http.c alone.
 */
#ifndef CTIM_HTTP_TRANSFER_H
#define CTIM_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>
#include <openssl/types.h>

#include "http/http.h"

struct http_transfer {
	struct http_transfer *next, **prev; /* http.c's list that it is in */
	CURL *easy;
	struct http_call *call; /* NULL while it is spare */
	struct curl_slist *headers;
	const struct conf *conf;
	X509_STORE *trust;     /* NULL where there is no TLS */
	int64_t until;         /* clock_ms() of its time-out */
	int64_t patience;      /* clock_ms() until which it may
						 * wait for the connection of
						 * another; 0: not at all */
	size_t body;           /* bytes taken, unpacked */
	size_t header;         /* bytes of header lines */
	enum http_end verdict; /* why we ended it ourselves;
						 * HTTP_ANSWERED: we did not */
	const char *why;       /* of that, a constant; NULL:
						 * the words for it */
	bool coded;            /* the body is packed */
	bool moving;           /* it has its own connection, or
						 * asks for the address */
	bool refused;          /* an address was private */
	bool opened;           /* another was not */
	int no_socket;         /* errno, when none could be
						 * made */
};

/* http_check.c: whether a call may be made at all.  False: end and why of the
 * call are filled in.  *https: whether it is that. */
bool http_check_call(const struct conf *, struct http_call *, bool *https);

/* http_header.c: libcurl's callback for a line of the header, or of the trailer
 * behind a body; arg is a transfer. */
size_t http_header_take(char *line, size_t one, size_t n, void *arg);

/* A spare one, or NULL. */
struct http_transfer *http_transfer_new(void);
void http_transfer_free(struct http_transfer *);
/* Makes it ready to be added to a multi handle, at now (clock_ms()).  -1: it
 * cannot be, and end and why of the call are filled in. */
int http_transfer_begin(struct http_transfer *, const struct conf *,
    X509_STORE *, struct http_call *, bool https, int64_t now);
/* Makes it spare; nothing of the call is left in it.  False: it cannot be used
 * again and is to be freed. */
bool http_transfer_reset(struct http_transfer *);

/* http_end.c: fills in the call from the handle and libcurl's verdict. */
void http_end_call(struct http_transfer *, CURLcode);
/* Fills in end, and why from the words for it. */
void http_end_as(struct http_call *, enum http_end);

#endif
