/*
 * csvout: CSV for other programs.
 * Source: RFC 4180.
 */
#ifndef CTIM_CSVOUT_H
#define CTIM_CSVOUT_H

struct buf;

/* A field (NULL is empty), quoted where RFC 4180 wants it, and end: a comma or
 * the row's end. */
void csvout_field(struct buf *, const char *text, const char *end);

#endif
