/* SPDX-License-Identifier: MIT */
/* A value from a feed or a request: what has a normal form keeps it. */
#include <string.h>

#include "ctim/indicator.h"
#include "tests/fuzz/fuzz.h"

static int
count(void *arg, const char *network)
{
	char again[INDICATOR_MAX + 1];
	size_t *n = arg;

	HOLDS(indicator_detect(network, again) != OBSERVABLE_UNKNOWN);
	HOLDS(strcmp(network, again) == 0);
	(void)indicator_scope(indicator_detect(network, again), network);
	return ++*n > INDICATOR_RANGE_NETWORKS;
}

/* A range from the value to what stands behind the first blank. */
static void
check_range(char *value)
{
	char network[INDICATOR_MAX + 1];
	char *last = strchr(value, ' ');
	size_t n;
	int type;

	if (last == NULL)
		return;
	*last++ = '\0';
	for (type = 0; type < OBSERVABLE_TYPES; type++) {
		n = 0;
		HOLDS(indicator_range((enum observable_type)type, value, last,
			  count, &n) <= 0);
		(void)indicator_masked(
		    (enum observable_type)type, value, last, network);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[INDICATOR_MAX + 1], again[INDICATOR_MAX + 1];
	char *value = malloc(size + 1);
	enum observable_type type;
	int i;

	HOLDS(value != NULL);
	memcpy(value, data, size);
	value[size] = '\0';
	if ((type = indicator_detect(value, out)) != OBSERVABLE_UNKNOWN) {
		HOLDS(strlen(out) <= INDICATOR_MAX);
		HOLDS(indicator_detect(out, again) == type);
		HOLDS(strcmp(out, again) == 0);
	}
	for (i = 0; i < OBSERVABLE_TYPES; i++) {
		if (indicator_normalise((enum observable_type)i, value, out) !=
		    0)
			continue;
		HOLDS(indicator_normalise(
			  (enum observable_type)i, out, again) == 0);
		HOLDS(strcmp(out, again) == 0);
	}
	check_range(value);
	free(value);
	return 0;
}
