#include <stdlib.h>
#include <string.h>

#include "cli/webconf/webconf_define.h"

struct webconf_define {
	struct webconf_define *next;
	char *name, *value; /* NULL: taken away */
};

static struct webconf_define *
webconf_define_find(struct webconf_define *d, const char *name, size_t len)
{
	for (; d != NULL; d = d->next)
		if (strncmp(d->name, name, len) == 0 && d->name[len] == '\0')
			break;
	return d;
}

void
webconf_define(struct webconf_define **list, const char *name, size_t len,
    const char *value)
{
	struct webconf_define *d = webconf_define_find(*list, name, len);

	if (d == NULL) {
		if ((d = calloc(1, sizeof(*d))) == NULL)
			return;
		if ((d->name = strndup(name, len)) == NULL) {
			free(d);
			return;
		}
		d->next = *list;
		*list = d;
	}
	free(d->value);
	d->value = value == NULL ? NULL : strdup(value);
}

const char *
webconf_defined(const struct webconf_define *list, const char *name, size_t len)
{
	for (; list != NULL; list = list->next)
		if (strncmp(list->name, name, len) == 0 &&
		    list->name[len] == '\0')
			return list->value;
	return NULL;
}

void
webconf_define_free(struct webconf_define *d)
{
	struct webconf_define *next;

	for (; d != NULL; d = next) {
		next = d->next;
		free(d->name);
		free(d->value);
		free(d);
	}
}
