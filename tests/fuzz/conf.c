/* SPDX-License-Identifier: MIT */
/* A configuration file. */
#include <sys/mman.h>
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "tests/fuzz/fuzz.h"
#include "os/writeall.h"
#include "relay/lists.h"

static void
complain(void *arg, bool error, const char *line)
{
	(void)arg;
	(void)error;
	HOLDS(*line != '\0');
}

static void
each(void *arg, const char *section, const struct conf_key *key,
    const char *value)
{
	(void)arg;
	HOLDS(*section != '\0' && key != NULL && value != NULL);
	/* What is shown of a secret is where it is kept. */
	HOLDS(!conf_is_secret(key, value) || strncmp(value, "env:", 4) == 0 ||
	    strncmp(value, "file:", 5) == 0 || strcmp(value, "********") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf;
	char path[64];
	bool good;
	int fd = memfd_create("conf", MFD_CLOEXEC);

	HOLDS(fd != -1 && writeall(fd, data, size) == 0);
	/* One that others may read must not hold a secret. */
	HOLDS(fchmod(fd, 0600) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((conf = conf_load(path, &relay_lists, complain, NULL)) != NULL) {
		conf_each(conf, each, NULL);
		conf_free(conf);
	}
	HOLDS(lseek(fd, 0, SEEK_SET) == 0);
	if ((conf = conf_load_rest(
		 path, &relay_lists, complain, NULL, &good)) != NULL) {
		HOLDS(conf->control[0] == '/' && *conf->log_target != '\0');
		conf_each(conf, each, NULL);
		conf_free(conf);
	}
	(void)close(fd);
	return 0;
}
