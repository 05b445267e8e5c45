#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "db/dbfile.h"
#include "log/log.h"

/* Through a descriptor: what is given away is what was looked at. */
static int
give(const char *dir, uid_t uid, gid_t gid)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r, error;

	if (fd == -1)
		return -1;
	r = fchown(fd, uid, gid);
	error = errno;
	(void)close(fd);
	errno = error;
	return r;
}

void
cache_give(const struct conf *conf, uid_t uid, gid_t gid)
{
	struct conf_cache url;
	const char *slash;
	char dir[PATH_MAX], error[DB_ERROR_MAX];
	struct stat st;
	int n;

	(void)conf_cache_parse(conf->cache_url, &url);
	explicit_bzero(url.password, sizeof(url.password));
	if (url.kind != CONF_CACHE_FILE)
		return;
	slash = strrchr(url.path, '/');
	n = snprintf(dir, sizeof(dir), "%.*s",
	    slash == NULL ? 0 : (int)(slash - url.path), url.path);
	/* One that is there is the business of who made it. */
	if (n <= 0 || n >= (int)sizeof(dir) || lstat(dir, &st) == 0)
		return;
	if (dbfile_directory(url.path, error) == -1)
		log_warning("cache: %s", error);
	else if (give(dir, uid, gid) == -1)
		log_warning("cache: %s: %s", dir, strerror(errno));
}
