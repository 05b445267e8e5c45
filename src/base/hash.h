/* SPDX-License-Identifier: MIT */
/*
 * hash: SipHash-2-4 with 128 bits of result, under a random key of this
 * process: equal bytes have equal hashes within the process, and no peer can
 * make two texts that collide.
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", and the
 * 128-bit variant of its reference implementation.
 */
#ifndef CTIM_HASH_H
#define CTIM_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash {
	uint64_t a, b;
};

struct hash hash_bytes(const void *, size_t);
/* The key, for a program that takes over what this one has in shared memory; and
 * in that one, before its first hash. */
void hash_key(uint64_t key[2]);
void hash_adopt(const uint64_t key[2]);
/* The same under a given key, for tests against published vectors. */
struct hash hash_keyed(const uint64_t key[2], const void *, size_t);

#endif
