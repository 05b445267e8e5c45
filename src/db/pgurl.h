/* SPDX-License-Identifier: MIT */
/*
 * pgurl: URLs of databases in PostgreSQL, as far as a program without libpq has
 * to know them: whether a text is one, and what of it may be shown.
 * Source: https://www.postgresql.org/docs/15/libpq-connect.html, "Connection
 * URIs".
 */
#ifndef CTIM_PGURL_H
#define CTIM_PGURL_H

#include <stdbool.h>

#define PGURL_SHOWN 192 /* bytes of what is shown, with the NUL */

/* Whether a text is such a URL, by its scheme. */
bool pgurl_is(const char *text);
/* Whether it is clear where a password in it ends: there is one @ at most, in
 * front of the path, and ports are numbers.  Of others libpq would take a part for a host, whose name is
 * no secret. */
bool pgurl_good(const char *url);
/* Why a URL is not taken: for one that is not good, and for what is not taken of
 * libpq's parameters; NULL where it is.  Those that are not known here are left to
 * libpq. */
const char *pgurl_refused(const char *url);
/* Whether there is a password in it, or may be. */
bool pgurl_password(const char *url);
/* The URL without its password and without all that follows the name of the
 * database; a long one is cut, and one that is not good not shown at all. */
void pgurl_shown(const char *url, char shown[PGURL_SHOWN]);

#endif
