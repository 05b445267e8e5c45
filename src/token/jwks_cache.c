/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <string.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "cache/cache_common.h"
#include "shared/keysets.h"
#include "token/jwks_cache.h"

#define HEAD sizeof(uint64_t) /* the time, before the text */

static const struct {
	const char *name;
	int ttl; /* seconds */
} jwks_cache_kinds[] = { [JWKS_CACHED_SET] = { "jwks", 86400 },
	[JWKS_CACHED_FAILURE] = { "jwks failed", 60 },
	[JWKS_CACHED_ASKED] = { "jwks asked", 60 } };

static bool
jwks_cache_name_of(struct cache *c, enum jwks_cached kind, const char *host,
    unsigned char name[CACHE_NAME])
{
	const struct cache_part parts[] = {
		{ jwks_cache_kinds[kind].name,
		    strlen(jwks_cache_kinds[kind].name) },
		{ host, strlen(host) }
	};

	return c != NULL && cache_name(c, name, parts, 2) == 0;
}

void
jwks_cache_put(struct cache *c, enum jwks_cached kind, const char *host,
    int64_t at, const char *text, size_t len)
{
	const uint64_t wire = htobe64((uint64_t)at);
	unsigned char name[CACHE_NAME];
	struct buf value;

	if (!jwks_cache_name_of(c, kind, host, name))
		return;
	buf_init(&value, HEAD + JWKS_BYTES);
	buf_add(&value, &wire, sizeof(wire));
	buf_add(&value, text, len);
	if (!value.failed)
		cache_put(
		    c, name, value.data, value.len, jwks_cache_kinds[kind].ttl);
	buf_free(&value);
}

bool
jwks_cache_get(struct cache *c, enum jwks_cached kind, const char *host,
    int64_t *at, struct buf *text)
{
	unsigned char name[CACHE_NAME];
	uint64_t wire;
	struct buf value;
	bool good = false;

	buf_reset(text);
	if (!jwks_cache_name_of(c, kind, host, name))
		return false;
	buf_init(&value, CACHE_VALUE);
	if (cache_get(c, name, &value) && value.len >= HEAD) {
		memcpy(&wire, value.data, HEAD);
		*at = (int64_t)be64toh(wire);
		good = buf_add(text, value.data + HEAD, value.len - HEAD) == 0;
	}
	buf_free(&value);
	return good;
}

bool
jwks_cache_theirs(struct cache *c, const char *host, int64_t ms)
{
	unsigned char name[CACHE_NAME];

	return jwks_cache_name_of(c, JWKS_CACHED_SET, host, name) &&
	    cache_lease(c, name, ms) == CACHE_LEASE_THEIRS;
}

void
jwks_cache_fetched(struct cache *c, const char *host)
{
	unsigned char name[CACHE_NAME];

	if (c == NULL || !cache_is_remote(c))
		return;
	cache_flush(c);
	if (jwks_cache_name_of(c, JWKS_CACHED_SET, host, name))
		cache_release(c, name);
}
