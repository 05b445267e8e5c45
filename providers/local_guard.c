/* SPDX-License-Identifier: MIT */
/*
 * What must not be blocked: this machine's and private networks, the site's own
 * names and networks, and what an allow list has.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "ctim/ctim.h"
#include "ctim/indicator.h"
#include "providers/local.h"
#include "store/store.h"

#define MAPPED "::ffff:" /* before an IPv4 address, RFC 4291, 2.5.5.2 */

/* --- the key ------------------------------------------------------------- */

/* The normal form of a word of the list.  Returns 0, or -1 for none. */
static int
guard_word(const char *word, char out[INDICATOR_MAX + 1])
{
	char name[INDICATOR_MAX + 3];

	switch (indicator_detect(word, out)) {
	case OBSERVABLE_IP:
	case OBSERVABLE_IPV6:
		return 0;
	default:
		break;
	}
	word += strncmp(word, "*.", 2) == 0 ? 2 : *word == '.' ? 1 : 0;
	/* A name of one label, such as an inner "corp", is a domain only where
	 * something stands before it. */
	if ((size_t)snprintf(name, sizeof(name), "x.%s", word) >=
		sizeof(name) ||
	    indicator_normalise(OBSERVABLE_DOMAIN, name, out) == -1)
		return -1;
	memmove(out, out + 2, strlen(out + 2) + 1);
	return 0;
}

int
local_set_protect(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	char normal[INDICATOR_MAX + 1], **word, *copy;

	if (conf_set_list(base, key, value, why) == -1)
		return -1;
	word = *(char ***)((char *)base + key->offset);
	for (; *word != NULL; word++) {
		if (guard_word(*word, normal) == -1) {
			snprintf(why, CONF_ERROR_MAX,
			    "\"%.100s\" is no domain, address or network",
			    *word);
			return -1;
		}
		if ((copy = strdup(normal)) == NULL) {
			snprintf(why, CONF_ERROR_MAX, "no memory left");
			return -1;
		}
		free(*word);
		*word = copy;
	}
	return 0;
}

/* --- the judgement ------------------------------------------------------- */

/* Whether name is below, or the same as, the domain. */
static bool
guard_below(const char *name, const char *domain)
{
	size_t n = strlen(name), k = strlen(domain);

	return n >= k && strcmp(name + n - k, domain) == 0 &&
	    (n == k || name[n - k - 1] == '.');
}

/* Whether an address is, or is in, the network. */
static bool
guard_in(enum observable_type type, const char *value, const char *net)
{
	char network[INDICATOR_MAX + 1];
	int bits = indicator_prefix(net);

	if ((type == OBSERVABLE_IPV6) != (strchr(net, ':') != NULL))
		return false;
	if (bits == -1)
		return strcmp(value, net) == 0;
	return indicator_network(type, value, bits, network) == 0 &&
	    strcmp(network, net) == 0;
}

/* The first of a list that has the host in it, or that a domain has in it; NULL
 * for none.  type: domain, ip or ipv6. */
static const char *
guard_find(enum observable_type type, const char *host, const char *const *list)
{
	size_t mapped = strlen(MAPPED);

	if (type == OBSERVABLE_IPV6 && strncmp(host, MAPPED, mapped) == 0 &&
	    strchr(host, '.') != NULL) {
		type = OBSERVABLE_IP;
		host += mapped;
	}
	for (; list != NULL && *list != NULL; list++)
		if (type == OBSERVABLE_DOMAIN ?
			guard_below(host, *list) || guard_below(*list, host) :
			guard_in(type, host, *list))
			return *list;
	return NULL;
}

/* The host that an observable is, or is at; OBSERVABLE_UNKNOWN: there is none. */
static enum observable_type
guard_host(const struct observable *o, char host[INDICATOR_MAX + 1])
{
	const char *at;

	switch (o->type) {
	case OBSERVABLE_IP:
	case OBSERVABLE_IPV6:
	case OBSERVABLE_DOMAIN:
		(void)snprintf(host, INDICATOR_MAX + 1, "%s", o->value);
		return o->type;
	case OBSERVABLE_URL:
		return indicator_url_host(o->value, host);
	case OBSERVABLE_EMAIL:
		if ((at = strrchr(o->value, '@')) == NULL)
			return OBSERVABLE_UNKNOWN;
		(void)snprintf(host, INDICATOR_MAX + 1, "%s", at + 1);
		return OBSERVABLE_DOMAIN;
	default:
		return OBSERVABLE_UNKNOWN;
	}
}

/* Whether a host is in a private network or this machine. */
static bool
guard_private(enum observable_type type, const char *host)
{
	return type == OBSERVABLE_DOMAIN ?
	    guard_below(host, "localhost") :
	    indicator_scope(type, host) != INDICATOR_PLAIN;
}

/* Whether an allow list's record covers the observable: the record is it, or a
 * network or address that it is in, or a domain with all below it, as all are
 * that people have allowed.  One of a list of frequent names covers nothing
 * below: names of anybody are below those of hosters. */
static bool
guard_covers(const struct record *r)
{
	return r->disposition == CTIM_CLEAN &&
	    (r->exact || r->type == OBSERVABLE_IP ||
		r->type == OBSERVABLE_IPV6 || r->below ||
		r->source.subdomains || r->priority == LOCAL_PRIORITY);
}

bool
local_guarded(const struct query *q, struct buf *why)
{
	const struct local_conf *conf = q->conf;
	char host[INDICATOR_MAX + 1];
	enum observable_type type;
	const char *found;
	size_t i;

	errno = 0;
	type = guard_host(q->observable, host);
	/* What cannot be looked at is not blocked. */
	if (type == OBSERVABLE_UNKNOWN && errno == ENOMEM) {
		buf_adds(why, "no memory left");
		return true;
	}
	if (type != OBSERVABLE_UNKNOWN && guard_private(type, host)) {
		buf_addf(why, "%s is private or this machine", host);
		return true;
	}
	if (type != OBSERVABLE_UNKNOWN &&
	    (found = guard_find(
		 type, host, (const char *const *)conf->protect)) != NULL) {
		buf_addf(
		    why, "%s belongs to the site ([relay] protect)", found);
		return true;
	}
	for (i = 0; i < q->n; i++)
		if (guard_covers(&q->records[i])) {
			buf_addf(why, "%s is on an allow list (%s)",
			    q->records[i].value, q->records[i].source.name);
			return true;
		}
	return false;
}
