/*
 * The reader is fed with bytes as they come; it looks at each once.  What is
 * not yet in the sink is at most one PARAMS and one STDIN record, in frames.
 */
#include <sys/socket.h>
#include <sys/types.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/net/record.h"
#include "os/clock.h"

#define INPUT_SIZE     32768 /* bytes for one recv(2) */
#define FRAMES_MAX     (3 * (RECORD_HEADER + RECORD_CONTENT_MAX))

#define VERSION_1      1
#define ROLE_RESPONDER 1
#define UNKNOWN_ROLE   3
#define BEGIN_BODY     8 /* bytes of BEGIN_REQUEST's content */

enum type {
	TYPE_BEGIN_REQUEST = 1,
	TYPE_ABORT_REQUEST,
	TYPE_END_REQUEST,
	TYPE_PARAMS,
	TYPE_STDIN,
	TYPE_STDOUT
};

enum stage {
	STAGE_BEGIN,
	STAGE_PARAMS,
	STAGE_STDIN,
	STAGE_WHOLE,
	STAGE_BROKEN
};

static enum record_result
record_bad(struct record *r, const char *why)
{
	r->why = why;
	r->stage = STAGE_BROKEN;
	return RECORD_BAD;
}

static void
record_header(unsigned char *out, enum type type, uint16_t id, size_t content)
{
	out[0] = VERSION_1;
	out[1] = (unsigned char)type;
	out[2] = (unsigned char)(id >> 8);
	out[3] = (unsigned char)(id & 0xff);
	out[4] = (unsigned char)(content >> 8);
	out[5] = (unsigned char)(content & 0xff);
	out[6] = 0;
	out[7] = 0;
}

static int
record_add_header(struct record *r, enum type type, size_t content)
{
	unsigned char h[RECORD_HEADER];

	record_header(h, type, r->id, content);
	return buf_add(&r->frames, h, sizeof(h));
}

void
record_end(const struct record *r, unsigned char *out)
{
	memset(out, 0, RECORD_END_SIZE);
	record_header(
	    out, TYPE_END_REQUEST, r->id, RECORD_END_SIZE - RECORD_HEADER);
	out[RECORD_HEADER + 4] = UNKNOWN_ROLE;
}

size_t
record_answer(const struct record *r, const char *text, unsigned char *out)
{
	size_t n = strlen(text), end = RECORD_HEADER + n;

	record_header(out, TYPE_STDOUT, r->id, n);
	memcpy(out + RECORD_HEADER, text, n);
	record_header(out + end, TYPE_STDOUT, r->id, 0);
	end += RECORD_HEADER;
	memset(out + end, 0, RECORD_END_SIZE);
	record_header(out + end, TYPE_END_REQUEST, r->id,
	    RECORD_END_SIZE - RECORD_HEADER);
	return end + RECORD_END_SIZE;
}

/* What is in frames goes to the sink. */
static int
record_flush(struct record *r)
{
	size_t done = 0;
	ssize_t n;

	while (done < r->frames.len) {
		n = pwrite(r->sink, r->frames.data + done, r->frames.len - done,
		    r->written);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
		r->written += n;
	}
	buf_reset(&r->frames);
	return 0;
}

/* One length of a name-value pair: one byte, or four with the first bit set.
 * Returns 0, or -1 when the bytes end before it does. */
static int
pair_length(const unsigned char **p, const unsigned char *end, size_t *out)
{
	const unsigned char *s = *p;

	if (s == end)
		return -1;
	if ((s[0] & 0x80) == 0) {
		*out = s[0];
		*p = s + 1;
		return 0;
	}
	if (end - s < 4)
		return -1;
	*out = (size_t)(s[0] & 0x7f) << 24 | (size_t)s[1] << 16 |
	    (size_t)s[2] << 8 | s[3];
	*p = s + 4;
	return 0;
}

/*
 * Makes the variables of PARAMS, in its own bytes: a pair's "=" and NUL take no
 * more room than its two lengths did.  NULL, or what is wrong with it.
 */
static const char *
record_variables(struct record *r)
{
	const unsigned char *p = (unsigned char *)r->params.data;
	const unsigned char *end = p + r->params.len;
	char *out = r->params.data;
	size_t name, value, pairs = 0;

	while (p < end) {
		if (pair_length(&p, end, &name) == -1 ||
		    pair_length(&p, end, &value) == -1)
			return "a length in PARAMS is cut";
		if (name > (size_t)(end - p) ||
		    value > (size_t)(end - p) - name)
			return "a length in PARAMS goes past its end";
		if (pairs == RECORD_NAMES_MAX)
			return "too many variables";
		if (name == 0 || memchr(p, '=', name) != NULL ||
		    memchr(p, '\0', name) != NULL)
			return "a variable's name is not one";
		if (memchr(p + name, '\0', value) != NULL)
			return "NUL in a variable's value";
		r->env[pairs++] = out;
		memmove(out, p, name);
		out[name] = '=';
		memmove(out + name + 1, p + name, value);
		out += name + 1 + value;
		*out++ = '\0';
		p += name + value;
	}
	r->env[pairs] = NULL;
	return NULL;
}

static enum record_result
fault(struct record *r)
{
	r->stage = STAGE_BROKEN;
	return r->frames.starved || r->params.starved ? RECORD_STARVED :
							RECORD_FAULT;
}

/* The empty PARAMS record came: the variables are complete. */
static enum record_result
params_end(struct record *r)
{
	const char *why = record_variables(r);

	if (why != NULL)
		return record_bad(r, why);
	if (record_add_header(r, TYPE_PARAMS, 0) == -1)
		return fault(r);
	r->stage = STAGE_STDIN;
	return RECORD_MORE;
}

/* The empty STDIN record came: the request is complete. */
static enum record_result
stdin_end(struct record *r)
{
	static const unsigned char stop[RECORD_HEADER];

	/*
	 * The sink is used again and again and may hold more bytes than this
	 * request has.  A header of version 0 after it is where libfcgi would
	 * stop with an error, were it ever to read on.
	 */
	if (record_add_header(r, TYPE_STDIN, 0) == -1 ||
	    buf_add(&r->frames, stop, sizeof(stop)) == -1 ||
	    record_flush(r) == -1)
		return fault(r);
	r->stage = STAGE_WHOLE;
	return RECORD_WHOLE;
}

/* A header is complete: may a record of this kind come now? */
static enum record_result
begin_record(struct record *r)
{
	const unsigned char *h = r->head;
	uint16_t id = (uint16_t)(h[2] << 8 | h[3]);

	if (h[0] != VERSION_1)
		return record_bad(r, "not FastCGI version 1");
	r->content = (size_t)h[4] << 8 | h[5];
	r->padding = h[6];
	if (id == 0)
		return record_bad(r, "a management record");
	if (r->stage == STAGE_BEGIN) {
		r->id = id;
		if (h[1] != TYPE_BEGIN_REQUEST || r->content != BEGIN_BODY)
			return record_bad(
			    r, "the first record is no BEGIN_REQUEST");
		return RECORD_MORE;
	}
	if (id != r->id)
		return record_bad(r, "a second request on the connection");
	if (h[1] == TYPE_ABORT_REQUEST) {
		r->stage = STAGE_BROKEN;
		return RECORD_ABORTED;
	}
	if (h[1] != (r->stage == STAGE_PARAMS ? TYPE_PARAMS : TYPE_STDIN))
		return record_bad(r, "a record of the wrong type");
	if (r->stage == STAGE_PARAMS &&
	    r->content > RECORD_PARAMS_MAX - r->params.len)
		return record_bad(r, "too many bytes of PARAMS");
	return RECORD_MORE;
}

/* BEGIN_REQUEST's content is complete.  Its flags are not kept: a connection is
 * always closed after its answer. */
static enum record_result
begin_request(struct record *r)
{
	unsigned char *p = (unsigned char *)r->frames.data;

	if ((p[RECORD_HEADER] << 8 | p[RECORD_HEADER + 1]) != ROLE_RESPONDER) {
		r->stage = STAGE_BROKEN;
		return RECORD_ROLE;
	}
	record_header(p, TYPE_BEGIN_REQUEST, r->id, BEGIN_BODY);
	memset(p + RECORD_HEADER + 2, 0, BEGIN_BODY - 2);
	r->stage = STAGE_PARAMS;
	return RECORD_MORE;
}

/* Adds bytes to the STDIN record that is being made, in frames from r->open on,
 * and begins another when that is full. */
static int
add_stdin(struct record *r, const unsigned char *p, size_t n)
{
	size_t take;

	while (n > 0) {
		if (r->open_len == 0) {
			r->open = r->frames.len;
			if (record_add_header(r, TYPE_STDIN, 0) == -1)
				return -1;
		}
		take = RECORD_CONTENT_MAX - r->open_len;
		if (take > n)
			take = n;
		if (buf_add(&r->frames, p, take) == -1)
			return -1;
		p += take;
		n -= take;
		r->open_len += take;
		record_header((unsigned char *)r->frames.data + r->open,
		    TYPE_STDIN, r->id, r->open_len);
		if (r->open_len == RECORD_CONTENT_MAX) {
			r->open_len = 0;
			if (record_flush(r) == -1)
				return -1;
		}
	}
	return 0;
}

static enum record_result
add_body(struct record *r, const unsigned char *p, size_t n)
{
	uint64_t room = (uint64_t)r->max_body + 1 - r->kept;
	size_t keep = n < room ? n : (size_t)room;

	r->body += n;
	r->kept += keep;
	return add_stdin(r, p, keep) == -1 ? fault(r) : RECORD_MORE;
}

static enum record_result
add_content(struct record *r, const unsigned char *p, size_t n)
{
	switch (r->stage) {
	case STAGE_BEGIN:
		/* Header and content, so that begin_request() sees both. */
		if ((r->frames.len == 0 &&
			record_add_header(r, TYPE_BEGIN_REQUEST, BEGIN_BODY) ==
			    -1) ||
		    buf_add(&r->frames, p, n) == -1)
			return fault(r);
		return n == r->content ? begin_request(r) : RECORD_MORE;
	case STAGE_PARAMS:
		return buf_add(&r->params, p, n) == -1 ? fault(r) : RECORD_MORE;
	default:
		return add_body(r, p, n);
	}
}

/* A record without content ends its stream. */
static enum record_result
end_stream(struct record *r)
{
	return r->stage == STAGE_PARAMS ? params_end(r) : stdin_end(r);
}

/* Takes bytes of one header, content or padding; *used says how many. */
static enum record_result
step(struct record *r, const unsigned char *p, size_t n, size_t *used)
{
	enum record_result result;
	size_t take;

	if (r->content > 0) {
		*used = take = n < r->content ? n : r->content;
		result = add_content(r, p, take);
		r->content -= take;
		return result;
	}
	if (r->padding > 0) {
		*used = take = n < r->padding ? n : r->padding;
		r->padding -= take;
		return RECORD_MORE;
	}
	take = RECORD_HEADER - r->have;
	if (take > n)
		take = n;
	*used = take;
	memcpy(r->head + r->have, p, take);
	r->have += take;
	if (r->have < RECORD_HEADER)
		return RECORD_MORE;
	r->have = 0;
	result = begin_record(r);
	if (result == RECORD_MORE && r->content == 0)
		return end_stream(r);
	return result;
}

enum record_result
record_feed(struct record *r, const void *data, size_t n)
{
	const unsigned char *p = data;
	enum record_result result = RECORD_MORE;
	size_t used;

	if (r->stage == STAGE_WHOLE)
		return RECORD_WHOLE;
	if (r->stage == STAGE_BROKEN)
		return RECORD_BAD;
	while (n > 0 && result == RECORD_MORE) {
		result = step(r, p, n, &used);
		p += used;
		n -= used;
	}
	return result;
}

/* Waits until there is something to read: 1, 0 when the time is over, or -1. */
static int
wait_input(int fd, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = until - clock_ms();
		if (left <= 0)
			return 0;
		n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
	} while (n == 0 || (n == -1 && errno == EINTR));
	return n;
}

/*
 * MSG_DONTWAIT first, poll when there is nothing yet: the request is mostly
 * there already, and the descriptor itself stays blocking for libfcgi's writes.
 * The time is looked at after every read, so that a drip does not escape it.
 */
enum record_result
record_read(struct record *r, int fd, int64_t head, int64_t end)
{
	enum record_result result = RECORD_MORE;
	int64_t until;
	ssize_t n;

	if (head > end)
		head = end;
	while (result == RECORD_MORE) {
		until = r->stage == STAGE_STDIN ? end : head;
		n = recv(fd, r->input, INPUT_SIZE, MSG_DONTWAIT);
		if (n > 0) {
			r->any = true;
			result = record_feed(r, r->input, (size_t)n);
			if (result == RECORD_MORE && clock_ms() >= until)
				return RECORD_LATE;
			continue;
		}
		if (n == 0 || errno == ECONNRESET)
			return r->any ? RECORD_CUT : RECORD_SILENT;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return RECORD_FAULT;
		switch (wait_input(fd, until)) {
		case 0:
			return r->any ? RECORD_LATE : RECORD_SILENT;
		case -1:
			return RECORD_FAULT;
		}
	}
	return result;
}

void
record_reset(struct record *r)
{
	buf_reset(&r->frames);
	r->id = 0;
	r->body = r->kept = 0;
	r->why = NULL;
	r->written = 0;
	buf_reset(&r->params);
	r->env[0] = NULL;
	r->open = r->open_len = 0;
	r->have = r->content = r->padding = 0;
	r->stage = STAGE_BEGIN;
	r->any = false;
}

int
record_init(struct record *r, int sink, size_t max_body)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->frames, FRAMES_MAX);
	buf_init(&r->params, RECORD_PARAMS_MAX);
	r->sink = sink;
	r->max_body = max_body;
	r->input = malloc(INPUT_SIZE);
	if (r->input == NULL)
		return -1;
	record_reset(r);
	return 0;
}

void
record_free(struct record *r)
{
	buf_free(&r->frames);
	buf_free(&r->params);
	free(r->input);
	r->input = NULL;
}
