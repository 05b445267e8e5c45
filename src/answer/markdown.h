/* SPDX-License-Identifier: MIT */
/*
 * markdown: the HTML of a service's text as Markdown.
 *
 * Links, emphasis, code, lines, paragraphs, headings and items of lists are kept;
 * of every other element its text, and of script and style nothing.  A link to
 * something else than http, https, mailto or a place on the same site is its text.
 * What is no tag is text, and can be none in Markdown either.
 * Source: CommonMark 0.30; HTML Standard, sections 13.1.2 and 13.5.
 */
#ifndef CTIM_MARKDOWN_H
#define CTIM_MARKDOWN_H

#include <stddef.h>

struct buf;

/* Adds the Markdown of n bytes of HTML to an empty buffer.  What does not fit marks the buffer as
 * failed (buf.h). */
void markdown_add(struct buf *, const char *html, size_t n);

#endif
