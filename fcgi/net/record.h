/* SPDX-License-Identifier: MIT */
/*
 * record: takes one FastCGI request as its bytes come, checks every byte of its
 * framing and writes it again in the one plain form that libfcgi is shown.
 *
 * libfcgi has no time limit, no limit on PARAMS, takes cut requests for whole
 * ones and has overflowed its stack on management records.  So it never reads
 * from a connection: it is shown the frames, which are exactly BEGIN_REQUEST
 * (responder), the end of PARAMS, STDIN and its end.  The variables are read
 * here: libfcgi would allocate each, and crash where it cannot.
 *
 * A record reads from no descriptor and waits for nothing, so that a request
 * that is not yet complete is a record and no thread.
 * Source: FastCGI specification 1.0, sections 3, 5 and 8.
 */
#ifndef CTIM_RECORD_H
#define CTIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/fcgiframe.h"

#define RECORD_PARAMS_MAX FCGIFRAME_CONTENT_MAX /* of a request */
#define RECORD_NAMES_MAX  256                   /* variables of a request */
#define RECORD_END_SIZE   16                    /* of an END_REQUEST record */
#define RECORD_ANSWER_MAX 1024                  /* bytes of record_answer() */

enum record_result {
	RECORD_MORE,    /* good so far, not yet whole */
	RECORD_WHOLE,   /* the request is in frames, its variables in params */
	RECORD_SILENT,  /* closed before its first byte */
	RECORD_CUT,     /* closed in the middle */
	RECORD_ABORTED, /* the web server gave it up */
	RECORD_ROLE,    /* not for a responder; see record_end() */
	RECORD_BAD,     /* not FastCGI as we take it; see why */
	RECORD_STARVED, /* no memory for it */
	RECORD_FAULT    /* recv(2) failed */
};

struct record {
	/* The request, once RECORD_WHOLE (id from the first record on). */
	uint16_t id;
	bool keep;         /* FCGI_KEEP_CONN */
	bool surplus;      /* bytes came after its end, and are lost */
	uint64_t body;     /* bytes of STDIN that came */
	uint64_t kept;     /* in frames, at most max_body + 1 */
	const char *why;   /* after RECORD_BAD: a constant */
	struct buf frames; /* what libfcgi is shown */
	struct buf params; /* content of PARAMS, then the variables' text */
	/* The reader's own. */
	size_t max_body;
	size_t open, open_len; /* the STDIN record being made: its
					 * place in frames, its content */
	unsigned char head[FCGIFRAME_HEADER];
	size_t have;             /* bytes in head */
	size_t content, padding; /* of the record, still to come */
	bool empty;              /* the record has no content */
	int stage;
};

/* max_body: bytes; more than max_body + 1 are read and dropped.  Allocates
 * nothing. */
void record_init(struct record *, size_t max_body);
void record_free(struct record *);
/* Forgets the request, for the next one; memory that a usual request does not
 * need is given back. */
void record_reset(struct record *);
/* Bytes of memory that it holds. */
size_t record_memory(const struct record *);
/*
 * Takes the next n bytes of the connection, however they were split: until
 * RECORD_WHOLE, which is all or part of them, or an error, each RECORD_MORE.
 * What comes after the whole is ignored; an error stays until record_reset().
 */
enum record_result record_feed(struct record *, const void *, size_t n);
/* The variables of a whole request: "NAME=value", then NULL; they point into
 * the record, until its reset. */
void record_variables(const struct record *, char *env[RECORD_NAMES_MAX + 1]);
/* Makes the record one of a whole request that another process has read: the
 * text of its variables and its frames are in the buffers, the members from id
 * to kept are set. */
void record_adopt(struct record *);
/* A whole answer of one STDOUT record, up to RECORD_ANSWER_MAX bytes of it, at
 * out.  text: at most that less RECORD_END_SIZE and two headers.  Returns how
 * many bytes; the request's id must be known (not 0). */
size_t record_answer(
    const struct record *, const char *text, unsigned char *out);
/* An END_REQUEST record that says "unknown role", RECORD_END_SIZE bytes. */
void record_end(const struct record *, unsigned char *out);

#endif
