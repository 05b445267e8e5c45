/*
 * How libfcgi (2.4.2) is used, so that its faults cannot be reached:
 * - FCGX_Accept_r with a descriptor already in the request does not accept; it
 *   parses what it reads from there.  That is the sink, a memory file with the
 *   checked request in it, so it neither waits nor sees a stray byte.
 * - reads use the request's ipcFd at the time, and so do writes: it is the sink
 *   while the body is read and the connection while the answer is written.
 * - What it cannot allocate it does not do without: it asserts.  All that it
 *   allocates it does in FCGX_Accept_r, and always the same, as the variables
 *   are not shown to it: two streams, a reader, an empty environment.
 * - FCGX_Finish_r would close a descriptor of its choice and wait up to 2 s for
 *   the peer.  Closing the streams and FCGX_Free(request, 0) closes none.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#undef NDEBUG /* __assert_fail() is declared */
#include <assert.h>
#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer/transport.h"
#include "conf/conf.h"
#include "fcgi/net/fastcgi.h"
#include "fcgi/net/record.h"
#include "log/log.h"
#include "os/clock.h"

#define SINK_KEEP    (256 * 1024) /* bytes a memory file may keep */
#define WRITE_GRACE  700          /* ms after the deadline for writing */
#define DRAIN_TIME   200          /* ms for a peer that we refused */
#define WARN_EVERY   1000         /* ms between such warnings */
#define ACCEPT_NEEDS 32768        /* bytes, more than FCGX_Accept_r allocates */

static const char answer_no_memory[] =
    "Status: 500 Internal Server Error\r\n"
    "Content-Type: application/json\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cache-Control: no-store\r\n\r\n"
    "{\"code\":500,\"message\":\"No memory left\","
    "\"reason\":\"Internal Server Error\"}";
static_assert(sizeof(answer_no_memory) + 2 * RECORD_HEADER + RECORD_END_SIZE <=
	RECORD_ANSWER_MAX,
    "record_answer()");

/* Where an assertion of FCGX_Accept_r leads; NULL outside of it. */
static _Thread_local jmp_buf *accept_failed;

struct fastcgi {
	FCGX_Request request;
	struct record record;
	int sink;
	int fd;        /* the connection */
	uint64_t left; /* bytes of the body to hand out */
	bool cut;      /* there should be more */
	bool gone;     /* the answer cannot be written */
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
	if (accept_failed != NULL)
		longjmp(*accept_failed, 1);
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
		accept_failed = &back;
		result = FCGX_Accept_r(r) == 0 ? 0 : -1;
		accept_failed = NULL;
		return result;
	}
	accept_failed = NULL;
	FCGX_Free(r, 0);
	return 1;
}

static int
sink_open(struct fastcgi *f)
{
	if (f->sink == -1)
		f->sink = memfd_create("ctim-request", MFD_CLOEXEC);
	f->record.sink = f->sink;
	return f->sink == -1 ? -1 : 0;
}

struct fastcgi *
fastcgi_new(const struct conf *conf)
{
	struct fastcgi *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->sink = f->fd = -1;
	if (FCGX_InitRequest(&f->request, -1, 0) != 0 ||
	    record_init(&f->record, -1, conf->max_body) == -1 ||
	    sink_open(f) == -1) {
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
	record_free(&f->record);
	if (f->sink != -1)
		(void)close(f->sink);
	free(f);
}

/* The sink keeps no more than a usual request between two of them. */
static void
sink_trim(struct fastcgi *f)
{
	if (f->record.written > SINK_KEEP && ftruncate(f->sink, 0) == -1)
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

	f->left = f->record.kept;
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
	f->cut = f->record.body < length;
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
	(void)shutdown(f->fd, SHUT_RDWR);
	return -1;
}

static int
fastcgi_answer_write(void *arg, const void *data, size_t n, bool push)
{
	struct fastcgi *f = arg;
	FCGX_Stream *out = f->request.out;
	const char *p = data;
	int part;

	if (f->gone)
		return -1;
	f->request.ipcFd = f->fd;
	for (; n > 0; n -= (size_t)part, p += part) {
		part = n > INT_MAX ? INT_MAX : (int)n;
		if (FCGX_PutStr(p, part, out) != part ||
		    FCGX_GetError(out) != 0)
			return answer_gone(f);
	}
	if (push && FCGX_FFlush(out) == -1)
		return answer_gone(f);
	return 0;
}

/* A web server whose client has left closes the connection, or says
 * FCGI_ABORT_REQUEST (FastCGI specification, 5.4). */
static bool
fastcgi_client_gone(void *arg)
{
	struct fastcgi *f = arg;
	unsigned char head[2];
	ssize_t n;

	if (f->gone)
		return true;
	n = recv(f->fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	if (n == -1)
		return errno != EAGAIN && errno != EINTR;
	return n == 0 || (n == sizeof(head) && head[1] == RECORD_ABORT);
}

/*
 * The ends of the streams and END_REQUEST go out, with what is still in the
 * buffer, in one write.  The error stream first: nothing is ever in it, and the
 * last stream to close is the one that carries END_REQUEST.
 */
static void
request_end(struct fastcgi *f)
{
	FCGX_Request *r = &f->request;

	r->ipcFd = f->fd;
	if (FCGX_FClose(r->err) != 0 || FCGX_FClose(r->out) != 0)
		log_debug("the client left before its answer's end");
	FCGX_Free(r, 0);
	r->ipcFd = -1;
}

/* Shows libfcgi the checked request.  Returns 0, -1, or 1 when memory ran
 * out. */
static int
request_begin(struct fastcgi *f)
{
	FCGX_Request *r = &f->request;
	int result;

	if (lseek(f->sink, 0, SEEK_SET) == -1)
		return -1;
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

/* An answer that libfcgi has no part in; the peer gets a moment to read it
 * before the connection goes. */
static void
fastcgi_refuse(struct fastcgi *f, const void *answer, size_t n)
{
	unsigned char trash[4096];
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	int64_t until = clock_ms() + DRAIN_TIME, left;

	if (send(f->fd, answer, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n ||
	    shutdown(f->fd, SHUT_WR) == -1)
		return;
	while ((left = until - clock_ms()) > 0 && poll(&p, 1, (int)left) > 0 &&
	    recv(f->fd, trash, sizeof(trash), MSG_DONTWAIT) > 0)
		;
}

/* A role that we do not play is answered as the specification says. */
static void
refuse_role(struct fastcgi *f)
{
	unsigned char end[RECORD_END_SIZE];

	record_end(&f->record, end);
	fastcgi_refuse(f, end, sizeof(end));
}

/* One a second: whoever can connect can cause what these say. */
static bool
fastcgi_may_warn(void)
{
	static _Atomic int64_t last;
	int64_t now = clock_ms(), before = atomic_load(&last);

	return (before == 0 || now - before >= WARN_EVERY) &&
	    atomic_compare_exchange_strong(&last, &before, now);
}

static void
refuse_starved(struct fastcgi *f)
{
	unsigned char answer[RECORD_ANSWER_MAX];

	if (fastcgi_may_warn())
		log_error("no memory left for a request: answered with 500");
	if (f->record.id != 0)
		fastcgi_refuse(f, answer,
		    record_answer(&f->record, answer_no_memory, answer));
}

/* A request that did not come to be. */
static void
dropped(struct fastcgi *f, enum record_result result)
{
	switch (result) {
	case RECORD_STARVED:
		refuse_starved(f);
		return;
	case RECORD_ROLE:
		refuse_role(f);
		log_debug("request %u dropped: not for a responder",
		    (unsigned int)f->record.id);
		return;
	case RECORD_BAD:
	case RECORD_LATE:
	case RECORD_FAULT:
		if (fastcgi_may_warn())
			log_warning("connection dropped: %s",
			    result == RECORD_BAD ?
				f->record.why :
				result == RECORD_LATE ?
				"the request did not come in time" :
				"reading the request failed");
		return;
	default:
		log_debug("connection dropped: %s",
		    result == RECORD_SILENT      ? "nothing came" :
			result == RECORD_ABORTED ? "the web server aborted it" :
						   "the request was cut");
		return;
	}
}

/* Writes wait no longer than the request may live; a peer that takes a few
 * bytes at a time is left to the worker's watchdog. */
static void
set_write_time(int fd, int64_t deadline)
{
	int64_t left = deadline + WRITE_GRACE - clock_ms();
	struct timeval tv;

	if (left < 1)
		left = 1;
	tv.tv_sec = (time_t)(left / 1000);
	tv.tv_usec = (suseconds_t)(left % 1000 * 1000);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == -1)
		log_debug("SO_SNDTIMEO: %s", strerror(errno));
}

void
fastcgi_serve(struct fastcgi *f, int fd, int64_t head, int64_t deadline,
    void (*answer)(void *, struct transport *), void *arg)
{
	struct transport t = { .read = fastcgi_body_read,
		.write = fastcgi_answer_write,
		.gone = fastcgi_client_gone,
		.arg = f,
		.deadline = deadline };
	enum record_result result;
	int begun;

	f->fd = fd;
	f->gone = false;
	record_reset(&f->record);
	result = sink_open(f) == -1 ?
	    RECORD_FAULT :
	    record_read(&f->record, fd, head, deadline);
	if (result != RECORD_WHOLE)
		dropped(f, result);
	else if ((begun = request_begin(f)) == 1)
		refuse_starved(f);
	else if (begun == -1)
		log_error("libfcgi refused a request that was checked");
	else {
		set_write_time(fd, deadline);
		t.env = f->record.env;
		fastcgi_body_begin(f, &t);
		answer(arg, &t);
		request_end(f);
	}
	if (f->sink != -1)
		sink_trim(f);
	f->fd = -1;
}
