/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "http/http_trust.h"

struct trust {
	struct trust *next;
	X509_STORE *store;
	size_t users;
	char *file;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct trust *trusts;

static void
trust_free(struct trust *t)
{
	X509_STORE_free(t->store);
	free(t->file);
	free(t);
}

/* The flags are those that libcurl sets on a store of its own. */
static struct trust *
trust_new(const char *file)
{
	struct trust *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	if ((t->file = strdup(file)) == NULL ||
	    (t->store = X509_STORE_new()) == NULL ||
	    X509_STORE_load_file(t->store, file) != 1 ||
	    X509_STORE_set_flags(t->store,
		X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) != 1) {
		trust_free(t);
		t = NULL;
	}
	/* What the file's reader left would be taken for an error of the
	 * connection. */
	ERR_clear_error();
	return t;
}

X509_STORE *
http_trust_get(const char *file)
{
	struct trust *t;

	pthread_mutex_lock(&lock);
	for (t = trusts; t != NULL; t = t->next)
		if (strcmp(t->file, file) == 0)
			break;
	if (t == NULL && (t = trust_new(file)) != NULL) {
		t->next = trusts;
		trusts = t;
	}
	if (t != NULL)
		t->users++;
	pthread_mutex_unlock(&lock);
	return t == NULL ? NULL : t->store;
}

void
http_trust_put(X509_STORE *store)
{
	struct trust **at, *t;

	pthread_mutex_lock(&lock);
	for (at = &trusts; (t = *at) != NULL; at = &t->next)
		if (t->store == store)
			break;
	if (t != NULL && --t->users == 0) {
		*at = t->next;
		trust_free(t);
	}
	pthread_mutex_unlock(&lock);
}
