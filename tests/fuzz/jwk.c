/* SPDX-License-Identifier: MIT */
/* The text of a JSON Web Key Set. */
#include "tests/fuzz/fuzz.h"
#include "token/jwk.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char signature[256];
	struct jwk_set set = { 0 };
	EVP_PKEY *key;

	if (jwk_parse((const char *)data, size, &set) != NULL)
		HOLDS(set.n == 0);
	HOLDS(set.n <= JWK_KEYS);
	if ((key = jwk_find(&set, "k1")) != NULL)
		HOLDS(
		    !jwk_verify(key, "text", 4, signature, sizeof(signature)));
	HOLDS(!jwk_signed(&set, "k1", "text", 4, signature, sizeof(signature)));
	(void)jwk_find(&set, NULL);
	jwk_free(&set);
	return 0;
}
