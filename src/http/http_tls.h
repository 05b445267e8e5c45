/* SPDX-License-Identifier: MIT */
/*
 * http_tls: what is set on the TLS context that libcurl makes for a connection.
 */
#ifndef CTIM_HTTP_TLS_H
#define CTIM_HTTP_TLS_H

#include <stdint.h>

#include <curl/curl.h>

/* CURLOPT_SSL_CTX_FUNCTION; trust is the X509_STORE of the pool. */
CURLcode http_tls_prepare(CURL *, void *ctx, void *trust);
/* Until when the certificate of the other side is good, seconds since 1970; 0
 * without one. */
int64_t http_tls_good_until(CURL *);

#endif
