/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "cli/import/fetch.h"
#include "cli/import/fetch_header.h"
#include "conf/conf_setting.h"

/* Where the value is, behind the name. */
static const char *
fetch_header_value(const char *text)
{
	text += strcspn(text, ":");
	text += *text == ':';
	return text + strspn(text, " \t");
}

/* Source: RFC 9110, 5.6.2 (token). */
bool
fetch_header_good(const char *text)
{
	const char *value = fetch_header_value(text), *s;

	for (s = text; *s != ':'; s++)
		if (!isalnum((unsigned char)*s) &&
		    (*s == '\0' || strchr("!#$%&'*+-.^_`|~", *s) == NULL))
			return false;
	for (; *s != '\0'; s++)
		if (iscntrl((unsigned char)*s) && *s != '\t')
			return false;
	return text[0] != ':' &&
	    ((strncmp(value, "file:/", 6) == 0 && value[6] != '\0') ||
		(strncmp(value, "env:", 4) == 0 && value[4] != '\0'));
}

char *
fetch_header_line(const char *text, char why[CONF_ERROR_MAX])
{
	static char section[] = "feed", name[] = "feed-header";
	const struct conf_key key = { .name = name, .secret = true };
	char *where = strdup(fetch_header_value(text)), *value = NULL, *line;
	const struct setting s = {
		.section = section, .key = &key, .name = name, .text = where
	};

	snprintf(why, CONF_ERROR_MAX, "no memory left");
	if (where != NULL)
		value = setting_value(&s, why);
	free(where);
	if (value == NULL)
		return NULL;
	if (asprintf(&line, "%.*s: %s", (int)strcspn(text, ":"), text, value) ==
	    -1) {
		line = NULL;
		snprintf(why, CONF_ERROR_MAX, "no memory left");
	}
	fetch_header_free(value);
	return line;
}

/* Writes n bytes of a URL as what they stand for. */
static void
fetch_header_decode(char *out, const char *p, size_t n)
{
	const char *end = p + n;
	unsigned byte;

	for (; p < end; p++)
		if (*p == '%' && end - p > 2 && isxdigit((unsigned char)p[1]) &&
		    isxdigit((unsigned char)p[2]) &&
		    sscanf(p + 1, "%2x", &byte) == 1) {
			*out++ = (char)byte;
			p += 2;
		} else {
			*out++ = *p;
		}
	*out = '\0';
}

int
fetch_header_user(const char *url, char *plain, char **line)
{
	const char *from = strstr(url, "://"), *at = NULL;
	char *pair, text[(FETCH_URL_MAX + 2) * 4 / 3 + 4];
	size_t n;

	*line = NULL;
	memcpy(plain, url, strlen(url) + 1);
	if (from != NULL)
		at = memrchr(from + 3, '@', strcspn(from + 3, "/?#"));
	if (at == NULL)
		return 0;
	n = (size_t)(at - from) - 3;
	memmove(plain + (from - url) + 3, at + 1, strlen(at));
	if ((pair = malloc(n + 2)) == NULL)
		return -1;
	fetch_header_decode(pair, from + 3, n);
	if (memchr(from + 3, ':', n) == NULL)
		memcpy(pair + strlen(pair), ":", 2);
	(void)EVP_EncodeBlock((unsigned char *)text,
	    (const unsigned char *)pair, (int)strlen(pair));
	fetch_header_free(pair);
	if (asprintf(line, "Authorization: Basic %s", text) == -1)
		*line = NULL;
	explicit_bzero(text, sizeof(text));
	return *line == NULL ? -1 : 0;
}

void
fetch_header_free(char *line)
{
	if (line != NULL)
		explicit_bzero(line, strlen(line));
	free(line);
}
