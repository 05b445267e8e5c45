/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "answer/html.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "base/uuid.h"
#include "json/jsonout.h"
#include "net/reason.h"

static void
choose_id(struct response *r)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._";
	const char *id;

	id = transport_var(r->transport, "HTTP_X_REQUEST_ID");
	if (id != NULL && strlen(id) < REQUEST_ID_MAX &&
	    strspn(id, plain) == strlen(id)) {
		memcpy(r->id, id, strlen(id) + 1);
		return;
	}
	uuid4(r->id);
}

void
response_init(struct response *r, struct transport *t)
{
	/* Not the room, which is large. */
	memset(r, 0, offsetof(struct response, room));
	r->transport = t;
	r->status = 200;
	r->type = "application/json";
	buf_fixed(&r->held, r->room, sizeof(r->room));
	choose_id(r);
}

static int
out(struct response *r, const void *p, size_t n, bool push)
{
	if (!r->gone &&
	    r->transport->write(r->transport->arg, p, n, push) == -1)
		r->gone = true;
	return r->gone ? -1 : 0;
}

/* Sends the header.  whole: the held bytes are the whole body. */
static int
response_start(struct response *r, bool whole)
{
	char room[1024];
	struct buf b;

	r->started = true;
	buf_fixed(&b, room, sizeof(room));
	buf_adds(&b, "Status: ");
	buf_addi(&b, r->status);
	buf_addc(&b, ' ');
	buf_adds(&b, http_reason(r->status));
	buf_adds(&b, "\r\nContent-Type: ");
	buf_adds(&b, r->type);
	if (whole) {
		buf_adds(&b, "\r\nContent-Length: ");
		buf_addi(&b, (int64_t)r->held.len);
	}
	buf_adds(&b,
	    "\r\nX-Content-Type-Options: nosniff\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Request-Id: ");
	buf_adds(&b, r->id);
	buf_adds(&b, "\r\n");
	buf_adds(&b, r->extra == NULL ? "" : r->extra);
	buf_adds(&b, r->policy == NULL ? "" : r->policy);
	buf_adds(&b, "\r\n");
	return out(r, b.data, b.len, false);
}

static int
response_flush(struct response *r, bool whole, bool push)
{
	if (!r->started)
		response_start(r, whole);
	if (!r->head_only && r->held.len > 0)
		out(r, r->held.data, r->held.len, false);
	r->held.len = 0;
	if (push)
		out(r, "", 0, true);
	return r->gone ? -1 : 0;
}

int
response_write(struct response *r, const void *p, size_t n)
{
	r->bytes += n;
	if (buf_add(&r->held, p, n) == 0)
		return 0;
	/* Not more than RESPONSE_HELD waits; a large piece goes straight on. */
	response_flush(r, false, false);
	if (n < RESPONSE_HELD / 2 && buf_add(&r->held, p, n) == 0)
		return r->gone ? -1 : 0;
	return r->head_only ? 0 : out(r, p, n, false);
}

int
response_push(struct response *r)
{
	return response_flush(r, false, true);
}

int
response_end(struct response *r)
{
	/* No push: the transport ends the request now, and with it sends all
	 * that it holds, in one piece where it can. */
	return response_flush(r, true, false);
}

void
response_html(struct response *r)
{
	r->type = HTML_TYPE;
	r->policy = html_policy;
}

/* Writes an error for people.  Returns 0, or -1 when memory ran out. */
static int
error_page(struct response *r, const char *message, struct buf *b)
{
	char title[64];

	(void)snprintf(
	    title, sizeof(title), "%d %s", r->status, http_reason(r->status));
	html_begin(b, title, NULL, false);
	buf_adds(b, "<main>\n<h1>");
	html_text(b, title);
	buf_adds(b, "</h1>\n<p>");
	html_text(b, message);
	buf_addf(b,
	    ".</p>\n<p class=\"dim\">Request <code>%s</code></p>\n</main>\n",
	    r->id);
	html_end(b);
	return b->failed ? -1 : 0;
}

static int
error_json(const struct response *r, const char *message, struct buf *b)
{
	struct jsonout j;

	jsonout_init(&j, b);
	jsonout_object(&j);
	jsonout_kint(&j, "code", r->status);
	jsonout_kstring(&j, "message", message);
	jsonout_kstring(&j, "reason", http_reason(r->status));
	jsonout_end_object(&j);
	return jsonout_done(&j);
}

void
response_error(struct response *r, int status, const char *message)
{
	static const char starved[] = "{\"code\":500,\"message\":"
				      "\"No memory left\",\"reason\":"
				      "\"Internal Server Error\"}";
	const bool html = html_wanted(r->transport);
	struct buf b;

	r->status = status;
	buf_init(&b, RESPONSE_HELD);
	if ((html ? error_page(r, message, &b) : error_json(r, message, &b)) ==
	    0) {
		if (html)
			response_html(r);
		response_write(r, b.data, b.len);
	} else {
		r->status = 500;
		response_write(r, starved, sizeof(starved) - 1);
	}
	response_end(r);
	buf_free(&b);
}
