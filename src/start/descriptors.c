#include <stdio.h>

#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/ctim.h"
#include "start/descriptors.h"

/* Of each thread: */
#define CONNECTION 1          /* the request's */
#define SINK       1          /* the memory file with the request */
#define SPILLS     CTIM_KINDS /* parts of an answer that memory is short of */
#define ENGINE     2          /* libcurl's pair of sockets to be woken by */
#define CACHE \
	4       /* the file, -wal, -shm, and its directory or a
				 * journal while it is made; or Redis' socket */
#define STORE 3 /* the file, -wal, -shm, of each relay's store */

/* The key that decides how many calls a thread makes at once. */
struct widest {
	int parallel;
	const char *relay; /* NULL: [http] */
	bool calls;        /* any at all */
	int stores;
};

static struct widest
descriptors_widest(const struct conf *conf)
{
	struct widest w = { .parallel = conf->parallel };
	const struct relay_conf *r;

	for (r = conf->relays; r != NULL; r = r->next) {
		w.stores += r->provider->store != NULL;
		if (r->provider->request == NULL)
			continue;
		w.calls = true;
		if (r->parallel > w.parallel) {
			w.parallel = r->parallel;
			w.relay = r->name;
		}
	}
	return w;
}

/*
 * The formula.  The queue's connections are in no process's table while they
 * wait, but the kernel counts them, as sent, by the same limit.  Descriptors
 * that a call has for a moment (a second socket that races, the resolver's) and
 * idle connections to further hosts are not counted: a call that finds no
 * descriptor for these fails alone, and no worker ends for it.
 */
long
descriptors_needed(const struct conf *conf)
{
	struct widest w = descriptors_widest(conf);
	long calls = w.calls ? w.parallel : 1; /* of a key set */

	return DESCRIPTORS_WORKER + conf->queue +
	    conf->threads *
	    (CONNECTION + SINK + SPILLS + ENGINE + calls + CACHE +
		STORE * w.stores);
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
