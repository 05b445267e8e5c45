#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cache_redis.h"

#define SCHEME	"redis://"

static int
hex(char c)
{
	static const char	 digits[] = "0123456789abcdef";
	const char		*at = strchr(digits, tolower((unsigned char)c));

	return c == '\0' || at == NULL ? -1 : (int)(at - digits);
}

/* Copies len bytes, which must fit and be printable; with percent-encoding
 * decoded, which may not give a NUL. */
static bool
copy(char *out, size_t size, const char *s, size_t len, bool encoded)
{
	size_t	 i, n = 0;
	int	 c;

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

/* A decimal number of len digits, from least to most; a fallback for none. */
static bool
number(char *out, size_t size, const char *s, size_t len, long least,
    long most, const char *fallback)
{
	long	 n;

	if (len == 0) {
		s = fallback;
		len = strlen(s);
	}
	if (strspn(s, "0123456789") < len || !copy(out, size, s, len, false))
		return false;
	n = strtol(out, NULL, 10);
	return n >= least && n <= most;
}

static bool
credentials(const char *s, size_t len, struct cache_redis_url *u)
{
	const char	*colon = memchr(s, ':', len);
	size_t		 n;

	if (colon == NULL)
		return false;
	n = (size_t)(colon - s);
	return copy(u->user, sizeof(u->user), s, n, true) &&
	    copy(u->password, sizeof(u->password), colon + 1, len - n - 1,
	    true) && u->password[0] != '\0';
}

/* HOST[:PORT], the colon only with a port. */
static bool
place(const char *s, size_t len, struct cache_redis_url *u)
{
	const char	*end;
	size_t		 n, skip = 0;

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
	if (n == 0 || !copy(u->host, sizeof(u->host), s, n, false))
		return false;
	s += n + skip;
	len -= n;
	if (len > 0 && (s[0] != ':' || len == 1))
		return false;
	return number(u->port, sizeof(u->port), len > 0 ? s + 1 : s,
	    len > 0 ? len - 1 : 0, 1, 65535, "6379");
}

bool
cache_redis_url(const char *url, struct cache_redis_url *u)
{
	const char	*at, *path;
	size_t		 len;

	*u = (struct cache_redis_url){ .user = "" };
	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return false;
	url += strlen(SCHEME);
	len = strcspn(url, "/");
	path = url + len;
	if ((at = memrchr(url, '@', len)) != NULL) {
		if (!credentials(url, (size_t)(at - url), u))
			return false;
		len -= (size_t)(at - url) + 1;
		url = at + 1;
	}
	path += *path == '/';
	return place(url, len, u) && number(u->db, sizeof(u->db), path,
	    strlen(path), 0, 9999, "0");
}
