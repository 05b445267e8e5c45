/* SPDX-License-Identifier: MIT */
/* The only list of providers: one row each, in the order people see them. */
#include <string.h>

#include "call/provider.h"

const struct provider *const providers[] = { &provider_template,
	&provider_local, &provider_otx, &provider_spycloud, &provider_qualys,
	&provider_all, NULL };

const struct provider *
provider_find(const char *name)
{
	size_t i;

	for (i = 0; providers[i] != NULL; i++)
		if (strcmp(providers[i]->name, name) == 0)
			return providers[i];
	return NULL;
}
