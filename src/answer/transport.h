/* SPDX-License-Identifier: MIT */
/*
 * transport: the seam between what carries a request (FastCGI, CGI, the command
 * line) and what answers it.  A few functions and the CGI meta-variables.
 * Source: RFC 3875, section 4 and 6.
 */
#ifndef CTIM_TRANSPORT_H
#define CTIM_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct transport {
	char *const *env; /* "NAME=value" strings, ended by NULL */
	/*
	 * Up to n bytes of the request's body into p.  Returns how many, 0 at
	 * the end of the body, -1 when the web server cut it short or the
	 * deadline passed.
	 */
	ssize_t (*read)(void *arg, void *p, size_t n);
	/*
	 * Takes n bytes of the answer: CGI header, blank line, body.  push: on
	 * their way now, not when a buffer is full.  n may be 0 with push.
	 * Bytes that were not pushed leave when the request ends.  Does not wait
	 * for a slow client where the transport can keep its bytes.
	 * Returns 0, or -1 when the client is gone; then nothing more need be
	 * made for it.
	 */
	int (*write)(void *arg, const void *p, size_t n, bool push);
	/* Whether the client has left, as far as can be seen without a
	 * write.  NULL: it cannot be seen. */
	bool (*gone)(void *arg);
	void *arg;        /* handed to all */
	bool script;      /* classic CGI: SCRIPT_NAME is this program, never
				 * a route */
	int64_t deadline; /* clock_ms() at which the answer must be made */
	int64_t now;      /* seconds since 1970 that it is for the answer; 0:
				 * as the clock says */
};

/* The value of a meta-variable; NULL when it is absent or empty, as web servers
 * pass "" for what they do not know. */
const char *transport_var(const struct transport *, const char *name);

#endif
