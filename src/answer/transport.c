/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "answer/transport.h"

const char *
transport_var(const struct transport *t, const char *name)
{
	const char *value = NULL, *n, *s;
	char *const *e;

	/*
	 * The last one wins: people include the web server's stock list and
	 * set a variable again after it, and nginx then sends both.  Most names
	 * differ in their first bytes, for which a call of strncmp(3) is dear.
	 */
	for (e = t->env; *e != NULL; e++) {
		for (n = name, s = *e; *n == *s && *n != '\0'; n++, s++)
			;
		if (*n == '\0' && *s == '=')
			value = s + 1;
	}
	return value != NULL && *value != '\0' ? value : NULL;
}
