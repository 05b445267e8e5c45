/* SPDX-License-Identifier: MIT */
/*
 * fetch_header: the headers with the key of a feed: "Auth-Key: file:/etc/x", of
 * which is kept where the key is, never the key; and what the user part of its
 * address says.
 */
#ifndef CTIM_FETCH_HEADER_H
#define CTIM_FETCH_HEADER_H

#include <stdbool.h>

#include "conf/conf.h"

#define FETCH_HEADER_MUST                                                     \
	"--feed-header is a header whose value is in a file or in the "       \
	"environment: \"Auth-Key: file:/etc/PATH\" or \"Auth-Key: env:NAME\"" \
	"; a key itself is not kept"

/* Whether a text is the name of a header and where its value is: file:/PATH or
 * env:NAME. */
bool fetch_header_good(const char *text);
/* The header with its value: "Auth-Key: x".  The caller ends with _free().
 * Returns NULL with the reason in why: the file or the variable is not there, or
 * everybody may read the file. */
char *fetch_header_line(const char *text, char why[CONF_ERROR_MAX]);
/*
 * Copies a URL into plain, which has room for all of it, without its user, and
 * makes the header of a user and password: "Authorization: Basic x".  The caller
 * ends *line, which is NULL when the URL has none, with _free().  Returns 0, or
 * -1 when memory ran out.  Source: RFC 7617; RFC 3986, 3.2.1.
 */
int fetch_header_user(const char *url, char *plain, char **line);
/* Overwrites the line and frees it; NULL is fine. */
void fetch_header_free(char *line);

#endif
