/* SPDX-License-Identifier: MIT */
/*
 * How libfcgi (2.4.2) is used, so that its faults cannot be reached:
 * - FCGX_Accept_r with a descriptor already in the request does not accept; it
 *   parses what it reads from there.  That is the sink, a memory file with the
 *   checked request in it, so it neither waits nor sees a stray byte.
 * - reads use the request's ipcFd at the time, and so do writes: it is the sink
 *   while the body is read, and while the answer is written the connection, or
 *   the file in which the answer waits for its reader.
 * - It writes at most its buffer at a time, and a write that is cut cannot be
 *   mended.  So before it writes there must be room for its buffer: poll(2) says
 *   that a socket has it, as both kinds keep more than that free then, and
 *   unix(7) much more.
 * - What it cannot allocate it does not do without: it asserts.  All that it
 *   allocates it does in FCGX_Accept_r, and always the same, as the variables
 *   are not shown to it: two streams, a reader, an empty environment.
 * - FCGX_Finish_r would close a descriptor of its choice and wait up to 2 s for
 *   the peer.  Closing the streams and FCGX_Free(request, 0) closes none.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#undef NDEBUG /* __assert_fail() is declared */
#include <assert.h>
#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer/transport.h"
#include "fcgi/net/connection.h"
#include "fcgi/net/fastcgi.h"
#include "log/log.h"
#include "os/clock.h"

#define SINK_KEEP    (64 * 1024) /* bytes a memory file may keep */
#define ACCEPT_NEEDS 32768       /* bytes, more than FCGX_Accept_r allocates */
#define FLUSH_MOST   16384       /* bytes, more than libfcgi writes at once */
#define WRITE_BESIDE 8192 /* most bytes of a unix(7) buffer beside its own */
#define PATIENCE     5    /* ms of a request's for its reader */
#define CATCH_UP     (1 << 20) /* bytes that wait, sent at once */

/* Where an assertion of FCGX_Accept_r leads; NULL outside of it. */
static _Thread_local jmp_buf *assert_failed;

struct fastcgi {
	FCGX_Request request;
	struct connection *connection;
	char *env[RECORD_NAMES_MAX + 1];
	int sink;
	uint64_t left; /* bytes of the body to hand out */
	bool cut;      /* there should be more */
	bool gone;     /* the answer cannot be written */
	bool late;     /* the answer goes to the connection's files */
	size_t held;   /* bytes of the answer in libfcgi's buffer */
	int room;      /* bytes that the connection takes without waiting */
	int patience;  /* ms left for the reader */
};

int
fastcgi_init(void)
{
	return FCGX_Init() == 0 ? 0 : -1;
}

/*
 * glibc's, as this program's own comes before it.  Threads share the heap, so
 * what was free just before FCGX_Accept_r may be gone when it allocates: then
 * its assertion ends the request and not the process.
 */
void
__assert_fail(
    const char *what, const char *file, unsigned int line, const char *function)
{
	if (assert_failed != NULL)
		longjmp(*assert_failed, 1);
	(void)fprintf(stderr,
	    "ctim-relay.fcgi: %s:%u: %s: Assertion `%s' "
	    "failed.\n",
	    file, line, function, what);
	abort();
}

/* FCGX_Accept_r: 0, -1, or 1 when memory ran out.  What it had allocated by
 * then is freed, but for a stream without its buffer. */
static int
accept_sink(FCGX_Request *r)
{
	jmp_buf back;
	void *reserve = malloc(ACCEPT_NEEDS);
	int result;

	if (reserve == NULL)
		return 1;
	free(reserve);
	if (setjmp(back) == 0) {
		assert_failed = &back;
		result = FCGX_Accept_r(r) == 0 ? 0 : -1;
		assert_failed = NULL;
		return result;
	}
	assert_failed = NULL;
	FCGX_Free(r, 0);
	return 1;
}

struct fastcgi *
fastcgi_new(void)
{
	struct fastcgi *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->sink = memfd_create("ctim-request", MFD_CLOEXEC);
	if (f->sink == -1 || FCGX_InitRequest(&f->request, -1, 0) != 0) {
		fastcgi_free(f);
		return NULL;
	}
	return f;
}

void
fastcgi_free(struct fastcgi *f)
{
	if (f == NULL)
		return;
	if (f->sink != -1)
		(void)close(f->sink);
	free(f);
}

/* Writes the request's frames where libfcgi will read them. */
static int
sink_fill(struct fastcgi *f)
{
	const struct buf *frames = &f->connection->record.frames;
	size_t done = 0;
	ssize_t n;

	if (f->sink == -1)
		f->sink = memfd_create("ctim-request", MFD_CLOEXEC);
	while (f->sink != -1 && done < frames->len) {
		n = pwrite(f->sink, frames->data + done, frames->len - done,
		    (off_t)done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return f->sink == -1 ? -1 : (int)lseek(f->sink, 0, SEEK_SET);
}

void
fastcgi_rest(struct fastcgi *f)
{
	if (f->sink != -1 && ftruncate(f->sink, 0) == -1)
		log_warning("memory file: %s", strerror(errno));
}

/*
 * How much of the body there is, and whether that is all of it.
 * Source: RFC 3875, 4.1.2; without CONTENT_LENGTH (mod_proxy_fcgi, a chunked
 * body) it goes to the end of the stream.
 */
static void
fastcgi_body_begin(struct fastcgi *f, const struct transport *t)
{
	const char *s = transport_var(t, "CONTENT_LENGTH");
	unsigned long long length;
	char *end;

	f->left = f->connection->record.kept;
	f->cut = false;
	if (s == NULL)
		return;
	errno = 0;
	length = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0) {
		f->left = 0;
		f->cut = true;
		return;
	}
	f->cut = f->connection->record.body < length;
	if (f->left > length)
		f->left = length;
}

static ssize_t
fastcgi_body_read(void *arg, void *p, size_t n)
{
	struct fastcgi *f = arg;
	int want, got;

	if (f->left == 0)
		return f->cut ? -1 : 0;
	if (n > f->left)
		n = (size_t)f->left;
	want = n > INT_MAX ? INT_MAX : (int)n;
	f->request.ipcFd = f->sink;
	got = FCGX_GetStr(p, want, f->request.in);
	if (got <= 0 || FCGX_GetError(f->request.in) != 0)
		return -1;
	f->left -= (uint64_t)got;
	return got;
}

/* Nothing more can be written: the peer shall not wait, nor libfcgi, which on
 * closing a stream tries once more to write what did not go. */
static int
answer_gone(struct fastcgi *f)
{
	f->gone = true;
	f->request.ipcFd = f->connection->fd;
	(void)shutdown(f->connection->fd, SHUT_RDWR);
	return -1;
}

/* Why an answer that waits cannot wait. */
static int
answer_lost(struct fastcgi *f)
{
	int error = errno;

	atomic_fetch_add(&f->connection->out.room->lost, 1);
	if (connection_may_warn())
		log_warning("connection dropped: its answer is not read, and "
			    "%s",
		    error == ENOBUFS ? "write_memory and spill are used up" :
				       strerror(error));
	return answer_gone(f);
}

/*
 * The room of a socket that poll(2) calls writable.  unix(7) does so only where
 * three quarters of its buffer are free, so that asking it before each write
 * would wait for readers who are hardly behind.
 */
static int
answer_room(int fd)
{
	int domain, size;
	socklen_t n = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == -1 ||
	    domain != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &n) == -1 ||
	    size / 4 * 3 < FLUSH_MOST)
		return FLUSH_MOST;
	return size / 4 * 3;
}

/* Whether the socket is writable.  A reader that is a little behind is waited
 * for, but only for a moment of the request's whole time. */
static bool
answer_is_taken(struct fastcgi *f)
{
	struct pollfd out = { .fd = f->connection->fd, .events = POLLOUT };
	int64_t began;

	if (poll(&out, 1, 0) > 0)
		return true;
	if (f->patience <= 0)
		return false;
	began = clock_ms();
	if (poll(&out, 1, f->patience) == 0)
		f->patience = 0;
	f->patience -= (int)(clock_ms() - began);
	return out.revents != 0;
}

/* Whether the socket has room for what libfcgi may write at once. */
static bool
answer_has_room(struct fastcgi *f)
{
	if (f->room >= FLUSH_MOST)
		return true;
	if (!answer_is_taken(f))
		return false;
	f->room = answer_room(f->connection->fd);
	return true;
}

/* What waits for the reader goes as far as it is taken.  Returns 1 when nothing
 * waits any more, else 0, or -1. */
static int
answer_catch_up(struct fastcgi *f)
{
	struct connection *c = f->connection;

	return f->late ? outgoing_send(&c->out, c->fd, CATCH_UP, &c->bytes) : 1;
}

/* Before libfcgi writes: chooses where to. */
static int
answer_begin_flush(struct fastcgi *f)
{
	if (!f->late && answer_has_room(f)) {
		f->request.ipcFd = f->connection->fd;
		return 0;
	}
	f->late = true;
	f->request.ipcFd = outgoing_file(&f->connection->out, FLUSH_MOST);
	return f->request.ipcFd == -1 ? answer_lost(f) : 0;
}

/* After libfcgi wrote; failed: not all of it. */
static int
answer_end_flush(struct fastcgi *f, bool failed)
{
	if (failed)
		return f->late ? answer_lost(f) : answer_gone(f);
	if (f->late && outgoing_wrote(&f->connection->out) == -1)
		return answer_lost(f);
	if (!f->late) {
		f->connection->bytes += f->held;
		f->room -= (int)f->held + WRITE_BESIDE;
	}
	f->held = 0;
	return 0;
}

/* libfcgi's buffer leaves.  The call empties it before it returns, however it
 * is called: with a byte more than it holds, or to flush. */
static int
fastcgi_flush(struct fastcgi *f)
{
	if (answer_begin_flush(f) == -1)
		return -1;
	return answer_end_flush(f, FCGX_FFlush(f->request.out) == -1);
}

static int
fastcgi_answer_write(void *arg, const void *data, size_t n, bool push)
{
	struct fastcgi *f = arg;
	FCGX_Stream *out = f->request.out;
	const char *p = data;
	size_t room;
	int part;

	for (; n > 0 && !f->gone; n -= (size_t)part, p += part) {
		if (out->stop == out->wrNext && fastcgi_flush(f) == -1)
			return -1;
		room = (size_t)(out->stop - out->wrNext);
		part = (int)(n < room ? n : room);
		if (FCGX_PutStr(p, part, out) != part)
			return answer_gone(f);
		f->held += (size_t)part;
	}
	if (f->gone || (push && fastcgi_flush(f) == -1))
		return -1;
	return answer_catch_up(f) == -1 ? answer_gone(f) : 0;
}

/* A web server whose client has left closes the connection, or says
 * FCGI_ABORT_REQUEST (FastCGI specification, 5.4).  What waits for the reader
 * meanwhile is offered again. */
static bool
fastcgi_client_gone(void *arg)
{
	struct fastcgi *f = arg;
	struct pollfd in = { .fd = f->connection->fd,
		.events = POLLIN | POLLRDHUP };
	unsigned char head[2];

	if (f->gone || answer_catch_up(f) == -1)
		return true;
	if (poll(&in, 1, 0) < 1)
		return false;
	return (in.revents & ~POLLIN) != 0 ||
	    (recv(in.fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT) ==
		    sizeof(head) &&
		head[1] == FCGIFRAME_ABORT_REQUEST);
}

/*
 * The ends of the streams and END_REQUEST go out, with what is still in the
 * buffer, in one write.  The error stream first: nothing is ever in it, and the
 * last stream to close is the one that carries END_REQUEST.
 */
static enum connection_wait
request_end(struct fastcgi *f)
{
	FCGX_Request *r = &f->request;
	struct connection *c = f->connection;
	bool failed;
	int left = -1;

	if (!f->gone)
		(void)answer_begin_flush(f);
	failed = FCGX_FClose(r->err) != 0;
	failed = FCGX_FClose(r->out) != 0 || failed;
	if (!f->gone && answer_end_flush(f, failed) == 0)
		left = answer_catch_up(f);
	FCGX_Free(r, 0);
	r->ipcFd = -1;
	if (left == -1)
		log_debug("the client left before its answer's end");
	c->answers++;
	return left == -1 ? CONNECTION_NOTHING :
	    left == 0     ? CONNECTION_READER :
			    connection_answered(c);
}

/* Shows libfcgi the checked request.  Returns 0, -1, or 1 when memory ran
 * out. */
static int
request_begin(struct fastcgi *f)
{
	FCGX_Request *r = &f->request;
	int result;

	if (sink_fill(f) == -1)
		return 1;
	r->ipcFd = f->sink;
	r->keepConnection = 1;
	r->appStatus = 0;
	if ((result = accept_sink(r)) != 0) {
		/* What it could not read it has closed, and freed the rest. */
		if (result == -1)
			f->sink = -1;
		r->ipcFd = -1;
		return result;
	}
	r->keepConnection = 1;
	if (FCGX_GetError(r->in) != 0) {
		FCGX_Free(r, 0);
		r->ipcFd = -1;
		return -1;
	}
	return 0;
}

enum connection_wait
fastcgi_serve(struct fastcgi *f, struct connection *c, int64_t deadline,
    bool keep, void (*answer)(void *, struct transport *), void *arg)
{
	struct transport t = { .env = f->env,
		.read = fastcgi_body_read,
		.write = fastcgi_answer_write,
		.gone = fastcgi_client_gone,
		.arg = f,
		.deadline = deadline };
	enum connection_wait next = CONNECTION_NOTHING;

	f->connection = c;
	f->gone = f->late = false;
	/* A new connection has room for more than one write. */
	f->room = c->answers == 0 ? FLUSH_MOST : 0;
	f->held = 0;
	f->patience = PATIENCE;
	c->keep = keep && c->record.keep && !c->record.surplus;
	switch (request_begin(f)) {
	case 1:
		next = connection_drop(c, RECORD_STARVED);
		break;
	case -1:
		log_error("libfcgi refused a request that was checked");
		break;
	default:
		record_variables(&c->record, f->env);
		fastcgi_body_begin(f, &t);
		answer(arg, &t);
		next = request_end(f);
	}
	/* It keeps no more than a usual request between two of them. */
	if (c->record.frames.len > SINK_KEEP)
		fastcgi_rest(f);
	f->connection = NULL;
	return next;
}
