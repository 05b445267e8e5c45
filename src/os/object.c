/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/object.h"

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
