/*
 * http: transfers of one thread, many at a time, on kept connections.
 *
 * The only files that know libcurl, with url.c.  What is unsafe in its defaults
 * is decided here: no redirect, no signal, no proxy of the environment, https
 * alone unless private addresses are allowed, the address looked at when the
 * socket is made (address.h), own counts of every byte.
 * Source: RFC 9110, RFC 9112; curl_easy_setopt(3), curl_multi_poll(3).
 */
#ifndef CTIM_HTTP_H
#define CTIM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_REASON_MAX 64    /* bytes of a reason phrase, with the NUL */
#define HTTP_WHY_MAX    160   /* bytes of a cause, with the NUL */
#define HTTP_WANTED     3     /* header fields that a caller may want */
#define HTTP_WANTED_MAX 128   /* bytes of one, with the NUL */
#define HTTP_HEADER_MAX 65536 /* bytes of an answer's header and trailer */
#define HTTP_RETRY_MAX  (INT64_C(366) * 86400 * 1000) /* ms, a year */

struct conf;
struct http; /* a thread's connections; no other may use it */
struct http_call;

/* How a transfer ended. */
enum http_end {
	HTTP_ANSWERED,      /* status and the whole body are there */
	HTTP_ENOUGH,        /* take() wanted no more of the body */
	HTTP_REFUSED,       /* take() refused the body */
	HTTP_BAD_URL,       /* a URL that this gateway does not call */
	HTTP_PRIVATE,       /* no address of the host may be connected to */
	HTTP_NO_HOST,       /* the name does not resolve */
	HTTP_NO_CONNECTION, /* refused, unreachable, no TLS, or the proxy
				 * failed */
	HTTP_CUT,           /* the connection broke before the end */
	HTTP_LATE,          /* a time-out, of connecting too */
	HTTP_TLS,           /* the certificate is not good */
	HTTP_TOO_LARGE,     /* more than max_body, unpacked; or a header of
				 * more than HTTP_HEADER_MAX */
	HTTP_GARBLED,       /* no HTTP, or a coding that was not asked for
				 * or does not unpack */
	HTTP_NO_MEMORY,     /* memory ran out here */
	HTTP_FAILED         /* anything else: no descriptor */
};

/* What take() says of the bytes. */
enum http_take { HTTP_MORE, HTTP_STOP, HTTP_REFUSE };

/* One transfer.  The caller fills in the first part and keeps it, and what it
 * points to, until the transfer ended. */
struct http_call {
	const char *url;            /* ASCII, without a user */
	const char *const *headers; /* "Name: value", ended by NULL; or
					 * NULL.  One with a control character
					 * is refused */
	const char *method;         /* NULL: POST with a body, else GET */
	const char *body;           /* a string, or NULL for none */
	const char *type;           /* Content-Type of that */
	int64_t timeout;            /* ms for all of it */
	size_t max_body;            /* bytes, after unpacking */
	/*
	 * Takes n bytes of the body, whatever the status, which is filled in
	 * by then.  length: bytes still to come after these on the wire, -1
	 * when not known; of a packed body it may be some 64 KB too many, as
	 * not every libcurl counts what it is unpacking.  HTTP_STOP ends the
	 * transfer as HTTP_ENOUGH, and over HTTP/1.1 the connection with it:
	 * where little is to come it is cheaper to take that and forget it.
	 * It must not call http_*().
	 * NULL: nobody wants the body.
	 */
	enum http_take (*take)(
	    struct http_call *, const char *p, size_t n, int64_t length);
	void *arg;                 /* the caller's own */
	bool look;                 /* at the server's certificate: until */
	const char *const *wanted; /* names of header fields that are kept,
					 * HTTP_WANTED at most, ended by NULL;
					 * or NULL */

	/* Filled in, good once it ended. */
	enum http_end end;
	int status;                   /* 0: no answer came */
	char reason[HTTP_REASON_MAX]; /* printable ASCII; never
					 * empty when status is not 0 */
	char retry_after[64];         /* of that header, "" for none */
	char date[64];                /* Date header, "" for none */
	char server[64];              /* Server header, "" for none */
	char kept[HTTP_WANTED][HTTP_WANTED_MAX]; /* those wanted, in
					 * printable ASCII, "" for none */
	int64_t until;          /* with look: what its certificate is
					 * good for, seconds since 1970; 0: no
					 * certificate was seen */
	char why[HTTP_WHY_MAX]; /* the cause in words, without the
					 * URL's query or any header of ours */
	bool h2;                /* it went over HTTP/2 */
	bool fresh;             /* a connection was made for it */
	void *handle;           /* http.c's while under way, or NULL */
};

/* Once in each process, before threads and after fork; 0, or -1.  The process
 * must ignore SIGPIPE. */
int http_global(void);
/* The configuration must outlive it.  NULL when memory ran out. */
struct http *http_new(const struct conf *);
/* Ends what is under way without a word. */
void http_free(struct http *);

/* Begins a transfer.  Returns 0, then http_next() will name it; or -1 with end
 * and why filled in: it cannot even begin. */
int http_start(struct http *, struct http_call *);
/* Ends a transfer now; http_next() will not name it.  Nothing happens to one
 * that is not under way. */
void http_cancel(struct http *, struct http_call *);
/* Moves what can be moved; unless a transfer ended, waits until something can
 * or ms passed.  Nothing under way: waits all that time. */
void http_wait(struct http *, int64_t ms);
/* A transfer that ended; NULL for none. */
struct http_call *http_next(struct http *);
/* One transfer from start to end, while no other is under way. */
void http_do(struct http *, struct http_call *);

/* Whether a header can carry text: no control characters. */
bool http_header_safe(const char *text);
/*
 * What a Retry-After header asks for, in ms from now (seconds since 1970): a
 * number of seconds or an HTTP date (RFC 9110, 10.2.3; all three forms of
 * 5.6.7).  A date in the past is 0; more than HTTP_RETRY_MAX is that.  -1 when
 * it says nothing that can be understood.
 */
int64_t http_retry_after(const char *text, int64_t now);

#endif
