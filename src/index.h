/*
 * index: the page at "/": which relays this gateway serves, for people and for
 * programs.
 */
#ifndef CTIM_INDEX_H
#define CTIM_INDEX_H

struct request;

/* Writes the whole answer; of one relay alone when the request names one. */
void	index_serve(struct request *);

#endif
