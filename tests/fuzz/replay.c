/* SPDX-License-Identifier: MIT */
/*
 * Shows a fuzz target every file of a folder: the one that is named, or
 * $srcdir/tests/fuzz/seeds/TARGET.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static int
is_seed(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Each input in memory of just its size, so that a read beyond it is seen. */
static void
replay(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	uint8_t *p;
	size_t n;

	HOLDS(f != NULL && fstat(fileno(f), &st) == 0);
	n = (size_t)st.st_size;
	p = malloc(n);
	HOLDS(n == 0 || (p != NULL && fread(p, n, 1, f) == 1));
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(p, n);
	free(p);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name;
	struct dirent **seeds;
	char folder[4096], path[8192];
	int n, i;

	name = strrchr(argv[0], '/');
	name = name == NULL ? argv[0] : name + 1;
	if (argc > 1)
		snprintf(folder, sizeof(folder), "%s", argv[1]);
	else
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s",
		    srcdir == NULL ? "." : srcdir, name);
	if ((n = scandir(folder, &seeds, is_seed, alphasort)) <= 0) {
		fprintf(stderr, "%s: there are no inputs\n", folder);
		return 1;
	}
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, seeds[i]->d_name);
		fprintf(stderr, "%s\n", path);
		replay(path);
		free(seeds[i]);
	}
	free(seeds);
	printf("%d inputs\n", n);
	return 0;
}
