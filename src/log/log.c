/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
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
#include "log/logfile.h"

#define MESSAGE_MAX 2048 /* bytes of a message; longer ones are cut */
#define RECORD_MAX  (8 * MESSAGE_MAX) /* bytes of one record, escaped */

static const struct {
	const char *name;
	int priority; /* syslog(3) */
} log_levels[] = { [LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR } };

/* Set by log_open() before there are threads. */
static int level = LOG_LEVEL_INFO, format = LOG_FORMAT_TEXT;
static struct logfile log_file = LOGFILE(STDERR_FILENO);
static bool to_syslog;

int
log_check(const char *target)
{
	return target[0] != '/' ? 0 : logfile_check(target);
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
		return logfile_why(error);
	}
}

int
log_open(const struct conf *conf)
{
	bool syslog_wanted = strcmp(conf->log_target, "syslog") == 0;

	if (conf->log_target[0] != '/')
		logfile_leave(&log_file, STDERR_FILENO);
	else if (logfile_open(&log_file, conf->log_target) == -1)
		return -1;
	if (syslog_wanted && !to_syslog)
		openlog("ctim-relay", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	to_syslog = syslog_wanted;
	level = conf->log_level;
	format = conf->log_format;
	return 0;
}

int
log_adopt(const struct conf *conf, int fd)
{
	int r = log_open(conf), error = errno;

	if (r == 0 || fd <= STDERR_FILENO) {
		if (fd > STDERR_FILENO)
			(void)close(fd);
		errno = error;
		return r;
	}
	if (logfile_adopt(&log_file, conf->log_target, fd) == -1)
		return -1;
	level = conf->log_level;
	format = conf->log_format;
	return 0;
}

int
log_give(uid_t uid, gid_t gid)
{
	return logfile_give(&log_file, uid, gid);
}

int
log_reopen(void)
{
	return logfile_reopen(&log_file);
}

int
log_keep(void)
{
	if (to_syslog) {
		closelog();
		openlog("ctim-relay", LOG_PID, LOG_DAEMON);
	}
	return log_file.fd;
}

/* Writes one line.  A log that cannot be written must not stop the service. */
static void
log_put(int l, struct buf *b)
{
	if (to_syslog)
		syslog(log_levels[l].priority, "%s", b->data);
	else
		(void)logfile_put(&log_file, b);
}

void
log_time(char text[RFC3339_MAX])
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
	log_time(time);
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
		if (r->maps > 0)
			jsonout_kint(&j, "map_ms", r->map_ms);
		jsonout_kstring(&j, "id", dash(r->id));
		jsonout_kstring(&j, "token", dash(r->token));
		if (r->trace != NULL)
			jsonout_kstring(&j, "trace", r->trace);
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
		if (r->maps > 0)
			log_number(&b, " map_ms=", r->map_ms);
		log_word(&b, " id=", r->id);
		log_word(&b, " token=", r->token);
		if (r->trace != NULL)
			log_word(&b, " trace=", r->trace);
		log_put(LOG_LEVEL_INFO, &b);
	}
}
