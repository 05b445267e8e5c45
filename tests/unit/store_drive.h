/* SPDX-License-Identifier: MIT */
/*
 * store_drive: what the tests of the store have in common: a store in a folder
 * of its own, records of usual fields, and what matches, as text.
 */
#ifndef CTIM_STORE_DRIVE_H
#define CTIM_STORE_DRIVE_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctim/indicator.h"
#include "store/store_write.h"
#include "tests/unit/unit.h"

#define NOW 1000000

static char folder[64], path[128], error[STORE_ERROR_MAX];

static inline void
begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/ctim-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/intel.db", folder);
}

static inline void
end(void)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char name[256];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof(name), "%s%s", path, names[i]);
		unlink(name);
	}
	chmod(folder, 0700);
	ck_assert_int_eq(rmdir(folder), 0);
}

static inline struct store *
must_open(enum store_mode mode)
{
	struct store *s = store_open(path, mode, error);

	ck_assert_msg(s != NULL, "%s", error);
	return s;
}

static const struct record usual = { .disposition = CTIM_SUSPICIOUS,
	.severity = CTIM_SEVERITY_MEDIUM,
	.confidence = CTIM_SEVERITY_MEDIUM,
	.tlp = CTIM_AMBER,
	.priority = 90 };

static inline int
add(struct store *s, enum observable_type type, const char *value)
{
	struct record r = usual;

	r.type = type;
	r.value = value;
	return store_import_add(s, &r, error);
}

/* An import of values of one type, ended by NULL. */
static inline struct store_counts
import(struct store *s, const char *source, bool subdomains, bool replace,
    enum observable_type type, const char *const *values)
{
	const struct source from = { .name = source, .subdomains = subdomains };
	struct store_counts counts;

	ck_assert_int_eq(
	    store_import_begin(s, &from, STORE_SET_SUBDOMAINS, NOW, error), 0);
	for (; *values != NULL; values++)
		ck_assert_int_eq(add(s, type, *values), 0);
	ck_assert_msg(
	    store_import_end(s, replace, &counts, error) == 0, "%s", error);
	return counts;
}

#define VALUES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What matches, as "value@source" in order, with '=' behind the exact ones. */
static inline const char *
match_at(
    struct store *s, enum observable_type type, const char *value, int64_t now)
{
	static char text[2048];
	char one[16][128];
	const struct observable o = { .type = type, .value = value };
	const struct record *r;
	size_t len = 0;
	ssize_t i, n;

	n = store_match(s, &o, now, &r, error);
	ck_assert_msg(n >= 0 && n <= 16, "%s", error);
	for (i = 0; i < n; i++)
		snprintf(one[i], sizeof(one[i]), " %s@%s%s", r[i].value,
		    r[i].source.name, r[i].exact ? "=" : "");
	qsort(one, (size_t)n, sizeof(one[0]), by_text);
	text[0] = '\0';
	for (i = 0; i < n && len + sizeof(one[0]) < sizeof(text); i++) {
		memcpy(text + len, one[i], strlen(one[i]) + 1);
		len += strlen(one[i]);
	}
	return len == 0 ? text : text + 1;
}

static inline const char *
match(struct store *s, enum observable_type type, const char *value)
{
	return match_at(s, type, value, NOW);
}

static uint64_t
records(struct store *s)
{
	const struct store_count *c;
	uint64_t sum = 0;
	ssize_t i, n = store_stats(s, NOW, &c, error);

	ck_assert_msg(n >= 0, "%s", error);
	for (i = 0; i < n; i++)
		sum += c[i].records;
	return sum;
}

#endif
