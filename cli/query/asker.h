/* SPDX-License-Identifier: MIT */
/*
 * asker: the relay that answers a query, of the configuration in this process
 * or elsewhere, and the token for it.
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

/* Empty: { .cmd = NULL }. */
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
 * Finds the relay that will answer: the one of this name, or (NULL) the one at
 * --url.  Returns CMD_OK, as all of these do; else the error has been printed,
 * and the result is its status.
 */
int asker_find(struct asker *, const struct command *,
    const struct query_options *, const char *name);
/* The name of the relay for people. */
const char *asker_name(const struct asker *);
/* The types that the relay takes, as far as known. */
struct observable_set asker_types(const struct asker *);
/* The most observables of a request, and the most bytes of its body. */
size_t asker_batch(const struct asker *);
size_t asker_bytes(const struct asker *);
/* Gets a token, which may need a question on the terminal, and opens the way to
 * the relay. */
int asker_open(struct asker *);
/* Makes one request, with the answer into an empty buffer.  An interrupt ends
 * it.  Returns NULL, or an error text that is good until the next call. */
const char *asker_ask(
    struct asker *, const struct buf *body, struct buf *answer);
void asker_close(struct asker *);

/*
 * Gets the token: the given one; or one made of the credentials in a file; or,
 * for a relay of the configuration, one made of credentials that it asks for on
 * the terminal; or, for a relay elsewhere (relay NULL), asks for the token
 * itself.
 * A configuration without a key gets one, as nothing leaves the process.
 * Returns CMD_OK; else the error has been printed, and the result is its
 * status.
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
 * POSTs a body, a string, and puts the body of the answer into answer, an empty
 * buffer.  Tries again, a few times, when the gateway is busy or the connection
 * broke.  An interrupt (interrupt.h) ends it.
 * Returns NULL, or an error text that is good until the next call.
 */
const char *remote_post(struct remote *, const char *body, struct buf *answer);

#endif
