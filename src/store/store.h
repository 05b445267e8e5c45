/*
 * store: the indicators on this machine, in one SQLite file.
 *
 * A struct store is one connection and belongs to one thread at a time; any
 * number of threads, workers and CGI processes may each have one on the same
 * file, which is in WAL mode, so readers never wait for an import.
 *
 * Source: https://www.sqlite.org/wal.html; relay `local` in ctim-relay.conf(5).
 */
#ifndef CTIM_STORE_H
#define CTIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctim/observable.h"
#include "db/dbfile.h"

struct store;

enum store_mode {
	STORE_READ, /* the file must be there */
	STORE_WRITE /* made when it is not there, with its directory */
};

#define STORE_ERROR_MAX DB_ERROR_MAX

struct source {
	const char *name;  /* unique: [A-Za-z0-9][A-Za-z0-9 ._-]{0,63} */
	const char *title; /* what people read; never NULL */
	const char *url;   /* NULL, or a template with {type}, {value} */
	bool subdomains;   /* its domains match what is below them */
};

/* One indicator as one source lists it.  Times are seconds since 1970. */
struct record {
	enum observable_type type;
	const char *value; /* normalised (indicator.h); may be a network */
	struct source source;
	int disposition;    /* enum ctim_disposition */
	int severity;       /* enum ctim_severity */
	int confidence;     /* enum ctim_severity, never critical */
	int tlp;            /* enum ctim_tlp */
	int priority;       /* 0 to 100 */
	const char *reason; /* NULL when the source gives none */
	int64_t first_seen; /* 0: not known */
	int64_t last_seen;  /* 0: not known */
	int64_t count;      /* times seen, 0: not known */
	int64_t expires;    /* 0: never */
	int64_t imported;
	bool exact; /* the record is the observable itself, not
					 * a network, parent domain or host of it */
};

/*
 * Opens the store at path.  NULL when it cannot, with one line in error that
 * says what is wrong and what mends it.
 */
struct store *store_open(
    const char *path, enum store_mode, char error[STORE_ERROR_MAX]);
void store_close(struct store *); /* NULL is fine */

/* Whether the file that is open is no more the one at path: it was removed or
 * replaced. */
bool store_moved(const struct store *);
/* Whether the store still answers: 0, or -1 with the reason in error. */
int store_check(struct store *, char error[STORE_ERROR_MAX]);

/*
 * Between the two, matches see the store as it was at the first and cost less.
 * For a moment only: meanwhile its log cannot be folded in.  A store that
 * cannot be held answers, or says why not, as without.
 */
void store_hold(struct store *);
void store_release(struct store *);
/*
 * All records that match an observable at the time now, exact ones, networks
 * that hold it, listed parents of it; in no order that means anything.
 * Returns how many and points *records at them, good until the next call on
 * this store; or -1 with the reason in error.
 */
ssize_t store_match(struct store *, const struct observable *, int64_t now,
    const struct record **records, char error[STORE_ERROR_MAX]);

#endif
