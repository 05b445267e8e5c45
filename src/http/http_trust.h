/* SPDX-License-Identifier: MIT */
/*
 * http_trust: the certificates to trust, parsed once in a process for the
 * connections of all its threads.
 *
 * libcurl would parse the system's hundred and more for each thread: 20 ms and
 * 900 KB.
 */
#ifndef CTIM_HTTP_TRUST_H
#define CTIM_HTTP_TRUST_H

#include <openssl/types.h>

/*
 * Those of a PEM file.  The store is shared and counts who has it: each gives
 * it back with http_trust_put(), and the last one makes it forgotten.  NULL
 * when the file cannot be read, holds no certificate, or memory ran out.
 */
X509_STORE *http_trust_get(const char *file);
void http_trust_put(X509_STORE *); /* NULL is fine */

#endif
