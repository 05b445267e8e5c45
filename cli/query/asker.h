/*
 * asker: who answers a query: a relay of the configuration, in this process, or
 * one that runs elsewhere; and the token for it.
 */
#ifndef CTIM_ASKER_H
#define CTIM_ASKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct command;
struct conf;
struct remote;
struct local_call;
struct query_options;
struct relay_conf;

/* Empty as { .cmd = NULL }. */
struct asker {
	const struct command *cmd;
	const struct query_options *options;
	struct conf *conf;              /* owned */
	const struct relay_conf *relay; /* NULL: elsewhere */
	struct buf where;               /* path or URL of the route */
	struct local_call *inprocess;
	struct remote *elsewhere;
};

/*
 * Finds who will answer: the relay of this name, or (NULL) of the --url.  All of
 * these return CMD_OK; else what is wrong has been printed, and it is the status.
 */
int asker_find(struct asker *, const struct command *,
    const struct query_options *, const char *name);
/* What people call it. */
const char *asker_name(const struct asker *);
/* OBSERVABLE_BIT() of what it takes, as far as that is known. */
unsigned asker_types(const struct asker *);
/* The most observables of a request, and bytes of its body. */
size_t asker_batch(const struct asker *);
size_t asker_bytes(const struct asker *);
/* Gets a token, which may be asked for on the terminal, and what is needed for
 * requests. */
int asker_open(struct asker *);
/* One request: the answer into an empty buffer.  An interrupt ends it.  Returns
 * NULL, or what went wrong, good until the next call. */
const char *asker_ask(
    struct asker *, const struct buf *body, struct buf *answer);
void asker_close(struct asker *);

/*
 * The token that was given; or one made of the credentials in a file, or, for a
 * relay of the configuration, asked for on the terminal; or, for one elsewhere
 * (relay NULL), the token itself is asked for.
 * The configuration gets a key when it has none, as nothing leaves the process.
 * Returns CMD_OK; else what is wrong has been printed, and it is the status.
 */
int query_token(const struct command *, const struct query_options *,
    struct conf *, const struct relay_conf *, struct buf *token);

/*
 * Opens the way to a relay elsewhere, for requests to a URL with a token.  Of the
 * configuration, which must outlive it, [http] counts: the certificates to trust
 * and the proxy.  Returns NULL when memory ran out, or the token cannot be in a
 * header.
 */
struct remote *remote_open(
    const struct conf *, const char *url, const char *token);
void remote_close(struct remote *);
/*
 * POSTs a body, a string, and puts that of the answer into answer, an empty
 * buffer.  Where the gateway is busy or the connection broke, the request is
 * tried again, a few times.  An interrupt (interrupt.h) ends it.
 * Returns NULL, or what went wrong, good until the next call.
 */
const char *remote_post(struct remote *, const char *body, struct buf *answer);

#endif
