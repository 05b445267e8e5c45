/* A token before any library sees it. */
#include "fuzz.h"
#include "token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct claims	 claims;

	if (token_parse((const char *)data, size, &claims) == -1)
		return 0;
	HOLDS(size <= TOKEN_MAX && claims.payload != NULL);
	HOLDS(claims.limit >= 1 && claims.limit <= TOKEN_LIMIT_MAX);
	(void)token_claim(&claims, "key");
	(void)token_times(&claims, 1700000000, 60);
	token_free(&claims);
	return 0;
}
