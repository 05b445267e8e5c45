/* SPDX-License-Identifier: MIT */
/* SHA-1, for its speed, as sha256.c says. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/sha.h>

#include "base/uuid.h"

#define DRAWN 16 /* UUIDs that random bytes are drawn for at a time */

static pthread_once_t uuid_once = PTHREAD_ONCE_INIT;
static bool uuid_keeps;         /* forks are counted */
static atomic_uint uuid_forked; /* how often, on the way to this process */

/* What the thread has drawn and not used yet: the first of these. */
static _Thread_local size_t uuid_left;
static _Thread_local unsigned uuid_drawn_after; /* uuid_forked by then */
static _Thread_local uuid_t uuid_drawn[DRAWN];

/* In a child: what its parent has drawn, its parent uses. */
static void
uuid_fork(void)
{
	uuid_forked++;
}

static void
uuid_begin(void)
{
	uuid_keeps = pthread_atfork(NULL, NULL, uuid_fork) == 0;
}

static void
uuid_draw(void)
{
	size_t n;

	(void)pthread_once(&uuid_once, uuid_begin);
	n = uuid_keeps ? DRAWN : 1;
	if (getrandom(uuid_drawn, n * sizeof(uuid_t), 0) !=
	    (ssize_t)(n * sizeof(uuid_t))) {
		uuid_generate_random(uuid_drawn[0]);
		n = 1;
	}
	uuid_left = n;
	uuid_drawn_after = uuid_forked;
}

/* Writes the UUID of 16 bytes whose version and variant it sets. */
static void
uuid_write(char text[UUID_STR_LEN], unsigned char *u, unsigned version)
{
	u[6] = (unsigned char)((u[6] & 0x0f) | version << 4);
	u[8] = (unsigned char)((u[8] & 0x3f) | 0x80);
	uuid_unparse_lower(u, text);
}

void
uuid4(char text[UUID_STR_LEN])
{
	if (uuid_left == 0 || uuid_drawn_after != uuid_forked)
		uuid_draw();
	uuid_write(text, uuid_drawn[--uuid_left], 4);
}

void
uuid5(char text[UUID_STR_LEN], const char *name, size_t n)
{
	unsigned char hash[SHA_DIGEST_LENGTH];
	SHA_CTX c;

	(void)SHA1_Init(&c);
	(void)SHA1_Update(&c, *uuid_get_template("x500"), sizeof(uuid_t));
	(void)SHA1_Update(&c, name, n);
	(void)SHA1_Final(hash, &c);
	uuid_write(text, hash, 5);
}
