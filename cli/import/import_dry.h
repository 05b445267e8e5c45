/* SPDX-License-Identifier: MIT */
/*
 * import_dry: a store for --dry-run: what an import would add and update shows
 * in a copy of the source, and the store itself is only read.
 */
#ifndef CTIM_IMPORT_DRY_H
#define CTIM_IMPORT_DRY_H

#include <limits.h>

#include "store/store_write.h"

struct import_dry {
	char folder[PATH_MAX]; /* of the copy; "": there is none */
};

/*
 * Opens a new store, in a folder of its own under $TMPDIR or /tmp, with all that
 * the store at path, which need not be there, has of the source.  Returns NULL
 * with the reason in error.  import_dry_remove() is called in any case, after
 * the store was closed.
 */
struct store *import_dry_open(struct import_dry *, const char *path,
    const struct source *, char error[STORE_ERROR_MAX]);
void import_dry_remove(struct import_dry *);

#endif
