/* SPDX-License-Identifier: MIT */
/*
 * page_html: the page at "/" for people: which relays there are, what each
 * knows, and a line to try it with.
 *
 * Its links are relative, so that they hold behind whatever path the gateway is
 * mounted at.  With `page = plain` it says what the JSON says and no more.
 */
#ifndef CTIM_PAGE_HTML_H
#define CTIM_PAGE_HTML_H

struct buf;
struct request;

/* Adds the whole page; b->failed tells whether it fitted. */
void page_html(struct request *, struct buf *b);

#endif
