#include <string.h>

#include "answer/transport.h"

const char *
transport_var(const struct transport *t, const char *name)
{
	size_t len = strlen(name);
	const char *value = NULL;
	char *const *e;

	/*
	 * The last one wins: people include the web server's stock list and
	 * set a variable again after it, and nginx then sends both.
	 */
	for (e = t->env; *e != NULL; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			value = *e + len + 1;
	return value != NULL && *value != '\0' ? value : NULL;
}
