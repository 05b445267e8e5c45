/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <time.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/http_tls.h"

/* libcurl's function that keeps a new session; the same for every context. */
static int (*_Atomic http_tls_keep)(SSL *, SSL_SESSION *);

/*
 * A new session.  What libcurl gets to keep is a copy: OpenSSL makes a session
 * void when its connection ends without a farewell, as that of HTTP/2 does in
 * libcurl 7.88, and the next connection could not resume it.  Returns 0: the
 * session itself is not kept.
 */
static int
http_tls_session(SSL *ssl, SSL_SESSION *session)
{
	int (*keep)(SSL *, SSL_SESSION *) = atomic_load(&http_tls_keep);
	SSL_SESSION *copy;

	if (keep == NULL || (copy = SSL_SESSION_dup(session)) == NULL)
		return 0;
	if (keep(ssl, copy) != 1)
		SSL_SESSION_free(copy);
	return 0;
}

/*
 * A connection's first handshake begins.  It gets a copy of the session to resume:
 * OpenSSL makes one of TLS 1.3 void as soon as a handshake with it is over, and
 * the connections that are opened together with that one could not resume it.
 *
 * A later one, which the other side may ask for in TLS 1.2, is left alone: to set
 * a session then would wipe the keys and the state of the connection.
 */
static void
http_tls_begin(const SSL *ssl, int where, int value)
{
	SSL_SESSION *session = SSL_get_session(ssl), *copy;

	(void)value;
	if (where != SSL_CB_HANDSHAKE_START || !SSL_in_before(ssl) ||
	    session == NULL || !SSL_SESSION_is_resumable(session) ||
	    (copy = SSL_SESSION_dup(session)) == NULL)
		return;
	/* It is const for a callback that only watches. */
	(void)SSL_set_session((SSL *)(uintptr_t)ssl, copy);
	SSL_SESSION_free(copy);
}

CURLcode
http_tls_prepare(CURL *easy, void *ctx, void *trust)
{
	(void)easy;
	SSL_CTX_set1_cert_store(ctx, trust);
	/* libcurl asks for no tickets of TLS 1.2, without which few servers
	 * resume a session of it. */
	(void)SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
	atomic_store(&http_tls_keep, SSL_CTX_sess_get_new_cb(ctx));
	SSL_CTX_sess_set_new_cb(ctx, http_tls_session);
	SSL_CTX_set_info_callback(ctx, http_tls_begin);
	return CURLE_OK;
}

int64_t
http_tls_good_until(CURL *easy)
{
	struct curl_tlssessioninfo *tls = NULL;
	const X509 *certificate;
	struct tm tm;

	if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK ||
	    tls == NULL || tls->internals == NULL ||
	    (certificate = SSL_get0_peer_certificate(tls->internals)) == NULL ||
	    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}
