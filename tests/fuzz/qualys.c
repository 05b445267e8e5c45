/* SPDX-License-Identifier: MIT */
/* What the service of the qualys provider may answer. */
#include "call/provider.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/play.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	play(&provider_qualys,
	    "{\"user\": \"me\", \"pass\": \"secret\", "
	    "\"API_URL\": \"https://gateway.example/\", "
	    "\"PLATFORM_URL\": \"https://platform.example/\"}",
	    data, size);
	return 0;
}
