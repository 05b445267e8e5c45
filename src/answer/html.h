/* SPDX-License-Identifier: MIT */
/*
 * html: the frame of what people see in a browser: the page of the gateway, and
 * its errors.
 *
 * Nothing in it runs and nothing is loaded but the icon: the policy that goes
 * with it allows this style alone, by its hash.
 * Source: HTML Standard; CSP Level 3, section 2.3.1.
 */
#ifndef CTIM_HTML_H
#define CTIM_HTML_H

#include <stdbool.h>

struct buf;
struct transport;

#define HTML_TYPE "text/html; charset=utf-8"

/* Header fields of every answer that is HTML. */
extern const char html_policy[];

/* Whether the caller prefers HTML to JSON: Accept names text/html, and
 * application/json not or with less weight (RFC 9110, section 12.5.1). */
bool html_wanted(const struct transport *);

/* Adds all up to the contents of <body>.  title is escaped; icon, the relative
 * URL of the icon, is not; NULL: none.  plain: without style. */
void html_begin(struct buf *, const char *title, const char *icon, bool plain);
void html_end(struct buf *);
/* Adds text, so that it is text in an element and in a quoted attribute. */
void html_text(struct buf *, const char *);

#endif
