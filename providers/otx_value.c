/*
 * How the service writes an observable, and whether an entry of a page is it.
 * Source: OTX relay; src/indicator.h has the normal forms.
 */
#include <string.h>

#include "otx.h"
#include "url.h"

static char
otx_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Where the host of a URL ends that begins at host. */
static const char *
otx_host_end(const char *host)
{
	const char	*end = host + strcspn(host, "/?#");
	const char	*bracket;

	if (*host == '[' && (bracket = memchr(host, ']',
	    (size_t)(end - host))) != NULL)
		return bracket + 1;
	return host + strcspn(host, ":/?#");
}

/* The host in n bytes, in punycode and small letters.  -1: it does not fit. */
static int
otx_write_host(const char *host, size_t n, char out[INDICATOR_MAX + 1])
{
	size_t	 i;
	bool	 ascii = true;

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
	char		 host[INDICATOR_MAX + 1];
	const char	*from = strstr(url, "://"), *end, *user;
	size_t		 i, scheme;

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
	int	 r = o->type == OBSERVABLE_URL ? otx_write_url(o->value, out) :
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

/* What of a URL comes behind its host and the root's slash: all spellings of a
 * URL have it. */
static const char *
otx_url_rest(const char *url)
{
	const char	*host = strstr(url, "://");

	if (host == NULL)
		return "";
	host += 3;
	host += strcspn(host, "/?#");
	return *host == '/' ? host + 1 : host;
}

/* Whether a text can be another spelling at all: most of a page cannot, and a
 * normal form costs more than a look. */
static bool
otx_may_be(const struct otx_spelling *s, const char *text)
{
	char	 first = otx_lower(*text);

	if (s->type == OBSERVABLE_URL)
		return strcmp(otx_url_rest(text), otx_url_rest(s->normal)) == 0;
	/* A number may begin with zeros, and a name may be in punycode. */
	return first == s->normal[0] || first == '0' || first == ':' ||
	    (unsigned char)first >= 0x80 || strstr(s->normal, "xn--") != NULL;
}

bool
otx_is(const char *text, const void *spelling)
{
	const struct otx_spelling	*s = spelling;
	char				 normal[INDICATOR_MAX + 1];

	return s->normal[0] != '\0' && otx_may_be(s, text) &&
	    indicator_normalise(s->type, text, normal) == 0 &&
	    strcmp(normal, s->normal) == 0;
}
