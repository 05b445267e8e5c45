/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/conf.h"
#include "http/http_host.h"
#include "http/http_tls.h"
#include "http/http_transfer.h"
#include "net/address.h"

/* Pages are hundreds of kilobytes: a third of the system calls. */
#define BUFFER        65536L
#define STALL_BYTES   64L /* a body that brings fewer a second … */
#define STALL_SECONDS 10L /* for so long will not end */
#define SHARED_WAIT \
	500 /* ms that a transfer waits for the connection of another, which
	     * may be good for many */
#define LIFE 3600L  /* seconds that a connection is used again */
#define LOST 10000U /* ms that the other side may leave bytes unacknowledged */

static const struct {
	CURLoption option;
	long value;
} longs[] = { { CURLOPT_NOSIGNAL, 1 }, { CURLOPT_BUFFERSIZE, BUFFER },
	/* The end of a handle must not wait for a hung DNS lookup. */
	{ CURLOPT_QUICK_EXIT, 1 },
	/* A redirect would take our keys to another host. */
	{ CURLOPT_FOLLOWLOCATION, 0 }, { CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_PROXY_SSL_VERIFYPEER, 1 },
	{ CURLOPT_PROXY_SSL_VERIFYHOST, 2 },
	{ CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	/* Our headers, keys too, are not for the proxy, nor its for us. */
	{ CURLOPT_HEADEROPT, CURLHEADER_SEPARATE },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED }, { CURLOPT_PATH_AS_IS, 1 },
	{ CURLOPT_HTTP09_ALLOWED, 0 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS },
	{ CURLOPT_TCP_NODELAY, 1 }, { CURLOPT_MAXLIFETIME_CONN, LIFE },
	{ CURLOPT_NOPROGRESS, 0 } };

/* Ends the transfer from within a callback. */
static void
http_transfer_stop(struct http_transfer *t, enum http_end verdict)
{
	t->verdict = verdict;
}

/* Whether the other side may only be at a public address.  Behind a proxy it is
 * the proxy, which is the operator's. */
static bool
must_be_public(const struct http_transfer *t)
{
	return !t->host->pool->policy.allow_private && t->conf->proxy == NULL;
}

/* A firewall may have forgotten the connection: without a word from the other side
 * the system would try for a quarter of an hour, and so long libcurl would give
 * new calls to a connection of HTTP/2.  The limit is that of connecting, too. */
static void
http_transfer_limit(const struct http_transfer *t, int fd)
{
	unsigned ms = (unsigned)t->conf->connect_timeout * 1000;

	if (ms < LOST)
		ms = LOST;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/*
 * Makes the socket of a connection, when its address is one to connect to.
 * Here the address is the one that is used: nothing can be changed between the
 * check and the connection.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct http_transfer *t = arg;
	int fd;

	(void)purpose;
	t->moving = true;
	if (must_be_public(t) && !address_public(&a->addr)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	if (fd == -1) {
		t->no_socket = errno;
		return CURL_SOCKET_BAD;
	}
	http_transfer_limit(t, fd);
	t->opened = true;
	return fd;
}

static int
resolving(void *state, void *reserved, void *arg)
{
	(void)state;
	(void)reserved;
	((struct http_transfer *)arg)->moving = true;
	return 0;
}

/* Before the request is sent, on a kept connection too: the certificate was
 * found good by then, and the address is that of the other side. */
static int
http_transfer_connected(
    void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct http_transfer *t = arg;

	(void)local_ip;
	(void)port;
	(void)local_port;
	t->moving = true;
	if (must_be_public(t) && !address_public_host(ip)) {
		http_transfer_stop(t, HTTP_PRIVATE);
		return CURL_PREREQFUNC_ABORT;
	}
	if (t->call->look)
		t->call->until = http_tls_good_until(t->easy);
	return CURL_PREREQFUNC_OK;
}

/*
 * Bytes that are still to come when n more than t->body are here; -1 when the
 * answer does not say.  What came of a packed body libcurl alone can count, and
 * the count of 7.88 holds the bytes that are being unpacked, that of 8.14 does
 * not: the result is at most BUFFER bytes too many.
 */
static int64_t
to_come(struct http_transfer *t, size_t n)
{
	curl_off_t total = -1, here = (curl_off_t)(t->body + n);

	(void)curl_easy_getinfo(
	    t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
	if (total < 0)
		return -1;
	if (t->coded)
		(void)curl_easy_getinfo(
		    t->easy, CURLINFO_SIZE_DOWNLOAD_T, &here);
	return total > here ? total - here : 0;
}

/* The body begins: from now on it may not stall.  Until then the service may
 * think as long as its time-out allows. */
static void
begin_body(struct http_transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	t->call->status = (int)status;
	(void)curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	(void)curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
}

static size_t
http_transfer_take_body(char *p, size_t one, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	struct http_call *call = t->call;
	int64_t left = to_come(t, n);
	size_t room = call->max_body - t->body;
	enum http_take say = HTTP_MORE;

	(void)one;
	if (t->body == 0)
		begin_body(t);
	if (n > room || (!t->coded && left > 0 && (uint64_t)left > room - n)) {
		http_transfer_stop(t, HTTP_TOO_LARGE);
		return 0;
	}
	t->body += n;
	if (call->take != NULL)
		say = call->take(call, p, n, left);
	if (say == HTTP_MORE)
		return n;
	http_transfer_stop(t, say == HTTP_STOP ? HTTP_ENOUGH : HTTP_REFUSED);
	return 0;
}

/* Looks at what came over the wire: packed bytes may unpack to nothing at all.
 * Packing makes a thing larger by less than a thousandth. */
static int
http_transfer_watch(void *arg, curl_off_t total, curl_off_t here,
    curl_off_t up_total, curl_off_t up)
{
	struct http_transfer *t = arg;
	size_t max = t->call->max_body;

	(void)total;
	(void)up_total;
	(void)up;
	if (here < 0 || (uint64_t)here <= (uint64_t)max + max / 1000 + 1024)
		return 0;
	http_transfer_stop(t, HTTP_TOO_LARGE);
	return 1;
}

/* Sets an option, unless one before it failed. */
#define SET(option, value)                                            \
	do {                                                          \
		if (c == CURLE_OK)                                    \
			c = curl_easy_setopt(t->easy, option, value); \
	} while (0)

/* What is asked of the host: path and query.  NULL where libcurl has to make it
 * of the URL. */
static const char *
http_target(const struct http_transfer *t)
{
	const char *url = t->call->url, *host = strstr(url, "://"), *path;

	path = host == NULL ? NULL : strpbrk(host + 3, "/?#");
	return t->conf->proxy != NULL || path == NULL || *path != '/' ||
		strchr(path, '#') != NULL ?
	    NULL :
	    path;
}

/*
 * The signer of libcurl makes what it signs of the URL, and REQUEST_TARGET is what is
 * sent.  So it signs right in each version (http_transfer.h) what has the form of
 * url_to_sign().  There is no . or .. in it, which PATH_AS_IS keeps, and with that 8.14
 * does not sign.
 */
static CURLcode
set_sign(struct http_transfer *t)
{
	const struct http_sign *sign = t->call->sign;
	const char *host = strstr(t->call->url, "://");
	const char *path = host == NULL ? NULL : strchr(host + 3, '/');
	char what[sizeof("aws:amz:") + 2 * HTTP_SCOPE_MAX];
	CURLcode c = CURLE_OK;

	(void)snprintf(what, sizeof(what), "aws:amz:%s", sign->scope);
	SET(CURLOPT_AWS_SIGV4, what);
	SET(CURLOPT_USERNAME, sign->id);
	SET(CURLOPT_PASSWORD, sign->secret);
	SET(CURLOPT_PATH_AS_IS, 0L);
	SET(CURLOPT_REQUEST_TARGET,
	    t->conf->proxy != NULL && !t->call->own.https ? t->call->url :
							    path);
	if (curl_version_info(CURLVERSION_NOW)->version_num <
	    HTTP_SIGNS_ESCAPED)
		SET(CURLOPT_URL, sign->url);
	return c;
}

static CURLcode
set_request(struct http_transfer *t)
{
	const struct http_call *call = t->call;
	const struct conf *conf = t->conf;
	CURLcode c = CURLE_OK;

	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_URL, call->url);
	/* Of the URL alone, libcurl leaves out the query when it has no memory
	 * for it, and asks something else. */
	SET(CURLOPT_REQUEST_TARGET, http_target(t));
	SET(CURLOPT_PROTOCOLS_STR,
	    t->host->pool->policy.allow_private ? "http,https" : "https");
	/* "": not what the environment says. */
	SET(CURLOPT_PROXY, conf->proxy != NULL ? conf->proxy : "");
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_USERAGENT, "ctim-relay/" CTIM_VERSION);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	SET(CURLOPT_HTTPHEADER, t->headers);
	if (call->body != NULL) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)strlen(call->body));
		SET(CURLOPT_POSTFIELDS, call->body);
	}
	if (call->method != NULL)
		SET(CURLOPT_CUSTOMREQUEST, call->method);
	return c;
}

static CURLcode
set_callbacks(struct http_transfer *t)
{
	CURLcode c = CURLE_OK;

	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_RESOLVER_START_FUNCTION, resolving);
	SET(CURLOPT_RESOLVER_START_DATA, t);
	SET(CURLOPT_PREREQFUNCTION, http_transfer_connected);
	SET(CURLOPT_PREREQDATA, t);
	SET(CURLOPT_HEADERFUNCTION, http_header_take);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_WRITEFUNCTION, http_transfer_take_body);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_XFERINFOFUNCTION, http_transfer_watch);
	SET(CURLOPT_XFERINFODATA, t);
	return c;
}

/* Our certificates instead of all that libcurl would read: its CAPATH counts
 * beside a CAINFO, and it reads them again for each connection. */
static CURLcode
set_trust(struct http_transfer *t)
{
	CURLcode c = CURLE_OK;

	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_PROXY_CAINFO, NULL);
	SET(CURLOPT_PROXY_CAPATH, NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, http_tls_prepare);
	SET(CURLOPT_SSL_CTX_DATA, t->host->pool->trust);
	return c;
}

static CURLcode
set_longs(struct http_transfer *t, int64_t timeout)
{
	int64_t connect = (int64_t)t->conf->connect_timeout * 1000;
	CURLcode c = CURLE_OK;
	size_t i;

	for (i = 0; i < sizeof(longs) / sizeof(longs[0]); i++)
		SET(longs[i].option, longs[i].value);
	SET(CURLOPT_SHARE, t->host->sessions);
	SET(CURLOPT_MAXAGE_CONN, (long)t->conf->idle_timeout);
	SET(CURLOPT_PIPEWAIT, t->alone_at != 0 ? 1L : 0L);
	SET(CURLOPT_TIMEOUT_MS, (long)timeout);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(connect < timeout ? connect : timeout));
	return c;
}

static CURLcode
set_all(struct http_transfer *t, int64_t timeout)
{
	CURLcode c;

	if ((c = set_longs(t, timeout)) == CURLE_OK &&
	    (c = set_request(t)) == CURLE_OK &&
	    (t->call->sign == NULL || (c = set_sign(t)) == CURLE_OK) &&
	    (c = set_callbacks(t)) == CURLE_OK && t->host->pool->trust != NULL)
		c = set_trust(t);
	return c;
}

static int
http_transfer_add_header(struct http_transfer *t, const char *line)
{
	struct curl_slist *list = curl_slist_append(t->headers, line);

	if (list == NULL)
		return -1;
	t->headers = list;
	return 0;
}

static int
add_type(struct http_transfer *t, const char *type)
{
	char line[HTTP_TYPE_MAX + 16];

	(void)snprintf(line, sizeof(line), "Content-Type: %s", type);
	return http_transfer_add_header(t, line);
}

/* Whether a field has no value: libcurl does not send it, but 7.88 signs it. */
static bool
is_blank_header(const char *line)
{
	const char *colon = strchr(line, ':');

	return colon != NULL && colon[1 + strspn(colon + 1, " \t")] == '\0';
}

static int
add_headers(struct http_transfer *t)
{
	const bool sign = t->call->sign != NULL;
	const char *const *h;
	bool typed = t->call->body == NULL || t->call->type == NULL;

	for (h = t->call->headers; h != NULL && *h != NULL; h++) {
		typed = typed || strncasecmp(*h, "Content-Type:", 13) == 0;
		if (!(sign && is_blank_header(*h)) &&
		    http_transfer_add_header(t, *h) == -1)
			return -1;
	}
	if (sign && t->call->sign->body != NULL &&
	    http_transfer_add_header(t, t->call->sign->body) == -1)
		return -1;
	/* No waiting for a "100 Continue" before the body; for what is signed libcurl
	 * asks for none, as that has less than 1 MB. */
	if (!sign && http_transfer_add_header(t, "Expect:") == -1)
		return -1;
	return typed ? 0 : add_type(t, t->call->type);
}

struct http_transfer *
http_transfer_new(void)
{
	struct http_transfer *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	if ((t->easy = curl_easy_init()) == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
http_transfer_free(struct http_transfer *t)
{
	(void)http_transfer_reset(t);
	curl_easy_cleanup(t->easy);
	free(t);
}

/* ms that a call may have from now on, 1 at least: 0 would be no time-out. */
static int64_t
http_transfer_grant(const struct http_call *call, int64_t now)
{
	int64_t ms = call->timeout;

	if (call->deadline != 0 && call->deadline - now < ms)
		ms = call->deadline - now;
	return ms < 1 ? 1 : ms > INT32_MAX ? INT32_MAX : ms;
}

int
http_transfer_begin(struct http_transfer *t, const struct conf *conf,
    struct http_host *host, struct http_call *call, int64_t now)
{
	t->call = call;
	t->conf = conf;
	t->host = host;
	call->began = now;
	call->granted = http_transfer_grant(call, now);
	t->deadline = now + call->granted;
	t->alone_at = call->own.https && !host->http1 ? now + SHARED_WAIT : 0;
	errno = 0;
	if (add_headers(t) == 0 && set_all(t, call->granted) == CURLE_OK)
		return 0;
	http_end_as(call, errno == ENOMEM ? HTTP_NO_MEMORY : HTTP_FAILED);
	return -1;
}

/* libcurl keeps the buffer of a transfer that ended before it had a connection,
 * and while there is one it refuses to be told its size.  A share stays through
 * a reset, and could not be freed. */
bool
http_transfer_reset(struct http_transfer *t)
{
	CURL *easy = t->easy;

	curl_easy_reset(easy);
	curl_slist_free_all(t->headers);
	*t = (struct http_transfer){ .easy = easy };
	return curl_easy_setopt(easy, CURLOPT_SHARE, NULL) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER) == CURLE_OK;
}
