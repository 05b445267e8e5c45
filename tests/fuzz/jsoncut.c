/* SPDX-License-Identifier: MIT */
/* A document of JSON cut into its elements: as it is, and with an edge of the
 * reader's buffer in its middle, which must come to the same; and where it is
 * JSON, to what is in it. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/jsoncut.h"
#include "json/jsonin.h"
#include "tests/fuzz/fuzz.h"

#define SAID_MAX (64U << 20)

static int
jsoncut_each(void *arg, const struct jsoncut_element *e)
{
	HOLDS(e->text == NULL || e->text[e->n] == '\0');
	HOLDS(e->n <= FEED_LINE_MAX && e->line > 0);
	buf_addf(arg, "%zu %s ", e->path, e->key);
	buf_add(
	    arg, e->text == NULL ? "end" : e->text, e->text == NULL ? 3 : e->n);
	return buf_addc(arg, '\n');
}

static int
jsoncut_skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	HOLDS(line > 0);
	return buf_addf(arg, "%s: %s\n", reason, why);
}

static int
jsoncut_read(FILE *f, const char *const paths[], struct buf *said)
{
	const struct feed_sink sink = { .skipped = jsoncut_skipped,
		.arg = said };
	char error[FEED_ERROR_MAX];
	struct feed_reader r;
	int result;

	HOLDS(f != NULL && feed_reader_init(&r, f) == 0);
	result = jsoncut(&r, paths, jsoncut_each, said, &sink, error);
	if (result == -1)
		buf_adds(said, error);
	feed_reader_free(&r);
	(void)fclose(f);
	return result;
}

struct jsoncut_tree {
	struct json_object *array;
	size_t at;
};

static int
is_next(void *arg, const struct jsoncut_element *e)
{
	struct jsoncut_tree *t = arg;
	struct json_object *value = jsonin_parse(e->text, e->n, 1000, NULL);

	HOLDS(t->at < jsonin_length(t->array));
	HOLDS(json_object_equal(value, jsonin_at(t->array, t->at)));
	t->at++;
	json_object_put(value);
	return 0;
}

/* An array that is JSON is cut into its elements. */
static void
compare(const uint8_t *data, size_t n)
{
	static const char *const paths[] = { "[]", NULL };
	const struct feed_sink sink = { .skipped = NULL };
	struct jsoncut_tree t = {
		jsonin_parse((const char *)data, n, 1000, NULL), 0
	};
	char error[FEED_ERROR_MAX];
	struct feed_reader r;
	FILE *f;

	if (json_object_is_type(t.array, json_type_array)) {
		f = fmemopen((void *)(uintptr_t)data, n, "r");
		HOLDS(f != NULL && feed_reader_init(&r, f) == 0);
		HOLDS(jsoncut(&r, paths, is_next, &t, &sink, error) == 0);
		HOLDS(t.at == jsonin_length(t.array));
		feed_reader_free(&r);
		(void)fclose(f);
	}
	json_object_put(t.array);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "", "[].b[]", "objects[]",
		"a.b[].c", "a{}", "*.x", "*[]", NULL };
	static char far[2 * FEED_READER_ROOM];
	struct buf a, b;
	size_t at = FEED_READER_ROOM - size / 2;

	/* A byte order mark is one at the very beginning alone. */
	if (size == 0 || size > FEED_LINE_MAX / 2 || data[0] >= 0xef)
		return 0;
	memset(far, ' ', at);
	memcpy(far + at, data, size);
	buf_init(&a, SAID_MAX);
	buf_init(&b, SAID_MAX);
	HOLDS(
	    jsoncut_read(fmemopen((void *)(uintptr_t)data, size, "r"), paths,
		&a) == jsoncut_read(fmemopen(far, at + size, "r"), paths, &b));
	HOLDS(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	compare(data, size);
	buf_free(&a);
	buf_free(&b);
	return 0;
}
