/* SPDX-License-Identifier: MIT */
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

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctim/observable.h"
#include "db/dbfile.h"

struct store;

enum store_mode {
	STORE_READ,  /* the file must be there */
	STORE_WRITE, /* made when it is not there, with its directory */
	STORE_ADD,   /* written, but neither made nor brought to this format */
	/* The same for a request, which others wait for: it waits STORE_SOON ms
	 * at most, and a store of an older version that is larger than
	 * STORE_SMALL is left to the command line. */
	STORE_SERVE
};

/* Observables that see a store unchanged: a snapshot that is old keeps SQLite's
 * -wal file, and one query of PostgreSQL's is large enough. */
#define STORE_HELD      32
#define STORE_BATCH     1024

#define STORE_SOON      1000
#define STORE_SMALL     (64 << 20) /* bytes: upgraded in less than a second */

#define STORE_ERROR_MAX DB_ERROR_MAX

struct source {
	const char *name;  /* unique: [A-Za-z0-9][A-Za-z0-9 ._-]{0,63} */
	const char *title; /* for people; never NULL */
	const char *url;   /* NULL, or a template with {type}, {value} */
	bool subdomains;   /* its domains match what is below them */
	/* What `intel update` knows: where the feed is, the header to send with
	 * its key as a reference, how to import it, and what the feed's server
	 * said last.  NULL: not known. */
	const char *feed, *header, *options, *etag, *modified;
	int64_t checked; /* the last try that reached the feed; 0: none */
	bool below;      /* some record of it has below */
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
	const char *url; /* where more is said of it; NULL: not known */
	bool below;      /* a domain that matches what is below it */
	/* The record is the observable itself, not a network, parent domain
	 * or host of it. */
	bool exact;
};

/*
 * Opens the store at path.  Returns NULL when that fails, with one line in
 * error that names the fault and its mend.
 */
struct store *store_open(
    const char *path, enum store_mode, char error[STORE_ERROR_MAX]);
void store_close(struct store *); /* NULL is fine */

/* Whether a store's path is the URL of a database in PostgreSQL, which holds the
 * same; such a store is reached when it is first used. */
bool store_is_url(const char *path);
/* Whether there is a password in it. */
bool store_has_password(const char *path);
/* What of a path may be shown: all but the password of a URL, and what is behind
 * the name of the database. */
#define STORE_SHOWN 4096
const char *store_shown(const char *path, char shown[STORE_SHOWN]);
/* Whether the store is in a file, and that is not there. */
bool store_missing(const char *path);
/* Whether this build has such stores, and this URL says where its password ends;
 * else why says why not.  libpq, which is not opened for that, may still not take
 * it: store_open(). */
bool store_url_good(const char *url, char why[STORE_ERROR_MAX]);
/* What opening did to the store, one line for people: the store of an older
 * version was brought to this one's format.  NULL: nothing. */
const char *store_note(const struct store *);

/* Between two matches: gives back the memory of pages that SQLite keeps. */
void store_rest(struct store *);
/* Whether path no longer leads to the open file, which was removed or
 * replaced. */
bool store_moved(const struct store *);
/* Whether the store keeps counts of its records; one of an older format does
 * not, and they are counted one by one. */
bool store_counted(const struct store *);
/* Whether the store still answers: 0, or -1 with the reason in error. */
int store_check(struct store *, char error[STORE_ERROR_MAX]);

/*
 * Between store_hold() and store_release() matches see the store as it was at
 * store_hold(), and cost less.  For a moment only: meanwhile SQLite cannot move
 * its -wal file into the main one.  A store that cannot be held answers, or
 * fails, as it would without.
 * In PostgreSQL one query reads all that the n observables can match, as
 * store_match_around() where around is true; the list must stay until the
 * release.
 */
void store_hold(
    struct store *, const struct observable *, size_t n, bool around);
void store_release(struct store *);
/* How many observables are to be held at once, at most. */
size_t store_hold_most(const struct store *);
/*
 * Finds all records that match an observable at the time now: exact ones,
 * networks that hold it, listed parents of it; in no meaningful order.
 * Returns how many and points *records at them, good until the next call on
 * this store; or -1 with the reason in error.
 */
ssize_t store_match(struct store *, const struct observable *, int64_t now,
    const struct record **records, char error[STORE_ERROR_MAX]);
/* The same with all records above the observable, also those that do not match
 * what is below them: its parent domains, the host of a URL, that one's parents
 * and networks. */
ssize_t store_match_around(struct store *, const struct observable *,
    int64_t now, const struct record **records, char error[STORE_ERROR_MAX]);

#endif
