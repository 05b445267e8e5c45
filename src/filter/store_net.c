/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctim/indicator.h"
#include "filter/store_net.h"

#define WORDS_LEAST 1024 /* 8 KiB */
#define BITS_EACH   8    /* for a network, where the filter may be as large */
/* With fewer bits for a network the filter is too full to be of use, and every
 * listed length may match. */
#define BITS_LEAST 4

/* A filter that connections have in common. */
struct shared_net {
	struct store_net net; /* first: what is handed out */
	char *store;          /* NULL: of one connection alone */
	int64_t state;
	size_t users; /* who fills it and who waits, too */
	bool filled;
	int code; /* of that */
	struct shared_net *next;
};

static struct shared_net *store_net_all;
static pthread_mutex_t store_net_lock = PTHREAD_MUTEX_INITIALIZER; /* for it */
static pthread_cond_t store_net_news =
    PTHREAD_COND_INITIALIZER; /* one filled */

static const struct {
	int af, bits;
} store_net_families[] = { { AF_INET, 32 }, { AF_INET6, 128 } };

static int
store_net_family_of(enum observable_type type)
{
	return type == OBSERVABLE_IP ? 0 : type == OBSERVABLE_IPV6 ? 1 : -1;
}

/* Turns the bits of an address from `to` on off, when those from `from` on are
 * off already. */
static void
mask(unsigned char addr[16], int from, int to)
{
	while (from > to && from % 8 != 0) {
		from--;
		addr[from / 8] &= (unsigned char)~(0x80 >> (from % 8));
	}
	while (from - to >= 8) {
		from -= 8;
		addr[from / 8] = 0;
	}
	while (from > to) {
		from--;
		addr[from / 8] &= (unsigned char)~(0x80 >> (from % 8));
	}
}

/* The place in the filter (splitmix64's mixing). */
static size_t
store_net_place(const struct store_net *net, int family, int bits,
    const unsigned char addr[16])
{
	uint64_t half[2], h;
	int i;

	memcpy(half, addr, sizeof(half));
	h = (uint64_t)(family * 256 + bits + 1) * UINT64_C(0x9e3779b97f4a7c15);
	for (i = 0; i < 2; i++) {
		h ^= half[i];
		h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
		h ^= h >> 31;
	}
	return h & (net->words * 64 - 1);
}

int
store_net_reset(struct store_net *net, size_t networks)
{
	size_t words = networks == 0 ? 0 : WORDS_LEAST;
	uint64_t *set = NULL;

	while (words != 0 && words * 64 / BITS_EACH < networks &&
	    words * sizeof(*set) < STORE_NET_MOST)
		words *= 2;
	store_net_free(net);
	if (words == 0)
		return 0;
	if ((set = calloc(words, sizeof(*set))) == NULL)
		return -1;
	net->set = set;
	net->words = words;
	return 0;
}

void
store_net_free(struct store_net *net)
{
	free(net->set);
	memset(net, 0, sizeof(*net));
}

int
store_net_add(
    struct store_net *net, enum observable_type type, const char *network)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char addr[16] = { 0 };
	int family = store_net_family_of(type);
	int bits = indicator_prefix(network);
	size_t n = strcspn(network, "/"), at;

	if (family == -1 || bits == -1 || net->words == 0 ||
	    bits > store_net_families[family].bits || n >= sizeof(text))
		return -1;
	memcpy(text, network, n);
	text[n] = '\0';
	if (inet_pton(store_net_families[family].af, text, addr) != 1)
		return -1;
	at = store_net_place(net, family, bits, addr);
	net->set[at / 64] |= UINT64_C(1) << (at % 64);
	net->lengths[family][bits] = true;
	net->n++;
	return 0;
}

int
store_net_lengths(const struct store_net *net, enum observable_type type,
    const char *address, int lengths[STORE_NET_LENGTHS])
{
	unsigned char addr[16] = { 0 };
	int family = store_net_family_of(type), bits, from, n = 0;
	size_t at;

	if (family == -1 || net->n == 0 ||
	    inet_pton(store_net_families[family].af, address, addr) != 1)
		return 0;
	from = store_net_families[family].bits;
	for (bits = from; bits >= 0; bits--) {
		if (!net->lengths[family][bits])
			continue;
		mask(addr, from, bits);
		from = bits;
		at = store_net_place(net, family, bits, addr);
		if (net->n > net->words * 64 / BITS_LEAST ||
		    (net->set[at / 64] >> (at % 64) & 1) != 0)
			lengths[n++] = bits;
	}
	return n;
}

/* With the lock held. */
static void
store_net_leave(const struct store_net *net)
{
	struct shared_net **p = &store_net_all, *s;

	if (net == NULL)
		return;
	while (&(*p)->net != net)
		p = &(*p)->next;
	s = *p;
	if (--s->users != 0)
		return;
	*p = s->next;
	store_net_free(&s->net);
	free(s->store);
	free(s);
}

/* With the lock held: one that is, or will be, good; NULL for none. */
static struct shared_net *
store_net_find(const char *store, int64_t state)
{
	struct shared_net *s;

	for (s = store_net_all; s != NULL; s = s->next)
		if (store != NULL && s->store != NULL && s->code == 0 &&
		    s->state == state && strcmp(s->store, store) == 0)
			break;
	return s;
}

/* With the lock held: one that is to be filled; NULL when memory ran out. */
static struct shared_net *
store_net_new(const char *store, int64_t state)
{
	struct shared_net *s = calloc(1, sizeof(*s));

	if (s == NULL ||
	    (store != NULL && (s->store = strdup(store)) == NULL)) {
		free(s);
		return NULL;
	}
	s->state = state;
	s->next = store_net_all;
	store_net_all = s;
	return s;
}

#define STORE_NET_FAILED (-3) /* who filled it could not */

/* With the lock held, which is free meanwhile: waits for who fills it, and leaves
 * one that was not filled. */
static int
store_net_wait(struct shared_net *s, int64_t until)
{
	const struct timespec end = { .tv_sec = until / 1000,
		.tv_nsec = until % 1000 * 1000000 };
	int late = 0, code;

	s->users++;
	while (!s->filled && late != ETIMEDOUT)
		late = until == 0 ?
		    pthread_cond_wait(&store_net_news, &store_net_lock) :
		    pthread_cond_clockwait(&store_net_news, &store_net_lock,
			CLOCK_MONOTONIC, &end);
	code = !s->filled ? STORE_NET_LATE :
	    s->code != 0  ? STORE_NET_FAILED :
			    0;
	if (code != 0)
		store_net_leave(&s->net);
	return code;
}

/* With the lock held, which is free meanwhile: fills a new one, *made, and leaves
 * it where that fails. */
static int
store_net_fill(struct shared_net **made, const char *store, int64_t state,
    int (*fill)(void *arg, struct store_net *), void *arg)
{
	struct shared_net *s = store_net_new(store, state);
	int code;

	if ((*made = s) == NULL)
		return -1;
	s->users++;
	(void)pthread_mutex_unlock(&store_net_lock);
	code = fill(arg, &s->net);
	(void)pthread_mutex_lock(&store_net_lock);
	s->code = code;
	s->filled = true;
	(void)pthread_cond_broadcast(&store_net_news);
	if (code != 0)
		store_net_leave(&s->net);
	return code;
}

int
store_net_take(const struct store_net **net, const char *store, int64_t state,
    int64_t until, int (*fill)(void *arg, struct store_net *), void *arg)
{
	struct shared_net *s;
	int code = STORE_NET_FAILED;

	(void)pthread_mutex_lock(&store_net_lock);
	store_net_leave(*net);
	while (code == STORE_NET_FAILED &&
	    (s = store_net_find(store, state)) != NULL)
		code = store_net_wait(s, until);
	if (code == STORE_NET_FAILED)
		code = store_net_fill(&s, store, state, fill, arg);
	*net = code == 0 ? &s->net : NULL;
	(void)pthread_mutex_unlock(&store_net_lock);
	return code;
}

void
store_net_drop(const struct store_net *net)
{
	(void)pthread_mutex_lock(&store_net_lock);
	store_net_leave(net);
	(void)pthread_mutex_unlock(&store_net_lock);
}
