/* SPDX-License-Identifier: MIT */
/*
 * lookup: one question to a service on its way: an observable (or its health)
 * and the calls that are made for it.
 *
 * What providers see of the fan-out.  A provider says in request() which calls
 * to make and in reply() what an answer means; it makes none itself.  So it is
 * tested with files: request(), the bytes, reply(), request(), … answer().
 */
#ifndef CTIM_LOOKUP_H
#define CTIM_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "ctim/problem.h"
#include "http/http.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"

#define LOOKUP_CALLS  10000             /* of one lookup */
#define CALL_URL      8192              /* bytes of a URL */
#define CALL_HEADERS  8                 /* header fields of a call */
#define CALL_FIELD    9000              /* bytes of one */
#define CALL_BODY     (512 << 10)       /* bytes of a POST */
#define CALL_SAID     3                 /* header fields of an answer */
#define CALL_SAID_MAX 128               /* bytes of one, with the NUL */
#define CALL_PARSED   JSON_ANSWER_BYTES /* of an answer parsed whole */
#define LOOKUP_VALUES 1000000U          /* that all results may hold */
#define LOOKUP_BYTES  (64U << 20)       /* of the texts in them */

/* The field with the hash of a body that is signed. */
#define CALL_BODY_HASH "X-Amz-Content-Sha256: "

struct json_object;
struct lookup;

/* What a call that is signed is sent with, besides its URL; zeroed at first. */
struct call_signing {
	struct buf to_sign;
	char body[sizeof(CALL_BODY_HASH) - 1 + SHA256_TEXT];
	struct http_sign sign; /* scope NULL: it is not signed */
};

enum call_flag {
	/* Its result may be kept and served again to the same credential: the
	 * answer holds no credential and no password. */
	CALL_CACHE = 1 << 0,
	/* Lookups of one request that make a call with this URL and body share
	 * one. */
	CALL_SHARED = 1 << 1,
	/* Its failure costs this call alone and is never more than a warning. */
	CALL_OPTIONAL = 1 << 2,
	/* It needs the token that sign_in() gets: sent as Bearer; a 401 signs
	 * in once more and repeats the call. */
	CALL_SIGNED = 1 << 3,
	/* The provider's scan() sees the body as it comes; nothing is kept. */
	CALL_SCAN = 1 << 4,
	/* Nothing of the observable is in it, not even in part: the egress log
	 * does not tell of it. */
	CALL_WITHOUT_VALUE = 1 << 5,
	/* Set by reply(): the answer is not the one that is waited for, and is
	 * not kept. */
	CALL_AGAIN = 1 << 6,
	/* It gets that token.  Who gives tokens counts other calls than who is
	 * asked with them: it tells nothing of the quota, and waits for none.
	 * The gateway sets it for the call of sign_in(). */
	CALL_SIGN_IN = 1 << 7,
	/* It goes to another service than the provider's, so that it takes no
	 * turn of the rate. */
	CALL_ELSEWHERE = 1 << 8,
	/* It asks about several observables: each of their lookups tells of its
	 * failure. */
	CALL_BATCH = 1 << 9
};

/* One call.  All of it belongs to its lookup. */
struct call {
	struct lookup *lookup;
	/* Filled in by request(): */
	int step;                  /* the provider's own name for it */
	struct json_object *about; /* the provider's: what it is about, a
					 * reference of the call's own; or NULL */
	int64_t number, item;      /* the provider's */
	unsigned flags;            /* enum call_flag */
	int ttl;                   /* seconds that its result may be kept;
					 * 0: as configured */
	struct buf url;
	struct buf headers[CALL_HEADERS]; /* "Name: value" */
	size_t n_headers;
	struct buf query; /* "name=value&…", put behind the URL when the call
			     * goes out, and part of no name of it: of the
			     * credential */
	struct buf scope, sign_id, sign_secret; /* call_sign(); scope empty: it
			     * is not signed */
	const char *method; /* NULL: POST with a body, else GET */
	struct buf sent;    /* its body; empty: none */
	const char *type;   /* of that, a constant; NULL: of a form */
	int64_t wait;       /* ms before it sets out */
	struct buf apart;   /* what else tells it from a call with this URL and
			     * body: method, a header of its own, how its answer
			     * is read; or empty */
	/* The answer, for reply(): */
	int status;                          /* HTTP; 0 for none */
	char reason[64];                     /* of the status line */
	char said[CALL_SAID][CALL_SAID_MAX]; /* the provider's
					 * answer_headers, in printable ASCII,
					 * "" where not there */
	struct buf body; /* CALL_PARSED bytes at most; of an error
					 * status the first 64 KB */
	void *scan;      /* scan_size bytes, zeroed, for scan() */
	/* What it means, from reply(): */
	bool done;                  /* answered or failed: it is over */
	struct json_object *result; /* what was found, NULL: nothing */
	enum problem problem;       /* PROBLEM_NONE: it did not fail */
	char *message;              /* of the problem */
	bool fixed;                 /* message is complete as it is: no
					 * " (TYPE VALUE)" behind it */
	bool echo;                  /* CALL_SHARED: another lookup made it
					 * and tells of its failure */
	void *core;                 /* the fan-out's own */
};

struct lookup {
	struct call **calls; /* in the order in which they were added */
	size_t n;
	size_t cap;
	bool broken;             /* memory ran out for a call, or there
					 * were too many */
	struct json_weight held; /* by the results */
	struct call spare;       /* what is handed out then */
};

void lookup_init(struct lookup *);
void lookup_free(struct lookup *);

/* For request(): one more call.  The URL is made from the format or added to
 * with percent_add().  Never NULL: when memory ran out it is a call that will
 * not be made. */
struct call *lookup_call(struct lookup *, int step, unsigned flags,
    const char *url, ...) __attribute__((format(printf, 4, 5)));
/* A header field; a value that no header can carry makes the call fail. */
void call_header(struct call *, const char *name, const char *value);
/* It is signed by AWS Signature Version 4, for a region and a service, with the two
 * halves of an access key.  What cannot stand there makes the call fail. */
void call_sign(struct call *, const char *region, const char *service,
    const char *id, const char *secret);
/* Whether a text can be a region or a service to sign for. */
bool call_may_sign_for(const char *);
/* For a call that is signed: puts the URL that is sent into url, and the rest, which
 * points to the call, into the other.  What cannot be signed fails; title: of the
 * service. */
void call_signed(
    struct call *, const char *title, struct buf *url, struct call_signing *);
/* That, or NULL for a call that is not signed. */
const struct http_sign *call_is_signed(const struct call_signing *);
/* The URL that is called: that of call_signed(), or its own with the query of the
 * credential, which may be made in b. */
const char *call_sent_url(
    const struct call *, struct buf *b, const struct call_signing *);
/* What it is about: a new reference is taken. */
void call_about(struct call *, struct json_object *);
/* Whether the results hold so much that no more can be kept. */
bool lookup_is_full(const struct lookup *);
/* The call fails as the lookup is full. */
void call_fail_full(struct call *);

/* For reply(). */
/* It failed.  call_fail: a message that the provider's page fixes.
 * call_fail_at: " (TYPE VALUE)" of the observable is put behind it. */
void call_fail(struct call *, enum problem, const char *, ...)
    __attribute__((format(printf, 3, 4)));
void call_fail_at(struct call *, enum problem, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* What is told of a call that failed, never NULL. */
const char *call_message(const struct call *);
/* The problem that a status means by the table of the relay API. */
enum problem call_status_problem(int status);
/* An answer that is not the JSON that it should be; why: as jsonin_answer() says
 * it, memory that ran out too. */
void call_not_json(struct call *, const char *why);
/*
 * The body parsed (jsonin_answer()), to be released by the caller.  NULL for
 * null, for a 204, which has none, and when it is no JSON or memory ran out:
 * then the call has failed (call_not_json()).
 */
struct json_object *call_parse(struct call *);
/* The body parsed as far as it can be, without failing: for the message of an
 * error status.  NULL, or to be released by the caller. */
struct json_object *call_parse_error(const struct call *);
/*
 * Whether a parsed 2xx body says, in a member of `words`, why it has none of the
 * members needed: then the call has failed (call_fail_at(), unknown) with that.
 * Both lists are ended by NULL; body may be NULL.
 */
bool call_excuse(struct call *, struct json_object *body,
    const char *const *needed, const char *const *words);
/* Sets the result; takes the caller's reference over.  Where the lookup holds too
 * much then, the call has failed and has none. */
void call_found(struct call *, struct json_object *);

/* For fan-out: overwrites a result that is a string, with all who share it. */
void call_wipe(struct call *);

#endif
