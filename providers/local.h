/* SPDX-License-Identifier: MIT */
/*
 * local: the relay that answers from the indicators on this machine, and the
 * actions by which people change them.
 */
#ifndef CTIM_LOCAL_H
#define CTIM_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "call/provider.h"

struct buf;

/* Its own keys, as they lie behind relay_conf.own. */
struct local_conf {
	char *store; /* path of the SQLite file, or a URL (store_is_url()) */
	/* Domains, addresses and networks of the site, in their normal form,
	 * ended by NULL; a domain stands for all below it. */
	char **protect;
	int64_t respond_expires; /* seconds; 0: never */
	char *on_change;         /* NULL: none */
	bool tiles_show_values;  /* tiles name observables */
};

/* Where the store is unless the configuration says otherwise. */
#define LOCAL_STORE CTIM_LOCALSTATEDIR "/lib/ctim-relay/intel.db"

/* The sources that actions add to, and their records' priority. */
#define LOCAL_BLOCK_LIST "Block list"
#define LOCAL_ALLOW_LIST "Allow list"
#define LOCAL_PRIORITY   100

/* local_respond.c: provider.actions() and provider.change(). */
void local_actions(struct answer *, const struct query *);
enum provider_change local_change(const struct query *, const struct trigger *,
    struct record *, struct buf *why);

/* local_tiles.c: provider.tiles and provider.tile_shown(). */
extern const struct tile local_tiles[];
bool local_tile_shown(const void *conf, const struct tile *);

/* local_guard.c */
/* Setter of `protect`: a list of domains, addresses and networks. */
int local_set_protect(
    void *base, const struct conf_key *, const char *value, char *why);
/*
 * Whether the observable of q, whose value is normalised, may not be put on a
 * block list: it is a private address or on one, belongs to the site, or is on an
 * allow list (q->records).  Then why says so.  errno is ENOMEM when memory ran
 * out, which is a yes.
 */
bool local_guarded(const struct query *, struct buf *why);

#endif
