/* SPDX-License-Identifier: MIT */
/*
 * conf_cache: the parts of [cache] url: `off`, sqlite:/PATH, or a Redis server,
 * redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], an IPv6 address in brackets, user
 * and password percent-encoded; rediss:// with TLS.  With redis+sentinel:// or
 * rediss+sentinel:// it is the master that Sentinels name:
 * [[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT] …]/MASTER[/DB].
 *
 * Source: RFC 3986; the redis URI scheme as registered at IANA.
 */
#ifndef CTIM_CONF_CACHE_H
#define CTIM_CONF_CACHE_H

#include <stdbool.h>
#include <stddef.h>

enum conf_cache_kind { CONF_CACHE_OFF, CONF_CACHE_FILE, CONF_CACHE_REDIS };

#define CONF_CACHE_SENTINELS 8

struct conf_cache_host {
	char host[256], port[6];
};

struct conf_cache {
	enum conf_cache_kind kind;
	const char *path;              /* of the file, absolute; in the
						 * URL that was parsed */
	char user[128], password[256]; /* empty: none */
	char db[5];
	bool tls;
	struct conf_cache_host server; /* none with Sentinels */
	size_t sentinels;
	struct conf_cache_host sentinel[CONF_CACHE_SENTINELS];
	char master[128]; /* its name, as the Sentinels know it */
};

/* Takes a URL apart.  Returns false when it is no such URL; then only kind and
 * path mean anything.  The caller wipes the password. */
bool conf_cache_parse(const char *url, struct conf_cache *);

#endif
