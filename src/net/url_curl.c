/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "net/network.h"
#include "net/url.h"

/* Rewritings until a URL must be in normal form; the last one shows that. */
#define URL_ROUNDS 4

static const char *const url_schemes[] = { "http", "https", "ftp" };

static pthread_once_t utf8_once = PTHREAD_ONCE_INIT;
static locale_t utf8_locale; /* 0 when the system has none */

static void
utf8_init(void)
{
	utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/*
 * curl_url_get() with punycode.  libidn2, below libcurl, reads host names in
 * the character set of the locale, and a server's is plain C: so the thread
 * gets a UTF-8 one for the time of the call.
 */
static char *
part_of(CURLU *u, CURLUPart what)
{
	locale_t before = (locale_t)0;
	char *part = NULL;
	CURLUcode code;

	pthread_once(&utf8_once, utf8_init);
	if (utf8_locale != (locale_t)0)
		before = uselocale(utf8_locale);
	code = curl_url_get(
	    u, what, &part, CURLU_PUNYCODE | CURLU_NO_DEFAULT_PORT);
	if (before != (locale_t)0)
		uselocale(before);
	if (code != CURLUE_OK) {
		curl_free(part);
		return NULL;
	}
	return part;
}

/* A parsed URL of one of the schemes, NULL for anything else. */
static CURLU *
url_parse(const char *url)
{
	CURLU *u;
	size_t i, n, count = sizeof(url_schemes) / sizeof(url_schemes[0]);

	/* libcurl mends "http:/host" and "http:///host"; as the value of an
	 * indicator that is a typing error. */
	n = strcspn(url, ":");
	if (strncmp(url + n, "://", 3) != 0 || url[n + 3] == '/')
		return NULL;
	for (i = 0; i < count; i++)
		if (strlen(url_schemes[i]) == n &&
		    strncasecmp(url, url_schemes[i], n) == 0)
			break;
	if (i == count || strlen(url) > URL_MAX || (u = curl_url()) == NULL)
		return NULL;
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) !=
	    CURLUE_OK) {
		curl_url_cleanup(u);
		return NULL;
	}
	return u;
}

/* Lower case, without the trailing dot, in place. */
static void
plain_host(char *host)
{
	size_t n = strlen(host);

	if (n > 1 && host[n - 1] == '.')
		host[n - 1] = '\0';
	for (; *host != '\0'; host++)
		if (*host >= 'A' && *host <= 'Z')
			*host = (char)(*host - 'A' + 'a');
}

/* Copies and frees a text of libcurl's; -1 when it is NULL or does not fit. */
static int
url_take(char *text, char *out, size_t size)
{
	int n = -1;

	if (text != NULL)
		n = snprintf(out, size, "%s", text);
	curl_free(text);
	return n >= 0 && (size_t)n < size ? 0 : -1;
}

/* Normalises once: the host of the result may mean another one to the parser,
 * as "1" of "http://1./" does.  Refuses a host with an empty label. */
static int
curled_rewrite(const char *url, char *out, size_t size)
{
	CURLU *u;
	char *host;
	int r = -1;

	if ((u = url_parse(url)) == NULL)
		return -1;
	if ((host = part_of(u, CURLUPART_HOST)) != NULL &&
	    strstr(host, "..") == NULL) {
		plain_host(host);
		if (curl_url_set(u, CURLUPART_HOST, host, 0) == CURLUE_OK)
			r = url_take(part_of(u, CURLUPART_URL), out, size);
	}
	curl_free(host);
	curl_url_cleanup(u);
	return r;
}

static int
curled_normalise(const char *url, char *out, size_t size)
{
	char last[URL_MAX + 1];
	size_t n;
	int round;

	for (round = 0; round < URL_ROUNDS; round++) {
		if (curled_rewrite(url, out, size) == -1)
			return -1;
		if (strcmp(url, out) == 0)
			return 0;
		if ((n = strlen(out)) > URL_MAX)
			return -1;
		url = memcpy(last, out, n + 1);
	}
	return -1;
}

static int
curled_host(const char *url, char *out, size_t size)
{
	CURLU *u;
	size_t n;
	int r;

	if ((u = url_parse(url)) == NULL)
		return -1;
	r = url_take(part_of(u, CURLUPART_HOST), out, size);
	curl_url_cleanup(u);
	if (r == 0 && out[0] == '[') {
		n = strlen(out);
		assert(n >= 2);
		memmove(out, out + 1, n - 2);
		out[n - 2] = '\0';
	}
	return r;
}

static int
curled_origin(const char *url, char *out, size_t size)
{
	char *scheme = NULL, *port = NULL, *host = NULL;
	CURLU *u;
	int n = -1;

	if ((u = url_parse(url)) == NULL)
		return -1;
	if ((host = part_of(u, CURLUPART_HOST)) != NULL &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK) {
		plain_host(host);
		n = snprintf(out, size, "%s://%s:%s", scheme, host, port);
	}
	curl_free(scheme);
	curl_free(port);
	curl_free(host);
	curl_url_cleanup(u);
	return n >= 0 && (size_t)n < size ? 0 : -1;
}

static int
curled_punycode(const char *host, char *out, size_t size)
{
	CURLU *u;
	int r = -1;

	if ((u = curl_url()) == NULL)
		return -1;
	if (curl_url_set(u, CURLUPART_HOST, host, 0) == CURLUE_OK)
		r = url_take(part_of(u, CURLUPART_HOST), out, size);
	curl_url_cleanup(u);
	if (r == 0)
		plain_host(out);
	return r;
}

static bool
curled_valid(const char *url)
{
	CURLU *u = url_parse(url);

	curl_url_cleanup(u);
	return u != NULL;
}

static bool
curled_is_base(const char *url)
{
	CURLU *u;
	char *user, *query, *fragment;
	bool plain;

	if ((u = url_parse(url)) == NULL)
		return false;
	user = part_of(u, CURLUPART_USER);
	query = part_of(u, CURLUPART_QUERY);
	fragment = part_of(u, CURLUPART_FRAGMENT);
	plain = user == NULL && query == NULL && fragment == NULL;
	curl_free(user);
	curl_free(query);
	curl_free(fragment);
	curl_url_cleanup(u);
	return plain;
}

const struct url_functions url_curl = { .normalise = curled_normalise,
	.host = curled_host,
	.origin = curled_origin,
	.punycode = curled_punycode,
	.valid = curled_valid,
	.is_base = curled_is_base };
