/* SPDX-License-Identifier: MIT */
/* A token before any library sees it. */
#include "tests/fuzz/fuzz.h"
#include "token/token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "key", NULL };
	struct claims claims;
	char why[TOKEN_WHY_MAX];

	if (token_parse((const char *)data, size, &claims) != NULL) {
		HOLDS(claims.payload == NULL && claims.kid == NULL);
		return 0;
	}
	HOLDS(size <= TOKEN_MAX && claims.payload != NULL);
	HOLDS(claims.limit >= 1 && claims.limit <= TOKEN_LIMIT_MAX);
	HOLDS((token_lacks(&claims, names) == NULL) ==
	    (token_claim(&claims, "key") != NULL));
	(void)token_times(&claims, 1700000000, 60, why);
	token_free(&claims);
	return 0;
}
