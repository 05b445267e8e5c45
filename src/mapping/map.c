/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "mapping/map.h"
#include "mapping/map_own.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "os/clock.h"
#include "os/pollone.h"

#define FAILURES 5     /* in a row, after which a program is off … */
#define OFF      60000 /* … for so many ms */
#define REST \
	((MAPFRAME_IDLE - 5) * 1000) /* ms after which a worker is
						* not asked any more: it is
						* about to leave */
#define KILL_TIME 100                /* ms for the order to kill */
#define ERROR_MAX 16384              /* bytes of the line with the error */

int64_t map_time = MAP_TIME;

struct map_worker {
	struct map_master *master;
	int fd;          /* -1: there is none */
	uint32_t number; /* for MAPFRAME_KILL */
	bool told;       /* the number is known */
	int64_t used;    /* clock_ms() of its last answer */
	struct buf in;   /* an answer */
};

_Static_assert(MAP_QUESTION == MAPFRAME_QUESTION,
    "a question that can be made can be put");

/* What becomes of a read or a write of a worker's socket. */
enum map_way { MAP_GOES, MAP_TIMED_OUT, MAP_GONE };

struct map_worker *
map_worker_new(struct map_master *m)
{
	struct map_worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->master = m;
	w->fd = -1;
	/* "[" comes before it. */
	buf_init(&w->in, 1 + MAPFRAME_ANSWER + ERROR_MAX);
	return w;
}

/* Lets the worker leave, which sees that its socket has ended. */
static void
map_worker_leave(struct map_worker *w)
{
	if (w->fd != -1)
		(void)close(w->fd);
	w->fd = -1;
	w->told = false;
}

void
map_worker_free(struct map_worker *w)
{
	if (w == NULL)
		return;
	map_worker_leave(w);
	buf_free(&w->in);
	free(w);
}

/* --- the socket ---------------------------------------------------------- */

static enum map_way
map_wait(const struct map_worker *w, short events, int64_t until)
{
	int r = pollone(w->fd, events, until);

	return r > 0 ? MAP_GOES : r == 0 ? MAP_TIMED_OUT : MAP_GONE;
}

static enum map_way
map_write(const struct map_worker *w, const void *from, size_t n, int64_t until)
{
	const char *p = from;
	enum map_way way = MAP_GOES;
	ssize_t put;

	while (n > 0 && way == MAP_GOES) {
		put = send(w->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (put >= 0) {
			p += put;
			n -= (size_t)put;
		} else if (errno == EAGAIN) {
			way = map_wait(w, POLLOUT, until);
		} else if (errno != EINTR) {
			way = MAP_GONE;
		}
	}
	return way;
}

static enum map_way
map_read(const struct map_worker *w, void *to, size_t n, int64_t until)
{
	char *p = to;
	enum map_way way = MAP_GOES;
	ssize_t got;

	while (n > 0 && way == MAP_GOES) {
		got = recv(w->fd, p, n, MSG_DONTWAIT);
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		} else if (got == -1 && errno == EAGAIN) {
			way = map_wait(w, POLLIN, until);
		} else if (got == 0 || errno != EINTR) {
			way = MAP_GONE;
		}
	}
	return way;
}

/* --- the worker ---------------------------------------------------------- */

/* Ends a worker that does not end by itself. */
static void
map_kill(struct map_worker *w)
{
	const struct mapframe f = { .what = MAPFRAME_KILL,
		.number = w->number };
	struct mapframe hello;

	/* It was late before it could be read. */
	if (!w->told &&
	    map_read(w, &hello, sizeof(hello), clock_ms() + KILL_TIME) ==
		MAP_GOES) {
		w->number = hello.number;
		w->told = true;
	}
	if (w->told)
		(void)map_send(w->master, &f, NULL, -1, clock_ms() + KILL_TIME);
	map_worker_leave(w);
}

/* Has a worker made unless there is one.  Returns 0, or -1 with errno. */
static int
map_worker_begin(struct map_worker *w, int program, int64_t until)
{
	const struct mapframe f = { .what = MAPFRAME_WORKER,
		.number = (uint32_t)program };
	int pair[2], r;

	/* What can be read now is its end. */
	if (w->fd != -1 &&
	    (clock_ms() - w->used >= REST || pollone(w->fd, POLLIN, 0) != 0))
		map_worker_leave(w);
	if (w->fd != -1)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	r = map_send(w->master, &f, NULL, pair[1], until);
	(void)close(pair[1]);
	if (r == -1) {
		(void)close(pair[0]);
		return -1;
	}
	w->fd = pair[0];
	return 0;
}

/* Reads the head of the answer; before it, from a new worker, what it is called. */
static enum map_way
map_read_head(struct map_worker *w, struct mapframe *f, int64_t until)
{
	enum map_way way = MAP_GOES;

	if (!w->told) {
		way = map_read(w, f, sizeof(*f), until);
		w->told = way == MAP_GOES;
		w->number = f->number;
	}
	return way == MAP_GOES ? map_read(w, f, sizeof(*f), until) : way;
}

/* Reads the text of the answer behind a "[". */
static enum map_way
map_read_text(struct map_worker *w, const struct mapframe *f, int64_t until)
{
	enum map_way way;
	char *p;

	if (buf_addc(&w->in, '[') == -1 ||
	    (p = buf_room(&w->in, f->length)) == NULL)
		return MAP_GONE;
	way = map_read(w, p, f->length, until);
	if (way == MAP_GOES) {
		w->in.len += f->length;
		w->in.data[w->in.len] = '\0';
	}
	return way;
}

/* Puts the question to the worker, and reads its answer. */
static enum map_way
map_exchange(struct map_worker *w, int program, const struct buf *question,
    int64_t until, struct mapframe *f)
{
	enum map_way way;

	*f = (struct mapframe){ .what = MAPFRAME_ASK,
		.number = (uint32_t)program,
		.length = (uint32_t)question->len };
	buf_reset(&w->in);
	way = map_write(w, f, sizeof(*f), until);
	if (way == MAP_GOES)
		way = map_write(w, question->data, question->len, until);
	/* One that ran out of memory may have left before it read all. */
	if (way != MAP_TIMED_OUT)
		way = map_read_head(w, f, until);
	return way == MAP_GOES ? map_read_text(w, f, until) : way;
}

/* --- the answer ---------------------------------------------------------- */

/* Takes the last line, which has the error, off the text. */
static void
map_take_error(struct buf *in, char *why, size_t size)
{
	struct json_object *said;
	size_t end = in->len - 1, start = end;

	while (start > 1 && in->data[start - 1] != '\n')
		start--;
	said = jsonin_parse(in->data + start, end - start, 1, NULL);
	(void)snprintf(why, size, "%s",
	    jsonin_text(said) != NULL ? jsonin_text(said) : "an error");
	json_object_put(said);
	in->len = start;
}

/* Reads the line behind a byte, with `values` values at most.  One that cannot be
 * read is its text, with the reason. */
static const char *
map_parse_line(
    char *before, char *end, size_t values, struct json_object **entity)
{
	struct json_object *list;
	const char *wrong;

	*entity = NULL;
	*before = '[';
	*end = ']';
	wrong =
	    jsonscan_answer(before, (size_t)(end - before) + 1, values, &list);
	if (wrong == NULL) {
		*entity = json_object_get(jsonin_at(list, 0));
		json_object_put(list);
		return NULL;
	}
	if (wrong == jsonscan_no_memory || wrong == jsonscan_too_many)
		return wrong;
	*entity =
	    json_object_new_string_len(before + 1, (int)(end - before) - 1);
	if (*entity == NULL)
		return jsonscan_no_memory;
	json_object_set_userdata(*entity, (void *)(uintptr_t)wrong, NULL);
	return NULL;
}

/* Makes an array of "[" and lines, each of which its line end ends.  Their values are
 * counted and looked at as those of an answer of a service.  Returns what is wrong
 * with the first line that is not in it, nor those behind it; or NULL. */
static const char *
map_parse(struct buf *in, struct json_object **entities)
{
	struct json_weight all = { 0 };
	struct json_object *entity;
	const char *wrong = NULL;
	char *at = in->data, *stop = in->data + in->len, *end;

	if ((*entities = json_object_new_array()) == NULL)
		return jsonscan_no_memory;
	for (; wrong == NULL && at + 1 < stop; at = end) {
		end = memchr(at + 1, '\n', (size_t)(stop - at - 1));
		if (end == NULL)
			end = stop;
		wrong = map_parse_line(
		    at, end, JSON_ANSWER_VALUES - all.values, &entity);
		jsonin_weigh(entity, &all);
		if (wrong == NULL &&
		    json_object_array_add(*entities, entity) == -1) {
			json_object_put(entity);
			wrong = jsonscan_no_memory;
		}
	}
	if (wrong == jsonscan_no_memory) {
		json_object_put(*entities);
		*entities = NULL;
	}
	return wrong;
}

static void
map_no_worker(char *why, size_t size, int error)
{
	(void)snprintf(
	    why, size, "there is no map worker: %s", strerror(error));
}

static enum map_result
map_result(struct map_worker *w, const struct mapframe *f,
    struct json_object **entities, char *why, size_t size)
{
	const char *wrong;

	switch (f->what) {
	case MAPFRAME_MEMORY:
		return MAP_MEMORY;
	case MAPFRAME_NONE:
		map_no_worker(why, size, (int)f->number);
		return MAP_NONE;
	case MAPFRAME_OTHER:
		(void)snprintf(why, size, "%s", w->in.data + 1);
		return MAP_NONE;
	case MAPFRAME_DONE:
	case MAPFRAME_ERROR:
		break;
	default:
		return MAP_CRASHED;
	}
	if (f->what == MAPFRAME_ERROR && w->in.len > 1)
		map_take_error(&w->in, why, size);
	wrong = map_parse(&w->in, entities);
	if (wrong == jsonscan_no_memory)
		return MAP_MEMORY;
	if (wrong != NULL) {
		(void)snprintf(
		    why, size, "what it writes cannot be read: %s", wrong);
		return MAP_ERROR;
	}
	return f->what == MAPFRAME_ERROR ? MAP_ERROR : MAP_DONE;
}

/* One try.  A worker that was made before the program was compiled says so, and is
 * replaced by the caller: MAP_NONE, with why "". */
static enum map_result
map_try(struct map_worker *w, int program, const struct buf *question,
    int64_t until, struct json_object **entities, char *why, size_t size)
{
	enum map_result r;
	struct mapframe f;

	if (map_worker_begin(w, program, until) == -1) {
		map_no_worker(why, size, errno);
		return MAP_NONE;
	}
	switch (map_exchange(w, program, question, until, &f)) {
	case MAP_TIMED_OUT:
		map_kill(w);
		return MAP_LATE;
	case MAP_GONE:
		map_worker_leave(w);
		return w->in.starved ? MAP_MEMORY : MAP_CRASHED;
	case MAP_GOES:
		break;
	}
	w->used = clock_ms();
	r = map_result(w, &f, entities, why, size);
	if (f.what != MAPFRAME_DONE && f.what != MAPFRAME_ERROR)
		map_worker_leave(w);
	return r;
}

/* Counts how a program ended. */
static void
map_count(struct map_circuit *c, enum map_result r)
{
	if (r == MAP_DONE || r == MAP_ERROR) {
		if (atomic_load(&c->row) != 0)
			atomic_store(&c->row, 0);
		return;
	}
	if (r == MAP_NONE)
		return;
	if (atomic_fetch_add(&c->row, 1) + 1 >= FAILURES)
		atomic_store(&c->until, clock_ms() + OFF);
}

enum map_result
map_ask(struct map_worker *w, int program, const struct buf *question,
    int64_t deadline, struct json_object **entities, char *why, size_t size)
{
	struct map_circuit *c = &w->master->circuit[program];
	int64_t now = clock_ms(), until = now + map_time;
	enum map_result r;

	why[0] = '\0';
	*entities = NULL;
	if (now < atomic_load(&c->until))
		return MAP_OFF;
	if (question->failed || question->len > MAPFRAME_QUESTION)
		return MAP_MEMORY;
	if (until > deadline)
		until = deadline;
	r = map_try(w, program, question, until, entities, why, size);
	if (r == MAP_NONE && why[0] == '\0')
		r = map_try(w, program, question, until, entities, why, size);
	/* A deadline that was too near says nothing of the program. */
	if (r != MAP_LATE || until != deadline)
		map_count(c, r);
	/* What was read of a large answer is not kept for the next. */
	if (w->in.cap > 65536)
		buf_free(&w->in);
	return r;
}
