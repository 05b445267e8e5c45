/* SPDX-License-Identifier: MIT */
/* The configuration of nginx or of Apache, by the first byte. */
#include <sys/mman.h>

#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "cli/webconf/webconf.h"
#include "os/writeall.h"
#include "tests/fuzz/fuzz.h"

/* Instead of the library's: what an input includes would be read from this
 * machine, and a pattern may match all of it. */
int
glob(const char *pattern, int flags, int (*failed)(const char *, int),
    glob_t *found)
{
	(void)flags;
	(void)failed;
	(void)found;
	HOLDS(pattern != NULL);
	return GLOB_NOMATCH;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct webconf_node *node, *up;
	struct webconf *w;
	char path[64], why[WEBCONF_WHY] = "";
	size_t n = 0;
	int fd;

	if (size < 1)
		return 0;
	HOLDS((fd = memfd_create("webconf", MFD_CLOEXEC)) != -1);
	HOLDS(writeall(fd, data + 1, size - 1) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	w = webconf_read(
	    path, data[0] % 2 == 0 ? WEBCONF_NGINX : WEBCONF_APACHE, why);
	HOLDS(w != NULL && w->n <= WEBCONF_NODES);
	for (node = w->first; node != NULL; node = node->next) {
		HOLDS(node->name != NULL && node->args != NULL);
		HOLDS(strcmp(node->file, path) == 0 && node->line > 0);
		for (up = node->parent; up != NULL; up = up->parent)
			HOLDS(up != node);
		/* Of a thousand at most: it looks at all of them. */
		if (n++ < 1000)
			HOLDS(webconf_value(w, node, node->name) != NULL);
	}
	HOLDS(n == w->n);
	webconf_free(w);
	(void)close(fd);
	return 0;
}
