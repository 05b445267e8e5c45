/* SPDX-License-Identifier: MIT */
/*
 * What the files of described*.c share, and nobody else.
 */
#ifndef CTIM_DESCRIBED_OWN_H
#define CTIM_DESCRIBED_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "describe/described.h"
#include "mapping/map.h"
#include "template/path.h"
#include "template/placeholders.h"

#define DESCRIBED_CLAIMS  32
#define DESCRIBED_REFERS  32
#define DESCRIBED_HEADERS 4
#define DESCRIBED_SAYS    16
#define DESCRIBED_STATUS  32   /* rows of [errors], statuses of `nothing` */
#define DESCRIBED_MAX     1000 /* calls of an `each` */
#define DESCRIBED_PAGES   100  /* pages of "all" */
#define PAGES_DEFAULT     10

/* Steps of calls that are no [call …]; those have their number from 0. */
enum { STEP_HEALTH = -1, STEP_SIGN_IN = -2 };

enum described_kind {
	KIND_TEXT,
	KIND_PASSWORD,
	KIND_API_KEY,
	KIND_NUMBER,
	KIND_YESNO,
	KIND_HOST
};

struct described_claim {
	char *name, *label, *help, *fallback; /* the last two may be NULL */
	enum described_kind kind;
	bool needed;
	unsigned line;
};

/* How an answer is read. */
enum described_reads { READS_JSON, READS_LINES, READS_TEXT, READS_ANY };

struct described_header {
	char *name;
	struct placeholders *value;
};

/* What is sent for one type of observable. */
struct described_request {
	const char *method; /* NULL: there is none */
	bool whole;         /* the URL is a whole one of the same host: what
			     * comes behind its host stands in url */
	bool elsewhere;     /* the same, of the host of sign_in_origin */
	struct placeholders *url;
	struct placeholders *body; /* NULL: none */
	bool json;                 /* it is JSON, else a form */
	uint64_t after;            /* calls that the two name */
	bool takes_next;           /* {next} is in it, or in the header */
};

struct described_call {
	char *name; /* "" of [health] and [sign-in] */
	unsigned line;
	/* By type; the last is without an observable. */
	struct described_request by[OBSERVABLE_TYPES + 1];
	struct described_header header;
	unsigned routes;
	int when; /* a claim; -1: always */
	bool when_not;
	uint64_t after; /* calls that must have found something, whatever the
			 * type; described_after() has all of one */
	int each;       /* the call whose elements; -1: none */
	struct path *each_path, *newest;
	int max;             /* 0: as many entities as are wanted */
	struct path **pages; /* ended by NULL; NULL: none */
	struct path *next;
	int max_pages;       /* -1: not said; 0: all */
	int max_pages_claim; /* -1: none */
	int batch;           /* 0: none */
	struct placeholders *entry;
	enum described_reads reads;
	int nothing[DESCRIBED_STATUS]; /* ended by 0 */
	bool optional, shared;
	bool finally; /* made when the lookup is over */
	int cache;    /* seconds; 0: no, -1: as [cache] */
	struct path *until, *fail;
	char **until_values, **fail_values; /* ended by NULL */
	int every, within; /* seconds; within 0: the request's deadline */
	bool valued;       /* something of the observable may be in it */
	/* [sign-in] */
	struct path *token, *message;
};

struct described_refer {
	char *id;
	unsigned line;
	bool types[OBSERVABLE_TYPES];
	struct placeholders *title, *description, *category;
	/* Scheme and host, where claims that are hosts stand there (else NULL),
	 * and the URL, or what is behind them. */
	struct placeholders *front[OBSERVABLE_TYPES], *url[OBSERVABLE_TYPES];
	bool whole[OBSERVABLE_TYPES]; /* the URL is one of an answer */
	/* Calls that its texts name, and that its URL does. */
	uint64_t calls, by_url[OBSERVABLE_TYPES];
};

/* What is kept to be freed at the end. */
struct described_kept {
	void *what;
	void (*free)(void *);
	struct described_kept *next;
};

/* Scheme and host of a service. */
struct described_origin {
	char *text; /* as written; NULL: there is none */
	struct placeholders *host;
};

struct described {
	struct provider provider; /* first */
	char *dir, *name, *title, *description;
	/* [provider] url in two parts: scheme and host, and what is behind
	 * them; NULL: nothing is. */
	struct described_origin origin;
	struct placeholders *base;
	struct described_origin sign_in_origin; /* none: that of [provider] */
	bool takes[OBSERVABLE_TYPES];
	struct described_claim claims[DESCRIBED_CLAIMS];
	size_t n_claims;
	const char *needed[DESCRIBED_CLAIMS + 1];
	const char *hosts[DESCRIBED_CLAIMS + 1];
	const char *options[DESCRIBED_CLAIMS + 1];
	struct provider_field fields[DESCRIBED_CLAIMS + 1];
	struct described_header auth[DESCRIBED_HEADERS];
	size_t n_auth;
	struct placeholders *auth_query, *basic, *bearer;
	char *body_name;
	struct placeholders *auth_body, *auth_form;
	char *sign_name; /* header field of the HMAC; NULL: none */
	struct placeholders *sign;
	/* Of AWS Signature Version 4; NULL: none. */
	struct placeholders *sign_region, *sign_service;
	int sign_id, sign_key; /* claims */
	struct described_call calls[DESCRIBED_CALLS];
	size_t n_calls;
	struct described_call *sign_in, *health;
	struct described_refer refers[DESCRIBED_REFERS];
	size_t n_refers;
	struct path *message, *says;
	struct {
		char *word;           /* "*": any */
		enum problem problem; /* PROBLEM_NONE: nothing known */
	} said[DESCRIBED_SAYS];
	size_t n_said;
	struct {
		int status;
		enum problem problem; /* PROBLEM_NONE: nothing known */
	} errors[DESCRIBED_STATUS];
	size_t n_errors;
	const char *quota[4]; /* RATELIMIT_LIMIT to RATELIMIT_RESET */
	char *data; /* data.json as maps get it: text, as threads that write
			 * one object of json-c get in each other's way */
	struct map_program programs[3];
	int map, refer; /* numbers of programs; -1: none */
	struct described_kept *kept;
};

/* Keeps something until the end; NULL (then it is freed at once) when memory ran
 * out or it was NULL. */
void *described_keep(struct described *, void *, void (*free)(void *));

static inline const struct described *
described_from(const struct query *q)
{
	return (const struct described *)q->provider;
}

/* Whether a text is HOST or HOST:PORT. */
bool described_is_host(const char *);
/* What is wrong with a value of a kind, words to stand behind a name; NULL:
 * nothing. */
const char *described_wrong_of_kind(enum described_kind, const char *value);

/* described_values.c: what templates stand for in one question. */
struct described_values {
	struct placeholders_values values;
	const struct query *query;
	struct lookup *into; /* where calls are added */
	struct json_object *results[DESCRIBED_CALLS];
	uint64_t made; /* of results */
};
void described_values_init(struct described_values *, const struct query *);
void described_values_free(struct described_values *);
/* What a call has found, as the map sees it; a new reference. */
struct json_object *described_result(const struct query *, size_t call);
/* The value of a claim or its default; NULL: none. */
const char *described_claim(const struct query *, size_t claim);
/* A claim that is yes or no. */
bool described_claim_yes(const struct query *, size_t claim);
/* The first claim that is not of its kind, and why; NULL: there is none. */
const char *described_wrong_claim(const struct query *, const char **why);
/* Whether nothing can be asked, as a claim is wrong: the lookup has failed then. */
bool described_refused(const struct query *);
/* A claim that is there and a number, at most max. */
int described_claim_number(const struct query *, size_t claim, int max);

/* described_send.c: whether a path has a segment . or .., which leads out of it. */
bool described_has_dots(const char *path);

/* described_elements.c */
/* Calls each with the elements that a call is made for, each of them once. */
void described_each_element(struct described_values *,
    const struct described_call *,
    void (*each)(struct described_values *, const struct described_call *,
	struct json_object *, size_t item));
/* Adds an entry for each observable of the batch that the one of q is in. */
enum placeholders_filled described_entries(const struct query *,
    const struct described_call *, struct buf *,
    const struct placeholder **wrong);

/* The calls that must have found something before a call is made for a type. */
static inline uint64_t
described_after(const struct described_call *c, enum observable_type type)
{
	return c->after | c->by[type].after;
}

/* described_calls.c: the calls of a lookup. */
void described_request(const struct query *, const struct call *done);
void described_sign_in(const struct query *);
void described_finish(const struct query *, struct lookup *last);
/* The calls that a question is about. */
uint64_t described_wanted(const struct query *);
/* Whether a page is followed by another: its number, or what {next} is then
 * (*next, to be freed). */
bool described_more(
    const struct described_call *, const struct call *, char **next);
/* Whether a call is the last page that was read, and there are more, or stands for
 * a page that cannot be read. */
bool described_cut(const struct query *, const struct call *);
/* Whether a value is one of its type, where that can be told. */
bool described_askable(const struct observable *);

/* described_reply.c */
void described_reply(const struct query *, struct call *);

/* described_answer.c */
bool described_map(const struct query *, struct buf *question, int *program);
void described_answer(struct answer *, const struct query *);
void described_refer(struct answer *, const struct query *);

#endif
