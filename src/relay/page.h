/* SPDX-License-Identifier: MIT */
/*
 * page: the page at "/", which lists the relays of this gateway for people and
 * for programs.
 */
#ifndef CTIM_PAGE_H
#define CTIM_PAGE_H

#include <stdbool.h>

struct provider;
struct relay_conf;
struct request;
struct route;

/* Whether `page` lets the gateway show it. */
bool page_offered(const struct request *);
/* Writes the whole answer; lists one relay alone when the request names one. */
void page_serve(struct request *);
/* The same for the icon that a browser shows beside the title. */
void page_icon(struct request *);
/* Whether the page of this request lists a relay, and a route for the relays of
 * a provider. */
bool page_lists(const struct request *, const struct relay_conf *);
bool page_has_route(const struct provider *, const struct route *);

#endif
