/* SPDX-License-Identifier: MIT */
/*
 * How the service writes an observable, and whether an entry of a page is it.
 * Source: OTX relay; src/ctim/indicator.h has the normal forms.
 */
#include <string.h>
#include <strings.h>

#include "net/url.h"
#include "providers/otx.h"

static char
otx_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Where the host of a URL ends that begins at host. */
static const char *
otx_host_end(const char *host)
{
	const char *end = host + strcspn(host, "/?#");
	const char *bracket;

	if (*host == '[' &&
	    (bracket = memchr(host, ']', (size_t)(end - host))) != NULL)
		return bracket + 1;
	return host + strcspn(host, ":/?#");
}

/* The host in n bytes, in punycode and small letters.  -1: it does not fit. */
static int
otx_write_host(const char *host, size_t n, char out[INDICATOR_MAX + 1])
{
	size_t i;
	bool ascii = true;

	for (i = 0; i < n; i++) {
		ascii = ascii && (unsigned char)host[i] < 0x80;
		out[i] = otx_lower(host[i]);
	}
	out[n] = '\0';
	return ascii ? 0 : url_punycode(out, out, INDICATOR_MAX + 1);
}

/* A URL as it came, but for its scheme and host.  -1: it has none, or is too
 * long. */
static int
otx_write_url(const char *url, char out[INDICATOR_MAX + 1])
{
	char host[INDICATOR_MAX + 1];
	const char *from = strstr(url, "://"), *end, *user;
	size_t i, scheme;

	if (from == NULL || strlen(url) > INDICATOR_MAX)
		return -1;
	scheme = (size_t)(from - url);
	from += 3;
	user = memrchr(from, '@', strcspn(from, "/?#"));
	if (user != NULL)
		from = user + 1;
	end = otx_host_end(from);
	if (otx_write_host(from, (size_t)(end - from), host) == -1 ||
	    (size_t)(from - url) + strlen(host) + strlen(end) > INDICATOR_MAX)
		return -1;
	for (i = 0; i < (size_t)(from - url); i++)
		out[i] = i < scheme ? otx_lower(url[i]) : url[i];
	(void)stpcpy(stpcpy(out + i, host), end);
	return 0;
}

const char *
otx_value(const struct observable *o, char out[INDICATOR_MAX + 1])
{
	int r = o->type == OBSERVABLE_URL ?
	    otx_write_url(o->value, out) :
	    indicator_normalise(o->type, o->value, out);

	return r == 0 ? out : o->value;
}

void
otx_spelling(struct otx_spelling *s, const struct observable *o)
{
	s->type = o->type;
	s->asked = otx_value(o, s->text);
	if (indicator_normalise(o->type, o->value, s->normal) == -1)
		s->normal[0] = '\0';
}

/* The part of a text that is a host, of a URL with user and port: *n bytes.  Of
 * other types that is all of it. */
static const char *
otx_host(enum observable_type type, const char *text, size_t *n)
{
	const char *host = type == OBSERVABLE_URL ? strstr(text, "://") : NULL;

	if (host != NULL)
		text = host + 3;
	*n = host != NULL ? strcspn(text, "/?#") : strlen(text);
	return text;
}

/* Whether a text can be another spelling at all: most of a page cannot, and a
 * normal form costs more than a look. */
static bool
otx_may_be(const struct otx_spelling *s, const char *text)
{
	size_t n, i, len;
	const char *host = otx_host(s->type, text, &n);
	const char *normal = otx_host(s->type, s->normal, &len);

	if (s->type == OBSERVABLE_IPV6)
		return memchr(host, ':', n) != NULL;
	/* Behind the host all is the same but for the root's slash. */
	if (s->type == OBSERVABLE_URL &&
	    strcmp(host + n + (host[n] == '/'),
		normal + len + (normal[len] == '/')) != 0)
		return false;
	for (i = 0; i < n; i++)
		if ((unsigned char)host[i] >= 0x80)
			return strstr(normal, "xn--") != NULL;
	/* A dot, or a port that goes without saying, may be at its end; and an
	 * address in a URL is written in many ways. */
	return *host == '[' ||
	    (n >= len && strncasecmp(host, normal, len) == 0);
}

const char *
otx_core(const struct otx_spelling *s, size_t *n)
{
	const char *core = otx_host(s->type, s->normal, n);

	/* An IPv6 address, a host beyond ASCII, and what begins with a character
	 * that a bracket may stand for are written in many ways. */
	if (s->type == OBSERVABLE_IPV6 || strchr("[.:@", *core) != NULL ||
	    strstr(core, "xn--") != NULL)
		*n = 0;
	return core;
}

bool
otx_is(const char *text, size_t n, const void *spelling)
{
	const struct otx_spelling *s = spelling;
	char copy[INDICATOR_MAX + 1];
	char normal[INDICATOR_MAX + 1];

	if (s->normal[0] == '\0' || n > INDICATOR_MAX)
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	return otx_may_be(s, copy) &&
	    indicator_normalise(s->type, copy, normal) == 0 &&
	    strcmp(normal, s->normal) == 0;
}
