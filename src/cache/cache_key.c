/* SPDX-License-Identifier: MIT */
/* What is done with the keys of a cache: names, and seals. */
#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "cache/cache.h"
#include "cache/cache_own.h"
#include "log/counters.h"
#include "log/log.h"

/* What an HMAC is: a name, the seal of a value in a file, the key of one name at
 * a server. */
enum domain { NAME = 'n', SEAL = 's', EACH = 'e' };

static EVP_MAC_CTX *
new_mac(void)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[2];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (context != NULL && EVP_MAC_CTX_set_params(context, params) != 1) {
		EVP_MAC_CTX_free(context);
		context = NULL;
	}
	EVP_MAC_free(mac); /* the context has a reference of its own */
	return context;
}

/* HMAC-SHA-256 of the parts, each behind its length, under a key. */
static int
mac(struct cache *c, const unsigned char key[SEAL_KEY], enum domain domain,
    const struct cache_part *part, size_t n, unsigned char out[CACHE_ID])
{
	unsigned char head[8], kind = (unsigned char)domain;
	size_t i, j, len;

	if (c->mac == NULL && (c->mac = new_mac()) == NULL)
		return -1;
	if (EVP_MAC_init(c->mac, key, SEAL_KEY, NULL) != 1 ||
	    EVP_MAC_update(c->mac, &kind, 1) != 1)
		return -1;
	for (i = 0; i < n; i++) {
		for (j = 0; j < sizeof(head); j++)
			head[j] = (unsigned char)((uint64_t)part[i].len >>
			    (56 - 8 * j));
		if (EVP_MAC_update(c->mac, head, sizeof(head)) != 1 ||
		    EVP_MAC_update(c->mac, part[i].p, part[i].len) != 1)
			return -1;
	}
	return EVP_MAC_final(c->mac, out, &len, CACHE_ID) == 1 &&
		len == CACHE_ID ?
	    0 :
	    -1;
}

int
cache_names(struct cache *c, const struct cache_part *part, size_t n,
    unsigned char name[CACHE_NAME])
{
	static const unsigned char none[SEAL_KEY];
	size_t i;

	assert(c->open); /* a file's key is there while it is open */
	memset(name, 0, CACHE_NAME);
	for (i = 0; i < c->keys.n; i++)
		if (mac(c, c->keys.key[i], NAME, part, n,
			name + i * CACHE_ID) == -1)
			return -1;
	return c->keys.n > 0 ? 0 : mac(c, none, NAME, part, n, name);
}

/*
 * Makes the seal before a value in a file, so that neither damage nor a user who
 * may write the file, but has not the key, can give one name the value of
 * another.
 */
int
cache_file_seal(struct cache *c, const unsigned char *name, const char *value,
    size_t len, unsigned char out[CACHE_SEAL])
{
	const struct cache_part parts[] = { { name, CACHE_ID },
		{ value, len } };
	unsigned char whole[CACHE_ID];

	if (mac(c, c->keys.key[0], SEAL, parts, 2, whole) == -1)
		return -1;
	memcpy(out, whole, CACHE_SEAL);
	return 0;
}

/* Takes the value out of bytes that a file had under a name. */
static bool
file_unseal(struct cache *c, const unsigned char *name, const char *bytes,
    size_t len, struct buf *value)
{
	unsigned char should[CACHE_SEAL];

	if (len < CACHE_SEAL)
		return false;
	len -= CACHE_SEAL;
	return cache_file_seal(c, name, bytes + CACHE_SEAL, len, should) == 0 &&
	    CRYPTO_memcmp(should, bytes, CACHE_SEAL) == 0 &&
	    buf_add(value, bytes + CACHE_SEAL, len) == 0;
}

static int64_t
since_1970(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
cache_seal(struct cache *c, const unsigned char name[CACHE_NAME],
    const char *value, size_t len, int64_t ms, struct buf *out)
{
	const struct cache_part part = { name, CACHE_ID };
	unsigned char key[SEAL_KEY];
	const struct seal s = { key, name, since_1970() + ms };
	int r = -1;

	if (c->keys.n > 0 && mac(c, c->keys.key[0], EACH, &part, 1, key) == 0)
		r = seal_close(&s, value, len, out);
	OPENSSL_cleanse(key, sizeof(key));
	return r;
}

/* Counts a value that does not open, and says so. */
static void
unsealed(struct cache *c)
{
	static _Atomic int64_t next;

	if (c->counters != NULL)
		atomic_fetch_add(&c->counters->unsealed, 1);
	if (cache_due(&next))
		log_warning(
		    "cache: a value at the server is of another key, or "
		    "was put there by somebody else; it is not used");
}

bool
cache_unseal(struct cache *c, const unsigned char name[CACHE_NAME], size_t i,
    const char *bytes, size_t len, struct buf *value, int64_t *left)
{
	const struct cache_part part = { name + i * CACHE_ID, CACHE_ID };
	unsigned char key[SEAL_KEY];
	struct seal s = { .key = key, .name = name + i * CACHE_ID };
	bool good;

	if (mac(c, c->keys.key[i], EACH, &part, 1, key) == -1)
		return false;
	good = seal_open(&s, bytes, len, value);
	OPENSSL_cleanse(key, sizeof(key));
	if (!good && !value->failed)
		unsealed(c);
	/* An end that nobody vouches for may be any number. */
	*left = good ? s.ends - since_1970() : 0;
	if (*left > 0)
		return true;
	buf_reset(value);
	return false;
}

/* Takes the value out of the bytes that were kept under the name's i-th form. */
bool
cache_open_value(struct cache *c, const unsigned char *name, size_t i,
    const char *bytes, size_t len, struct buf *value)
{
	int64_t left;

	return c->backend->remote ?
	    cache_unseal(c, name, i, bytes, len, value, &left) :
	    file_unseal(c, name, bytes, len, value);
}
