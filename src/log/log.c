#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "json/jsonout.h"
#include "log/log.h"
#include "os/pollone.h"

#define MESSAGE_MAX 2048 /* bytes of a message; longer ones are cut */
#define RECORD_MAX  (8 * MESSAGE_MAX) /* bytes of one record, escaped */

static const struct {
	const char *name;
	int priority; /* syslog(3) */
} log_levels[] = { [LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR } };

/*
 * Set by log_open() before there are threads, but for the descriptor: a
 * re-opened file takes the same number by dup3(2), so writers need no lock.
 */
static int level = LOG_LEVEL_INFO, format = LOG_FORMAT_TEXT;
static int fd = STDERR_FILENO;
static bool to_syslog;
static bool may_block = true; /* fd is no regular file */
static char *file;
static bool made; /* log_open() made the file */

/* A full disk has cut the file within a line: the next record first ends that
 * line.  In memory that all processes share which write to the file, if there
 * is memory for that. */
static _Atomic bool own_torn, *torn = &own_torn;

static void
log_share_torn(void)
{
	void *p;

	if (torn != &own_torn)
		return;
	p = mmap(NULL, sizeof(*torn), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p != MAP_FAILED)
		torn = p;
}

/* Whether the file ends within a line. */
static bool
log_is_torn(const char *path)
{
	int in = open(
	    path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	off_t end = in == -1 ? -1 : lseek(in, 0, SEEK_END);
	char last = '\n';

	if (end > 0 && pread(in, &last, 1, end - 1) != 1)
		last = '\n';
	if (in != -1)
		close(in);
	return last != '\n';
}

/* Refuses anything but a regular file: a record would go where a link leads, or
 * into a device; and for root also a file with a second name, which may be
 * another file's.  Returns 0, or an errno for log_why(). */
static int
log_refuses(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return ELOOP;
	if (!S_ISREG(st->st_mode))
		return ENODEV;
	return st->st_nlink > 1 && geteuid() == 0 ? EMLINK : 0;
}

int
log_check(const char *target)
{
	struct stat st;

	return target[0] != '/' || lstat(target, &st) == -1 ? 0 :
							      log_refuses(&st);
}

/* Opens the log; *created says whether the file was missing.  A pipe without a
 * reader, a terminal and the like must not hold the caller, hence O_NONBLOCK,
 * which regular files ignore.  Returns -1 with errno. */
static int
log_open_file(const char *path, bool *created)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY |
	    O_NOFOLLOW | O_NONBLOCK;
	struct stat st;
	int new, error;

	new = open(path, flags | O_CREAT | O_EXCL, 0640);
	*created = new != -1;
	if (new == -1 && errno == EEXIST)
		new = open(path, flags);
	if (new == -1) {
		if (errno == ENXIO || errno == EISDIR)
			errno = ENODEV;
		return -1;
	}
	error = fstat(new, &st) == -1 ? errno : log_refuses(&st);
	if (error != 0) {
		close(new);
		errno = error;
		return -1;
	}
	return new;
}

const char *
log_why(int error)
{
	switch (error) {
	case ELOOP:
		return "is a link, and those are not followed; name the file "
		       "itself, or write `target = stderr`";
	case ENODEV:
		return "is no regular file; write `target = stderr` and let "
		       "who starts the gateway lead that elsewhere";
	case EMLINK:
		return "has more than one name; remove the others, or write "
		       "`target = stderr`";
	default:
		return strerror(error);
	}
}

int
log_open(const struct conf *conf)
{
	struct stat st;
	char *path = NULL;
	int new = STDERR_FILENO;
	bool created = false;
	bool syslog_wanted = strcmp(conf->log_target, "syslog") == 0;

	if (conf->log_target[0] == '/') {
		if ((path = strdup(conf->log_target)) == NULL)
			return -1;
		if ((new = log_open_file(path, &created)) == -1) {
			free(path);
			return -1;
		}
	}
	if (fd != STDERR_FILENO)
		close(fd);
	free(file);
	fd = new;
	file = path;
	made = created;
	may_block = fstat(fd, &st) == -1 || !S_ISREG(st.st_mode);
	if (file != NULL)
		log_share_torn();
	atomic_store(torn, !may_block && file != NULL && log_is_torn(file));
	if (syslog_wanted && !to_syslog)
		openlog("ctim-relay", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	to_syslog = syslog_wanted;
	level = conf->log_level;
	format = conf->log_format;
	return 0;
}

int
log_give(uid_t uid, gid_t gid)
{
	struct stat st;

	if (file == NULL)
		return 0;
	if (made)
		return fchown(fd, uid, gid);
	if (fstat(fd, &st) == -1)
		return -1;
	errno = EACCES;
	return st.st_uid == uid || (st.st_mode & S_IWOTH) != 0 ||
		(st.st_gid == gid && (st.st_mode & S_IWGRP) != 0) ?
	    0 :
	    -1;
}

int
log_reopen(void)
{
	bool created;
	int new, r;

	if (file == NULL)
		return 0;
	if ((new = log_open_file(file, &created)) == -1)
		return -1;
	r = dup3(new, fd, O_CLOEXEC);
	close(new);
	if (r != -1)
		atomic_store(torn, !may_block && log_is_torn(file));
	return r == -1 ? -1 : 0;
}

/* Writes one line.  A log that cannot be written must not stop the service. */
static void
log_put(int l, struct buf *b)
{
	static char newline[] = "\n";
	struct iovec out[2] = { { newline, 1 } };
	bool mend;
	ssize_t n;
	int ready;

	if (to_syslog) {
		syslog(log_levels[l].priority, "%s", b->data);
		return;
	}
	buf_addc(b, '\n');
	/* A pipe whose reader stalls would hold the thread that logs, in the
	 * middle of a request or of a stop: then the record is lost. */
	if (may_block &&
	    ((ready = pollone(fd, POLLOUT, 0)) <= 0 || !(ready & POLLOUT)))
		return;
	out[1] = (struct iovec){ b->data, b->len };
	mend = atomic_exchange(torn, false);
	do
		n = writev(fd, mend ? out : out + 1, mend ? 2 : 1);
	while (n == -1 && errno == EINTR);
	if (n == -1 ? mend : n > mend && (size_t)n < b->len + mend)
		atomic_store(torn, true);
}

static void
now_text(char text[RFC3339_MAX])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (rfc3339_milli(
		text, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000) == -1)
		rfc3339_text(text, now.tv_sec); /* which clamps it */
}

/* Begins a record with the part that all records have, which leaves a JSON
 * object open.  Records are made on the stack, because a lack of memory must be
 * logged too. */
static void
head(struct buf *b, char room[RECORD_MAX + 1], struct jsonout *j, int l)
{
	char time[RFC3339_MAX];

	buf_fixed(b, room, RECORD_MAX + 1);
	now_text(time);
	if (format == LOG_FORMAT_JSON) {
		jsonout_init(j, b);
		jsonout_object(j);
		jsonout_kstring(j, "time", time);
		jsonout_kstring(j, "level", log_levels[l].name);
		jsonout_kint(j, "pid", getpid());
	} else if (to_syslog) {
		buf_addf(b, "%s ", log_levels[l].name);
	} else {
		buf_adds(b, time);
		buf_addc(b, ' ');
		buf_addi(b, getpid());
		buf_addc(b, ' ');
		buf_adds(b, log_levels[l].name);
		buf_addc(b, ' ');
	}
}

/* Ends a JSON record, for which RECORD_MAX has room, and puts it into the log. */
static void
log_end_record(int l, struct buf *b, struct jsonout *j)
{
	jsonout_end_object(j);
	if (jsonout_done(j) == 0)
		log_put(l, b);
}

/* Adds a text, which may come from outside, as one line without anything that a
 * terminal obeys. */
static void
log_plain(struct buf *b, const char *s)
{
	size_t n;

	for (; *s != '\0'; s++) {
		n = utf8_control(s, strnlen(s, 2));
		if (n == 0) {
			buf_addc(b, *s);
			continue;
		}
		s += n - 1; /* C1: its second byte is the code point */
		buf_addf(b, "\\x%02x", (unsigned char)*s);
	}
}

static void __attribute__((format(printf, 2, 0)))
record(int l, const char *message, va_list ap)
{
	static const char cut[] = " (cut)";
	char text[MESSAGE_MAX], room[RECORD_MAX + 1];
	struct buf b;
	struct jsonout j;
	int saved = errno, n;

	if (l < level)
		return;
	n = vsnprintf(text, sizeof(text), message, ap);
	if (n < 0)
		text[0] = '\0';
	else if ((size_t)n >= sizeof(text))
		memcpy(text + sizeof(text) - sizeof(cut), cut, sizeof(cut));
	head(&b, room, &j, l);
	if (format == LOG_FORMAT_JSON) {
		jsonout_kstring(&j, "message", text);
		log_end_record(l, &b, &j);
	} else {
		log_plain(&b, text);
		log_put(l, &b);
	}
	errno = saved;
}

#define LEVEL_FUNCTION(name, l)             \
	void name(const char *message, ...) \
	{                                   \
		va_list ap;                 \
                                            \
		va_start(ap, message);      \
		record(l, message, ap);     \
		va_end(ap);                 \
	}

LEVEL_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
LEVEL_FUNCTION(log_info, LOG_LEVEL_INFO)
LEVEL_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LEVEL_FUNCTION(log_error, LOG_LEVEL_ERROR)

static const char *
dash(const char *s)
{
	return s == NULL ? "-" : s;
}

/* These two instead of printf(3), which takes longer than all else that a record
 * needs. */
static void
log_word(struct buf *b, const char *name, const char *value)
{
	buf_adds(b, name);
	buf_adds(b, dash(value));
}

static void
log_number(struct buf *b, const char *name, int64_t value)
{
	buf_adds(b, name);
	buf_addi(b, value);
}

void
log_request(const struct log_request *r)
{
	char room[RECORD_MAX + 1];
	struct buf b;
	struct jsonout j;

	if (LOG_LEVEL_INFO < level)
		return;
	head(&b, room, &j, LOG_LEVEL_INFO);
	if (format == LOG_FORMAT_JSON) {
		jsonout_kstring(&j, "relay", dash(r->relay));
		jsonout_kstring(&j, "route", dash(r->route));
		jsonout_kint(&j, "status", r->status);
		jsonout_kint(&j, "observables", (int64_t)r->observables);
		jsonout_kint(&j, "entities", (int64_t)r->entities);
		jsonout_kint(&j, "errors", (int64_t)r->errors);
		jsonout_kint(&j, "calls", (int64_t)r->calls);
		jsonout_kint(&j, "cached", (int64_t)r->cached);
		jsonout_kint(&j, "bytes", (int64_t)r->bytes);
		jsonout_kint(&j, "ms", r->ms);
		jsonout_kstring(&j, "id", dash(r->id));
		jsonout_kstring(&j, "token", dash(r->token));
		log_end_record(LOG_LEVEL_INFO, &b, &j);
	} else {
		log_word(&b, "relay=", r->relay);
		log_word(&b, " route=", r->route);
		log_number(&b, " status=", r->status);
		log_number(&b, " observables=", (int64_t)r->observables);
		log_number(&b, " entities=", (int64_t)r->entities);
		log_number(&b, " errors=", (int64_t)r->errors);
		log_number(&b, " calls=", (int64_t)r->calls);
		log_number(&b, " cached=", (int64_t)r->cached);
		log_number(&b, " bytes=", (int64_t)r->bytes);
		log_number(&b, " ms=", r->ms);
		log_word(&b, " id=", r->id);
		log_word(&b, " token=", r->token);
		log_put(LOG_LEVEL_INFO, &b);
	}
}
