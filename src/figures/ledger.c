/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "call/provider.h"
#include "conf/conf.h"
#include "figures/ledger.h"
#include "figures/matched.h"
#include "log/log.h"
#include "os/closeall.h"
#include "shared/shared.h"

#define WAIT_CHILD 5000 /* ms for others that write a store */
#define WAIT_HERE  100
#define PATIENCE   30 /* seconds that the process may take */

/* One relay whose matches are taken. */
struct taking {
	const struct relay_conf *relay; /* NULL: one that is gone */
	struct shared *shared;
	size_t place; /* of the relay in counters */
	struct matches_body *copy;
	struct store *store; /* NULL: none takes them */
	uint64_t lost;       /* that had no place in the memory */
	char error[STORE_ERROR_MAX];
};

/* Says once that matches are lost; a store that takes them again has that said
 * the next time, too. */
static void
ledger_tell(struct taking *t, bool good)
{
	_Atomic bool *told = &t->shared->matches.told[t->place];

	if (t->lost > 0)
		log_warning("relay %s: %llu matches are in no tile: there were "
			    "too many different ones in a minute",
		    t->relay->name, (unsigned long long)t->lost);
	if (good)
		atomic_store(told, false);
	else if (!atomic_exchange(told, true))
		log_warning("relay %s: matches are not counted: %s",
		    t->relay->name, t->error);
}

static int
ledger_add(void *arg, const struct matched *m)
{
	struct taking *t = arg;

	if (t->store != NULL && matched_add(t->store, m, t->error) == -1) {
		store_close(t->store);
		t->store = NULL;
	}
	return 0;
}

/* Takes all parts, also where no store takes them. */
static void
ledger_take(struct taking *t)
{
	size_t i;

	for (i = 0; i < MATCHES_PARTS; i++)
		(void)matches_take(&t->shared->matches, i, t->place, t->copy,
		    &t->lost, ledger_add, t);
}

static void
ledger_save_relay(struct taking *t, int wait, bool keep)
{
	const char *path = t->relay->provider->store(t->relay->own);
	int r = -1;

	t->store = store_open(path, STORE_ADD, t->error);
	if (t->store != NULL)
		r = matched_begin(t->store, wait, t->error);
	if (r == 1 && keep) {
		store_close(t->store);
		return;
	}
	if (r == 1)
		(void)stpcpy(
		    t->error, "another process is writing to the store");
	if (r != 0) {
		store_close(t->store);
		t->store = NULL;
	}
	ledger_take(t);
	if (t->store != NULL &&
	    matched_end(t->store, (int64_t)time(NULL), t->error) == 0)
		t->error[0] = '\0';
	ledger_tell(t, t->error[0] == '\0');
	store_close(t->store);
}

/* The relay that counts in a place of counters; NULL: none does any longer. */
static const struct relay_conf *
ledger_relay(const struct conf *conf, struct shared *shared, size_t place)
{
	const struct relay_conf *r;

	for (r = conf->relays; r != NULL; r = r->next)
		if (r->provider->store != NULL &&
		    counters_relay(&shared->counters, r->name) == place)
			return r;
	return NULL;
}

void
ledger_save(const struct conf *conf, struct shared *shared, int wait, bool keep)
{
	struct matches_body *copy;
	struct taking t;
	size_t i;

	if (!matches_wait(&shared->matches))
		return;
	if ((copy = malloc(sizeof(*copy))) == NULL) {
		log_warning("matches are not counted: %s", strerror(errno));
		return;
	}
	for (i = 0; i < counters_relays(&shared->counters); i++) {
		t = (struct taking){ .relay = ledger_relay(conf, shared, i),
			.shared = shared,
			.place = i,
			.copy = copy };
		if (t.relay != NULL)
			ledger_save_relay(&t, wait, keep);
		else
			ledger_take(&t);
	}
	free(copy);
}

/* Whether a minute is over, and something is there. */
static bool
ledger_due(struct ledger *l, const struct shared *shared, int64_t now)
{
	if (now < l->next)
		return false;
	l->next = now + LEDGER_EVERY;
	return matches_wait(&shared->matches);
}

/* The process: has nothing of its parent's but the log, and is not stopped with
 * it, as it has taken the only copy of the numbers. */
static void
ledger_process(const struct conf *conf, struct shared *shared)
{
	sigset_t set;

	(void)sigfillset(&set);
	(void)sigdelset(&set, SIGALRM);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(PATIENCE);
	closeall(log_keep(), -1);
	ledger_save(conf, shared, WAIT_CHILD, true);
}

bool
ledger_look(struct ledger *l, const struct conf *conf, struct shared *shared,
    int64_t now)
{
	pid_t pid;

	if (!ledger_due(l, shared, now))
		return false;
	if ((pid = fork()) == 0) {
		ledger_process(conf, shared);
		_exit(0);
	}
	if (pid == -1)
		log_warning(
		    "matches stay for the next minute: %s", strerror(errno));
	return pid != -1;
}

void
ledger_look_here(struct ledger *l, const struct conf *conf,
    struct shared *shared, int64_t now)
{
	if (ledger_due(l, shared, now))
		ledger_save(conf, shared, WAIT_HERE, true);
}
