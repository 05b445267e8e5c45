/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/percent.h"
#include "net/network.h"
#include "net/url.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"
#define PAIRS   127 /* of a query: libcurl 8.14 signs no more */

static const struct {
	const char *name, *port;
} url_defaults[] = { { "http", "80" }, { "https", "443" }, { "ftp", "21" } };

/*
 * A plain URL, in pieces: one that can be read in one way only, and in which
 * libcurl would change nothing but what url_normalise() says.  All others are
 * left to libcurl.
 */
struct plain {
	size_t scheme;    /* in url_defaults[] */
	const char *host; /* a name, or an IPv4 address of four numbers */
	int host_len;
	const char *port; /* digits */
	int port_len;     /* 0: none was given */
	const char *rest; /* "", or a path and what is behind it */
};

/* Whether n characters, which may stand in a name, are a name with nothing empty
 * between its dots, that no reader takes for a number; or an IPv4 address. */
static bool
url_host_is_plain(const char *host, size_t n)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;
	const char *label = host;
	size_t i;

	for (i = 0; i <= n; i++) {
		if (i < n && host[i] != '.')
			continue;
		if (host + i == label)
			return false;
		if (i < n)
			label = host + i + 1;
	}
	if (strchr(LETTERS, *label) != NULL)
		return true;
	if (n >= sizeof(text))
		return false;
	memcpy(text, host, n);
	text[n] = '\0';
	return inet_pton(AF_INET, text, &address) == 1;
}

/* Nothing is to be encoded, dropped or refused behind the host. */
static bool
url_rest_is_plain(const char *rest)
{
	const char *s;

	if (*rest != '\0' && *rest != '/')
		return false;
	for (s = rest; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f || *s == '#')
			return false;
	return s == rest || s[-1] != '?';
}

static bool
url_port_is_plain(const char *port, size_t n)
{
	return n > 0 && *port != '0' &&
	    (n < 5 || (n == 5 && strncmp(port, "65535", 5) <= 0));
}

/* Takes a plain URL apart; false when it is none. */
static bool
url_plain(const char *url, struct plain *p)
{
	size_t n = strcspn(url, ":"), port = 0;
	size_t i, count = sizeof(url_defaults) / sizeof(url_defaults[0]);

	for (i = 0; i < count; i++)
		if (strlen(url_defaults[i].name) == n &&
		    strncasecmp(url, url_defaults[i].name, n) == 0)
			break;
	if (i == count || strncmp(url + n, "://", 3) != 0 ||
	    strlen(url) > URL_MAX)
		return false;
	p->scheme = i;
	p->host = url + n + 3;
	n = strspn(p->host, LETTERS DIGITS "-._");
	if (n == 0 || !url_host_is_plain(p->host, n))
		return false;
	p->port = p->rest = p->host + n;
	if (*p->rest == ':') {
		p->port++;
		port = strspn(p->port, DIGITS);
		if (!url_port_is_plain(p->port, port))
			return false;
		p->rest = p->port + port;
	}
	p->host_len = (int)n;
	p->port_len = (int)port;
	return url_rest_is_plain(p->rest);
}

static bool
url_port_is_default(const struct plain *p)
{
	const char *port = url_defaults[p->scheme].port;

	return p->port_len == 0 ||
	    ((size_t)p->port_len == strlen(port) &&
		strncmp(p->port, port, strlen(port)) == 0);
}

static int
url_fits(int n, size_t size)
{
	return n >= 0 && (size_t)n < size ? 0 : -1;
}

static void
url_lower(char *s, int n)
{
	for (; n > 0; n--, s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

int
url_normalise(const char *url, char *out, size_t size)
{
	const struct network *network;
	struct plain p;
	const char *scheme;
	int n;

	if (!url_plain(url, &p)) {
		network = network_get();
		return network == NULL ?
		    -1 :
		    network->url->normalise(url, out, size);
	}
	scheme = url_defaults[p.scheme].name;
	n = url_port_is_default(&p) ?
	    snprintf(out, size, "%s://%.*s%s", scheme, p.host_len, p.host,
		*p.rest == '\0' ? "/" : p.rest) :
	    snprintf(out, size, "%s://%.*s:%.*s%s", scheme, p.host_len, p.host,
		p.port_len, p.port, *p.rest == '\0' ? "/" : p.rest);
	if (url_fits(n, size) == -1)
		return -1;
	url_lower(out + strlen(scheme) + 3, p.host_len);
	return 0;
}

int
url_host(const char *url, char *out, size_t size)
{
	const struct network *network;
	struct plain p;

	if (!url_plain(url, &p)) {
		network = network_get();
		return network == NULL ? -1 :
					 network->url->host(url, out, size);
	}
	if (url_fits(p.host_len, size) == -1)
		return -1;
	/* url may be out. */
	memmove(out, p.host, (size_t)p.host_len);
	out[p.host_len] = '\0';
	return 0;
}

/* A URL without what is behind its host; false: there is no host, or a long one. */
static bool
url_front(const char *url, char front[URL_MAX + 1])
{
	const char *host = strstr(url, "://");
	size_t n;

	if (host == NULL)
		return false;
	n = (size_t)(host + 3 - url) + strcspn(host + 3, "/?#\\");
	if (n + 1 > URL_MAX)
		return false;
	memcpy(front, url, n);
	front[n] = '/';
	front[n + 1] = '\0';
	return true;
}

int
url_origin(const char *url, char *out, size_t size)
{
	const struct network *network;
	char front[URL_MAX + 1];
	struct plain p;
	const char *scheme, *port;
	int n;

	/* A call may be longer than what comes from outside. */
	if (strlen(url) > URL_MAX) {
		if (!url_front(url, front))
			return -1;
		url = front;
	}
	if (!url_plain(url, &p)) {
		network = network_get();
		return network == NULL ? -1 :
					 network->url->origin(url, out, size);
	}
	scheme = url_defaults[p.scheme].name;
	port = url_defaults[p.scheme].port;
	n = p.port_len == 0 ? snprintf(out, size, "%s://%.*s:%s", scheme,
				  p.host_len, p.host, port) :
			      snprintf(out, size, "%s://%.*s:%.*s", scheme,
				  p.host_len, p.host, p.port_len, p.port);
	if (url_fits(n, size) == -1)
		return -1;
	url_lower(out + strlen(scheme) + 3, p.host_len);
	return 0;
}

int
url_punycode(const char *host, char *out, size_t size)
{
	const struct network *network = network_get();

	return network == NULL ? -1 : network->url->punycode(host, out, size);
}

/* Copies text with a letter for each {type} and {value}, because a letter is
 * valid in any part of a URL. */
static void
fill_in(char *out, const char *text)
{
	static const char *const names[] = { "{type}", "{value}" };
	size_t i, n;

	while (*text != '\0') {
		for (i = 0; i < 2; i++) {
			n = strlen(names[i]);
			if (strncmp(text, names[i], n) == 0)
				break;
		}
		*out++ = i < 2 ? 'x' : *text;
		text += i < 2 ? n : 1;
	}
	*out = '\0';
}

/*
 * Whether a URL has only characters that RFC 3986 allows: libcurl takes more,
 * and readers of CTIM do not.  Brackets may stand in the host alone.
 */
static bool
strict(const char *s)
{
	int fragments = 0;

	s += strcspn(s, "/");
	s += strspn(s, "/");
	s += strcspn(s, "/?#");
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f ||
		    strchr("\"<>\\^`{|}[]", *s) != NULL)
			return false;
		if (*s == '%' &&
		    (!isxdigit((unsigned char)s[1]) ||
			!isxdigit((unsigned char)s[2])))
			return false;
		if (*s == '#' && ++fragments > 1)
			return false;
	}
	return true;
}

bool
url_template(const char *text)
{
	const struct network *network;
	char filled[URL_MAX + 1];
	struct plain p;

	if (strlen(text) > URL_MAX || strncasecmp(text, "http", 4) != 0)
		return false;
	fill_in(filled, text);
	if (!strict(filled))
		return false;
	if (url_plain(filled, &p))
		return true;
	network = network_get();
	return network != NULL && network->url->valid(filled);
}

bool
url_is_base(const char *url)
{
	const struct network *network;
	struct plain p;

	if (strncasecmp(url, "http", 4) != 0)
		return false;
	if (url_plain(url, &p))
		return strchr(p.rest, '?') == NULL;
	network = network_get();
	return network != NULL && network->url->is_base(url);
}

/* --- the form that a signature is made of ---------------------------------- */

/* "name=value" of a query, as offsets while their buffer grows. */
struct url_pair {
	size_t at[2];
	const char *name, *value;
};

/* Adds n bytes, all but the unreserved ones as %XX; "%2f" is the byte that it is
 * already.  keep: bytes that stay when they stand there as they are. */
static void
url_escape(struct buf *b, const char *p, size_t n, const char *keep)
{
	const char *const end = p + n;
	char byte[3] = "", one[2] = "";

	for (; p < end; p++) {
		one[0] = *p;
		if (*p == '%' && end - p > 2 && isxdigit((unsigned char)p[1]) &&
		    isxdigit((unsigned char)p[2])) {
			memcpy(byte, p + 1, 2);
			one[0] = (char)strtoul(byte, NULL, 16);
			p += 2;
			if (one[0] == '\0')
				(void)buf_adds(b, "%00");
			percent_add(b, one, "");
		} else {
			percent_add(b, one, keep);
		}
	}
}

/* In a query a plus stands for a blank. */
static void
url_escape_word(struct buf *b, const char *p, size_t n)
{
	size_t k;

	for (; (k = strcspn(p, "+")) < n; p += k + 1, n -= k + 1) {
		url_escape(b, p, k, "");
		(void)buf_adds(b, "%20");
	}
	url_escape(b, p, n, "");
	(void)buf_addc(b, '\0');
}

static int
url_pair_order(const void *a, const void *b)
{
	const struct url_pair *x = a, *y = b;
	const int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->value, y->value);
}

/* Adds the pairs of a query in the order of their names, then their values.  False:
 * there are too many. */
static bool
url_add_sorted(struct buf *b, const char *query, size_t len)
{
	const char *const end = query + len;
	struct url_pair pairs[PAIRS];
	struct buf text;
	size_t i, n, name, count = 0;

	buf_init(&text, b->max);
	for (; query < end && count <= PAIRS; query += n + (query[n] == '&')) {
		n = strcspn(query, "&#");
		if (n == 0 || count++ == PAIRS)
			continue;
		name = strcspn(query, "=&#");
		pairs[count - 1].at[0] = text.len;
		url_escape_word(&text, query, name);
		pairs[count - 1].at[1] = text.len;
		name += name < n;
		url_escape_word(&text, query + name, n - name);
	}
	if (count <= PAIRS && !text.failed) {
		for (i = 0; i < count; i++) {
			pairs[i].name = text.data + pairs[i].at[0];
			pairs[i].value = text.data + pairs[i].at[1];
		}
		qsort(pairs, count, sizeof(pairs[0]), url_pair_order);
		for (i = 0; i < count; i++)
			(void)buf_addf(b, "%c%s=%s", i == 0 ? '?' : '&',
			    pairs[i].name, pairs[i].value);
	}
	b->failed = b->failed || text.failed;
	b->starved = b->starved || text.starved;
	buf_wipe(&text);
	return count <= PAIRS;
}

/* Whether a path is one that all read alike: no segment is . or .., and none but the
 * last is empty unless that may be. */
static bool
url_path_is_plain(const char *path, bool may_be_empty)
{
	size_t n;

	for (; *path == '/'; path += n) {
		path++;
		n = strcspn(path, "/");
		if ((n == 0 && *path == '/' && !may_be_empty) ||
		    (n == 1 && path[0] == '.') ||
		    (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
	}
	return true;
}

const char *
url_to_sign(const char *url, bool once, struct buf *sent, struct buf *to_sign)
{
	const char *host = strstr(url, "://"), *path, *p;
	size_t at, n;

	path = host == NULL ? url : host + 3 + strcspn(host + 3, "/?#");
	n = strcspn(path, "?#");
	at = (size_t)(path - url);
	(void)buf_add(sent, url, at);
	(void)buf_add(to_sign, url, at);
	if (n == 0)
		(void)buf_addc(sent, '/');
	url_escape(sent, path, n, "/");
	if (sent->failed)
		return NULL;
	if (!url_path_is_plain(sent->data + at, once))
		return "its path has a segment that is empty, . or ..";
	for (p = sent->data + at; *p != '\0'; p++)
		(void)(*p == '%' && !once ? buf_adds(to_sign, "%25") :
					    buf_addc(to_sign, *p));
	at = sent->len;
	if (path[n] == '?' &&
	    !url_add_sorted(sent, path + n + 1, strcspn(path + n + 1, "#")))
		return "its query has more than 127 parameters";
	if (!sent->failed)
		(void)buf_adds(to_sign, sent->data + at);
	return NULL;
}
