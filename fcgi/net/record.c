/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/net/record.h"

#define RECORD_SPARE (16 * 1024) /* bytes of a buffer kept between requests */

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

static int
record_add_header(struct record *r, enum fcgiframe_type type, size_t content)
{
	unsigned char h[FCGIFRAME_HEADER];

	fcgiframe_write(h, type, r->id, content);
	return buf_add(&r->frames, h, sizeof(h));
}

void
record_end(const struct record *r, unsigned char *out)
{
	memset(out, 0, RECORD_END_SIZE);
	fcgiframe_write(out, FCGIFRAME_END_REQUEST, r->id,
	    RECORD_END_SIZE - FCGIFRAME_HEADER);
	out[FCGIFRAME_HEADER + 4] = FCGIFRAME_UNKNOWN_ROLE;
}

size_t
record_answer(const struct record *r, const char *text, unsigned char *out)
{
	size_t n = strlen(text), end = FCGIFRAME_HEADER + n;

	fcgiframe_write(out, FCGIFRAME_STDOUT, r->id, n);
	memcpy(out + FCGIFRAME_HEADER, text, n);
	fcgiframe_write(out + end, FCGIFRAME_STDOUT, r->id, 0);
	end += FCGIFRAME_HEADER;
	memset(out + end, 0, RECORD_END_SIZE);
	fcgiframe_write(out + end, FCGIFRAME_END_REQUEST, r->id,
	    RECORD_END_SIZE - FCGIFRAME_HEADER);
	return end + RECORD_END_SIZE;
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
 * Makes the variables' text of PARAMS, in its own bytes: a pair's "=" and NUL
 * take no more room than its two lengths did.  NULL, or what is wrong with it.
 */
static const char *
record_pairs(struct record *r)
{
	const unsigned char *p = (unsigned char *)r->params.data;
	const unsigned char *end = p + r->params.len;
	char *out = r->params.data;
	size_t name, value, pairs = 0;

	for (; p < end; p += name + value) {
		if (pair_length(&p, end, &name) == -1 ||
		    pair_length(&p, end, &value) == -1)
			return "a length in PARAMS is cut";
		if (name > (size_t)(end - p) ||
		    value > (size_t)(end - p) - name)
			return "a length in PARAMS goes past its end";
		if (pairs++ == RECORD_NAMES_MAX)
			return "too many variables";
		if (name == 0 || memchr(p, '=', name) != NULL ||
		    memchr(p, '\0', name) != NULL)
			return "a variable's name is not one";
		if (memchr(p + name, '\0', value) != NULL)
			return "NUL in a variable's value";
		memmove(out, p, name);
		out[name] = '=';
		memmove(out + name + 1, p + name, value);
		out += name + 1 + value;
		*out++ = '\0';
	}
	r->params.len = (size_t)(out - r->params.data);
	return NULL;
}

void
record_variables(const struct record *r, char *env[RECORD_NAMES_MAX + 1])
{
	char *p = r->params.data, *end = p + r->params.len;
	size_t n = 0;

	for (; p < end && n < RECORD_NAMES_MAX; p += strlen(p) + 1)
		env[n++] = p;
	env[n] = NULL;
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
	const char *why = record_pairs(r);

	if (why != NULL)
		return record_bad(r, why);
	if (record_add_header(r, FCGIFRAME_PARAMS, 0) == -1)
		return fault(r);
	r->stage = STAGE_STDIN;
	return RECORD_MORE;
}

/* The empty STDIN record came: the request is complete. */
static enum record_result
stdin_end(struct record *r)
{
	static const unsigned char stop[FCGIFRAME_HEADER];

	/*
	 * The memory file in which libfcgi sees the frames is used again and
	 * again and may hold more bytes than this request has.  A header of
	 * version 0 after it is where libfcgi would stop with an error, were it
	 * ever to read on.
	 */
	if (record_add_header(r, FCGIFRAME_STDIN, 0) == -1 ||
	    buf_add(&r->frames, stop, sizeof(stop)) == -1)
		return fault(r);
	r->stage = STAGE_WHOLE;
	return RECORD_WHOLE;
}

/* A header is complete: may a record of this kind come now? */
static enum record_result
begin_record(struct record *r)
{
	struct fcgiframe h;

	fcgiframe_read(&h, r->head);
	if (h.version != FCGIFRAME_VERSION)
		return record_bad(r, "not FastCGI version 1");
	r->content = h.content;
	r->padding = h.padding;
	if (h.id == 0)
		return record_bad(r, "a management record");
	/* It may cross the answer of the request before. */
	if (h.type == FCGIFRAME_ABORT_REQUEST &&
	    (h.id == r->id || r->stage == STAGE_BEGIN)) {
		r->stage = STAGE_BROKEN;
		return RECORD_ABORTED;
	}
	if (r->stage == STAGE_BEGIN) {
		r->id = h.id;
		if (h.type != FCGIFRAME_BEGIN_REQUEST ||
		    r->content != FCGIFRAME_BODY)
			return record_bad(
			    r, "the first record is no BEGIN_REQUEST");
		return RECORD_MORE;
	}
	if (h.id != r->id)
		return record_bad(r, "a second request on the connection");
	if (h.type !=
	    (r->stage == STAGE_PARAMS ? FCGIFRAME_PARAMS : FCGIFRAME_STDIN))
		return record_bad(r, "a record of the wrong type");
	if (r->stage == STAGE_PARAMS &&
	    r->content > RECORD_PARAMS_MAX - r->params.len)
		return record_bad(r, "too many bytes of PARAMS");
	return RECORD_MORE;
}

/* BEGIN_REQUEST's content is complete.  libfcgi is not shown its flags: whether
 * the connection is kept is not for libfcgi to decide. */
static enum record_result
begin_request(struct record *r)
{
	unsigned char *p = (unsigned char *)r->frames.data;

	if ((p[FCGIFRAME_HEADER] << 8 | p[FCGIFRAME_HEADER + 1]) !=
	    FCGIFRAME_ROLE_RESPONDER) {
		r->stage = STAGE_BROKEN;
		return RECORD_ROLE;
	}
	r->keep = (p[FCGIFRAME_HEADER + 2] & FCGIFRAME_KEEP_CONN) != 0;
	fcgiframe_write(p, FCGIFRAME_BEGIN_REQUEST, r->id, FCGIFRAME_BODY);
	memset(p + FCGIFRAME_HEADER + 2, 0, FCGIFRAME_BODY - 2);
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
			if (record_add_header(r, FCGIFRAME_STDIN, 0) == -1)
				return -1;
		}
		take = FCGIFRAME_CONTENT_MAX - r->open_len;
		if (take > n)
			take = n;
		if (buf_add(&r->frames, p, take) == -1)
			return -1;
		p += take;
		n -= take;
		r->open_len += take;
		fcgiframe_write((unsigned char *)r->frames.data + r->open,
		    FCGIFRAME_STDIN, r->id, r->open_len);
		if (r->open_len == FCGIFRAME_CONTENT_MAX)
			r->open_len = 0;
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
			record_add_header(r, FCGIFRAME_BEGIN_REQUEST,
			    FCGIFRAME_BODY) == -1) ||
		    buf_add(&r->frames, p, n) == -1)
			return fault(r);
		return n == r->content ? begin_request(r) : RECORD_MORE;
	case STAGE_PARAMS:
		return buf_add(&r->params, p, n) == -1 ? fault(r) : RECORD_MORE;
	default:
		return add_body(r, p, n);
	}
}

/* A record is complete.  One without content ends its stream. */
static enum record_result
end_record(struct record *r)
{
	if (!r->empty)
		return RECORD_MORE;
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
		return r->padding == 0 ? end_record(r) : RECORD_MORE;
	}
	take = FCGIFRAME_HEADER - r->have;
	if (take > n)
		take = n;
	*used = take;
	memcpy(r->head + r->have, p, take);
	r->have += take;
	if (r->have < FCGIFRAME_HEADER)
		return RECORD_MORE;
	r->have = 0;
	result = begin_record(r);
	r->empty = r->content == 0;
	if (result == RECORD_MORE && r->empty && r->padding == 0)
		return end_record(r);
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
	r->surplus = result == RECORD_WHOLE && n > 0;
	return result;
}

static void
record_trim(struct buf *b)
{
	if (b->cap > RECORD_SPARE)
		buf_free(b);
	else
		buf_reset(b);
}

void
record_reset(struct record *r)
{
	record_trim(&r->frames);
	record_trim(&r->params);
	r->id = 0;
	r->keep = r->surplus = false;
	r->body = r->kept = 0;
	r->why = NULL;
	r->open = r->open_len = 0;
	r->have = r->content = r->padding = 0;
	r->empty = false;
	r->stage = STAGE_BEGIN;
}

/* Most bytes of frames: the records of a body that is one byte too long, each
 * with its header, and the headers around them. */
static size_t
record_most(size_t max_body)
{
	size_t records = (max_body + 1) / FCGIFRAME_CONTENT_MAX + 1;

	return max_body + 1 + FCGIFRAME_BODY + (records + 4) * FCGIFRAME_HEADER;
}

void
record_init(struct record *r, size_t max_body)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->frames, record_most(max_body));
	buf_init(&r->params, RECORD_PARAMS_MAX);
	r->max_body = max_body;
	record_reset(r);
}

void
record_free(struct record *r)
{
	buf_free(&r->frames);
	buf_free(&r->params);
}

size_t
record_memory(const struct record *r)
{
	return r->frames.cap + r->params.cap;
}

void
record_adopt(struct record *r)
{
	assert(r->stage == STAGE_BEGIN && r->id != 0);
	r->stage = STAGE_WHOLE;
}
