/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <openssl/x509_vfy.h>

#include "http/http_transfer.h"
#include "net/reason.h"

/* What the verdict of libcurl means to a caller; others are HTTP_FAILED. */
static const struct {
	CURLcode code;
	enum http_end end;
	const char *why; /* NULL: the words for that end */
} codes[] = { { CURLE_OK, HTTP_ANSWERED, NULL },
	{ CURLE_UNSUPPORTED_PROTOCOL, HTTP_GARBLED, NULL }, /* HTTP/0.9 */
	{ CURLE_URL_MALFORMAT, HTTP_BAD_URL, NULL },
	{ CURLE_COULDNT_RESOLVE_PROXY, HTTP_NO_CONNECTION,
	    "the name of the proxy does not resolve" },
	{ CURLE_COULDNT_RESOLVE_HOST, HTTP_NO_HOST, NULL },
	{ CURLE_COULDNT_CONNECT, HTTP_NO_CONNECTION, NULL },
	{ CURLE_WEIRD_SERVER_REPLY, HTTP_GARBLED, NULL },
	{ CURLE_HTTP2, HTTP_CUT, NULL }, { CURLE_PARTIAL_FILE, HTTP_CUT, NULL },
	{ CURLE_OUT_OF_MEMORY, HTTP_NO_MEMORY, NULL },
	{ CURLE_OPERATION_TIMEDOUT, HTTP_LATE, NULL },
	{ CURLE_SSL_CONNECT_ERROR, HTTP_NO_CONNECTION,
	    "no TLS connection could be made" },
	{ CURLE_GOT_NOTHING, HTTP_CUT,
	    "the connection was closed without an answer" },
	{ CURLE_SEND_ERROR, HTTP_CUT, NULL },
	{ CURLE_RECV_ERROR, HTTP_CUT, NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS, NULL },
	{ CURLE_BAD_CONTENT_ENCODING, HTTP_GARBLED,
	    "the answer does not unpack" },
	{ CURLE_FILESIZE_EXCEEDED, HTTP_TOO_LARGE, NULL },
	{ CURLE_HTTP2_STREAM, HTTP_CUT, NULL },
	{ CURLE_PROXY, HTTP_NO_CONNECTION, "the proxy failed" } };

static const char *const http_end_words[] = { [HTTP_ANSWERED] = "",
	[HTTP_ENOUGH] = "",
	[HTTP_REFUSED] = "the answer was refused",
	[HTTP_BAD_URL] = "no URL that may be called",
	[HTTP_PRIVATE] = "the host has no public address",
	[HTTP_NO_HOST] = "the name of the host does not resolve",
	[HTTP_NO_CONNECTION] = "no connection could be made",
	[HTTP_CUT] = "the connection broke before the end of the answer",
	[HTTP_LATE] = "timed out",
	[HTTP_TLS] = "the certificate could not be verified",
	[HTTP_TOO_LARGE] = "the answer is too large",
	[HTTP_GARBLED] = "the answer is not HTTP",
	[HTTP_NO_MEMORY] = "no memory left",
	[HTTP_FAILED] = "the call could not be made" };

#define N(table) (sizeof(table) / sizeof((table)[0]))

static void
http_end_say(struct http_call *call, const char *why)
{
	snprintf(call->why, sizeof(call->why), "%s", why);
}

void
http_end_as(struct http_call *call, enum http_end end)
{
	call->end = end;
	http_end_say(call, http_end_words[end]);
}

static long
info(struct http_transfer *t, CURLINFO what)
{
	long value = 0;

	(void)curl_easy_getinfo(t->easy, what, &value);
	return value;
}

static void
fill_status(struct http_transfer *t)
{
	struct http_call *call = t->call;
	long status = info(t, CURLINFO_RESPONSE_CODE);

	/* Interim answers are none. */
	call->status = status >= 200 ? (int)status : 0;
	if (call->status == 0)
		call->reason[0] = '\0';
	else if (call->reason[0] == '\0')
		snprintf(call->reason, sizeof(call->reason), "%s",
		    http_reason(call->status));
}

/* Where the answer sends its reader.  Nobody has gone there. */
static void
fill_redirect(struct http_transfer *t)
{
	struct http_call *call = t->call;
	const char *url = NULL;

	if (call->redirect == NULL)
		return;
	(void)curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url);
	if (url == NULL || strlen(url) >= call->redirect_size)
		url = "";
	memcpy(call->redirect, url, strlen(url) + 1);
}

/* A verdict of libcurl in the words of enum http_end. */
static void
end_by_code(struct http_call *call, CURLcode code)
{
	size_t i;

	for (i = 0; i < N(codes); i++)
		if (codes[i].code == code)
			break;
	http_end_as(call, i < N(codes) ? codes[i].end : HTTP_FAILED);
	if (i < N(codes) && codes[i].why != NULL)
		http_end_say(call, codes[i].why);
}

/* Why there is no connection: our own check, the system, or the proxy. */
static void
explain_connection(struct http_transfer *t)
{
	struct http_call *call = t->call;
	long error = info(t, CURLINFO_OS_ERRNO);

	if (t->no_socket != 0) {
		http_end_as(call, HTTP_FAILED);
		error = t->no_socket;
	} else if (t->refused && !t->opened) {
		http_end_as(call, HTTP_PRIVATE);
		error = 0;
	}
	if (error != 0)
		http_end_say(call, strerror((int)error));
}

/* Why the certificate was refused, in OpenSSL's words.  The name in it libcurl
 * checks by itself, and before it asks OpenSSL what came of the rest. */
static void
explain_certificate(struct http_transfer *t)
{
	long result = info(t, CURLINFO_SSL_VERIFYRESULT);

	if (result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED)
		result = X509_V_ERR_HOSTNAME_MISMATCH;
	http_end_say(t->call, X509_verify_cert_error_string(result));
}

static void
explain(struct http_transfer *t, CURLcode code)
{
	struct http_call *call = t->call;
	long proxy = info(t, CURLINFO_HTTP_CONNECTCODE);

	if (code == CURLE_COULDNT_CONNECT) {
		explain_connection(t);
	} else if (call->end == HTTP_TLS) {
		explain_certificate(t);
	} else if (call->end == HTTP_CUT && call->status == 0 && proxy != 0 &&
	    proxy / 100 != 2) {
		call->end = HTTP_NO_CONNECTION;
		snprintf(call->why, sizeof(call->why), "the proxy answered %ld",
		    proxy);
	} else if (call->end == HTTP_ANSWERED && call->status == 0) {
		http_end_as(call, HTTP_GARBLED);
	}
}

void
http_end_call(struct http_transfer *t, CURLcode code)
{
	struct http_call *call = t->call;

	call->fresh = info(t, CURLINFO_NUM_CONNECTS) > 0;
	call->h2 = info(t, CURLINFO_HTTP_VERSION) == CURL_HTTP_VERSION_2_0;
	fill_status(t);
	fill_redirect(t);
	if (t->verdict != HTTP_ANSWERED) {
		http_end_as(call, t->verdict);
		if (t->why != NULL)
			http_end_say(call, t->why);
		return;
	}
	end_by_code(call, code);
	explain(t, code);
}
