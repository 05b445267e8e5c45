/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "http/http.h"
#include "http/http_transfer.h"
#include "net/address.h"

/* A URL taken apart; what libcurl made. */
struct parts {
	CURLU *u;
	char *scheme, *user, *host, *port;
};

/* Visible ASCII: a name with other letters would be read by the character set
 * of the locale, and after the check. */
static bool
is_plain(const char *url)
{
	for (; *url != '\0'; url++)
		if (*url <= ' ' || *url >= 0x7f)
			return false;
	return true;
}

static void
http_check_release(struct parts *p)
{
	curl_free(p->scheme);
	curl_free(p->user);
	curl_free(p->host);
	curl_free(p->port);
	curl_url_cleanup(p->u);
}

/* Takes a URL apart as the transfer will; false when it is none, or with ENOMEM
 * in errno. */
static bool
take_apart(const char *url, struct parts *p)
{
	CURLUcode user;

	errno = 0;
	*p = (struct parts){ .u = curl_url() };
	if (p->u == NULL || !is_plain(url) ||
	    curl_url_set(p->u, CURLUPART_URL, url, CURLU_PATH_AS_IS) !=
		CURLUE_OK)
		return false;
	user = curl_url_get(p->u, CURLUPART_USER, &p->user, 0);
	return (user == CURLUE_OK || user == CURLUE_NO_USER) &&
	    curl_url_get(p->u, CURLUPART_SCHEME, &p->scheme, 0) == CURLUE_OK &&
	    curl_url_get(p->u, CURLUPART_HOST, &p->host, 0) == CURLUE_OK &&
	    curl_url_get(p->u, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT) ==
	    CURLUE_OK;
}

/* What a URL comes to before anything is sent; HTTP_ANSWERED: it is good, and
 * origin and https of the call are filled in. */
static enum http_end
check_url(const char *url, struct http_own *own)
{
	bool private = own->policy.allow_private;
	struct parts p;
	enum http_end end = HTTP_ANSWERED;
	int n;

	/* The host again: there libcurl has decoded "%EF%BC%91". */
	if (!take_apart(url, &p)) {
		end = errno == ENOMEM ? HTTP_NO_MEMORY : HTTP_BAD_URL;
	} else if (p.user != NULL || !is_plain(p.host)) {
		end = HTTP_BAD_URL;
	} else {
		own->https = strcmp(p.scheme, "https") == 0;
		n = snprintf(own->origin, sizeof(own->origin), "%s://%s:%s",
		    p.scheme, p.host, p.port);
		if ((!own->https &&
			(!private || strcmp(p.scheme, "http") != 0)) ||
		    n < 0 || (size_t)n >= sizeof(own->origin))
			end = HTTP_BAD_URL;
		else if (!private && !address_public_host(p.host))
			end = HTTP_PRIVATE;
	}
	http_check_release(&p);
	return end;
}

static bool
headers_safe(const struct http_call *call)
{
	const char *const *h;

	for (h = call->headers; h != NULL && *h != NULL; h++)
		if (!http_header_safe(*h))
			return false;
	return (call->type == NULL || http_header_safe(call->type)) &&
	    (call->method == NULL || http_header_safe(call->method));
}

/* Whether libcurl signs a call as its service does. */
static bool
http_check_sign(const struct http_call *call)
{
	const unsigned libcurl =
	    curl_version_info(CURLVERSION_NOW)->version_num;
	const char *query = strchr(call->url, '?');

	return call->sign == NULL || libcurl < HTTP_SIGNS_ESCAPED ||
	    libcurl >= HTTP_SIGNS_PLUS || query == NULL ||
	    strstr(query, "%2B") == NULL;
}

bool
http_check_call(struct http_call *call)
{
	http_end_as(call, check_url(call->url, &call->own));
	if (call->end == HTTP_ANSWERED && !headers_safe(call)) {
		http_end_as(call, HTTP_FAILED);
		snprintf(call->why, sizeof(call->why),
		    "a header holds a control character");
	} else if (call->end == HTTP_ANSWERED && call->type != NULL &&
	    strlen(call->type) > HTTP_TYPE_MAX) {
		http_end_as(call, HTTP_FAILED);
	} else if (call->end == HTTP_ANSWERED && !http_check_sign(call)) {
		http_end_as(call, HTTP_FAILED);
		snprintf(call->why, sizeof(call->why),
		    "this libcurl signs no query with a plus");
	}
	return call->end == HTTP_ANSWERED;
}
