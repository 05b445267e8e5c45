/* SPDX-License-Identifier: MIT */
/*
 * libpq: PostgreSQL's client library, with a deadline for all that it does.
 *
 * It is in a shared object of our own, ctim-relay-pgsql.so, which is opened where
 * a store is in PostgreSQL: a site without one has no libpq loaded.  The object
 * exports the table below, and pgsql.c alone uses it.
 *
 * A connection belongs to one thread at a time.  Times are clock_ms()'s.  Names
 * of servers are looked up by getaddrinfo_a(3), whose end is not waited for
 * longer than that; libpq itself is given addresses.
 * Source: https://www.postgresql.org/docs/15/libpq-async.html,
 * libpq-connect.html.
 */
#ifndef CTIM_LIBPQ_H
#define CTIM_LIBPQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIBPQ_SYMBOL "ctim_relay_libpq"
#define LIBPQ_WHY    320 /* bytes of a cause, with the NUL */
#define LIBPQ_STATE  6   /* of an SQLSTATE */

struct libpq_conn;
struct libpq_result;

enum libpq_fault {
	LIBPQ_FINE,
	LIBPQ_REFUSED, /* the server says so: state and why */
	LIBPQ_LATE,    /* no answer until then */
	LIBPQ_LOST,    /* no connection, or none any longer */
	LIBPQ_STARVED  /* memory ran out */
};

/* why: one line without a password; "" where the fault says all. */
struct libpq_error {
	enum libpq_fault fault;
	char state[LIBPQ_STATE];
	char why[LIBPQ_WHY];
};

struct libpq {
	const char
	    *build; /* first: whether the others are those of this header */
	/* Whether libpq takes the URL; it looks nothing up. */
	bool (*takes)(const char *url);
	/* Tries the servers of the URL one after another, each with its share of
	 * the time.  NULL with the error. */
	struct libpq_conn *(*connect)(
	    const char *url, int64_t until, struct libpq_error *);
	void (*close)(struct libpq_conn *); /* NULL is fine */
	/*
	 * Runs a statement with n parameters, each a text or NULL; or (n is -1)
	 * several without.  Returns the last one's result, or NULL with the error.
	 * After LIBPQ_LATE and LIBPQ_LOST the connection is only to be closed.
	 */
	struct libpq_result *(*run)(struct libpq_conn *, const char *text,
	    int n, const char *const *values, int64_t until,
	    struct libpq_error *);
	/* Begins a statement whose rows come one by one: 0, or -1.  Then next()
	 * gives results of one row each, and NULL with LIBPQ_FINE at the end,
	 * before which the connection is not to be used otherwise. */
	int (*send)(struct libpq_conn *, const char *text, int n,
	    const char *const *values, int64_t until, struct libpq_error *);
	struct libpq_result *(*next)(
	    struct libpq_conn *, int64_t until, struct libpq_error *);
	/* COPY … FROM STDIN: begin, any number of pieces, end; 0, or -1. */
	int (*copy_begin)(struct libpq_conn *, const char *text, int64_t until,
	    struct libpq_error *);
	int (*copy)(struct libpq_conn *, const char *data, size_t n,
	    int64_t until, struct libpq_error *);
	int (*copy_end)(
	    struct libpq_conn *, int64_t until, struct libpq_error *);
	/* Of a result. */
	void (*clear)(struct libpq_result *); /* NULL is fine */
	int (*rows)(const struct libpq_result *);
	int64_t (*changes)(struct libpq_result *);
	/* What the server says that it did: "COMMIT", "ROLLBACK" … */
	const char *(*tag)(struct libpq_result *);
	/* NULL for SQL's NULL; good until the result is cleared. */
	const char *(*value)(const struct libpq_result *, int row, int column);
};

/* network.h's: what all objects of a build have. */
extern const char network_build[];

extern const struct libpq ctim_relay_libpq; /* in the object alone */

#endif
