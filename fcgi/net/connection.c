/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/socket.h>
#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "fcgi/net/connection.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/writeall.h"

#define SPARES     4    /* connections that a thread has ready */
#define YOUNG      2000 /* ms for which a connection goes last */
#define WARN_EVERY 1000 /* ms between such warnings */

static const char answer_no_memory[] =
    "Status: 500 Internal Server Error\r\n"
    "Content-Type: application/json\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cache-Control: no-store\r\n\r\n"
    "{\"code\":500,\"message\":\"No memory left\","
    "\"reason\":\"Internal Server Error\"}";
static_assert(
    sizeof(answer_no_memory) + 2 * FCGIFRAME_HEADER + RECORD_END_SIZE <=
	RECORD_ANSWER_MAX,
    "record_answer()");

struct connection *
connection_new(size_t max_body, struct outgoing_room *room)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fd = -1;
	record_init(&c->record, max_body);
	outgoing_init(&c->out, room);
	return c;
}

void
connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	connection_close(c);
	record_free(&c->record);
	free(c);
}

bool
connection_fill(struct spares *s, size_t max_body, struct outgoing_room *room)
{
	struct connection *c;

	while (s->n < SPARES) {
		if ((c = connection_new(max_body, room)) == NULL)
			return false;
		c->next = s->first;
		s->first = c;
		s->n++;
	}
	return true;
}

struct connection *
connection_take(struct spares *s)
{
	struct connection *c = s->first;

	s->first = c->next;
	s->n--;
	return c;
}

void
connection_spare(struct spares *s, struct connection *c)
{
	if (s->n >= SPARES) {
		connection_free(c);
		return;
	}
	connection_close(c);
	c->next = s->first;
	s->first = c;
	s->n++;
}

void
connection_rest(struct spares *s)
{
	struct connection *c;

	for (c = s->first; c != NULL; c = c->next)
		record_free(&c->record);
}

void
connection_empty(struct spares *s)
{
	while (s->n > 0)
		connection_free(connection_take(s));
}

void
connection_open(struct connection *c, int fd)
{
	assert(c->fd == -1);
	c->fd = fd;
	c->born = clock_ms();
	c->began = c->whole = 0;
	c->bytes = 0;
	c->answers = 0;
	c->keep = false;
}

void
connection_close(struct connection *c)
{
	record_reset(&c->record);
	outgoing_close(&c->out);
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
}

void
connection_again(struct connection *c)
{
	/* It may wait for long. */
	record_free(&c->record);
	record_reset(&c->record);
	outgoing_close(&c->out);
	c->began = c->whole = 0;
}

enum record_result
connection_read(struct connection *c, unsigned char *input, int reads)
{
	enum record_result result = RECORD_MORE;
	ssize_t n = CONNECTION_INPUT;

	/* What filled less than the input was all that is there. */
	for (; reads > 0 && result == RECORD_MORE && n == CONNECTION_INPUT;
	     reads--) {
		do
			n = recv(c->fd, input, CONNECTION_INPUT, MSG_DONTWAIT);
		while (n == -1 && errno == EINTR);
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			return c->began != 0 ? RECORD_CUT : RECORD_SILENT;
		if (n == -1)
			return errno == EAGAIN ? RECORD_MORE : RECORD_FAULT;
		if (c->began == 0)
			c->began = clock_ms();
		c->bytes += (uint64_t)n;
		result = record_feed(&c->record, input, (size_t)n);
	}
	if (result == RECORD_WHOLE)
		c->whole = clock_ms();
	return result;
}

enum connection_wait
connection_answered(const struct connection *c)
{
	if (c->keep)
		return CONNECTION_REQUEST;
	return c->record.surplus && shutdown(c->fd, SHUT_WR) == 0 ?
	    CONNECTION_END :
	    CONNECTION_NOTHING;
}

/* Sends an answer that no request's thread has a part in; the peer shall read
 * it before it sees the connection closed. */
static enum connection_wait
connection_refuse(struct connection *c, const void *answer, size_t n)
{
	return send(c->fd, answer, n, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		    (ssize_t)n &&
		shutdown(c->fd, SHUT_WR) == 0 ?
	    CONNECTION_END :
	    CONNECTION_NOTHING;
}

bool
connection_may_warn(void)
{
	static _Atomic int64_t last;
	int64_t now = clock_ms(), before = atomic_load(&last);

	return (before == 0 || now - before >= WARN_EVERY) &&
	    atomic_compare_exchange_strong(&last, &before, now);
}

static enum connection_wait
refuse_starved(struct connection *c)
{
	unsigned char answer[RECORD_ANSWER_MAX];

	if (connection_may_warn())
		log_error("no memory left for a request: answered with 500");
	if (c->record.id == 0)
		return CONNECTION_NOTHING;
	return connection_refuse(
	    c, answer, record_answer(&c->record, answer_no_memory, answer));
}

/* A role that we do not play is answered as the specification says. */
static enum connection_wait
refuse_role(struct connection *c)
{
	unsigned char end[RECORD_END_SIZE];

	log_debug("request %u dropped: not for a responder",
	    (unsigned int)c->record.id);
	record_end(&c->record, end);
	return connection_refuse(c, end, sizeof(end));
}

enum connection_wait
connection_drop(struct connection *c, enum record_result result)
{
	static const char *const why[] = { [RECORD_SILENT] = "nothing came",
		[RECORD_CUT] = "the request was cut",
		[RECORD_ABORTED] = "the web server aborted it",
		[RECORD_FAULT] = "reading the request failed" };

	switch (result) {
	case RECORD_STARVED:
		return refuse_starved(c);
	case RECORD_ROLE:
		return refuse_role(c);
	case RECORD_BAD:
	case RECORD_FAULT:
		if (connection_may_warn())
			log_warning("connection dropped: %s",
			    result == RECORD_BAD ? c->record.why : why[result]);
		return CONNECTION_NOTHING;
	default:
		log_debug("connection dropped: %s", why[result]);
		return CONNECTION_NOTHING;
	}
}

bool
connection_slower(
    const struct connection *a, const struct connection *b, int64_t now)
{
	int64_t life_a = now - a->born + 1, life_b = now - b->born + 1;
	bool young_a = life_a <= YOUNG, young_b = life_b <= YOUNG;
	double rate_a, rate_b;

	if (young_a != young_b)
		return young_b;
	/* Who has just come has had no time to be fast. */
	if (young_a)
		return a->born < b->born;
	rate_a = (double)a->bytes / (double)life_a;
	rate_b = (double)b->bytes / (double)life_b;
	return rate_a < rate_b || (!(rate_b < rate_a) && a->born < b->born);
}

int
connection_pack(const struct connection *c, struct connection_note *note,
    int fd[CONNECTION_FDS])
{
	const struct record *r = &c->record;
	int error;

	*note = (struct connection_note){ .born = c->born,
		.whole = c->whole,
		.bytes = c->bytes,
		.body = r->body,
		.kept = r->kept,
		.params = r->params.len,
		.frames = r->frames.len,
		.answers = c->answers,
		.id = r->id,
		.keep = r->keep && !r->surplus };
	fd[CONNECTION_SOCKET] = c->fd;
	fd[CONNECTION_FILE] = memfd_create("ctim-request", MFD_CLOEXEC);
	if (fd[CONNECTION_FILE] == -1)
		return -1;
	if (writeall(fd[CONNECTION_FILE], r->params.data, r->params.len) == 0 &&
	    writeall(fd[CONNECTION_FILE], r->frames.data, r->frames.len) == 0)
		return 0;
	error = errno;
	(void)close(fd[CONNECTION_FILE]);
	errno = error;
	return -1;
}

/* n bytes from a place of the file. */
static int
unpack_into(struct buf *b, int fd, uint64_t n, off_t at)
{
	char *p;

	/* Who read it may have had a larger max_body, until a reload. */
	if (b->max < n)
		b->max = (size_t)n;
	p = buf_room(b, (size_t)n);
	if (p == NULL || pread(fd, p, (size_t)n, at) != (ssize_t)n)
		return -1;
	b->len += (size_t)n;
	p[n] = '\0';
	return 0;
}

int
connection_unpack(struct connection *c, const struct connection_note *note,
    const int fd[CONNECTION_FDS])
{
	struct record *r = &c->record;
	int file = fd[CONNECTION_FILE], result;

	connection_open(c, fd[CONNECTION_SOCKET]);
	c->born = note->born;
	c->began = c->whole = note->whole;
	c->bytes = note->bytes;
	c->answers = note->answers;
	r->id = note->id;
	r->keep = note->keep;
	r->body = note->body;
	r->kept = note->kept;
	result = unpack_into(&r->params, file, note->params, 0) == 0 &&
		unpack_into(
		    &r->frames, file, note->frames, (off_t)note->params) == 0 ?
	    0 :
	    -1;
	(void)close(file);
	if (result == 0 && r->id != 0)
		record_adopt(r);
	return result;
}
