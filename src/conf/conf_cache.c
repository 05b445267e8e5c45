/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_cache.h"

#define FILE_SCHEME "sqlite:"

static const struct {
	const char *scheme;
	bool tls, sentinel;
} conf_cache_servers[] = { { "redis://", false, false },
	{ "rediss://", true, false }, { "redis+sentinel://", false, true },
	{ "rediss+sentinel://", true, true } };

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, tolower((unsigned char)c));

	return c == '\0' || at == NULL ? -1 : (int)(at - digits);
}

/* Copies len bytes, and decodes percent-encoding where encoded is true.
 * Returns false when they do not fit, are not printable, or decode to a NUL. */
static bool
conf_cache_copy(char *out, size_t size, const char *s, size_t len, bool encoded)
{
	size_t i, n = 0;
	int c;

	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c <= ' ' || c >= 0x7f)
			return false;
		if (encoded && c == '%') {
			if (len - i < 3 || hex(s[i + 1]) == -1 ||
			    hex(s[i + 2]) == -1)
				return false;
			c = hex(s[i + 1]) * 16 + hex(s[i + 2]);
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

/* Copies a decimal number of len digits, from least to most; the fallback when
 * len is 0.  Returns false for anything else. */
static bool
conf_cache_number(char *out, size_t size, const char *s, size_t len, long least,
    long most, const char *fallback)
{
	long n;

	if (len == 0) {
		s = fallback;
		len = strlen(s);
	}
	if (strspn(s, "0123456789") < len ||
	    !conf_cache_copy(out, size, s, len, false))
		return false;
	n = strtol(out, NULL, 10);
	return n >= least && n <= most;
}

static bool
credentials(const char *s, size_t len, struct conf_cache *u)
{
	const char *colon = memchr(s, ':', len);
	size_t n;

	if (colon == NULL)
		return false;
	n = (size_t)(colon - s);
	return conf_cache_copy(u->user, sizeof(u->user), s, n, true) &&
	    conf_cache_copy(u->password, sizeof(u->password), colon + 1,
		len - n - 1, true) &&
	    u->password[0] != '\0';
}

/* HOST[:PORT], the colon only with a port. */
static bool
conf_cache_place(
    const char *s, size_t len, const char *port, struct conf_cache_host *out)
{
	const char *end;
	size_t n, skip = 0;

	if (len > 0 && s[0] == '[') {
		if ((end = memchr(s, ']', len)) == NULL)
			return false;
		n = (size_t)(end - s) - 1;
		s++;
		skip = 1;
		len -= 2;
		if (strspn(s, "0123456789abcdefABCDEF:.") < n)
			return false;
	} else {
		end = memchr(s, ':', len);
		n = end == NULL ? len : (size_t)(end - s);
		if (strcspn(s, "?#@[]%\\") < n)
			return false;
	}
	if (n == 0 ||
	    !conf_cache_copy(out->host, sizeof(out->host), s, n, false))
		return false;
	s += n + skip;
	len -= n;
	if (len > 0 && (s[0] != ':' || len == 1))
		return false;
	return conf_cache_number(out->port, sizeof(out->port),
	    len > 0 ? s + 1 : s, len > 0 ? len - 1 : 0, 1, 65535, port);
}

/* The places of Sentinels, with commas between them. */
static bool
conf_cache_sentinels(const char *s, size_t len, struct conf_cache *u)
{
	const char *comma;
	size_t n;

	do {
		comma = memchr(s, ',', len);
		n = comma == NULL ? len : (size_t)(comma - s);
		if (u->sentinels == CONF_CACHE_SENTINELS ||
		    !conf_cache_place(
			s, n, "26379", &u->sentinel[u->sentinels++]))
			return false;
		s += n + 1;
		len -= comma == NULL ? n : n + 1;
	} while (comma != NULL);
	return true;
}

/* Reads the part of a Redis server's URL behind the scheme. */
static bool
redis(const char *url, bool sentinel, struct conf_cache *u)
{
	const char *at, *path;
	size_t len, n;

	len = strcspn(url, "/");
	path = url + len;
	if ((at = memrchr(url, '@', len)) != NULL) {
		if (!credentials(url, (size_t)(at - url), u))
			return false;
		len -= (size_t)(at - url) + 1;
		url = at + 1;
	}
	path += *path == '/';
	u->kind = CONF_CACHE_REDIS;
	if (sentinel) {
		n = strcspn(path, "/");
		if (n == 0 || !conf_cache_sentinels(url, len, u) ||
		    !conf_cache_copy(
			u->master, sizeof(u->master), path, n, true))
			return false;
		path += n + (path[n] == '/');
	} else if (!conf_cache_place(url, len, "6379", &u->server)) {
		return false;
	}
	return conf_cache_number(
	    u->db, sizeof(u->db), path, strlen(path), 0, 9999, "0");
}

bool
conf_cache_parse(const char *url, struct conf_cache *u)
{
	size_t i, n;

	*u = (struct conf_cache){ .kind = CONF_CACHE_OFF };
	for (i = 0;
	     i < sizeof(conf_cache_servers) / sizeof(*conf_cache_servers);
	     i++) {
		n = strlen(conf_cache_servers[i].scheme);
		if (strncmp(url, conf_cache_servers[i].scheme, n) != 0)
			continue;
		u->tls = conf_cache_servers[i].tls;
		if (redis(url + n, conf_cache_servers[i].sentinel, u))
			return true;
		explicit_bzero(u, sizeof(*u));
		u->kind = CONF_CACHE_REDIS;
		return false;
	}
	if (strncmp(url, FILE_SCHEME, strlen(FILE_SCHEME)) != 0)
		return strcmp(url, "off") == 0;
	u->kind = CONF_CACHE_FILE;
	u->path = url + strlen(FILE_SCHEME);
	return u->path[0] == '/' && u->path[strlen(u->path) - 1] != '/';
}
