/* SPDX-License-Identifier: MIT */
/* A text that speaks of observables: each that is found is in normal form. */
#include <string.h>

#include "cli/extract/extract.h"
#include "cli/feed/feed_reader.h"
#include "ctim/indicator.h"
#include "tests/fuzz/fuzz.h"

static int
each(void *arg, enum observable_type type, const char *value)
{
	char again[INDICATOR_MAX + 1];
	size_t *left = arg;

	HOLDS(*value != '\0' && strlen(value) <= INDICATOR_MAX);
	HOLDS(indicator_normalise(type, value, again) == 0);
	HOLDS(strcmp(again, value) == 0);
	return --*left == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed_reader r;
	FILE *f;
	size_t left;

	if (size < 2)
		return 0;
	/* The reader of them may have had enough. */
	left = (size_t)data[0] + 1;
	HOLDS((f = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r")) !=
	    NULL);
	HOLDS(feed_reader_init(&r, f) == 0);
	if (feed_reader_mark(&r) == 0)
		HOLDS(extract_read(&r, each, &left) == (left == 0));
	feed_reader_free(&r);
	(void)fclose(f);
	return 0;
}
