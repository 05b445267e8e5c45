/* SPDX-License-Identifier: MIT */
/*
 * auth: from the Authorization header to the claims of a verified token.
 * Source: RFC 6750 (Bearer), RFC 7519 (JWT), RFC 7515 (JWS); relay API,
 * "Tokens".
 *
 * auth_token.c is the only file that knows libjwt.  Token shape and claims are in
 * token.h.
 */
#ifndef CTIM_AUTH_H
#define CTIM_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "token/token.h"

struct auth; /* verified tokens of one thread */
struct conf;
struct jwks;

/* Both arguments must outlive the result.  Without jwks (NULL) every RS256
 * token is refused.  NULL when memory ran out. */
struct auth *auth_new(const struct conf *, struct jwks *);
void auth_free(struct auth *);

/* The message when memory ran out, which says nothing about the token; compared
 * as a pointer. */
extern const char auth_no_memory[];

/*
 * Checks an Authorization header (NULL: there is none) at the time now: all but
 * the audience and the claims that the relay needs.  A fetch of keys ends at
 * deadline (clock_ms()).
 * Returns NULL; or the message for the platform, a constant, with the cause for
 * the log in *cause, good until the next call.  *claims: those of the token,
 * good until the next call; those of a refused token are not to be believed,
 * and are NULL when the token could not be read.
 * id gets the first 8 hex digits of the token's SHA-256, "-" without a token.
 */
const char *auth_check(struct auth *, const char *header, int64_t now,
    int64_t deadline, const struct claims **claims, char id[TOKEN_ID_MAX],
    const char **cause);

/*
 * Checks that aud names one of the relay's base URLs (route_bases(), ended by
 * NULL).  Returns NULL, also for HS256 tokens, whose aud means nothing; or the
 * message, with *cause as for auth_check().
 */
const char *auth_audience(struct auth *, const struct claims *,
    const char *const *bases, const char **cause);

/* Whether aud names one of these URLs. */
bool auth_names(const struct claims *, const char *const *bases);

#define AUTH_WHY 400 /* bytes of auth_bound()'s cause */

/*
 * Checks that a token is for this site and relay: of HS256, that its claim relay
 * names the relay, where [auth] bind_relays is on; of RS256, that it has what
 * [auth] require names.  Returns NULL, or the message, a constant, with the cause
 * in why.
 */
const char *auth_bound(const struct conf *, const struct claims *,
    const char *relay, char why[AUTH_WHY]);

/* Checks that the claims hold each of names (may be NULL, ended by NULL) as a
 * non-empty string.  Returns NULL, or the message, with *cause as for
 * auth_check(). */
const char *auth_claims(struct auth *, const struct claims *,
    const char *const *names, const char **cause);

/*
 * A new HS256 token: payload is a JSON object text, to which iat and, with
 * expires (seconds since 1970, 0: never), exp are added; and where conf (NULL:
 * none) has bind_relays, a claim relay with the relay's name, or the names of all
 * relays (NULL).  The caller frees it; NULL with the reason, a constant, in *why.
 */
char *auth_token(const char *payload, const char *key, int64_t now,
    int64_t expires, const struct conf *conf, const char *relay,
    const char **why);
/* A 64-character random key into key; -1 when the system has no randomness. */
int auth_new_key(char key[65]);

#endif
