/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/set.h"
#include "net/nameset.h"
#include "net/url.h"

struct nameset {
	struct set names;
	size_t n;
};

struct nameset *
nameset_new(void)
{
	return calloc(1, sizeof(struct nameset));
}

void
nameset_free(struct nameset *s)
{
	if (s != NULL)
		set_free(&s->names);
	free(s);
}

size_t
nameset_count(const struct nameset *s)
{
	return s->n;
}

/* Whether a lower-case name is labels of letters, digits, hyphens and
 * underscores. */
static bool
nameset_is_name(const char *name)
{
	const char *label = name;
	size_t n;

	for (;; label += n + 1) {
		n = strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-_");
		if (n == 0 || n > 63 || (label[n] != '.' && label[n] != '\0'))
			return false;
		if (label[n] == '\0')
			return true;
	}
}

int
nameset_add(struct nameset *s, const char *text)
{
	char name[NAMESET_NAME + 3];
	bool before, ascii = true;
	size_t i, n;

	text += strncmp(text, "*.", 2) == 0 ? 2 : *text == '.';
	n = strlen(text);
	n -= n > 1 && text[n - 1] == '.';
	if (n > NAMESET_NAME)
		return 1;
	for (i = 0; i < n; i++) {
		ascii = ascii && (unsigned char)text[i] < 0x80;
		name[i] = text[i] >= 'A' && text[i] <= 'Z' ?
		    (char)(text[i] - 'A' + 'a') :
		    text[i];
	}
	name[n] = '\0';
	errno = 0;
	if (!ascii && url_punycode(name, name, sizeof(name)) == -1)
		return errno == ENOMEM ? -1 : 1;
	if (!nameset_is_name(name))
		return 1;
	if (set_add(&s->names, hash_bytes(name, strlen(name)), &before) == -1)
		return -1;
	s->n++;
	return 0;
}

bool
nameset_has(const struct nameset *s, const char *name, size_t n)
{
	const char *end = name + n;

	if (s->n == 0)
		return false;
	for (; name != NULL && name < end;) {
		if (set_has(&s->names, name, (size_t)(end - name)))
			return true;
		name = memchr(name, '.', (size_t)(end - name));
		name = name == NULL ? NULL : name + 1;
	}
	return false;
}
