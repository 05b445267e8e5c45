/*
 * record: reads one whole FastCGI request, checks every byte of its framing and
 * writes it again in the one plain form that libfcgi is shown.
 *
 * libfcgi has no time limit, no limit on PARAMS, takes cut requests for whole
 * ones and has overflowed its stack on management records.  So it never reads
 * from a connection: it reads the sink, a memory file, in which there are
 * exactly BEGIN_REQUEST (responder), the end of PARAMS, STDIN and its end.  The
 * variables are read here: libfcgi would allocate each, and crash where it
 * cannot.
 * Source: FastCGI specification 1.0, sections 3, 5 and 8.
 */
#ifndef CTIM_RECORD_H
#define CTIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#define RECORD_HEADER      8     /* bytes before a record's content */
#define RECORD_CONTENT_MAX 65535 /* bytes of one record's content */
#define RECORD_PARAMS_MAX  RECORD_CONTENT_MAX /* of a request */
#define RECORD_NAMES_MAX   256                /* variables of a request */
#define RECORD_END_SIZE    16                 /* of an END_REQUEST record */
#define RECORD_ANSWER_MAX  1024               /* bytes of record_answer() */
#define RECORD_ABORT       2                  /* type of FCGI_ABORT_REQUEST */

enum record_result {
	RECORD_MORE,    /* good so far, not yet whole */
	RECORD_WHOLE,   /* the request is in the sink */
	RECORD_SILENT,  /* closed, or late, before its first byte */
	RECORD_CUT,     /* closed in the middle */
	RECORD_LATE,    /* not whole in time */
	RECORD_ABORTED, /* the web server gave it up */
	RECORD_ROLE,    /* not for a responder; see record_end() */
	RECORD_BAD,     /* not FastCGI as we take it; see why */
	RECORD_STARVED, /* no memory for it */
	RECORD_FAULT    /* the sink or recv(2) failed */
};

struct record {
	/* The request, once RECORD_WHOLE (id from the first record on). */
	uint16_t id;
	uint64_t body;                   /* bytes of STDIN that came */
	uint64_t kept;                   /* in the sink, at most max_body + 1 */
	const char *why;                 /* after RECORD_BAD: a constant */
	char *env[RECORD_NAMES_MAX + 1]; /* "NAME=value", then NULL;
					 * good until the next request */
	/* The reader's own. */
	int sink;
	size_t max_body;
	off_t written;         /* bytes in the sink */
	struct buf frames;     /* records on their way to the sink */
	struct buf params;     /* content of PARAMS, then env's text */
	size_t open, open_len; /* the STDIN record being made: its
					 * place in frames, its content */
	unsigned char head[RECORD_HEADER];
	size_t have;             /* bytes in head */
	size_t content, padding; /* of the record, still to come */
	int stage;
	bool any;             /* something came */
	unsigned char *input; /* what recv(2) fills */
};

/*
 * sink: a file that may be written at any offset; stays the caller's.
 * max_body: bytes; more than max_body + 1 are read and dropped.
 * Returns 0, or -1 when memory ran out.
 */
int record_init(struct record *, int sink, size_t max_body);
void record_free(struct record *);
/* Forgets the request, for the next one. */
void record_reset(struct record *);
/* Takes the next n bytes of the connection, however they were split.  After
 * RECORD_WHOLE the rest is ignored; an error stays until record_reset(). */
enum record_result record_feed(struct record *, const void *, size_t n);
/*
 * Reads a request from a connected socket, to its end.  head and end are
 * clock_ms() times: when the variables, and when all of it must be there.
 * Never RECORD_MORE.  The socket is not closed.
 */
enum record_result record_read(
    struct record *, int fd, int64_t head, int64_t end);
/* A whole answer of one STDOUT record, up to RECORD_ANSWER_MAX bytes of it, at
 * out.  text: at most that less RECORD_END_SIZE and two headers.  Returns how
 * many bytes; the request's id must be known (not 0). */
size_t record_answer(
    const struct record *, const char *text, unsigned char *out);
/* An END_REQUEST record that says "unknown role", RECORD_END_SIZE bytes. */
void record_end(const struct record *, unsigned char *out);

#endif
