/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "fcgi/master/handover.h"
#include "fcgi/metrics/metrics.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "os/writeall.h"

#define VARIABLE   "CTIM_RELAY_HANDOVER" /* PID:DESCRIPTOR */
#define TEXT_MAX   (1U << 20)            /* bytes; a worker has some 40 */
#define VALUES_MAX 65536                 /* of JSON */

/* --- leaving ------------------------------------------------------------- */

static size_t
handover_fds(const struct handover *h, int fd[HANDOVER_FDS])
{
	const struct control_talk *t;
	size_t n = 0, i;

	for (i = 0; i < h->listener.n; i++)
		fd[n++] = h->listener.fd[i];
	for (i = 0; i < BALANCE_LANES; i++) {
		fd[n++] = h->share->lane[i][0];
		fd[n++] = h->share->lane[i][1];
	}
	if (h->share->memory != -1)
		fd[n++] = h->share->memory;
	if (h->metrics->fd != -1)
		fd[n++] = h->metrics->fd;
	if (h->control->fd != -1)
		fd[n++] = h->control->fd;
	for (t = h->control->talk; t < h->control->talk + CONTROL_PLACES; t++)
		if (t->fd != -1 && t->waits != 0)
			fd[n++] = t->fd;
	if (h->log > STDERR_FILENO)
		fd[n++] = h->log;
	if (h->egress > STDERR_FILENO)
		fd[n++] = h->egress;
	return n;
}

static int
handover_inherited(const struct handover *h, bool yes)
{
	int fd[HANDOVER_FDS], r = 0;
	size_t n = handover_fds(h, fd);

	while (n > 0)
		if (fcntl(fd[--n], F_SETFD, yes ? 0 : FD_CLOEXEC) == -1)
			r = -1;
	return r;
}

static void
handover_write_file(struct jsonout *j, const struct unixsocket *u)
{
	jsonout_kstring(j, "path", u->path);
	jsonout_kint(j, "dev", (int64_t)u->dev);
	jsonout_kint(j, "ino", (int64_t)u->ino);
}

static void
handover_write_listener(struct jsonout *j, const struct listener *l)
{
	size_t i;

	jsonout_kobject(j, "listener");
	jsonout_karray(j, "sockets");
	for (i = 0; i < l->n; i++)
		jsonout_int(j, l->fd[i]);
	jsonout_end_array(j);
	jsonout_kbool(j, "own", l->own);
	jsonout_kstring(j, "text", l->text);
	handover_write_file(j, &l->file);
	jsonout_end_object(j);
}

static void
handover_write_control(struct jsonout *j, const struct control *c)
{
	const struct control_talk *t;

	jsonout_kobject(j, "control");
	jsonout_kint(j, "socket", c->fd);
	handover_write_file(j, &c->file);
	jsonout_karray(j, "wait");
	for (t = c->talk; t < c->talk + CONTROL_PLACES; t++) {
		if (t->fd == -1 || t->waits == 0)
			continue;
		jsonout_object(j);
		jsonout_kint(j, "socket", t->fd);
		jsonout_kint(j, "for", (int64_t)t->waits);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
	jsonout_end_object(j);
}

static void
handover_write_metrics(struct jsonout *j, const struct metrics *m)
{
	jsonout_kobject(j, "metrics");
	jsonout_kint(j, "socket", m->fd);
	jsonout_kstring(j, "address", m->text);
	jsonout_end_object(j);
}

static void
handover_write_balance(struct jsonout *j, const struct balance *s)
{
	int i;

	jsonout_kobject(j, "balance");
	jsonout_kint(j, "memory", s->memory);
	jsonout_karray(j, "lanes");
	for (i = 0; i < BALANCE_LANES * 2; i++)
		jsonout_int(j, s->lane[i / 2][i % 2]);
	jsonout_end_array(j);
	jsonout_end_object(j);
}

static void
handover_write_workers(struct jsonout *j, const struct handover *h)
{
	const struct handover_worker *w;

	jsonout_karray(j, "workers");
	for (w = h->worker; w < h->worker + h->workers; w++) {
		jsonout_object(j);
		jsonout_kint(j, "pid", w->pid);
		jsonout_kint(j, "slot", w->slot);
		jsonout_kbool(j, "told", w->told);
		jsonout_kbool(j, "blind", w->blind);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
}

static int
handover_text(const struct handover *h, struct buf *text)
{
	struct jsonout j;

	jsonout_init(&j, text);
	jsonout_object(&j);
	jsonout_kint(&j, "format", HANDOVER_FORMAT);
	handover_write_listener(&j, &h->listener);
	handover_write_control(&j, h->control);
	handover_write_metrics(&j, h->metrics);
	handover_write_balance(&j, h->share);
	jsonout_kint(&j, "log", h->log);
	jsonout_kint(&j, "egress", h->egress);
	jsonout_kint(&j, "turn", (int64_t)h->turn);
	jsonout_kbool(&j, "again", h->again);
	jsonout_kbool(&j, "upgrade", h->upgrade);
	jsonout_kint(&j, "deadline", h->deadline);
	handover_write_workers(&j, h);
	jsonout_end_object(&j);
	return jsonout_done(&j);
}

int
handover_leave(const struct handover *h)
{
	char variable[64];
	struct buf text;
	int fd = -1, error;

	buf_init(&text, TEXT_MAX);
	if (handover_text(h, &text) == -1)
		errno = ENOMEM;
	else if ((fd = memfd_create("handover", 0)) != -1) {
		(void)snprintf(variable, sizeof(variable), "%jd:%d",
		    (intmax_t)getpid(), fd);
		if (writeall(fd, text.data, text.len) == -1 ||
		    setenv(VARIABLE, variable, 1) == -1 ||
		    handover_inherited(h, true) == -1) {
			error = errno;
			handover_undo(h, fd);
			errno = error;
			fd = -1;
		}
	}
	buf_free(&text);
	return fd;
}

void
handover_undo(const struct handover *h, int text)
{
	(void)unsetenv(VARIABLE);
	(void)handover_inherited(h, false);
	if (text != -1)
		(void)close(text);
}

/* --- taking -------------------------------------------------------------- */

/* A member that is a number from least to most; otherwise, what is not there. */
static int64_t
handover_number(struct json_object *o, const char *name, int64_t least,
    int64_t most, int64_t otherwise)
{
	int64_t n;

	return jsonin_int(jsonin_member(o, name), &n) && n >= least &&
		n <= most ?
	    n :
	    otherwise;
}

static bool
handover_flag(struct json_object *o, const char *name)
{
	return json_object_get_boolean(jsonin_member(o, name)) != 0;
}

/* A descriptor that is open, and from here on close-on-exec unless it is standard
 * error, which each program has; -1: it is none. */
static int
handover_fd(struct json_object *value)
{
	int64_t n;

	return jsonin_int(value, &n) && n >= 0 && n <= INT32_MAX &&
		fcntl((int)n, F_SETFD, n == STDERR_FILENO ? 0 : FD_CLOEXEC) ==
		    0 ?
	    (int)n :
	    -1;
}

static void
handover_read_file(struct json_object *o, struct unixsocket *u)
{
	const char *path = jsonin_string(o, "path");

	*u = (struct unixsocket){ .maker = getpid() };
	if (path == NULL)
		return;
	(void)snprintf(u->path, sizeof(u->path), "%s", path);
	u->dev = (dev_t)handover_number(o, "dev", INT64_MIN, INT64_MAX, 0);
	u->ino = (ino_t)handover_number(o, "ino", INT64_MIN, INT64_MAX, 0);
}

static int
handover_read_listener(struct json_object *o, struct listener *l)
{
	struct json_object *sockets = jsonin_member(o, "sockets");
	const char *text = jsonin_string(o, "text");
	size_t i;
	int fd;

	*l = (struct listener){ .own = handover_flag(o, "own") };
	for (i = 0; i < jsonin_length(sockets) && i < LISTENER_MAX; i++)
		if ((fd = handover_fd(jsonin_at(sockets, i))) != -1)
			l->fd[l->n++] = fd;
	(void)snprintf(
	    l->text, sizeof(l->text), "%s", text == NULL ? "a socket" : text);
	handover_read_file(o, &l->file);
	return l->n > 0 ? 0 : -1;
}

static void
handover_read_control(struct json_object *o, struct control *c)
{
	struct json_object *all = jsonin_member(o, "wait"), *one;
	struct control_talk *t = c->talk;
	size_t i;
	int fd;

	c->fd = handover_fd(jsonin_member(o, "socket"));
	handover_read_file(o, &c->file);
	for (i = 0; i < jsonin_length(all) && i < CONTROL_PLACES; i++) {
		one = jsonin_at(all, i);
		if ((fd = handover_fd(jsonin_member(one, "socket"))) == -1)
			continue;
		t->fd = fd;
		t->waits = (unsigned)handover_number(
		    one, "for", 1, UINT32_MAX, UINT32_MAX);
		t->until = INT64_MAX;
		t++;
	}
}

static void
handover_read_metrics(struct json_object *o, struct metrics *m)
{
	const char *address = jsonin_string(o, "address");

	m->fd = handover_fd(jsonin_member(o, "socket"));
	(void)snprintf(m->text, sizeof(m->text), "%s",
	    address == NULL || m->fd == -1 ? "" : address);
}

/* The descriptors of a balance that cannot be read are of no use. */
static void
handover_read_balance(struct json_object *o, struct handover *h)
{
	struct json_object *lanes = jsonin_member(o, "lanes");
	int memory = handover_fd(jsonin_member(o, "memory")), fd;
	size_t i;

	h->share = memory == -1 ? NULL : balance_adopt(memory);
	if (h->share == NULL && memory != -1)
		(void)close(memory);
	for (i = 0; i < jsonin_length(lanes); i++) {
		fd = handover_fd(jsonin_at(lanes, i));
		if (fd != -1 && h->share == NULL)
			(void)close(fd);
	}
}

static int
handover_read_workers(struct json_object *all, struct handover *h)
{
	size_t i, n = jsonin_length(all);
	struct handover_worker *w;
	struct json_object *one;

	if (n == 0)
		return 0;
	if ((h->worker = calloc(n, sizeof(*h->worker))) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		one = jsonin_at(all, i);
		w = &h->worker[h->workers];
		w->pid = (pid_t)handover_number(one, "pid", 1, INT32_MAX, 0);
		w->slot =
		    (int)handover_number(one, "slot", 0, BALANCE_SLOTS - 1, -1);
		w->told = handover_flag(one, "told");
		w->blind = handover_flag(one, "blind");
		h->workers += w->pid != 0 && w->slot != -1;
	}
	return 0;
}

static int
handover_read(struct json_object *o, struct handover *h, struct control *c)
{
	h->log = handover_fd(jsonin_member(o, "log"));
	h->egress = handover_fd(jsonin_member(o, "egress"));
	h->turn = (unsigned)handover_number(o, "turn", 1, UINT32_MAX, 1);
	h->again = handover_flag(o, "again");
	h->upgrade = handover_flag(o, "upgrade");
	h->deadline = (int)handover_number(o, "deadline", 0, INT32_MAX, 0);
	handover_read_control(jsonin_member(o, "control"), c);
	handover_read_metrics(jsonin_member(o, "metrics"), h->metrics);
	handover_read_balance(jsonin_member(o, "balance"), h);
	if (handover_read_workers(jsonin_member(o, "workers"), h) == -1)
		return -1;
	return handover_read_listener(
	    jsonin_member(o, "listener"), &h->listener);
}

/* The text behind a descriptor, which is closed.  NULL: it is none. */
static struct json_object *
handover_parse(int fd)
{
	struct json_object *o = NULL;
	struct stat st;
	char *text;

	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= TEXT_MAX &&
	    (text = malloc((size_t)st.st_size)) != NULL) {
		if (pread(fd, text, (size_t)st.st_size, 0) == st.st_size)
			o = jsonin_parse(
			    text, (size_t)st.st_size, VALUES_MAX, NULL);
		free(text);
	}
	(void)close(fd);
	return o;
}

int
handover_take(struct handover *h, struct control *c, struct metrics *m,
    char why[HANDOVER_WHY])
{
	const char *value = getenv(VARIABLE);
	struct json_object *o;
	intmax_t pid;
	int fd, r;

	*h = (struct handover){
		.control = c, .metrics = m, .log = -1, .egress = -1
	};
	if (value == NULL || sscanf(value, "%jd:%d", &pid, &fd) != 2 ||
	    pid != (intmax_t)getpid() || fd <= STDERR_FILENO) {
		(void)unsetenv(VARIABLE);
		return 0;
	}
	(void)unsetenv(VARIABLE);
	h->given = true;
	o = handover_parse(fd);
	r = o == NULL ? -1 : handover_read(o, h, c);
	json_object_put(o);
	if (r == -1)
		(void)snprintf(why, HANDOVER_WHY,
		    "what the binary before has left cannot be read; the "
		    "gateway has to be started again");
	return r;
}

void
handover_free(struct handover *h)
{
	free(h->worker);
	h->worker = NULL;
	h->workers = 0;
}
