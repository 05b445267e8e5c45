/* SPDX-License-Identifier: MIT */
/*
 * endpoint: an address to listen on, ADDRESS:PORT, an IPv6 address in brackets.
 * No name: what it stands for may change, and asking for that may take long.
 */
#ifndef CTIM_ENDPOINT_H
#define CTIM_ENDPOINT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include <stdbool.h>

#define ENDPOINT_MAX (INET6_ADDRSTRLEN + 8) /* bytes of one, with the NUL */

union endpoint {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* Reads one.  Returns its size, or 0 when the text is none. */
socklen_t endpoint_read(union endpoint *, const char *);
/* Whether only this machine itself reaches it. */
bool endpoint_is_loopback(const union endpoint *);

#endif
