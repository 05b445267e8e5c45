/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "net/network.h"
#include "os/object.h"

static pthread_mutex_t network_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct network *_Atomic network_opened;
static atomic_bool network_tried;
/* A constant of this file, once it was tried. */
static const char *_Atomic network_words = NETWORK_FILE " was not opened";

/* An object that was opened is never closed: libcurl's libraries could not be
 * started a second time. */
static const struct network *
network_load(const char *path, char why[NETWORK_WHY])
{
	const struct network *n;
	void *object = dlopen(path, RTLD_LAZY | RTLD_LOCAL);

	network_words = NETWORK_FILE " cannot be opened";
	if (object == NULL) {
		(void)snprintf(why, NETWORK_WHY,
		    "the part of the gateway that makes calls cannot be "
		    "opened: %s",
		    dlerror());
		return NULL;
	}
	network_words = NETWORK_FILE " is of another build than this program";
	n = dlsym(object, "ctim_relay_network");
	if (n != NULL && strcmp(n->build, network_build) == 0)
		return n;
	(void)snprintf(why, NETWORK_WHY,
	    "%s is of another build than this program: it is of %s, and this "
	    "is of %s",
	    path, n == NULL ? "none that is known" : n->build, network_build);
	return NULL;
}

const struct network *
network_open(char why[NETWORK_WHY])
{
	const struct network *n;
	char path[PATH_MAX];

	(void)pthread_mutex_lock(&network_lock);
	if ((n = network_opened) == NULL) {
		object_path(NETWORK_FILE, path);
		n = network_load(path, why);
		network_opened = n;
		network_tried = true;
	}
	(void)pthread_mutex_unlock(&network_lock);
	return n;
}

int
network_play(const struct http_functions *http, char why[NETWORK_WHY])
{
	static struct network network_played;
	const struct network *n = network_open(why);

	if (n == NULL)
		return -1;
	network_played = *n;
	network_played.http = http;
	network_opened = &network_played;
	return 0;
}

const struct network *
network_get(void)
{
	char why[NETWORK_WHY];

	return network_opened != NULL || network_tried ? network_opened :
							 network_open(why);
}

const char *
network_missing(void)
{
	return network_words;
}
