/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/regular.h"
#include "packaging/container/nginxconf.h"

#define NGINXCONF_LATER 5 /* seconds that nginx waits longer than the pool */

int
nginxconf_read(const char *path, struct buf *out, char *why)
{
	const char *what;
	struct stat st;
	char part[4096];
	ssize_t n;
	int fd = regular_open(path, O_RDONLY, &st, &what);

	if (fd == -1) {
		(void)snprintf(why, NGINXCONF_WHY, "%s: %s", path, what);
		return -1;
	}
	while ((n = read(fd, part, sizeof(part))) > 0)
		(void)buf_add(out, part, (size_t)n);
	(void)close(fd);
	if (n == 0 && !out->failed)
		return 0;
	(void)snprintf(why, NGINXCONF_WHY, "%s: cannot be read whole", path);
	return -1;
}

static void
nginxconf_run(const struct nginxconf *c, struct buf *out)
{
	(void)buf_adds(out, c->run);
}

static void
nginxconf_listen(const struct nginxconf *c, struct buf *out)
{
	(void)buf_addf(out, "listen %d;", c->port);
	if (c->ipv6)
		(void)buf_addf(out, " listen [::]:%d;", c->port);
}

static void
nginxconf_access_log(const struct nginxconf *c, struct buf *out)
{
	(void)buf_adds(out, c->log ? "/dev/stdout" : "off");
}

static void
nginxconf_read_timeout(const struct nginxconf *c, struct buf *out)
{
	(void)buf_addf(out, "%ds", c->deadline + NGINXCONF_LATER);
}

static void
nginxconf_max_body(const struct nginxconf *c, struct buf *out)
{
	(void)buf_addf(out, "%zu", 2 * c->max_body);
}

/* Whether a line of n bytes sets what the template sets. */
static bool
nginxconf_is_ours(const char *line, size_t n)
{
	static const char *const names[] = { "fastcgi_read_timeout ",
		"client_max_body_size " };
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i]);
		if (n >= len && memcmp(line, names[i], len) == 0)
			return true;
	}
	return false;
}

static void
nginxconf_location(const struct nginxconf *c, struct buf *out)
{
	const char *line, *next;

	for (line = c->location; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (!nginxconf_is_ours(line, (size_t)(next - line)))
			(void)buf_add(out, line, (size_t)(next - line));
	}
}

static const struct {
	const char *name;
	void (*put)(const struct nginxconf *, struct buf *);
} nginxconf_words[] = { { "@RUN@", nginxconf_run },
	{ "@LISTEN@", nginxconf_listen },
	{ "@ACCESS_LOG@", nginxconf_access_log },
	{ "@READ_TIMEOUT@", nginxconf_read_timeout },
	{ "@MAX_BODY@", nginxconf_max_body },
	{ "@LOCATION@", nginxconf_location } };

/* Puts what the word at `at` stands for.  Returns the bytes of the word; 0: it
 * is none. */
static size_t
nginxconf_word(const struct nginxconf *c, const char *at, struct buf *out)
{
	size_t i, len;

	for (i = 0; i < sizeof(nginxconf_words) / sizeof(nginxconf_words[0]);
	     i++) {
		len = strlen(nginxconf_words[i].name);
		if (strncmp(at, nginxconf_words[i].name, len) != 0)
			continue;
		nginxconf_words[i].put(c, out);
		return len;
	}
	return 0;
}

int
nginxconf_fill(
    const struct nginxconf *c, const char *template, struct buf *out, char *why)
{
	const char *at = template, *next;
	size_t n;

	for (; *(next = at + strcspn(at, "@")) != '\0'; at = next + n) {
		(void)buf_add(out, at, (size_t)(next - at));
		n = nginxconf_word(c, next, out);
		if (n == 0 && isupper((unsigned char)next[1])) {
			(void)snprintf(why, NGINXCONF_WHY,
			    "there is no word %.*s", (int)strcspn(next, " ;\n"),
			    next);
			return -1;
		}
		if (n == 0) {
			(void)buf_addc(out, '@');
			n = 1;
		}
	}
	(void)buf_adds(out, at);
	if (!out->failed)
		return 0;
	(void)snprintf(why, NGINXCONF_WHY, "it is too long");
	return -1;
}
