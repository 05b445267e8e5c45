/* SPDX-License-Identifier: MIT */
/* A line of a log, as `ctim-relay tail` shows it. */
#include <string.h>

#include "cli/pool/tail_record.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tail_filter all, some = { "otx", true, true };
	static struct tail_record r;
	const char *line = (const char *)data;
	char *text = NULL;
	size_t n = 0, i;
	FILE *f;

	/* What the reader hands over has neither. */
	for (i = 0; i < size; i++)
		if (line[i] == '\n' || line[i] == '\0')
			return 0;
	tail_record_parse(&r, line, size);
	HOLDS(r.level < TAIL_LEVELS && r.ms >= 0 && r.ms < 1000);
	HOLDS(memchr(r.message, '\0', sizeof(r.message)) != NULL);
	HOLDS(memchr(r.relay, '\0', sizeof(r.relay)) != NULL);
	HOLDS(tail_record_wanted(&r, &all));
	(void)tail_record_wanted(&r, &some);
	HOLDS((f = open_memstream(&text, &n)) != NULL);
	tail_record_print(&r, f, false);
	HOLDS(fclose(f) == 0 && n > 0);
	/* One line, that no terminal obeys. */
	for (i = 0; i < n; i++)
		HOLDS((unsigned char)text[i] >= ' ' || i == n - 1);
	HOLDS(text[n - 1] == '\n');
	free(text);
	return 0;
}
