#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <jwt.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "auth.h"
#include "conf.h"
#include "jsonin.h"
#include "jsonscan.h"

#define FAILED	"Authorization failed: "
#define KEPT	64		/* verified tokens that a thread remembers */
#define KEY_LEN	64		/* characters of a new secret key */

/*
 * A token whose signature was verified by this thread, so that the platform's
 * next request with it costs a hash.  Its times are checked every time.
 */
struct verified {
	unsigned char	 sha256[SHA256_DIGEST_LENGTH];
	bool		 used;
	struct claims	 claims;
};

struct auth {
	const struct conf	*conf;
	struct verified		 kept[KEPT];
	struct claims		 last;	/* of a token that is not kept */
};

struct auth *
auth_new(const struct conf *conf)
{
	struct auth	*a;

	if ((a = calloc(1, sizeof(*a))) != NULL)
		a->conf = conf;
	return a;
}

void
auth_free(struct auth *a)
{
	size_t	 i;

	if (a == NULL)
		return;
	for (i = 0; i < KEPT; i++)
		token_free(&a->kept[i].claims);
	token_free(&a->last);
	free(a);
}

/* The second of exactly two words, the first being Bearer; else NULL. */
static const char *
bearer(const char *header, size_t *len)
{
	static const char	 blank[] = " \t";
	const char		*token;
	size_t			 n;

	header += strspn(header, blank);
	n = strcspn(header, blank);
	if (n != strlen("Bearer") || strncasecmp(header, "Bearer", n) != 0)
		return NULL;
	token = header + n;
	token += strspn(token, blank);
	*len = strcspn(token, blank);
	if (*len == 0 || token[*len + strspn(token + *len, blank)] != '\0')
		return NULL;
	return token;
}

/* Whether libjwt verifies the token with a key, which must not be empty: with
 * an empty one it takes everything. */
static bool
signed_with(const char *token, const char *key)
{
	jwt_t	*jwt = NULL;
	bool	 good;

	if (key == NULL || *key == '\0')
		return false;
	good = jwt_decode(&jwt, token, (const unsigned char *)key,
	    (int)strlen(key)) == 0 && jwt_get_alg(jwt) == JWT_ALG_HS256;
	jwt_free(jwt);
	return good;
}

static const char *
verify_hs256(struct auth *a, const char *token)
{
	if (a->conf->secret_key == NULL)
		return FAILED "<SECRET_KEY> is missing";
	if (signed_with(token, a->conf->secret_key) ||
	    signed_with(token, a->conf->secret_key_previous))
		return NULL;
	return FAILED "Failed to decode JWT with provided key";
}

/*
 * The key of an RS256 token is at the host that its jwks_host names.  This
 * release has no way to fetch it, so no such host can be reached.
 */
static const char *
verify_rs256(struct auth *a, const char *token, const char **cause)
{
	struct json_object	*host;

	(void)token;
	if (!jsonin_has(a->last.payload, "jwks_host", &host))
		return FAILED "jwks_host is missing in JWT payload. Make sure "
		    "custom_jwks_host field is present in module_type";
	*cause = "this release cannot fetch a JWKS; use an HS256 token";
	return FAILED "Wrong jwks_host in JWT payload. Make sure domain "
	    "follows the visibility.<region>.cisco.com structure";
}

/* Parses and verifies a token that is not kept, into a->last. */
static const char *
verify(struct auth *a, const char *text, size_t len, const char **cause)
{
	enum token_alg	 alg;
	const char	*message;
	char		*token;

	token_free(&a->last);
	if ((token = strndup(text, len)) == NULL)
		return FAILED "Wrong JWT structure";
	if (token_parse(token, len, &alg, &a->last) == -1)
		message = FAILED "Wrong JWT structure";
	else if (alg == TOKEN_HS256)
		message = verify_hs256(a, token);
	else
		message = verify_rs256(a, token, cause);
	OPENSSL_cleanse(token, len);
	free(token);
	return message;
}

const char *
auth_check(struct auth *a, const char *header, int64_t now,
    const struct claims **claims, char id[TOKEN_ID_MAX], const char **cause)
{
	unsigned char	 sha256[SHA256_DIGEST_LENGTH];
	struct verified	*v;
	const char	*token, *message;
	size_t		 len;

	snprintf(id, TOKEN_ID_MAX, "-");
	*cause = NULL;
	if (header == NULL)
		return FAILED "Authorization header is missing";
	if ((token = bearer(header, &len)) == NULL)
		return FAILED "Wrong authorization type";
	SHA256((const unsigned char *)token, len, sha256);
	snprintf(id, TOKEN_ID_MAX, "%02x%02x%02x%02x", sha256[0], sha256[1],
	    sha256[2], sha256[3]);
	v = &a->kept[sha256[4] % KEPT];
	if (!v->used || memcmp(v->sha256, sha256, sizeof(sha256)) != 0) {
		if ((message = verify(a, token, len, cause)) != NULL)
			return message;
		token_free(&v->claims);
		v->claims = a->last;
		a->last = (struct claims){ 0 };
		memcpy(v->sha256, sha256, sizeof(sha256));
		v->used = true;
	}
	*claims = &v->claims;
	return token_times(*claims, now, a->conf->leeway);
}

const char *
auth_claims(const struct claims *c, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++)
		if (token_claim(c, *names) == NULL)
			return FAILED "Wrong JWT payload structure";
	return NULL;
}

char *
auth_token(const char *payload, const char *key, int64_t now, int64_t expires,
    const char **why)
{
	struct json_object	*claims;
	jwt_t			*jwt = NULL;
	char			*token = NULL;

	*why = NULL;
	claims = jsonin_parse(payload, strlen(payload), JSON_REQUEST_VALUES,
	    why);
	if (*why == NULL && !json_object_is_type(claims, json_type_object))
		*why = "the claims are no JSON object";
	if (*why == NULL && *key == '\0')
		*why = "the secret key is empty";
	if (*why == NULL) {
		if (jwt_new(&jwt) != 0 ||
		    jwt_add_grants_json(jwt, payload) != 0 ||
		    jwt_del_grants(jwt, "iat") != 0 ||
		    jwt_add_grant_int(jwt, "iat", (long)now) != 0 ||
		    (expires != 0 && (jwt_del_grants(jwt, "exp") != 0 ||
		    jwt_add_grant_int(jwt, "exp", (long)expires) != 0)) ||
		    jwt_set_alg(jwt, JWT_ALG_HS256,
		    (const unsigned char *)key, (int)strlen(key)) != 0 ||
		    (token = jwt_encode_str(jwt)) == NULL)
			*why = "the token could not be signed";
		else if (strlen(token) > TOKEN_MAX)
			*why = "the claims make a token of more than 8192 bytes";
	}
	if (*why != NULL) {
		free(token);
		token = NULL;
	}
	jwt_free(jwt);
	json_object_put(claims);
	return token;
}

int
auth_new_key(char key[KEY_LEN + 1])
{
	static const char	 alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char		 random[KEY_LEN];
	size_t			 i;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	/* 64 letters, so every one is as likely as the others. */
	for (i = 0; i < KEY_LEN; i++)
		key[i] = alphabet[random[i] & 63];
	key[KEY_LEN] = '\0';
	OPENSSL_cleanse(random, sizeof(random));
	return 0;
}
