/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/base64url.h"
#include "base/sha256.h"
#include "template/placeholders_own.h"
#include "net/url.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Letters of ASCII alone: what is asked in one case is a hash, a domain or an
 * address. */
static enum placeholders_filled
pipe_lower(const char *value, struct buf *out)
{
	for (; *value != '\0'; value++)
		buf_addc(out,
		    *value >= 'A' && *value <= 'Z' ? LOWER[*value - 'A'] :
						     *value);
	return FILLED;
}

static enum placeholders_filled
pipe_upper(const char *value, struct buf *out)
{
	for (; *value != '\0'; value++)
		buf_addc(out,
		    *value >= 'a' && *value <= 'z' ? UPPER[*value - 'a'] :
						     *value);
	return FILLED;
}

/* Where the scheme of a URL (RFC 3986 section 3.1) and its // end; 0: it has
 * none. */
static size_t
pipe_scheme(const char *value)
{
	size_t n = strspn(value, LOWER UPPER "0123456789+-.");

	if (n == 0 || strspn(value, LOWER UPPER) == 0 ||
	    strncmp(value + n, "://", 3) != 0)
		return 0;
	return n + 3;
}

static enum placeholders_filled
pipe_noscheme(const char *value, struct buf *out)
{
	buf_adds(out, value + pipe_scheme(value));
	return FILLED;
}

/* Of a URL with a scheme, of an e-mail address, or of what is written as a URL
 * without a scheme. */
static enum placeholders_filled
pipe_host(const char *value, struct buf *out)
{
	char url[URL_MAX + 1], normal[URL_MAX + 1], host[URL_MAX + 1];
	size_t scheme = pipe_scheme(value), n;
	const char *at = strrchr(value, '@');
	int len;

	value += scheme;
	n = strcspn(value, "/?#");
	if (scheme == 0 && at != NULL && at < value + n) {
		value = at + 1;
		n = strcspn(value, "/?#");
	}
	if (n > URL_MAX)
		return FILL_MISSING;
	/* The host is read alike whatever the scheme is. */
	len = snprintf(url, sizeof(url), "http://%.*s/", (int)n, value);
	if ((size_t)len >= sizeof(url) ||
	    url_normalise(url, normal, sizeof(normal)) == -1 ||
	    url_host(normal, host, sizeof(host)) == -1)
		return FILL_MISSING;
	buf_adds(out, host);
	return FILLED;
}

static enum placeholders_filled
pipe_base64(const char *value, struct buf *out)
{
	base64_add(out, value, strlen(value));
	return FILLED;
}

static enum placeholders_filled
pipe_base64url(const char *value, struct buf *out)
{
	base64url_add(out, value, strlen(value));
	return FILLED;
}

static enum placeholders_filled
pipe_sha256(const char *value, struct buf *out)
{
	unsigned char hash[SHA256_BYTES];
	size_t i;

	sha256_hash(value, strlen(value), hash);
	for (i = 0; i < sizeof(hash); i++)
		buf_addf(out, "%02x", hash[i]);
	return FILLED;
}

/* Those for a language put `before` in front of each byte of `special`. */
static const struct {
	const char *name;
	const char *special; /* NULL: no such pipe */
	char before;
	enum placeholders_filled (*put)(const char *, struct buf *);
} pipe_rows[] = { { "lucene", "\"\\", '\\', NULL },
	{ "odata", "'", '\'', NULL }, { "kql", "\\\"():<>*{}", '\\', NULL },
	{ "aql", "'", '\'', NULL }, { "lower", NULL, 0, pipe_lower },
	{ "upper", NULL, 0, pipe_upper },
	{ "noscheme", NULL, 0, pipe_noscheme }, { "host", NULL, 0, pipe_host },
	{ "base64", NULL, 0, pipe_base64 },
	{ "base64url", NULL, 0, pipe_base64url },
	{ "sha256", NULL, 0, pipe_sha256 } };
#define PIPES (sizeof(pipe_rows) / sizeof(*pipe_rows))

int
placeholders_pipe(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < PIPES; i++)
		if (strlen(pipe_rows[i].name) == len &&
		    memcmp(pipe_rows[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

bool
placeholders_pipe_quotes(int pipe)
{
	return pipe_rows[pipe].special != NULL;
}

void
placeholders_pipe_names(struct buf *b)
{
	size_t i;

	for (i = 0; i < PIPES; i++)
		buf_addf(b, "%s%s", i == 0 ? "" : ", ", pipe_rows[i].name);
}

enum placeholders_filled
placeholders_pipe_put(int pipe, const char *value, struct buf *out)
{
	if (pipe_rows[pipe].put != NULL)
		return pipe_rows[pipe].put(value, out);
	for (; *value != '\0'; value++) {
		if (strchr(pipe_rows[pipe].special, *value) != NULL)
			buf_addc(out, pipe_rows[pipe].before);
		buf_addc(out, *value);
	}
	return FILLED;
}
