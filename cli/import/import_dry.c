/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/import/import_dry.h"

#define STORE "/intel.db"

/* From one store into another. */
struct copying {
	struct store *to;
	char *error;
};

static void
dry_path(const struct import_dry *d, const char *end, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s" STORE "%s", d->folder, end) >=
	    PATH_MAX)
		out[0] = '\0';
}

static int
dry_make_folder(struct import_dry *d, char error[STORE_ERROR_MAX])
{
	const char *tmp = getenv("TMPDIR");

	if (tmp == NULL || *tmp != '/')
		tmp = "/tmp";
	if (strlen(tmp) > PATH_MAX / 2)
		errno = ENAMETOOLONG;
	else {
		snprintf(d->folder, PATH_MAX, "%s/ctim-relay-XXXXXX", tmp);
		if (mkdtemp(d->folder) != NULL)
			return 0;
	}
	d->folder[0] = '\0';
	snprintf(error, STORE_ERROR_MAX, "%.256s: %s", tmp, strerror(errno));
	return -1;
}

static int
dry_copy_record(void *arg, const struct record *r)
{
	const struct copying *c = arg;

	return store_import_add(c->to, r, c->error) == -1 ? 1 : 0;
}

/* Whether the store lists anything of the source; -1 when it cannot be read. */
static int
dry_has(struct store *from, const char *name, char error[STORE_ERROR_MAX])
{
	const struct store_count *counts;
	ssize_t i, n = store_stats(from, 0, &counts, error);

	for (i = 0; i < n; i++)
		if (strcmp(counts[i].source.name, name) == 0)
			return counts[i].records > 0;
	return n == -1 ? -1 : 0;
}

static int
dry_copy(struct store *from, struct store *to, const struct source *source,
    char error[STORE_ERROR_MAX])
{
	const struct store_filter filter = {
		.source = source->name, .type = OBSERVABLE_UNKNOWN, .limit = -1
	};
	struct copying c = { to, error };
	struct store_counts counts;
	int has = dry_has(from, source->name, error);

	error[0] = '\0';
	if (has != 1)
		return has;
	if (store_import_begin(to, source, 0, 0, error) == -1 ||
	    store_each(from, &filter, dry_copy_record, &c, error) == -1 ||
	    error[0] != '\0')
		return -1;
	return store_import_end(to, false, &counts, error);
}

struct store *
import_dry_open(struct import_dry *d, const char *path,
    const struct source *source, char error[STORE_ERROR_MAX])
{
	char copy[PATH_MAX];
	struct store *from = NULL, *to;
	int done = 0;

	if (dry_make_folder(d, error) == -1)
		return NULL;
	dry_path(d, "", copy);
	if (!store_missing(path) &&
	    (from = store_open(path, STORE_READ, error)) == NULL)
		return NULL;
	if ((to = store_open(copy, STORE_WRITE, error)) != NULL && from != NULL)
		done = dry_copy(from, to, source, error);
	store_close(from);
	if (done == -1) {
		store_close(to);
		to = NULL;
	}
	return to;
}

void
import_dry_remove(struct import_dry *d)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char path[PATH_MAX];
	size_t i;

	if (d->folder[0] == '\0')
		return;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		dry_path(d, ends[i], path);
		(void)unlink(path);
	}
	(void)rmdir(d->folder);
	d->folder[0] = '\0';
}
