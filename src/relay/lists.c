/* SPDX-License-Identifier: MIT */
#include "call/provider.h"
#include "conf/conf.h"
#include "relay/lists.h"
#include "relay/route.h"

static bool
lists_provider(size_t i, struct conf_provider *p)
{
	const struct provider *row = providers[i];

	if (row == NULL)
		return false;
	*p = (struct conf_provider){ .name = row->name,
		.provider = row,
		.keys = row->keys,
		.conf_size = row->conf_size };
	return true;
}

const struct conf_lists relay_lists = { .provider = lists_provider,
	.reserved = route_is_first };
