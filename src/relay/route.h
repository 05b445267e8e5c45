/* SPDX-License-Identifier: MIT */
/*
 * route: the routes of the relay API, and how a URL names one.
 * Source: relay API, "Where a relay lives" and "Routes".
 */
#ifndef CTIM_ROUTE_H
#define CTIM_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

struct conf;
struct relay_conf;
struct request;
struct transport;

#define ROUTE_BASES    4    /* base URLs that one relay can have */
#define ROUTE_BASE_MAX 1024 /* bytes of one, with the NUL */

#define ROUTE_ALL      ~0U /* struct route's provider: every relay has it */

enum route_method { ROUTE_POST, ROUTE_GET }; /* GET takes HEAD too */
/* Who answers: a relay, also the gateway without one, or that alone. */
enum route_owner { ROUTE_RELAY, ROUTE_EITHER, ROUTE_GATEWAY };

struct route {
	const char *path; /* behind the relay's name; "" for "/" */
	enum route_method method;
	bool token; /* token and claims are checked */
	enum route_owner owner;
	/* The bit of enum provider_route, or ROUTE_ALL; 0: no provider takes
	 * part, and the page does not list the route. */
	unsigned provider;
	void (*serve)(struct request *);
	/* Whether it is there for this request; NULL: for all. */
	bool (*offered)(const struct request *);
	/* What it answers with, for people; NULL where provider is 0. */
	const char *about;
};

/* All rows, ended by one without a path (in relay.c). */
extern const struct route routes[];

/* Whether word is the first segment of a route, hence no name for a relay. */
bool route_is_first(const char *word);

/*
 * Writes the path that a request asks for into path (size bytes; a path that
 * does not fit is no route): without the query, slashes at its end, all but one
 * at its beginning, and the path of base_url.  Returns false, with an empty
 * path, when the web server has handed over neither PATH_INFO nor SCRIPT_NAME.
 */
bool route_path(
    const struct conf *, const struct transport *, char *path, size_t size);

/* The base URLs of a relay, which the audience of a token may name. */
struct route_bases {
	const char *url[ROUTE_BASES + 1]; /* in text, ended by NULL */
	char text[ROUTE_BASES][ROUTE_BASE_MAX];
	size_t n;
};

/*
 * Makes the base URLs of the relay that a request is for: of base_url, else of
 * the variables with the request's own URL.  A URL that is too long is left
 * out, so there may be none.
 */
void route_bases(const struct conf *, const struct transport *,
    const struct relay_conf *, struct route_bases *);

/* The URL of a relay as the caller of a request sees it, into url
 * (ROUTE_BASE_MAX bytes).  Returns false when the variables do not tell, or hold
 * what is no part of a URL. */
bool route_url(const struct conf *, const struct transport *,
    const struct relay_conf *, char *url);

/* The row and the relay of a path; NULL when it names no route.  *relay is NULL
 * for a route that the gateway answers without a relay. */
const struct route *route_find(
    const struct conf *, const char *path, const struct relay_conf **relay);

/* How many bytes of a path, which names no route and is not empty, stand in
 * front of a path that names a relay; 0: there is no such path, or the path
 * itself begins with a relay. */
size_t route_prefix(const struct conf *, const char *path);

#endif
