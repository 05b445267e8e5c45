/* SPDX-License-Identifier: MIT */
/*
 * page: the page at "/", which lists the relays of this gateway for people and
 * for programs.
 */
#ifndef CTIM_PAGE_H
#define CTIM_PAGE_H

struct request;

/* Writes the whole answer; lists one relay alone when the request names one. */
void page_serve(struct request *);

#endif
