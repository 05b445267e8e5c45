/* SPDX-License-Identifier: MIT */
/* What the header of an answer says. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "http/http_transfer.h"

/* What of an answer's header is kept, and where in the call. */
static const struct {
	const char *name;
	size_t offset, size;
} kept[] = { { "Retry-After:", offsetof(struct http_call, retry_after),
		 sizeof(((struct http_call *)0)->retry_after) },
	{ "Date:", offsetof(struct http_call, date),
	    sizeof(((struct http_call *)0)->date) },
	{ "Server:", offsetof(struct http_call, server),
	    sizeof(((struct http_call *)0)->server) } };

/*
 * How a body may be packed: as we ask for, and as HTTP/1.1 sends it.  libcurl
 * would unpack more: with a few bytes of zstd it takes 128 MB.
 */
static const char *const contents[] = { "gzip", "x-gzip", "deflate", "identity",
	NULL };
static const char *const transfers[] = { "chunked", "identity", NULL };
static const struct {
	const char *name;
	const char *const *words;
	bool coded;
} packed[] = { { "Content-Encoding:", contents, true },
	{ "Transfer-Encoding:", transfers, false } };

/* Copies n bytes as printable ASCII without blanks at the ends. */
static void
copy_text(char *out, size_t size, const char *p, size_t n)
{
	size_t i;

	while (n > 0 && strchr(" \t", *p) != NULL) {
		p++;
		n--;
	}
	while (n > 0 && strchr(" \t\r\n", p[n - 1]) != NULL)
		n--;
	if (n >= size)
		n = size - 1;
	for (i = 0; i < n; i++)
		out[i] = p[i] >= ' ' && p[i] < 0x7f ? p[i] : '?';
	out[n] = '\0';
}

/* "HTTP/1.1 404 Not Found": the words behind the number.  An answer begins, and
 * what an interim one said does not hold for it. */
static void
begin_answer(struct http_transfer *t, const char *line, size_t n)
{
	const char *p, *end = line + n;

	t->coded = false;
	t->call->retry_after[0] = t->call->date[0] = '\0';
	t->call->server[0] = '\0';
	memset(t->call->kept, 0, sizeof(t->call->kept));
	ratelimit_init(&t->call->quota);
	p = memchr(line, ' ', n);
	if (p != NULL)
		p = memchr(p + 1, ' ', (size_t)(end - p - 1));
	if (p == NULL)
		p = end;
	copy_text(
	    t->call->reason, sizeof(t->call->reason), p, (size_t)(end - p));
}

static bool
http_header_is_header(const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);

	return n >= len && strncasecmp(line, name, len) == 0;
}

static bool
http_header_is_between(char c)
{
	return memchr(", \t\r\n", c, 5) != NULL;
}

static bool
http_header_is_one_of(const char *p, size_t n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == n && strncasecmp(p, *words, n) == 0)
			return true;
	return false;
}

/* Whether the n bytes at p are a list of these words. */
static bool
are_all(const char *p, size_t n, const char *const *words)
{
	const char *end = p + n;
	size_t len;

	for (; p < end; p += len) {
		for (len = 0; p + len < end && !http_header_is_between(p[len]);)
			len++;
		if (len > 0 && !http_header_is_one_of(p, len, words))
			return false;
		len += len == 0;
	}
	return true;
}

/* Whether a header says that the body is packed only as it may be. */
static bool
may_unpack(struct http_transfer *t, const char *line, size_t n)
{
	size_t i, len;

	for (i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		len = strlen(packed[i].name);
		if (!http_header_is_header(line, n, packed[i].name))
			continue;
		t->coded = t->coded || packed[i].coded;
		return are_all(line + len, n - len, packed[i].words);
	}
	return true;
}

static void
keep_header(struct http_transfer *t, const char *line, size_t n)
{
	size_t i, len;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		len = strlen(kept[i].name);
		if (http_header_is_header(line, n, kept[i].name))
			copy_text((char *)t->call + kept[i].offset,
			    kept[i].size, line + len, n - len);
	}
}

/* What the caller wants besides. */
static void
http_header_keep_wanted(struct http_call *c, const char *line, size_t n)
{
	size_t i, len;

	for (i = 0;
	     c->wanted != NULL && i < HTTP_WANTED && c->wanted[i] != NULL;
	     i++) {
		len = strlen(c->wanted[i]);
		if (n > len && line[len] == ':' &&
		    http_header_is_header(line, n, c->wanted[i]))
			copy_text(c->kept[i], sizeof(c->kept[i]),
			    line + len + 1, n - len - 1);
	}
}

/* Which field of a quota has a name of n bytes, in the caller's words or in those
 * of all. */
static enum ratelimit_field
http_header_quota_field(const struct http_call *c, const char *name, size_t n)
{
	size_t i;

	if (c->quota_names == NULL)
		return ratelimit_field(name, n);
	for (i = RATELIMIT_LIMIT; i <= RATELIMIT_RESET; i++)
		if (c->quota_names[i] != NULL &&
		    strlen(c->quota_names[i]) == n &&
		    strncasecmp(c->quota_names[i], name, n) == 0)
			return (enum ratelimit_field)i;
	return RATELIMIT_OTHER;
}

static void
http_header_keep_quota(struct http_call *c, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n), *value;
	enum ratelimit_field field;

	if (colon == NULL)
		return;
	field = http_header_quota_field(c, line, (size_t)(colon - line));
	if (field == RATELIMIT_OTHER)
		return;
	value = colon + 1;
	n -= (size_t)(value - line);
	while (n > 0 && strchr("\r\n", value[n - 1]) != NULL)
		n--;
	ratelimit_take(&c->quota, field, value, n, (int64_t)time(NULL));
}

static size_t
http_header_refuse(
    struct http_transfer *t, enum http_end verdict, const char *why)
{
	t->verdict = verdict;
	t->why = why;
	return 0;
}

size_t
http_header_take(char *line, size_t one, size_t n, void *arg)
{
	struct http_transfer *t = arg;

	(void)one;
	t->header += n;
	if (t->header > HTTP_HEADER_MAX)
		return http_header_refuse(t, HTTP_TOO_LARGE, NULL);
	if (t->body > 0)
		return n;
	if (http_header_is_header(line, n, "HTTP/"))
		begin_answer(t, line, n);
	else if (!may_unpack(t, line, n))
		return http_header_refuse(t, HTTP_GARBLED,
		    "the answer is packed as it was "
		    "not asked to be");
	else {
		keep_header(t, line, n);
		http_header_keep_wanted(t->call, line, n);
		http_header_keep_quota(t->call, line, n);
	}
	return n;
}
