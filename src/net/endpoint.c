/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "net/endpoint.h"

/* A port in digits, 0 when it is none. */
static in_port_t
endpoint_port(const char *text)
{
	size_t n = strspn(text, "0123456789");
	long port;

	if (n == 0 || n > 5 || text[n] != '\0')
		return 0;
	port = strtol(text, NULL, 10);
	return port > 65535 ? 0 : (in_port_t)port;
}

socklen_t
endpoint_read(union endpoint *e, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[ENDPOINT_MAX];
	size_t n;
	in_port_t port;

	memset(e, 0, sizeof(*e));
	if (colon == NULL || (port = endpoint_port(colon + 1)) == 0 ||
	    (n = (size_t)(colon - text)) >= sizeof(host))
		return 0;
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		e->six.sin6_family = AF_INET6;
		e->six.sin6_port = htons(port);
		return inet_pton(AF_INET6, host + 1, &e->six.sin6_addr) == 1 ?
		    sizeof(e->six) :
		    0;
	}
	e->four.sin_family = AF_INET;
	e->four.sin_port = htons(port);
	return inet_pton(AF_INET, host, &e->four.sin_addr) == 1 ?
	    sizeof(e->four) :
	    0;
}

bool
endpoint_is_loopback(const union endpoint *e)
{
	const unsigned char *b = e->six.sin6_addr.s6_addr;

	if (e->any.sa_family == AF_INET)
		return (ntohl(e->four.sin_addr.s_addr) >> 24) == 127;
	return IN6_IS_ADDR_LOOPBACK(&e->six.sin6_addr) ||
	    (IN6_IS_ADDR_V4MAPPED(&e->six.sin6_addr) && b[12] == 127);
}
