/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"

static uint64_t process_key[2];
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void
draw_key(void)
{
	struct timespec now;

	if (getrandom(process_key, sizeof(process_key), 0) ==
	    (ssize_t)sizeof(process_key))
		return;
	/* No kernel we run on fails for 16 bytes; if one does, a poor key still
	 * hashes correctly. */
	clock_gettime(CLOCK_REALTIME, &now);
	process_key[0] = (uint64_t)now.tv_nsec;
	process_key[1] = (uint64_t)(uintptr_t)&now;
}

static inline uint64_t
rotl(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[0] = rotl(v[0], 32);
		v[2] += v[3];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[2] = rotl(v[2], 32);
	}
}

struct hash
hash_keyed(const uint64_t key[2], const void *p, size_t len)
{
	const unsigned char *at = p;
	uint64_t v[4], m;
	size_t n, i;
	struct hash h;

	v[0] = UINT64_C(0x736f6d6570736575) ^ key[0];
	v[1] = UINT64_C(0x646f72616e646f6d) ^ key[1] ^ 0xee;
	v[2] = UINT64_C(0x6c7967656e657261) ^ key[0];
	v[3] = UINT64_C(0x7465646279746573) ^ key[1];
	for (n = len; n >= sizeof(m); n -= sizeof(m), at += sizeof(m)) {
		memcpy(&m, at, sizeof(m));
		m = le64toh(m);
		v[3] ^= m;
		rounds(v, 2);
		v[0] ^= m;
	}
	m = (uint64_t)len << 56;
	for (i = 0; i < n; i++)
		m |= (uint64_t)at[i] << (8 * i);
	v[3] ^= m;
	rounds(v, 2);
	v[0] ^= m;
	v[2] ^= 0xee;
	rounds(v, 4);
	h.a = v[0] ^ v[1] ^ v[2] ^ v[3];
	v[1] ^= 0xdd;
	rounds(v, 4);
	h.b = v[0] ^ v[1] ^ v[2] ^ v[3];
	return h;
}

struct hash
hash_bytes(const void *p, size_t len)
{
	pthread_once(&key_once, draw_key);
	return hash_keyed(process_key, p, len);
}

void
hash_key(uint64_t key[2])
{
	pthread_once(&key_once, draw_key);
	memcpy(key, process_key, sizeof(process_key));
}

void
hash_adopt(const uint64_t key[2])
{
	pthread_once(&key_once, draw_key);
	memcpy(process_key, key, sizeof(process_key));
}
