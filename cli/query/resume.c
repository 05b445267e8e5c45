/* SPDX-License-Identifier: MIT */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/query/resume.h"
#include "cli/terms/terms.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "os/clock.h"
#include "os/regular.h"
#include "os/writeall.h"

#define LINE_MAX_BYTES (300U << 20) /* bytes of a line with an answer */
#define LINE_VALUES    20000000     /* JSON values of it */
#define HEAD_MAX       8192         /* bytes of the first line */
#define SYNC_EVERY     1000         /* ms between writes to the disk itself */
#define FORMAT         1            /* of the file */

struct resume {
	const struct command *cmd;
	const char *path;
	int fd;
	bool *done; /* for each observable */
	size_t n, n_done;
	int64_t synced; /* clock_ms() */
	struct buf line;
};

/* Where the lines of a file go. */
struct replay {
	struct resume *state;
	int (*take)(void *, size_t, size_t, struct json_object *);
	void *arg;
};

static int
resume_fail(const struct resume *s, const char *why)
{
	(void)command_fail(s->cmd, CMD_FAILED, "%s: %s", s->path, why);
	return -1;
}

/* Writes the first line. */
static int
write_head(const struct resume_key *key, struct buf *out)
{
	struct jsonout j;
	char id[TERMS_ID];

	if (terms_id(key->asked, id) == -1)
		return -1;
	jsonout_init(&j, out);
	jsonout_object(&j);
	jsonout_kint(&j, "ctim-relay query", FORMAT);
	jsonout_kstring(&j, "relay", key->relay);
	jsonout_kstring(&j, "route", key->route);
	jsonout_kint(&j, "observables", (int64_t)key->asked->n);
	jsonout_kstring(&j, "list", id);
	jsonout_end_object(&j);
	return jsonout_done(&j) == -1 ? -1 : buf_addc(out, '\n');
}

/*
 * Makes a new file with its first line, which nobody sees before that is
 * written. Returns the descriptor; or -1 with errno, EEXIST when there is one
 * already.
 */
static int
resume_make(const struct resume *s, const struct buf *head)
{
	char *name;
	int fd, error = 0;

	if (asprintf(&name, "%s.XXXXXX", s->path) == -1)
		return -1;
	if ((fd = mkostemp(name, O_CLOEXEC)) == -1) {
		error = errno;
		free(name);
		errno = error;
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == -1 ||
	    writeall(fd, head->data, head->len) == -1 || fsync(fd) == -1 ||
	    link(name, s->path) == -1)
		error = errno;
	(void)unlink(name);
	free(name);
	if (error != 0) {
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int
check_head(const struct resume *s, const char *line, const struct buf *head)
{
	struct json_object *said;
	int64_t version;
	bool ours;

	if (strcmp(line, head->data) == 0)
		return 0;
	said = jsonin_parse(line, strlen(line), 100, NULL);
	ours = jsonin_int(jsonin_member(said, "ctim-relay query"), &version);
	json_object_put(said);
	return resume_fail(s,
	    ours ? "this is the state of another query (relay, route or list "
		   "of observables differ); name another file, or remove this "
		   "one" :
		   "this is no state of a query; name a file that is not there "
		   "yet");
}

/* Reads which observables a line is about; false when it is no such line. */
static bool
read_range(
    const struct resume *s, struct json_object *said, size_t *from, size_t *to)
{
	int64_t a, b;

	if (!jsonin_int(jsonin_member(said, "from"), &a) ||
	    !jsonin_int(jsonin_member(said, "to"), &b) || a < 0 || a >= b ||
	    (uint64_t)b > s->n)
		return false;
	*from = (size_t)a;
	*to = (size_t)b;
	return true;
}

static void
mark(struct resume *s, size_t from, size_t to)
{
	for (; from < to; from++) {
		s->n_done += !s->done[from];
		s->done[from] = true;
	}
}

/* Whether one of the observables has an answer already.  Only a file that was
 * changed by hand has such a line: what it alone would answer is asked again,
 * so that nothing is shown twice. */
static bool
resume_overlaps(const struct resume *s, size_t from, size_t to)
{
	while (from < to && !s->done[from])
		from++;
	return from < to;
}

/* Hands on the answer of a line.  Returns 0, or -1 after printing the error. */
static int
replay_line(struct replay *r, const char *line, size_t len)
{
	struct resume *s = r->state;
	struct json_object *said, *answer;
	size_t from, to;
	int status = 0;

	said = jsonin_parse(line, len, LINE_VALUES, NULL);
	answer = jsonin_member(said, "answer");
	if (answer == NULL || !read_range(s, said, &from, &to))
		status = resume_fail(s,
		    "a line of it is damaged; remove the file to begin again");
	else if (json_object_get_boolean(jsonin_member(said, "whole")) &&
	    !resume_overlaps(s, from, to)) {
		mark(s, from, to);
		status = r->take(r->arg, from, to, answer) == CMD_OK ? 0 : -1;
	}
	json_object_put(said);
	return status;
}

/* Reads all lines; cuts off an unfinished one at the end. */
static int
resume_read_lines(struct replay *r, FILE *f, const struct buf *head)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	off_t good = 0;
	int status = 0;

	while (status == 0 && (n = getline(&line, &size, f)) > 0 &&
	    line[n - 1] == '\n') {
		status = good == 0 ? check_head(r->state, line, head) :
				     replay_line(r, line, (size_t)n);
		good += n;
	}
	if (status == 0 && ferror(f))
		status = resume_fail(r->state, strerror(errno));
	else if (status == 0 && good == 0)
		status = check_head(r->state, "", head);
	else if (status == 0 &&
	    (ftruncate(r->state->fd, good) == -1 ||
		lseek(r->state->fd, good, SEEK_SET) == -1))
		status = resume_fail(r->state, strerror(errno));
	free(line);
	return status;
}

static int
resume_read_file(struct replay *r, const struct buf *head)
{
	struct resume *s = r->state;
	FILE *f;
	int fd, status;

	if (flock(s->fd, LOCK_EX | LOCK_NB) == -1)
		return resume_fail(s,
		    errno == EWOULDBLOCK ? "another query that is "
					   "running has this state" :
					   strerror(errno));
	if ((fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return resume_fail(s, strerror(errno));
	if ((f = fdopen(fd, "r")) == NULL) {
		close(fd);
		return resume_fail(s, strerror(errno));
	}
	status = resume_read_lines(r, f, head);
	fclose(f);
	return status;
}

static int
resume_open_file(struct replay *r, const struct resume_key *key)
{
	struct resume *s = r->state;
	struct buf head;
	struct stat st;
	const char *why;
	int status;

	buf_init(&head, HEAD_MAX);
	if (write_head(key, &head) == -1)
		status = resume_fail(s, "no memory left");
	else if ((s->fd = resume_make(s, &head)) != -1)
		status = 0;
	else if (errno != EEXIST)
		status = resume_fail(s, strerror(errno));
	else if ((s->fd = regular_open(s->path, O_RDWR, &st, &why)) == -1)
		status = resume_fail(s, why);
	else
		status = resume_read_file(r, &head);
	buf_free(&head);
	return status;
}

struct resume *
resume_open(const struct command *cmd, const char *path,
    const struct resume_key *key,
    int (*take)(void *, size_t, size_t, struct json_object *), void *arg)
{
	struct resume *s = calloc(1, sizeof(*s));
	struct replay r = { s, take, arg };

	if (s == NULL ||
	    (s->done = calloc(key->asked->n, sizeof(*s->done))) == NULL) {
		free(s);
		(void)command_fail(cmd, CMD_FAILED, "no memory left");
		return NULL;
	}
	s->cmd = cmd;
	s->path = path;
	s->fd = -1;
	s->n = key->asked->n;
	buf_init(&s->line, LINE_MAX_BYTES);
	if (resume_open_file(&r, key) == -1) {
		(void)resume_close(s);
		return NULL;
	}
	return s;
}

int
resume_close(struct resume *s)
{
	int r = 0, error;

	if (s == NULL)
		return 0;
	if (s->fd != -1)
		r = fdatasync(s->fd);
	error = errno;
	if (s->fd != -1)
		close(s->fd);
	buf_free(&s->line);
	free(s->done);
	free(s);
	errno = error;
	return r;
}

int
resume_add(struct resume *s, size_t from, size_t to, bool whole,
    const char *answer, size_t len)
{
	size_t at;

	buf_reset(&s->line);
	buf_addf(&s->line,
	    "{\"from\":%zu,\"to\":%zu,\"whole\":%s,\"answer\":", from, to,
	    whole ? "true" : "false");
	at = s->line.len;
	buf_add(&s->line, answer, len);
	/* Line ends in JSON stand between values alone (RFC 8259, section
	 * 7). */
	for (; at < s->line.len; at++)
		if (s->line.data[at] == '\n' || s->line.data[at] == '\r')
			s->line.data[at] = ' ';
	buf_adds(&s->line, "}\n");
	if (s->line.failed) {
		errno = ENOMEM;
		return -1;
	}
	if (writeall(s->fd, s->line.data, s->line.len) == -1)
		return -1;
	mark(s, from, to);
	if (clock_ms() - s->synced < SYNC_EVERY)
		return 0;
	s->synced = clock_ms();
	return fdatasync(s->fd);
}

bool
resume_next(const struct resume *s, size_t *from, size_t *to)
{
	while (*from < s->n && s->done[*from])
		++*from;
	for (*to = *from; *to < s->n && !s->done[*to];)
		++*to;
	return *from < s->n;
}

size_t
resume_done(const struct resume *s)
{
	return s->n_done;
}
