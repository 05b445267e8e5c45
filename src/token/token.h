/* SPDX-License-Identifier: MIT */
/*
 * token: the shape of a JWT, checked before any library sees it, and its
 * claims.
 *
 * libjwt takes tokens that it should refuse (an empty key, unknown crit, alg in
 * small letters, bytes after a NUL, an exp that is a string), so these checks
 * are here.
 * Source: RFC 7515 section 3 and 4, RFC 7519 section 4.1.
 */
#ifndef CTIM_TOKEN_H
#define CTIM_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_MAX       8192 /* bytes of a token */
#define TOKEN_ID_MAX    9    /* 8 hex digits and a NUL */
#define TOKEN_WHY_MAX   128  /* bytes of token_times()'s cause */
#define TOKEN_LIMIT     100  /* entities of each kind, unless the token says */
#define TOKEN_LIMIT_MAX 1000

struct conf_claim;
struct json_object;
struct relay_conf;

enum token_alg { TOKEN_HS256, TOKEN_RS256 };

struct claims {
	enum token_alg alg;
	char *kid;                   /* of the header; NULL: none */
	struct json_object *payload; /* an object */
	bool has_exp, has_nbf;
	int64_t exp, nbf;     /* seconds since 1970 */
	const char *bad_time; /* "exp" or "nbf", whose value is no
			       * integer; NULL: neither */
	size_t limit;         /* CTR_ENTITIES_LIMIT, in range */
	/* What the configuration has for a relay (token_for()), and which of both
	 * counts, enum conf_credentials. */
	const struct conf_claim *given;
	int credentials;
	const char *const *pinned; /* claims that the token must not choose;
				    * NULL: none */
};

/*
 * Takes a token of len bytes apart: three base64url parts, a header that is an
 * object with alg HS256 or RS256 and no crit, a payload that is an object.
 * Returns NULL, the caller ends with token_free(); or the fault, a constant, or
 * jsonscan_no_memory; then the claims are empty.
 */
const char *token_parse(const char *token, size_t len, struct claims *);
void token_free(struct claims *);

/*
 * The claims with which a relay is asked: these, and what the configuration has
 * for it.  hosts (NULL, or ended by NULL): the claims that say where a credential
 * is sent.  A token says so for its own credential alone: where a claim of the
 * configuration is used, hosts are that one's, too.
 * A view of both, which is not to be freed.
 */
struct claims token_for(
    const struct claims *, const struct relay_conf *, const char *const *hosts);
/* Whether a claim is the configuration's. */
bool token_is_given(const struct claims *, const char *name);

/* Whether the token has a claim that it must not choose here. */
bool token_is_pinned(const struct claims *, const char *name);

/* A claim that is a non-empty string, else NULL; belongs to the claims. */
const char *token_claim(const struct claims *, const char *name);

/* The first of names (may be NULL, ended by NULL) that is no claim with a
 * non-empty string; NULL: all are. */
const char *token_lacks(const struct claims *, const char *const *names);

/* Checks the times of the claims at now, give or take leeway seconds.  Returns
 * NULL, or the message for the platform, a constant, with the cause in why. */
const char *token_times(
    const struct claims *, int64_t now, int leeway, char why[TOKEN_WHY_MAX]);

#endif
