/* SPDX-License-Identifier: MIT */
/*
 * fetch: a feed from its address into a temporary file, in bounded memory.
 *
 * A redirect is followed, to other hosts too, but never from https to http, and
 * each address is looked at as that of a relay is (http.h).  The header of the
 * feed goes to the feed's own origin alone.
 * Source: RFC 9110, 13.1 (conditional requests), 15.4 (redirects).
 */
#ifndef CTIM_FETCH_H
#define CTIM_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "http/http.h"

#define FETCH_URL_MAX   2048 /* bytes of the address of a feed */
#define FETCH_REDIRECTS 5    /* that are followed one after another */
#define FETCH_SECONDS   600  /* for all of it, unless said otherwise */
#define FETCH_MIB       512  /* of a feed, unpacked where HTTP packed it */
#define FETCH_WHY_MAX   1536 /* bytes of a reason */

#define FETCH_MUST \
	"--feed is the http or https URL of a feed, of at most 2047 bytes"

struct conf;

struct fetch {
	const struct conf *conf;
	const char *url;             /* fetch_address() */
	const char *header;          /* fetch_header.h, or NULL */
	const char *etag, *modified; /* of the feed that is here; NULL: it
				      * comes whatever it is */
	long seconds, mib;           /* limits */

	/* Filled in: */
	FILE *body;  /* FETCH_BODY: to read, from its begin; the caller's */
	bool answer; /* a server has answered */
	char new_etag[HTTP_WANTED_MAX]; /* of the body, "" for none */
	char new_modified[HTTP_WANTED_MAX];
	char why[FETCH_WHY_MAX]; /* FETCH_FAILED: without any key */
};

enum fetch_end {
	FETCH_BODY,
	FETCH_UNCHANGED, /* the feed is the one that is here */
	FETCH_FAILED
};

/* Whether text can be the address of a feed. */
bool fetch_address(const char *text);
/* Fetches; a signal that interrupt.h notes ends it. */
enum fetch_end fetch_do(struct fetch *);

#endif
