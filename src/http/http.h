/* SPDX-License-Identifier: MIT */
/*
 * http: transfers of one request, many at a time, on the connections that all
 * requests of the process keep.
 *
 * A struct http is what one thread has of the engine (http_engine.h), which
 * moves the transfers.  A call that is handed over belongs to the engine until
 * http_next() names it or http_cancel() returns: meanwhile neither the call nor
 * what it points to may be changed, read or freed, but by take().
 *
 * The only files that know libcurl, with url_curl.c: the network half
 * (net/network.h); http_forward.c opens it.  What is unsafe in its defaults
 * is decided here: no redirect, no signal, no proxy of the environment, https
 * alone unless private addresses are allowed, the address looked at when the
 * socket is made (address.h), own counts of every byte.
 * Source: RFC 9110, RFC 9112; curl_easy_setopt(3), curl_multi_poll(3).
 */
#ifndef CTIM_HTTP_H
#define CTIM_HTTP_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/ratelimit.h"

#define HTTP_REASON_MAX 64    /* bytes of a reason phrase, with the NUL */
#define HTTP_WHY_MAX    160   /* bytes of a cause, with the NUL */
#define HTTP_WANTED     3     /* header fields that a caller may want */
#define HTTP_WANTED_MAX 128   /* bytes of one, with the NUL */
#define HTTP_HEADER_MAX 65536 /* bytes of an answer's header and trailer */
#define HTTP_RETRY_MAX  (INT64_C(366) * 86400 * 1000) /* ms, a year */
#define HTTP_ORIGIN_MAX 288 /* bytes of scheme, host and port, with the NUL */
#define HTTP_SCOPE_MAX  64  /* bytes of a region or service to sign for */

struct conf;
struct http; /* one thread's; no other may use it */
struct http_call;
struct http_engine;
struct http_line;
struct http_transfer;

TAILQ_HEAD(http_calls, http_call);

/* Whom a transfer may reach.  Transfers with different ones share neither a
 * connection nor a TLS session. */
struct http_policy {
	bool allow_private;  /* also http and private addresses */
	const char *ca_file; /* certificates to trust; NULL: those that libcurl
				 * was built with.  It must outlive the engine */
};

/* Of a call, for http.c and the engine alone. */
struct http_own {
	struct http *from;
	struct http_policy policy;
	char origin[HTTP_ORIGIN_MAX];
	bool https;
	/* The thread's: */
	bool out; /* started, and not yet named or cancelled */
	TAILQ_ENTRY(http_call) all;
	/* Under the engine's lock: */
	bool posted; /* in its mailbox */
	bool cancel; /* as a call to cancel */
	TAILQ_ENTRY(http_call) post;
	/* Under the lock of `from`: */
	bool back;    /* in its list of those that ended */
	bool dropped; /* the engine has let go of it */
	/* The engine's; then link is of the list of those that ended. */
	TAILQ_ENTRY(http_call) link;
	struct http_line *line;         /* it waits in; NULL: in none */
	struct http_transfer *transfer; /* it has a place; NULL: none */
};

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

/*
 * What libcurl signs a request with, by AWS Signature Version 4, each time that it is
 * sent: every header field of the call is signed, and its body.
 * Source: CURLOPT_AWS_SIGV4(3).
 */
struct http_sign {
	const char *scope;       /* REGION:SERVICE, neither of them empty */
	const char *id, *secret; /* the access key */
	const char *body; /* one more header field, of the hash of the body;
				  * NULL: the headers have it */
	const char *url;  /* url_to_sign() of the call's; its own is what
				  * is sent */
};

/* One transfer.  The caller fills in the first part and keeps it, and what it
 * points to, until the transfer ended. */
struct http_call {
	const char *url;                  /* ASCII, without a user */
	const char *const *headers;       /* "Name: value", ended by NULL; or
					 * NULL.  One with a control character
					 * is refused */
	const char *method;               /* NULL: POST with a body, else GET */
	const char *body;                 /* a string, or NULL for none */
	const char *type;                 /* Content-Type of that, where the
					 * headers have none */
	const struct http_sign *sign;     /* NULL: it is not signed */
	int64_t timeout;                  /* ms for all of it, from when it
					 * has a place at its host */
	int64_t deadline;                 /* clock_ms() until which it may
					 * last, whenever it got its place;
					 * 0: none.  To cancel one that still
					 * waits then is the caller's */
	size_t max_body;                  /* bytes, after unpacking */
	const struct http_policy *policy; /* NULL: the configuration's */
	/*
	 * Takes n bytes of the body, whatever the status, which is filled in
	 * by then.  length: bytes still to come after these on the wire, -1
	 * when not known; of a packed body it may be some 64 KB too many, as
	 * not every libcurl counts what it is unpacking.  HTTP_STOP ends the
	 * transfer as HTTP_ENOUGH, and over HTTP/1.1 the connection with it:
	 * where little is to come it is cheaper to take that and forget it.
	 * It runs in the engine's thread and must not call http_*().
	 * NULL: nobody wants the body.
	 */
	enum http_take (*take)(
	    struct http_call *, const char *p, size_t n, int64_t length);
	void *arg;                      /* the caller's own */
	bool look;                      /* at the server's certificate: until */
	const char *const *wanted;      /* names of header fields that are kept,
					 * HTTP_WANTED at most, ended by NULL;
					 * or NULL */
	const char *const *quota_names; /* the three header fields that tell
					 * limit, what is left and reset, NULL for
					 * one that nobody tells; NULL: those of
					 * ratelimit.h */
	char *redirect; /* redirect_size bytes of the caller's, for the whole
			 * URL that a redirect names, "" for none and for a
			 * longer one; NULL: nobody wants that.  The body of
			 * the redirect must be taken */
	size_t redirect_size;

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
	struct ratelimit_fields quota; /* what the answer tells of one */
	int64_t until;                 /* with look: what its certificate is
					 * good for, seconds since 1970; 0: no
					 * certificate was seen */
	char why[HTTP_WHY_MAX];        /* the cause in words, without the
					 * URL's query or any header of ours */
	bool h2;                       /* it went over HTTP/2 */
	bool fresh;                    /* a connection was made for it */
	int64_t began;   /* clock_ms() when it got its place at the
					 * host; 0: it never had one.  Good after
					 * http_cancel(), too */
	int64_t granted; /* ms that it could have from then on */
	struct http_own own;
};

/* Once in each process, before threads and after fork; 0, or -1.  The process
 * must ignore SIGPIPE. */
int http_global(void);
/* What a thread has of an engine that runs, and which must outlive it.  NULL
 * when memory ran out. */
struct http *http_join(struct http_engine *);
/* The same with an engine of its own, which moves only while the caller waits.
 * The configuration must outlive it.  NULL when memory ran out. */
struct http *http_new(const struct conf *);
/* Ends what is under way without a word. */
void http_free(struct http *);

/* Hands a call over.  Returns 0, then http_next() will name it; or -1 with end
 * and why filled in: it cannot even begin. */
int http_start(struct http *, struct http_call *);
/* Ends a transfer now; http_next() will not name it.  Nothing happens to one
 * that is not under way. */
void http_cancel(struct http *, struct http_call *);
/* Ends all that are under way like that, and none of them goes out meanwhile. */
void http_cancel_all(struct http *);
/* Waits until a transfer has ended, or ms passed.  Nothing under way: waits all
 * that time.  With an engine of its own it may return before, too. */
void http_wait(struct http *, int64_t ms);
/* A transfer that ended; NULL for none. */
struct http_call *http_next(struct http *);
/* One transfer from start to end, while no other is under way; timeout holds for
 * its wait for a place, too. */
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
