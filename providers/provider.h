/*
 * provider: the contract between the gateway and one threat-intelligence
 * service.  A provider is one file with one const struct and one row in
 * table.c; template.c is the one to copy.
 *
 * A provider does no I/O and keeps no state.  Its functions are called on the
 * thread of the request, with everything they may look at in struct query, and
 * say what they found through answer.h.  So a provider is tested with files.
 */
#ifndef CTIM_PROVIDER_H
#define CTIM_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "observable.h"

struct claims;
struct conf_key;
struct record;

/* The routes a provider may implement; the gateway answers the others itself,
 * as the relay API says for a relay without them. */
enum provider_route {
	PROVIDER_DELIBERATE	= 1 << 0,
	PROVIDER_OBSERVE	= 1 << 1,
	PROVIDER_REFER		= 1 << 2,
	PROVIDER_TRIGGER	= 1 << 3
};

/* One question.  Everything in it belongs to the gateway and is good until the
 * function that got it returns. */
struct query {
	enum provider_route	 route;
	const struct observable	*observable;
	const struct claims	*claims;	/* of the verified token, auth.h */
	const void		*conf;		/* the relay's own keys, conf_size
						 * bytes filled in from keys */
	int64_t			 now;		/* seconds since 1970 */
	/* What the store holds on the observable; n is 0 unless the provider
	 * names a store. */
	const struct record	*records;
	size_t			 n;
};

/* What a trigger names (relay API, POST /respond/trigger); none is empty. */
struct trigger {
	const char	*action;
	const char	*type;
	const char	*value;
};

struct provider {
	const char	*name;		/* as in `provider = NAME` */
	const char	*title;		/* what people call the service */
	const char	*description;	/* one sentence */
	unsigned	 types;		/* OBSERVABLE_BIT() of what it takes */
	unsigned	 routes;	/* enum provider_route, or'ed */
	const char	*const *claims;	/* non-empty strings that the token must
					 * hold; NULL, or ended by NULL */
	const struct conf_key *keys;	/* its configuration rows, or NULL */
	size_t		 conf_size;	/* bytes of the struct that keys fill */
	/* Answers from the local store: where that is, from its own keys.  NULL
	 * for a provider that does not. */
	const char	*(*store)(const void *conf);
	/*
	 * Deliberate and observe: writes the entities of q->observable.  None
	 * written means that nothing is known, which is no error.
	 */
	void	(*answer)(struct answer *, const struct query *q);
	/* Refer: writes the references with answer_element(). */
	void	(*refer)(struct answer *, const struct query *q);
	/* Trigger: does it and returns true, or false with an answer_problem()
	 * that says why not.  q->observable is NULL. */
	bool	(*trigger)(struct answer *, const struct query *q,
		    const struct trigger *);
};

/* One row a provider; each is the whole of its file. */
extern const struct provider provider_template;
extern const struct provider provider_local;

/* All providers, ended by NULL (table.c). */
extern const struct provider *const providers[];
/* The provider of a name, NULL for none. */
const struct provider *provider_find(const char *name);

#endif
