/* SPDX-License-Identifier: MIT */
/*
 * import_files: the files of a folder that is imported.
 */
#ifndef CTIM_IMPORT_FILES_H
#define CTIM_IMPORT_FILES_H

#include <stddef.h>
#include <stdint.h>

struct import_files {
	struct dirent *
	    *entries; /* by name; without those that begin with '.' */
	int n;
	uint64_t bytes; /* in all of them */
};

/* Lists a folder.  Returns 0, or -1 with errno.  The caller ends with _free(),
 * which is fine for a zeroed one. */
int import_files_list(struct import_files *, const char *folder);
void import_files_free(struct import_files *);
const char *import_files_name(const struct import_files *, int);

#endif
