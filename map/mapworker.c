/* SPDX-License-Identifier: MIT */
/*
 * The worker ends by itself when nothing comes for MAPFRAME_IDLE seconds, when
 * the gateway hangs up, and, in case nobody is there any more to kill it, when
 * one question takes STUCK seconds.  A timer that is set before the lock counts
 * the seconds.
 */
#include <sys/time.h>

#include <errno.h>
#include <jq.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "json/jsonout.h"
#include "map/maplock.h"
#include "map/mapprelude.h"
#include "map/mapworker.h"
#include "net/mapframe.h"

#define STUCK     10        /* s; the gateway waits for 2 */
#define LARGE     (1 << 20) /* bytes after which memory is given back */
#define TOO_LARGE "the map writes more than 16 MB"
#define TOO_MANY  "the map writes more than 100000 entities"

/* --- compiling ----------------------------------------------------------- */

/* Takes the first complaint of libjq: "jq: error: WORDS (Unix shell quoting
 * issues?) at <top-level>, line N:" and a piece of the program. */
static void
mapworker_complaint(void *arg, jv said)
{
	static const char begins[] = "jq: error: ", place[] = " at <top-level>",
			  line[] = ", line ", hint[] = " (Unix shell ";
	struct mapworker_program *p = arg;
	const char *text, *end, *cut;
	long number = 1;

	if (p->why[0] != '\0' || jv_get_kind(said) != JV_KIND_STRING) {
		jv_free(said);
		return;
	}
	text = jv_string_value(said);
	if (strncmp(text, begins, sizeof(begins) - 1) == 0)
		text += sizeof(begins) - 1;
	if ((end = strstr(text, place)) != NULL) {
		cut = end + sizeof(place) - 1;
		if (strncmp(cut, line, sizeof(line) - 1) == 0)
			number = strtol(cut + sizeof(line) - 1, NULL, 10);
	} else {
		end = text + strcspn(text, "\n");
	}
	if ((cut = strstr(text, hint)) != NULL && cut < end)
		end = cut;
	(void)snprintf(p->why, sizeof(p->why), "%ld: %.*s", number,
	    (int)(end - text), text);
	jv_free(said);
}

static void
mapworker_compile_text(struct mapworker_program *p, const char *text)
{
	jq_state *jq = jq_init();

	if (jq == NULL)
		return;
	jq_set_error_cb(jq, mapworker_complaint, p);
	if (jq_compile(jq, text) != 0 && p->why[0] == '\0') {
		jq_set_error_cb(jq, NULL, NULL);
		p->jq = jq;
		return;
	}
	if (p->why[0] == '\0')
		(void)snprintf(p->why, sizeof(p->why),
		    "1: jq does not compile it and does not say why");
	jq_teardown(&jq);
}

bool
mapworker_compile(struct mapworker_program *p)
{
	struct buf whole;

	if (p->text == NULL)
		return p->jq != NULL;
	buf_init(&whole, MAPFRAME_TEXT + 16384);
	(void)buf_adds(&whole, mapprelude);
	(void)buf_adds(&whole, p->text);
	(void)buf_adds(&whole, mapprelude_end);
	if (!whole.failed)
		mapworker_compile_text(p, whole.data);
	buf_free(&whole);
	if (p->jq == NULL && p->why[0] == '\0')
		return false;
	free(p->text);
	p->text = NULL;
	return p->jq != NULL;
}

/* --- the timer ----------------------------------------------------------- */

static volatile sig_atomic_t mapworker_busy, mapworker_seconds;

static void
mapworker_tick(int sig)
{
	(void)sig;
	if (++mapworker_seconds >= (mapworker_busy ? STUCK : MAPFRAME_IDLE))
		_exit(0);
}

static int
mapworker_clock(void)
{
	struct itimerval second = { { 1, 0 }, { 1, 0 } };
	struct sigaction sa = { .sa_handler = mapworker_tick };
	sigset_t none;

	(void)sigemptyset(&none);
	return sigaction(SIGALRM, &sa, NULL) == -1 ||
		sigprocmask(SIG_SETMASK, &none, NULL) == -1 ||
		setitimer(ITIMER_REAL, &second, NULL) == -1 ?
	    -1 :
	    0;
}

/* --- the socket ---------------------------------------------------------- */

/* Reads all of it; the gateway that hangs up ends the process. */
static void
mapworker_read(void *to, size_t n)
{
	char *p = to;
	ssize_t got;

	while (n > 0) {
		got = read(MAPLOCK_FD, p, n);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			_exit(0);
		p += got;
		n -= (size_t)got;
	}
}

static void
mapworker_write(const void *from, size_t n)
{
	const char *p = from;
	ssize_t put;

	while (n > 0) {
		put = write(MAPLOCK_FD, p, n);
		if (put == -1 && errno == EINTR)
			continue;
		if (put <= 0)
			_exit(0);
		p += put;
		n -= (size_t)put;
	}
}

static void
mapworker_say(enum mapframe_what what, const void *p, size_t n)
{
	const struct mapframe f = { .what = (uint32_t)what,
		.length = (uint32_t)n };

	mapworker_write(&f, sizeof(f));
	mapworker_write(p, n);
}

/* For libjq too, which would abort. */
static void
mapworker_no_memory(void *arg)
{
	(void)arg;
	mapworker_say(MAPFRAME_MEMORY, NULL, 0);
	_exit(0);
}

/* --- questions ----------------------------------------------------------- */

static void mapworker_add(struct jsonout *, jv);

static void
mapworker_add_array(struct jsonout *j, jv v)
{
	const int n = jv_array_length(jv_copy(v));
	jv one;
	int i;

	jsonout_array(j);
	for (i = 0; i < n; i++) {
		one = jv_array_get(jv_copy(v), i);
		mapworker_add(j, one);
		jv_free(one);
	}
	jsonout_end_array(j);
}

static void
mapworker_add_object(struct jsonout *j, jv v)
{
	jv key, value;
	int i;

	jsonout_object(j);
	for (i = jv_object_iter(v); jv_object_iter_valid(v, i);
	     i = jv_object_iter_next(v, i)) {
		key = jv_object_iter_key(v, i);
		value = jv_object_iter_value(v, i);
		jsonout_outer_key_bytes(j, jv_string_value(key),
		    (size_t)jv_string_length_bytes(jv_copy(key)));
		mapworker_add(j, value);
		jv_free(key);
		jv_free(value);
	}
	jsonout_end_object(j);
}

/* Adds a value, which stays the caller's.  libjq writes texts byte by byte, which
 * was a quarter of the time of a map; only numbers and words are its own. */
static void
mapworker_add(struct jsonout *j, jv v)
{
	const jv_kind kind = jv_get_kind(v);
	jv text;

	if (kind == JV_KIND_ARRAY) {
		mapworker_add_array(j, v);
	} else if (kind == JV_KIND_OBJECT) {
		mapworker_add_object(j, v);
	} else if (kind == JV_KIND_STRING) {
		jsonout_bytes(j, jv_string_value(v),
		    (size_t)jv_string_length_bytes(jv_copy(v)));
	} else {
		text = jv_dump_string(jv_copy(v), 0);
		jsonout_raw(j, jv_string_value(text),
		    (size_t)jv_string_length_bytes(jv_copy(text)));
		jv_free(text);
	}
}

/* Adds a line.  What does not fit is an error of the map: false. */
static bool
mapworker_line(struct buf *out, jv value)
{
	const size_t before = out->len;
	struct jsonout j;
	bool fits;

	jsonout_init(&j, out);
	mapworker_add(&j, value);
	jv_free(value);
	fits = jsonout_done(&j) == 0 && buf_addc(out, '\n') == 0;
	if (out->starved)
		mapworker_no_memory(NULL);
	if (!fits) {
		out->failed = false;
		out->len = before;
	}
	return fits;
}

/* What jq says of an error: its text, else the value that was thrown. */
static jv
mapworker_error(jv thrown)
{
	jv said = jv_invalid_get_msg(thrown), text;

	if (jv_get_kind(said) == JV_KIND_STRING)
		return said;
	text = jv_dump_string(said, 0);
	return jv_string_concat(jv_string("an error that is no text: "), text);
}

/* Runs the program over a question.  Returns how it ended; *error is NULL then, or
 * why. */
static bool
mapworker_map(jq_state *jq, jv question, struct buf *out, jv *error)
{
	size_t n = 0;
	jv v;

	jq_start(jq, question, 0);
	for (;;) {
		v = jq_next(jq);
		if (!jv_is_valid(v))
			break;
		if (++n > MAPFRAME_ENTITIES) {
			jv_free(v);
			*error = jv_string(TOO_MANY);
			return false;
		}
		if (!mapworker_line(out, v)) {
			*error = jv_string(TOO_LARGE);
			return false;
		}
	}
	if (!jv_invalid_has_msg(jv_copy(v))) {
		jv_free(v);
		return true;
	}
	*error = mapworker_error(v);
	return false;
}

/* The last line of an answer that is an error, for which there is always room:
 * cut, and with the quotes that jq writes. */
static void
mapworker_add_error(struct buf *out, jv error)
{
	jv text;

	if (jv_string_length_bytes(jv_copy(error)) > MAPWORKER_WHY)
		error = jv_string_slice(error, 0, MAPWORKER_WHY);
	text = jv_dump_string(error, 0);
	out->max += (size_t)MAPWORKER_WHY * 16;
	(void)buf_adds(out, jv_string_value(text));
	(void)buf_addc(out, '\n');
	jv_free(text);
	if (out->failed)
		mapworker_no_memory(NULL);
}

static void
mapworker_answer(jq_state *jq, char *text, size_t n)
{
	jv question = jv_parse_sized(text, (int)n), error = jv_null();
	struct buf out;
	bool done;

	free(text);
	buf_init(&out, MAPFRAME_ANSWER);
	if (jv_is_valid(question)) {
		done = mapworker_map(jq, question, &out, &error);
	} else {
		done = false;
		error = mapworker_error(question);
	}
	if (done)
		jv_free(error);
	else
		mapworker_add_error(&out, error);
	mapworker_say(done ? MAPFRAME_DONE : MAPFRAME_ERROR, out.data, out.len);
	n += out.len;
	buf_free(&out);
	/* Forgets the question now, not when the next one comes. */
	jq_start(jq, jv_null(), 0);
	if (n > LARGE)
		(void)malloc_trim(0);
}

static void
mapworker_question(const struct mapworker_program *list, size_t n)
{
	struct mapframe f;
	char *text;

	mapworker_read(&f, sizeof(f));
	mapworker_seconds = 0;
	mapworker_busy = 1;
	if (f.what != MAPFRAME_ASK || f.number >= n ||
	    f.length > MAPFRAME_QUESTION)
		_exit(1);
	if ((text = malloc((size_t)f.length + 1)) == NULL)
		mapworker_no_memory(NULL);
	mapworker_read(text, f.length);
	text[f.length] = '\0';
	if (list[f.number].jq == NULL) {
		mapworker_say(MAPFRAME_OTHER, list[f.number].why,
		    strlen(list[f.number].why));
		_exit(0);
	}
	mapworker_answer(list[f.number].jq, text, f.length);
	mapworker_seconds = 0;
	mapworker_busy = 0;
}

void
mapworker_run(const struct mapworker_program *list, size_t n, pid_t parent)
{
	size_t i;

	(void)signal(SIGPIPE, SIG_IGN);
	/* jq_start() puts the state's own in the place of the thread's. */
	for (i = 0; i < n; i++)
		if (list[i].jq != NULL)
			jq_set_nomem_handler(
			    list[i].jq, mapworker_no_memory, NULL);
	jv_nomem_handler(mapworker_no_memory, NULL);
	if (mapworker_clock() == -1 || maplock(parent) == -1)
		_exit(1);
	for (;;)
		mapworker_question(list, n);
}
