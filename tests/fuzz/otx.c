/* SPDX-License-Identifier: MIT */
/* What the service of the otx provider may answer. */
#include "call/provider.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/play.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	play(&provider_otx, "{\"key\": \"k\"}", data, size);
	return 0;
}
