/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "cli/intel/intel.h"

#define HIDDEN    "\xe2\x80\xa6" /* … */
#define KEY_LEAST 16             /* characters of a key in a path */

/* Whether a part of a path can be a key: long, of letters and digits with both
 * in it, and no name of a file. */
static bool
intel_feed_key(const char *s, size_t n)
{
	bool letter = false, digit = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (isdigit((unsigned char)s[i]))
			digit = true;
		else if (isalpha((unsigned char)s[i]))
			letter = true;
		else if (s[i] != '-' && s[i] != '_')
			return false;
	}
	return n >= KEY_LEAST && letter && digit;
}

/* Adds the path of a URL; returns what is behind it. */
static const char *
intel_feed_path(struct buf *b, const char *s)
{
	size_t n;

	while (*s == '/') {
		buf_addc(b, *s++);
		n = strcspn(s, "/?#");
		if (intel_feed_key(s, n))
			buf_adds(b, HIDDEN);
		else
			buf_add(b, s, n);
		s += n;
	}
	return s;
}

/* Adds the names of a query, not what they stand for. */
static void
intel_feed_query(struct buf *b, const char *s)
{
	size_t n, name;

	while (*s != '\0' && *s != '#') {
		buf_addc(b, *s++); /* ? or & */
		n = strcspn(s, "&#");
		name = strcspn(s, "=&#");
		if (name < n) {
			buf_add(b, s, name + 1);
			buf_adds(b, HIDDEN);
		} else if (n != 0) {
			buf_adds(b, HIDDEN);
		}
		s += n;
	}
}

const char *
intel_feed_text(const char *feed, char text[INTEL_FEED_MAX])
{
	struct buf b;
	const char *s, *at;
	size_t n;

	if (feed == NULL)
		return NULL;
	buf_init(&b, INTEL_FEED_MAX - 1);
	s = strstr(feed, "://");
	s = s == NULL ? feed : s + 3;
	buf_add(&b, feed, (size_t)(s - feed));
	n = strcspn(s, "/?#");
	at = memrchr(s, '@', n);
	if (at != NULL) {
		buf_adds(&b, HIDDEN);
		n -= (size_t)(at - s);
		s = at;
	}
	buf_add(&b, s, n);
	intel_feed_query(&b, intel_feed_path(&b, s + n));
	(void)snprintf(text, INTEL_FEED_MAX, "%s",
	    b.failed || b.data == NULL ? HIDDEN : b.data);
	buf_free(&b);
	return text;
}
