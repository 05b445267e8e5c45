/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json/jsonpairs.h"

/* Behind the blanks at p, up to the NUL that ends the text. */
static char *
jsonpairs_blanks(char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

/* Moves *p behind a character and the blanks around it; false: it is not next. */
static bool
jsonpairs_skip(char **p, char c)
{
	char *at = jsonpairs_blanks(*p);

	if (*at != c)
		return false;
	*p = jsonpairs_blanks(at + 1);
	return true;
}

/* The string at *p, which moves behind it: the closing quote becomes its NUL.
 * NULL: there is none, or it is empty or not as plain as is read here. */
static const char *
jsonpairs_text(char **p)
{
	char *at = *p, *text = at + 1;

	if (*at++ != '"' || *at == '"')
		return NULL;
	for (; *at != '"'; at++)
		if (*at == '\\' || *at < 0x20 || (unsigned char)*at >= 0x80)
			return NULL;
	*at = '\0';
	*p = at + 1;
	return text;
}

static bool
jsonpairs_object(char **p, const char *a, const char *b, struct jsonpair *pair)
{
	const char *name, *text;
	int i;

	*pair = (struct jsonpair){ NULL, NULL };
	if (!jsonpairs_skip(p, '{'))
		return false;
	for (i = 0; i < 2; i++) {
		if ((i > 0 && !jsonpairs_skip(p, ',')) ||
		    (name = jsonpairs_text(p)) == NULL ||
		    !jsonpairs_skip(p, ':') ||
		    (text = jsonpairs_text(p)) == NULL)
			return false;
		if (strcmp(name, a) == 0)
			pair->a = text;
		else if (strcmp(name, b) == 0)
			pair->b = text;
	}
	return pair->a != NULL && pair->b != NULL && jsonpairs_skip(p, '}');
}

/* How many objects the whole text has, which is changed; 0: it is no such text. */
static size_t
jsonpairs_all(char *text, const char *end, const char *a, const char *b,
    size_t max, struct jsonpair *pairs)
{
	char *p = text;
	size_t n = 0;

	if (!jsonpairs_skip(&p, '['))
		return 0;
	do {
		if (n == max || !jsonpairs_object(&p, a, b, &pairs[n]))
			return 0;
		n++;
	} while (jsonpairs_skip(&p, ','));
	return jsonpairs_skip(&p, ']') && p == end ? n : 0;
}

struct jsonpair *
jsonpairs_read(const char *text, size_t len, const char *a, const char *b,
    size_t max, size_t *n)
{
	/* Quotes, colons, brackets and a comma are 13, and no text is empty. */
	size_t least = strlen(a) + strlen(b) + 13, most = len / least + 1;
	struct jsonpair *pairs;
	char *copy;

	if (most > max)
		most = max;
	if ((pairs = malloc(most * sizeof(*pairs) + len + 1)) == NULL)
		return NULL;
	copy = (char *)&pairs[most];
	memcpy(copy, text, len);
	copy[len] = '\0';
	*n = jsonpairs_all(copy, copy + len, a, b, most, pairs);
	if (*n > 0)
		return pairs;
	free(pairs);
	return NULL;
}
