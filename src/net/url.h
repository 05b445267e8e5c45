/* SPDX-License-Identifier: MIT */
/*
 * url: URLs and international host names, read as libcurl's parser reads them, so
 * that a URL is the same for a comparison and for a transfer.  Plain URLs, nearly
 * all that there are, are read here; the others by libcurl itself (network.h).
 * Where that cannot be opened, they are refused.
 * Source: RFC 3986; RFC 5891 (punycode); curl_url_set(3), curl_url_get(3).
 *
 * No I/O; safe from any thread.  Output buffers are the caller's, size bytes
 * with the NUL; a result that does not fit is refused.
 */
#ifndef CTIM_URL_H
#define CTIM_URL_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

#define URL_MAX 2048 /* bytes of a URL that is taken in */

/*
 * The normal form of an http, https or ftp URL: scheme and host in lower case,
 * host in punycode without a trailing dot, an IPv4 address as four numbers, no
 * default port, "/" for an empty path; all else as it is.  The normal form of a
 * normal form is itself.  Returns 0, or -1 when url is no such URL, or has no
 * normal form of at most URL_MAX bytes.  out may not overlap url.
 */
int url_normalise(const char *url, char *out, size_t size);
/*
 * Writes the host of a URL that url_normalise() made; an IPv6 address without
 * its brackets.  Returns 0, or -1 when there is none.
 */
int url_host(const char *url, char *out, size_t size);
/*
 * Writes scheme, host and port of a URL, always with the port:
 * "https://api.example.com:443".  The URL may be longer than URL_MAX.  Returns 0,
 * or -1 when it has none.
 */
int url_origin(const char *url, char *out, size_t size);
/* Writes a host name with non-ASCII letters as punycode in lower case.  Returns
 * 0, or -1 when it has no such form. */
int url_punycode(const char *host, char *out, size_t size);
/*
 * Whether text can be the template of a link: http or https with a host, at
 * most URL_MAX bytes; {type} and {value} may stand anywhere behind the scheme.
 */
bool url_template(const char *text);
/* Whether url is http or https with a host and nothing but a path behind it:
 * no user, query or fragment. */
bool url_is_base(const char *url);
/*
 * A URL in the form that AWS Signature Version 4 signs.  Added to sent:
 * what is to be asked for, with all but the unreserved bytes as %XX, a plus of the
 * query as a blank, its parameters in the order of their names, then values, each with
 * an =, and no fragment.  Added to to_sign: what the signature is of, which is the same
 * with each % of the path as %25, unless a service wants it once (S3).  Returns why
 * there is no such form (a constant), or NULL; a buffer that has failed is none, too.
 * Source: AWS IAM User Guide, "Create a signed AWS API request".
 */
const char *url_to_sign(
    const char *url, bool once, struct buf *sent, struct buf *to_sign);

#endif
