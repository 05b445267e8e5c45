/* SPDX-License-Identifier: MIT */
#include <sys/auxv.h>
#include <sys/stat.h>

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/master/binary.h"

/* The kernel's name for the program that runs, whatever became of its file. */
#define RUNNING "/proc/self/exe"

static bool
binary_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether a path, made absolute in b->path, is the program that runs: another
 * may have been started by a loader, or by a descriptor. */
static bool
binary_is(struct binary *b, const char *path)
{
	char here[PATH_MAX];
	struct stat given, running;
	int n;

	if (*path == '/')
		n = snprintf(b->path, sizeof(b->path), "%s", path);
	else if (getcwd(here, sizeof(here)) != NULL)
		n = snprintf(b->path, sizeof(b->path), "%s/%s", here, path);
	else
		return false;
	return n > 0 && (size_t)n < sizeof(b->path) &&
	    stat(b->path, &given) == 0 && stat(RUNNING, &running) == 0 &&
	    binary_same(&given, &running);
}

void
binary_find(struct binary *b, char **argv)
{
	const char *path = (const char *)getauxval(AT_EXECFN);
	ssize_t n;

	*b = (struct binary){ .argv = argv };
	if (path != NULL && binary_is(b, path))
		return;
	n = readlink(RUNNING, b->path, sizeof(b->path) - 1);
	b->path[n < 0 ? 0 : n] = '\0';
}

struct binary_file
binary_seen(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return (struct binary_file){ 0 };
	return (struct binary_file){ .dev = st.st_dev,
		.ino = st.st_ino,
		.size = st.st_size,
		.changed = st.st_mtim };
}

bool
binary_is_other(const struct binary_file *f, const char *path)
{
	struct binary_file now = binary_seen(path);

	return now.dev != f->dev || now.ino != f->ino || now.size != f->size ||
	    now.changed.tv_sec != f->changed.tv_sec ||
	    now.changed.tv_nsec != f->changed.tv_nsec;
}

/* Remembers the file at a path. */
static void
binary_add(struct binary *b, const char *path)
{
	struct binary_file *file, f;
	size_t i;

	for (i = 0; i < b->n; i++)
		if (strcmp(b->file[i].path, path) == 0)
			return;
	f = binary_seen(path);
	if (f.ino == 0 ||
	    (file = realloc(b->file, (b->n + 1) * sizeof(*file))) == NULL)
		return;
	b->file = file;
	if ((f.path = strdup(path)) != NULL)
		file[b->n++] = f;
}

static int
binary_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	/* The program itself has no name, what the kernel maps no path. */
	if (info->dlpi_name != NULL && info->dlpi_name[0] == '/')
		binary_add(arg, info->dlpi_name);
	return 0;
}

void
binary_look(struct binary *b)
{
	if (b->path[0] != '\0')
		binary_add(b, b->path);
	(void)dl_iterate_phdr(binary_object, b);
}

const char *
binary_changed(const struct binary *b)
{
	const struct binary_file *f;

	for (f = b->file; f < b->file + b->n; f++)
		if (binary_is_other(f, f->path))
			return f->path;
	return NULL;
}

void
binary_free(struct binary *b)
{
	while (b->n > 0)
		free(b->file[--b->n].path);
	free(b->file);
	b->file = NULL;
}
