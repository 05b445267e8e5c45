#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "conf.h"
#include "log.h"
#include "store_file.h"

#define SCHEME	"sqlite:"

/* Through a descriptor: what is given away is what was looked at. */
static int
give(const char *dir, uid_t uid, gid_t gid)
{
	int	 fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int	 r, error;

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
	const char	*url = conf->cache_url, *slash;
	char		 dir[PATH_MAX], error[STORE_ERROR_MAX];
	struct stat	 st;
	int		 n;

	if (url == NULL || strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return;
	url += strlen(SCHEME);
	slash = strrchr(url, '/');
	n = snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 0 :
	    (int)(slash - url), url);
	/* One that is there is the business of who made it. */
	if (n <= 0 || n >= (int)sizeof(dir) || lstat(dir, &st) == 0)
		return;
	if (store_file_directory(url, error) == -1)
		log_warning("cache: %s", error);
	else if (give(dir, uid, gid) == -1)
		log_warning("cache: %s: %s", dir, strerror(errno));
}
