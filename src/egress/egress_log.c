/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "egress/egress_log.h"
#include "json/jsonout.h"
#include "log/log.h"
#include "log/logfile.h"

#define EGRESS_LINE  (1U << 20) /* bytes; what a call sends has 64 KB */
#define EGRESS_EVERY 60000      /* ms between complaints */

static pthread_mutex_t egress_lock = PTHREAD_MUTEX_INITIALIZER;
static struct logfile egress_file = LOGFILE(-1);

/* Gives a file that root made to the owner of its folder, so that the service can
 * go on writing what a command of root's began. */
static void
egress_log_own(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *folder;

	if (!egress_file.made || geteuid() != 0 ||
	    (folder = strndup(path, (size_t)(slash - path) + 1)) == NULL)
		return;
	if (stat(folder, &st) == 0)
		(void)logfile_give(&egress_file, st.st_uid, st.st_gid);
	free(folder);
}

/* Opens the file at a path, unless it is.  The lock is held.  Returns 0, or -1
 * with errno. */
static int
egress_log_ready(const char *path)
{
	int error;

	if (egress_file.path != NULL && strcmp(egress_file.path, path) == 0)
		return 0;
	if (logfile_open(&egress_file, path) == -1) {
		error = errno;
		logfile_leave(&egress_file, -1);
		errno = error;
		return -1;
	}
	egress_log_own(path);
	return 0;
}

/* Says that the file cannot be written, once a minute. */
static void
egress_log_complain(const struct conf *conf, int error)
{
	if (logfile_tell(&egress_file, EGRESS_EVERY))
		log_error("[egress] log %s: %s; %s", conf->egress.log,
		    logfile_why(error),
		    conf->egress.log_required ?
			"no value leaves until it can be written" :
			"values leave without a line there");
}

void
egress_log_open(const struct conf *conf)
{
	const char *path = conf->egress.log;
	int error = 0;

	(void)pthread_mutex_lock(&egress_lock);
	if (path == NULL)
		logfile_leave(&egress_file, -1);
	else if (egress_log_ready(path) == -1 ||
	    logfile_reopen(&egress_file) == -1)
		error = errno;
	(void)pthread_mutex_unlock(&egress_lock);
	if (error != 0)
		egress_log_complain(conf, error);
}

void
egress_log_adopt(const struct conf *conf, int fd)
{
	const char *path = conf->egress.log;

	if (fd != -1 && path != NULL &&
	    logfile_adopt(&egress_file, path, fd) == 0)
		fd = -1;
	if (fd != -1)
		(void)close(fd);
	egress_log_open(conf);
}

int
egress_log_keep(void)
{
	return egress_file.fd;
}

int
egress_log_give(uid_t uid, gid_t gid)
{
	return logfile_give(&egress_file, uid, gid);
}

void
egress_log_reopen(void)
{
	int error = 0;

	(void)pthread_mutex_lock(&egress_lock);
	if (logfile_reopen(&egress_file) == -1)
		error = errno;
	(void)pthread_mutex_unlock(&egress_lock);
	if (error != 0)
		log_warning("[egress] log: %s", logfile_why(error));
}

/* The host of an origin, "https://api.example:443", without its port. */
static void
egress_log_host(struct jsonout *j, const char *origin)
{
	const char *host = strstr(origin, "://"), *port;

	host = host == NULL ? origin : host + 3;
	port = strrchr(host, ':');
	jsonout_key(j, "host");
	jsonout_bytes(
	    j, host, port == NULL ? strlen(host) : (size_t)(port - host));
}

/* Returns 0, or -1 when memory ran out. */
static int
egress_log_line(struct buf *b, const struct egress_line *l)
{
	char now[RFC3339_MAX];
	struct jsonout j;

	log_time(now);
	jsonout_init(&j, b);
	jsonout_object(&j);
	jsonout_kstring(&j, "time", now);
	jsonout_kstring(&j, "relay", l->relay);
	egress_log_host(&j, l->origin);
	jsonout_kstring(&j, "type", l->type);
	jsonout_kstring(&j, "value", l->value);
	jsonout_kstring(&j, "id", l->id);
	jsonout_end_object(&j);
	return jsonout_done(&j);
}

bool
egress_log_write(const struct conf *conf, const struct egress_line *line)
{
	struct buf b;
	int error = 0;

	if (conf->egress.log == NULL)
		return true;
	buf_init(&b, EGRESS_LINE);
	if (egress_log_line(&b, line) == -1)
		error = ENOMEM;
	(void)pthread_mutex_lock(&egress_lock);
	if (error == 0 &&
	    (egress_log_ready(conf->egress.log) == -1 ||
		logfile_put(&egress_file, &b) == -1))
		error = errno;
	(void)pthread_mutex_unlock(&egress_lock);
	buf_free(&b);
	if (error != 0)
		egress_log_complain(conf, error);
	return error == 0;
}
