/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/ctim.h"
#include "start/descriptors.h"

/* Of each thread: */
#define CONNECTION 1          /* the request's */
#define OUTGOING   2          /* files of an answer that is not read */
#define SINK       1          /* the memory file with the request */
#define SPILLS     CTIM_KINDS /* parts of an answer that memory is short of */
#define CACHE \
	4       /* the file, -wal, -shm, and its directory or a
				 * journal while it is made; or Redis' socket */
#define STORE 3 /* the file, -wal, -shm, of each relay's store */
#define ACT \
	4 /* the same, of the store that a trigger writes, and the
		 * copy that an upgrade makes of it */

#define MAP \
	2 /* the socket of its map worker, and while that is made
		   * the other end; in all the map master's */

/* Of the engine: */
#define ENGINE 2  /* its epoll set, and what it is woken by */
#define POOL   2  /* libcurl's pair of sockets, of each policy */
#define KEPT   16 /* connections that it keeps, however few calls there are */
/* Of each request in the queue: its connection, the memory file with it. */
#define QUEUED 2
/* Of each that waits for memory, of which there are as many: its connection. */
#define LARGE 1

/* The key that decides how many calls a thread makes at once. */
struct widest {
	int parallel;
	const char *relay; /* NULL: [http] */
	bool calls;        /* any at all */
	int stores;
	int pools; /* of connections, at most */
	bool maps; /* programs of described providers */
};

static struct widest
descriptors_widest(const struct conf *conf)
{
	struct widest w = { .parallel = conf->parallel, .pools = 1 };
	const struct relay_conf *r;

	for (r = conf->relays; r != NULL; r = r->next) {
		w.stores += r->provider->store != NULL;
		w.maps = w.maps || r->provider->map != NULL;
		if (r->provider->request == NULL)
			continue;
		w.calls = true;
		w.pools += r->allow_private != RELAY_PRIVATE_INHERIT ||
		    r->ca_file != NULL;
		if (r->parallel > w.parallel) {
			w.parallel = r->parallel;
			w.relay = r->name;
		}
	}
	return w;
}

/*
 * The formula.  The queue's descriptors are in no process's table while they
 * wait, but the kernel counts them, as sent, by the same limit.  Descriptors
 * that a call has for a moment (a second socket that races, the resolver's) and
 * idle connections to further hosts are not counted: a call that finds no
 * descriptor for these fails alone, and no worker ends for it.
 */
long
descriptors_needed(const struct conf *conf)
{
	struct widest w = descriptors_widest(conf);
	/* Without relays that call, of a key set. */
	long calls = (long)conf->threads * (w.calls ? w.parallel : 1);

	return DESCRIPTORS_WORKER + (QUEUED + LARGE) * conf->queue + ENGINE +
	    (long)POOL * w.pools + (calls < KEPT ? KEPT : calls) +
	    conf->threads *
	    (CONNECTION + OUTGOING + SINK + SPILLS + CACHE + STORE * w.stores +
		(w.stores > 0 ? ACT : 0) + (w.maps ? MAP : 0));
}

int
descriptors_check(const struct conf *conf, rlim_t limit, char *why)
{
	struct widest w = descriptors_widest(conf);
	long needed = descriptors_needed(conf);
	char parallel[128] = "";

	if (limit >= (rlim_t)needed)
		return 0;
	if (w.calls)
		(void)snprintf(parallel, sizeof(parallel),
		    ", [%s%s] parallel = %d",
		    w.relay == NULL ? "http" : "relay ",
		    w.relay == NULL ? "" : w.relay, w.parallel);
	(void)snprintf(why, CONF_ERROR_MAX,
	    "%.256s: [server] threads = %d, "
	    "queue = %d%s: a worker may need %ld descriptors, and the limit is "
	    "%lu; raise it (ulimit -Hn %ld, or LimitNOFILE=%ld in systemd's "
	    "unit), or lower these",
	    conf->file, conf->threads, conf->queue, parallel, needed,
	    (unsigned long)limit, needed, needed);
	return -1;
}
