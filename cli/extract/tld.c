/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <libpsl.h>

#include "cli/extract/tld.h"

/* Not in the list, or reserved: RFC 2606, RFC 6762, RFC 7686, ICANN 2024. */
static const char *const tld_others[] = { "example", "test", "onion",
	"internal", "local" };

/* libpsl's context goes by our name, so that its header stays in here. */
struct tld *
tld_open(void)
{
	return (struct tld *)psl_latest(NULL);
}

void
tld_close(struct tld *t)
{
	psl_free((psl_ctx_t *)t);
}

static bool
tld_in_list(const struct tld *t, const char *suffix)
{
	/* Without its rule "*", which takes any label for a suffix. */
	return psl_is_public_suffix2((const psl_ctx_t *)t, suffix,
		   PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1;
}

bool
tld_known(const struct tld *t, const char *domain)
{
	const char *last = strrchr(domain, '.'), *two = last;
	size_t i;

	if (last == NULL)
		return false;
	for (i = 0; i < sizeof(tld_others) / sizeof(tld_others[0]); i++)
		if (strcmp(last + 1, tld_others[i]) == 0)
			return true;
	if (t == NULL || tld_in_list(t, last + 1))
		return true;
	/* Of "*.ck" the list has the second level alone. */
	while (two > domain && two[-1] != '.')
		two--;
	return tld_in_list(t, two);
}
