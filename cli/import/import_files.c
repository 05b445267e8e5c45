/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/import/import_files.h"

static int
files_shown(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int
files_compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
import_files_list(struct import_files *f, const char *folder)
{
	struct stat st;
	int i, fd;

	f->n = scandir(folder, &f->entries, files_shown, files_compare);
	if (f->n == -1) {
		*f = (struct import_files){ .entries = NULL };
		return -1;
	}
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return 0; /* the bytes are for the progress alone */
	for (i = 0; i < f->n; i++)
		if (fstatat(fd, f->entries[i]->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode))
			f->bytes += (uint64_t)st.st_size;
	close(fd);
	return 0;
}

void
import_files_free(struct import_files *f)
{
	while (f->n > 0)
		free(f->entries[--f->n]);
	free(f->entries);
	f->entries = NULL;
}

const char *
import_files_name(const struct import_files *f, int i)
{
	return f->entries[i]->d_name;
}
