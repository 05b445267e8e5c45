/* What the service of the otx provider may answer. */
#include "fuzz.h"
#include "play.h"
#include "provider.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	play(&provider_otx, "{\"key\": \"k\"}", data, size);
	return 0;
}
