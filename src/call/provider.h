/* SPDX-License-Identifier: MIT */
/*
 * provider: the contract between the gateway and one threat-intelligence
 * service.  A provider is one file with one const struct and one row in
 * table.c; template.c is the one to copy.
 *
 * A provider does no I/O and keeps no state.  Its functions are called on the
 * thread of the request, scan() on that of the engine, with everything they may
 * look at in struct query; they say which calls to make through lookup.h and
 * what was found through answer.h.
 * So a provider is tested with files.
 */
#ifndef CTIM_PROVIDER_H
#define CTIM_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer/answer.h"
#include "call/lookup.h"
#include "call/tile.h"
#include "ctim/observable.h"

struct claims;
struct conf_key;
struct provider;
struct buf;
struct json_object;
struct map_program;
struct record;

/* The routes a provider may implement; the gateway answers the others itself,
 * as the relay API says for a relay without them. */
enum provider_route {
	PROVIDER_DELIBERATE = 1 << 0,
	PROVIDER_OBSERVE = 1 << 1,
	PROVIDER_REFER = 1 << 2,
	PROVIDER_TRIGGER = 1 << 3,
	PROVIDER_HEALTH = 1 << 4, /* asks the service itself */
	PROVIDER_RESPOND = 1 << 5,
	PROVIDER_TILES = 1 << 6
};

/* One question.  Everything in it belongs to the gateway and is good until the
 * function that got it returns. */
struct query_batch {
	const void *of; /* the provider's own; NULL: there is nothing */
	const struct observable *first, *last; /* of the list */
	struct buf text;
};

struct query {
	const struct provider *provider;
	enum provider_route route;
	const struct observable *observable; /* NULL: health, trigger,
							 * tiles */
	const struct claims *claims;         /* of the verified token, auth.h */
	const void *conf;                    /* the relay's own keys, conf_size
						 * bytes filled in from keys */
	int64_t now;                         /* seconds since 1970 */
	/* What the store holds on the observable; n is 0 unless the provider
	 * names a store. */
	const struct record *records;
	size_t n;
	/* The calls made so far, for a provider that has request(). */
	struct lookup *lookup;
	/* All observables of the request that are put to the provider, for calls
	 * about many of them; NULL, 0: health, trigger, tiles. */
	const struct observable *list;
	size_t n_list;
	/* Where a provider may keep what it made for several of them, so that it
	 * is made once in a request.  NULL: nowhere. */
	struct query_batch *batch;
	/* For answer() and refer() of a provider with map(): the array of what its
	 * program wrote, read only.  NULL: it was not asked, or failed before it
	 * wrote something. */
	struct json_object *entities;
	/* With it: what is not in the answer, as CTIM does not have it, is added
	 * here.  NULL: nobody counts. */
	size_t *left_out;
};

/* What scan() says of the bytes it saw. */
enum scan_result {
	SCAN_MORE,   /* go on */
	SCAN_ENOUGH, /* what is wanted is there: the rest is not */
	SCAN_BAD     /* the body is not what it must be: the call has
				 * failed, through call_fail() or as unknown */
};

/* What a trigger names (relay API, POST /respond/trigger); none is empty. */
struct trigger {
	const char *action;
	const char *type;
	const char *value;
	/* The whole body, with the members of query-params of the action. */
	struct json_object *body;
};

/* What a trigger changes in the store of a provider. */
enum provider_change {
	CHANGE_NONE,   /* all is as the action wants it */
	CHANGE_ADD,    /* the record is put there, over another one */
	CHANGE_RENEW,  /* the same: it is there, but would expire sooner */
	CHANGE_REMOVE, /* the record of that source goes */
	CHANGE_WRONG,  /* it is no action, or not for this observable */
	CHANGE_REFUSED /* it must not be done */
};

/* What the user of a module of this relay enters at the platform; it comes as
 * the claim of that name.  Needed where `claims` has it. */
struct provider_field {
	const char *claim; /* NULL ends a list */
	enum provider_field_kind {
		FIELD_TEXT,
		FIELD_PASSWORD,
		FIELD_API_KEY
	} kind;
	const char *label;   /* what it is called */
	const char *tooltip; /* one sentence */
};

/* What people are told of one that is broken; with its title. */
#define PROVIDER_BROKEN "The description of %s has an error, see the log"

struct provider {
	const char *name;            /* as in `provider = NAME` */
	const char *title;           /* what people call the service */
	const char *description;     /* one sentence */
	struct observable_set types; /* what it takes */
	unsigned routes;             /* enum provider_route, or'ed */
	const char *const *claims;   /* non-empty strings that the token must
					 * hold; NULL, or ended by NULL */
	const char *const *hosts;    /* claims that say where a credential is
				   * sent; NULL, or ended by NULL */
	const char *host_key;        /* the row of keys that says so where the
				      * first of hosts does not; NULL: none */
	const char *const *options;  /* claims that are no credential: quota,
				      * rate and token are the same whatever
				      * they say; NULL, or ended by NULL */
	const struct provider_field *fields; /* of a module; NULL: none */
	const char *about;           /* for people who choose a module; NULL:
					 * the description says enough */
	const char *tips;            /* how to get what the fields want, in
					 * Markdown, or NULL */
	const struct conf_key *keys; /* its configuration rows, or NULL */
	int rate;                    /* calls that the service takes from a
					 * credential in rate_seconds; 0: no
					 * limit.  The relay's `rate` comes
					 * before it */
	int rate_seconds;            /* 0: in one */
	bool joins;                  /* it asks other relays: conf is a struct
					 * members (members.h) */
	bool any_case;               /* types of observables are compared
					 * without case */
	bool broken;                 /* its description has an error, which is
				      * all that it answers */
	size_t conf_size;            /* bytes of the struct that keys fill */
	/* Answers from the local store: where that is, from its own keys.  NULL
	 * for a provider that does not. */
	const char *(*store)(const void *conf);
	/* The program to run after a change of that store (hook.h), from its own
	 * keys; NULL, or one that returns NULL: none. */
	const char *(*on_change)(const void *conf);
	/*
	 * A service on the network: adds the calls to make next to q->lookup.
	 * Called first with done NULL (for each observable, and for health
	 * with none), then once for each call that is over, done: of those
	 * that failed (done->problem) only for CALL_OPTIONAL ones.  What
	 * cannot be asked is an answer_warning() from answer(), not a call.
	 */
	void (*request)(const struct query *q, const struct call *done);
	/*
	 * What the answer to a call means: call_found(), call_fail(), or
	 * neither for "nothing known".  Called for every HTTP status, once
	 * retries are over.  Only what it puts into c->result is cached.
	 */
	void (*reply)(const struct query *q, struct call *c);
	/* Names of header fields of the answers that it looks at (c->said in
	 * this order), CALL_SAID at most, ended by NULL; NULL for none. */
	const char *const *answer_headers;
	/* The header fields in which an answer tells of the credential's quota:
	 * its limit, what is left, and when it begins anew (RATELIMIT_LIMIT to
	 * RATELIMIT_RESET, ratelimit.h), NULL for one that is not told.  Calls
	 * are then left out while nothing is left.  NULL: those fields that many
	 * services have, which are only shown. */
	const char *const *quota;
	/* Whether a status that is tried again elsewhere (429, 502 to 504) will
	 * not change by that: c->said tells.  NULL: none does so. */
	bool (*lasting)(const struct call *c);
	/* CALL_SCAN: sees the body of a 2xx answer as it comes, then with n 0
	 * at its end (reply() is not called for it; nothing is for a 204).
	 * c->scan is its own.  While it runs, the request's thread may be in
	 * request() and reply() for other calls: it reads the observable,
	 * claims and conf of q and what request() put into c, and writes to c
	 * alone. */
	enum scan_result (*scan)(
	    const struct query *q, struct call *c, const char *p, size_t n);
	void (*scan_free)(struct call *c); /* what c->scan holds */
	size_t scan_size;                  /* bytes of c->scan */
	/* A lookup is over, whatever became of it, also when nobody waits for
	 * it any more: adds calls to last, not to q->lookup, that are to be
	 * made then.  Nobody hears of their answers.  NULL: there are none. */
	void (*finish)(const struct query *q, struct lookup *last);
	/* Fills in the call that gets a token for CALL_SIGNED calls; reply()
	 * makes the token its result, a JSON string. */
	void (*sign_in)(const struct query *q);
	/* No connection could be made: call_fail() in the provider's words.
	 * NULL: in the gateway's own. */
	void (*unreachable)(const struct query *q, struct call *c);
	/*
	 * A provider whose answers a program of jq reads (mapping/map.h): once
	 * all calls are done, and before answer() or refer(), writes the question
	 * for it, and which of `programs` is to be asked.  False: no program is,
	 * as nothing is there to be read.  What fails the gateway says.
	 */
	bool (*map)(const struct query *q, struct buf *question, int *program);
	/* Those programs, ended by a row without a label; NULL: none. */
	const struct map_program *programs;
	/*
	 * Deliberate and observe: writes the entities of q->observable, once
	 * all its calls are done.  None written means that nothing is known,
	 * which is no error.  Failed calls are there too (c->problem); what
	 * they mean to the client the gateway says.
	 */
	void (*answer)(struct answer *, const struct query *q);
	/* Refer: writes the references with answer_element(). */
	void (*refer)(struct answer *, const struct query *q);
	/* Respond: writes the actions that people can take on the observable with
	 * answer_element(): those that change something and that would not be
	 * refused.  q->observable is normalised, and q->records has also the
	 * parent domains and hosts that do not match what is below them. */
	void (*actions)(struct answer *, const struct query *q);
	/*
	 * Trigger, for a provider with a store: says what the action changes
	 * there, with q as for actions().  Called within the transaction in which
	 * the gateway then writes the change and its row of the audit.  Fills in
	 * the record, whose strings are constants or of q and t; of one to be
	 * removed type, value and source.  why (empty) gets the reason of
	 * CHANGE_WRONG and CHANGE_REFUSED.
	 */
	enum provider_change (*change)(const struct query *q,
	    const struct trigger *, struct record *, struct buf *why);
	/* Trigger, for one without a store: does it and returns true, or false
	 * with an answer_problem() that says why not.  q->observable is NULL. */
	bool (*trigger)(
	    struct answer *, const struct query *q, const struct trigger *);
	/* Tiles: all that there are, ended by a row without an id. */
	const struct tile *tiles;
	/* Whether the relay has a tile, by its own keys.  NULL: it has all. */
	bool (*tile_shown)(const void *conf, const struct tile *);
};

/* One row a provider; each is the whole of its file. */
extern const struct provider provider_template;
extern const struct provider provider_local;
extern const struct provider provider_otx;
extern const struct provider provider_spycloud;
extern const struct provider provider_qualys;
extern const struct provider provider_all;

/* All providers, ended by NULL (table.c). */
extern const struct provider *const providers[];
/* The provider of a name, NULL for none. */
const struct provider *provider_find(const char *name);

#endif
