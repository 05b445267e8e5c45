/* SPDX-License-Identifier: MIT */
/*
 * fcgiframe: the framing of FastCGI, for the server and for who asks one.
 * Source: FastCGI specification 1.0, sections 3.3 and 8.
 */
#ifndef CTIM_FCGIFRAME_H
#define CTIM_FCGIFRAME_H

#include <stddef.h>
#include <stdint.h>

#define FCGIFRAME_HEADER         8     /* bytes before a record's content */
#define FCGIFRAME_CONTENT_MAX    65535 /* bytes of one record's content */
#define FCGIFRAME_VERSION        1
#define FCGIFRAME_BODY           8 /* bytes in BEGIN_REQUEST, END_REQUEST */
#define FCGIFRAME_ROLE_RESPONDER 1 /* second byte of BEGIN_REQUEST's content */
#define FCGIFRAME_KEEP_CONN      1 /* a flag in its third byte */
#define FCGIFRAME_UNKNOWN_ROLE   3 /* fifth byte of END_REQUEST's content */

enum fcgiframe_type {
	FCGIFRAME_BEGIN_REQUEST = 1,
	FCGIFRAME_ABORT_REQUEST,
	FCGIFRAME_END_REQUEST,
	FCGIFRAME_PARAMS,
	FCGIFRAME_STDIN,
	FCGIFRAME_STDOUT
};

struct fcgiframe {
	unsigned char version, type;
	uint16_t id;
	size_t content, padding; /* bytes that follow the header */
};

/* Writes the header of a record without padding; content: at most
 * FCGIFRAME_CONTENT_MAX. */
void fcgiframe_write(unsigned char out[FCGIFRAME_HEADER],
    enum fcgiframe_type type, uint16_t id, size_t content);
/* Reads a header; whatever bytes it has, nothing fails. */
void fcgiframe_read(
    struct fcgiframe *, const unsigned char in[FCGIFRAME_HEADER]);

#endif
