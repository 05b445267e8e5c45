/* SPDX-License-Identifier: MIT */
/* A list of indicators, in the format that the first byte says. */
#include <string.h>

#include "cli/feed/feed.h"
#include "tests/fuzz/fuzz.h"

static int
entry(void *arg, uint64_t line, const struct feed_entry *e)
{
	(void)arg;
	HOLDS(line > 0 && e->type < OBSERVABLE_TYPES && *e->value != '\0');
	HOLDS(e->reason == NULL || strchr(e->reason, '\n') == NULL);
	return 0;
}

static int
skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	(void)arg;
	HOLDS(line > 0 && *reason != '\0' && *why != '\0');
	return 0;
}

static void
note(void *arg, const char *text)
{
	(void)arg;
	HOLDS(*text != '\0' && strchr(text, '\n') == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct feed_sink sink = {
		.entry = entry, .skipped = skipped, .note = note
	};
	struct feed_options options = { 0 };
	char error[FEED_ERROR_MAX];
	FILE *f;

	if (size < 2)
		return 0;
	options.format = (enum feed_format)(data[0] % FEED_FORMATS);
	HOLDS((f = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r")) !=
	    NULL);
	if (feed_read(f, &options, &sink, error) == -1)
		HOLDS(*error != '\0');
	(void)fclose(f);
	return 0;
}
