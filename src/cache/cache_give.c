#include <sys/stat.h>
#include <limits.h>
#include <string.h>

#include "cache/cache.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "db/dbfile.h"
#include "log/log.h"
#include "os/folder.h"

void
cache_give(const struct conf *conf, uid_t uid, gid_t gid)
{
	const struct folder_owner owner = { uid, gid };
	struct conf_cache url;
	char dir[PATH_MAX], error[DB_ERROR_MAX];
	struct stat st;

	(void)conf_cache_parse(conf->cache_url, &url);
	explicit_bzero(url.password, sizeof(url.password));
	/* A directory that is there keeps its owner. */
	if (url.kind == CONF_CACHE_FILE && folder_of(url.path, dir) == 0 &&
	    lstat(dir, &st) == -1 &&
	    dbfile_directory(url.path, &owner, error) == -1)
		log_warning("cache: %s", error);
}
