/* SPDX-License-Identifier: MIT */
/* Patterns of STIX indicators. */
#include <string.h>

#include "cli/sharing/stix_pattern.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stix_pattern p;
	const struct stix_part *part;
	const char *wrong;
	char *text;
	size_t at, i;

	HOLDS((text = malloc(size + 1)) != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	stix_pattern_init(&p);
	wrong = stix_pattern_read(&p, text, &at);
	HOLDS(wrong == NULL || at <= strlen(text));
	/* A pattern looks for something, or says why not. */
	HOLDS((wrong == NULL) == (stix_pattern_part(&p, 0) != NULL));
	for (i = 0; (part = stix_pattern_part(&p, i)) != NULL; i++) {
		HOLDS((part->type == NULL) == (part->reason != NULL));
		HOLDS(part->text < p.texts.len);
		HOLDS(strlen(stix_pattern_text(&p, part)) <= strlen(text));
	}
	stix_pattern_free(&p);
	free(text);
	return 0;
}
