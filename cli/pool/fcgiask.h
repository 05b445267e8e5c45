/* SPDX-License-Identifier: MIT */
/*
 * fcgiask: one GET straight to a FastCGI server, as a web server would send it.
 * Source: FastCGI specification 1.0, sections 3, 5 and 8.
 */
#ifndef CTIM_FCGIASK_H
#define CTIM_FCGIASK_H

#define FCGIASK_MAX 65536 /* bytes of an answer */
#define FCGIASK_WHY 512   /* bytes of a reason */

struct buf;

/* An address that fcgiask() takes: unix:PATH or HOST:PORT. */
int fcgiask_is_address(const char *);
/*
 * Asks for path with a header Health-Check; it has ms for the answer, whose
 * body replaces what is in body.  Returns the HTTP status, or -1 with one line
 * in why.
 */
int fcgiask(const char *address, const char *path, const char *check, int ms,
    struct buf *body, char why[FCGIASK_WHY]);

#endif
