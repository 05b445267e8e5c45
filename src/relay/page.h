/*
 * page: the page at "/": which relays this gateway serves, for people and for
 * programs.
 */
#ifndef CTIM_PAGE_H
#define CTIM_PAGE_H

struct request;

/* Writes the whole answer; of one relay alone when the request names one. */
void page_serve(struct request *);

#endif
