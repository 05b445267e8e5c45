/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/object.h"

static pthread_mutex_t object_lock = PTHREAD_MUTEX_INITIALIZER;

/* The object beside this program.  False when there is none that can be read, or
 * the kernel does not say where this program is. */
static bool
object_beside(const char *file, char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return false;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL ||
	    (size_t)(slash + 1 - path) + strlen(file) >= PATH_MAX)
		return false;
	memcpy(slash + 1, file, strlen(file) + 1);
	return access(path, F_OK) == 0;
}

void
object_path(const char *file, char path[PATH_MAX])
{
	if (!object_beside(file, path))
		(void)snprintf(path, PATH_MAX, "%s/%s", CTIM_PKGLIBDIR, file);
}

static const void *
object_load(const struct object *o, const char *build, char *why, size_t size)
{
	const char *const *table;
	char path[PATH_MAX];
	void *object;

	object_path(o->file, path);
	if ((object = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL) {
		(void)snprintf(why, size,
		    "the part of the gateway that knows %s cannot be opened: "
		    "%.320s",
		    o->knows, dlerror());
		return NULL;
	}
	table = dlsym(object, o->symbol);
	if (table != NULL && strcmp(*table, build) == 0)
		return table;
	(void)snprintf(
	    why, size, "%.256s is of another build than this program", path);
	return NULL;
}

const void *
object_open(struct object *o, const char *build, char *why, size_t size)
{
	const void *table;

	(void)pthread_mutex_lock(&object_lock);
	if (o->table == NULL)
		o->table = object_load(o, build, why, size);
	table = o->table;
	(void)pthread_mutex_unlock(&object_lock);
	return table;
}
