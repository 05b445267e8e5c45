/* SPDX-License-Identifier: MIT */
/* Rows of a table, parted by what the first byte says: from memory and from a
 * file, which must come to the same. */
#include <string.h>

#include "cli/table/csv.h"
#include "cli/feed/feed_reader.h"
#include "tests/fuzz/fuzz.h"

static void
look(struct csv_row *row)
{
	size_t i;

	HOLDS(row->wrong != NULL || row->n > 0);
	HOLDS(row->n <= CSV_COLUMNS && csv_field(row, row->n) == NULL);
	for (i = 0; i < row->n && row->wrong == NULL; i++)
		HOLDS(row->at[i] + strlen(csv_field(row, i)) < row->text.len);
}

static void
same(const struct csv_row *a, const struct csv_row *b)
{
	HOLDS(a->wrong == b->wrong);
	if (a->wrong != NULL)
		return;
	HOLDS(a->n == b->n && a->text.len == b->text.len);
	HOLDS(memcmp(a->text.data, b->text.data, a->text.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct csv_row a, b;
	struct feed_reader r;
	const char *text = (const char *)data + 1;
	struct csv memory = { .p = text }, file = { .reader = &r };
	FILE *f;
	size_t i;

	if (size < 2)
		return 0;
	memory.end = text + size - 1;
	memory.comma = file.comma = ",;\t|#"[data[0] % 5];
	HOLDS((f = fmemopen((void *)(uintptr_t)text, size - 1, "r")) != NULL);
	HOLDS(feed_reader_init(&r, f) == 0);
	csv_row_init(&a);
	csv_row_init(&b);
	while (csv_peek(&memory) != EOF) {
		csv_read(&memory, &a);
		csv_read(&file, &b);
		look(&a);
		same(&a, &b);
		if (csv_is_open(&a))
			break;
		for (i = 0; a.wrong == NULL && i < a.n; i++)
			HOLDS(strlen(csv_word(&a, i)) <=
			    strlen(csv_field(&b, i)));
	}
	HOLDS(csv_is_open(&a) || csv_peek(&file) == EOF);
	csv_row_free(&a);
	csv_row_free(&b);
	feed_reader_free(&r);
	(void)fclose(f);
	return 0;
}
