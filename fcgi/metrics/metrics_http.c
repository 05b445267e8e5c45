/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "fcgi/metrics/metrics_http.h"
#include "net/reason.h"

#define PATH "/metrics"
/* What a token is made of beside letters and digits (RFC 9110, 5.6.2). */
#define TOKEN "!#$%&'*+-.^_`|~"

/* A part of the head, n bytes at p. */
struct span {
	const char *p;
	size_t n;
};

static bool
metrics_http_is(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static bool
metrics_http_is_token(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') &&
		    (s.p[i] == '\0' || strchr(TOKEN, s.p[i]) == NULL))
			return false;
	return s.n > 0;
}

/* Takes the next line of what is left, without its end; false when it is not
 * whole. */
static bool
metrics_http_line(struct span *left, struct span *line)
{
	const char *end = memchr(left->p, '\n', left->n);

	if (end == NULL)
		return false;
	*line = (struct span){ left->p, (size_t)(end - left->p) };
	left->n -= line->n + 1;
	left->p = end + 1;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* Cuts the line at its first blank; n is 0 where there is none. */
static struct span
metrics_http_word(struct span *line)
{
	const char *blank = memchr(line->p, ' ', line->n);
	struct span word = { line->p,
		blank == NULL ? 0 : (size_t)(blank - line->p) };

	if (blank != NULL) {
		line->n -= word.n + 1;
		line->p = blank + 1;
	}
	return word;
}

/* The path of a target, without its query; "http://HOST" may stand in front. */
static struct span
metrics_http_path(struct span target)
{
	static const char scheme[] = "http://";
	const size_t skip = sizeof(scheme) - 1;
	const char *cut;

	if (target.n > skip && memcmp(target.p, scheme, skip) == 0) {
		cut = memchr(target.p + skip, '/', target.n - skip);
		if (cut == NULL)
			return (struct span){ "/", 1 };
		target.n -= (size_t)(cut - target.p);
		target.p = cut;
	}
	cut = memchr(target.p, '?', target.n);
	if (cut != NULL)
		target.n = (size_t)(cut - target.p);
	return target;
}

/* The first line: the status for it; *minor: of the version 1. */
static int
metrics_http_first(struct span line, bool *head, int *minor)
{
	struct span method = metrics_http_word(&line);
	struct span target = metrics_http_word(&line);
	const char *v = line.p;

	if (!metrics_http_is_token(method) || target.n == 0 || line.n != 8 ||
	    memcmp(v, "HTTP/", 5) != 0 || v[5] < '0' || v[5] > '9' ||
	    v[6] != '.' || v[7] < '0' || v[7] > '9')
		return 400;
	*minor = v[7] - '0';
	*head = metrics_http_is(method, "HEAD");
	if (v[5] != '1')
		return 505;
	if (!metrics_http_is(metrics_http_path(target), PATH))
		return 404;
	return *head || metrics_http_is(method, "GET") ? 200 : 405;
}

/* A header field; counts those that are Host.  Returns whether it is one. */
static bool
metrics_http_field(struct span line, int *hosts)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct span name = { line.p,
		colon == NULL ? 0 : (size_t)(colon - line.p) };
	size_t i;

	if (!metrics_http_is_token(name))
		return false;
	for (i = name.n; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') ||
		    line.p[i] == 0x7f)
			return false;
	*hosts += name.n == 4 && strncasecmp(name.p, "Host", 4) == 0;
	return true;
}

int
metrics_http_read(const char *p, size_t n, bool *head)
{
	struct span left = { p, n }, line;
	int status = 0, minor = 0, hosts = 0;
	bool good = true;

	*head = false;
	while (metrics_http_line(&left, &line)) {
		/* Empty lines in front are left out (RFC 9112, 2.2). */
		if (line.n == 0 && status == 0)
			continue;
		if (status == 0)
			status = metrics_http_first(line, head, &minor);
		else if (line.n > 0)
			good = metrics_http_field(line, &hosts) && good;
		else if (status == 400 || status == 505)
			return status;
		else if (!good || hosts > 1 || (minor > 0 && hosts == 0))
			return 400;
		else
			return status;
	}
	return n < METRICS_HTTP_ASKED ? 0 : 431;
}

void
metrics_http_answer(
    struct buf *b, int status, bool head, size_t len, int64_t now)
{
	const char *reason = http_reason(status);
	time_t t = (time_t)now;
	char date[64];
	struct tm tm;

	if (status != 200)
		len = strlen(reason) + 1;
	(void)buf_addf(b, "HTTP/1.1 %d %s\r\n", status, reason);
	if (gmtime_r(&t, &tm) != NULL &&
	    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		(void)buf_addf(b, "Date: %s\r\n", date);
	(void)buf_addf(b,
	    "Content-Type: text/plain; %scharset=utf-8\r\n"
	    "Content-Length: %zu\r\n%s"
	    "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
	    "Connection: close\r\n\r\n",
	    status == 200 ? "version=0.0.4; " : "", len,
	    status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (status != 200 && !head)
		(void)buf_addf(b, "%s\n", reason);
}
