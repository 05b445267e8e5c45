/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/libpq_connect.h"

static bool
libpq_takes(const char *url)
{
	PQconninfoOption *options;
	char *why = NULL;

	options = PQconninfoParse(url, &why);
	PQfreemem(why);
	PQconninfoFree(options);
	return options != NULL;
}

static void
libpq_close(struct libpq_conn *c)
{
	PQfinish((PGconn *)c);
}

/* --- statements ---------------------------------------------------------- */

/* Sends what waits. */
static int
libpq_flush(PGconn *pg, int64_t until, struct libpq_error *e)
{
	int left;

	while ((left = PQflush(pg)) == 1)
		if (libpq_wait(pg, POLLIN | POLLOUT, until, e) == -1)
			return -1;
		else if (PQconsumeInput(pg) == 0)
			break;
	return left == 0 ? 0 : libpq_lost(pg, e);
}

/* The next result of a statement; NULL with LIBPQ_FINE at the end of it. */
static PGresult *
libpq_result(PGconn *pg, int64_t until, struct libpq_error *e)
{
	e->fault = LIBPQ_FINE;
	while (PQisBusy(pg)) {
		if (libpq_wait(pg, POLLIN, until, e) == -1)
			return NULL;
		if (PQconsumeInput(pg) == 0) {
			libpq_lost(pg, e);
			return NULL;
		}
	}
	return PQgetResult(pg);
}

/* Says what a result that is none says. */
static void
libpq_refused(PGconn *pg, const PGresult *r, struct libpq_error *e)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *why = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	/* One without a state is libpq's own. */
	libpq_fail(e,
	    PQstatus(pg) == CONNECTION_BAD || state == NULL ? LIBPQ_LOST :
							      LIBPQ_REFUSED,
	    why != NULL ? why : PQresultErrorMessage(r));
	(void)snprintf(
	    e->state, sizeof(e->state), "%s", state == NULL ? "" : state);
}

static bool
libpq_good(const PGresult *r)
{
	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
	case PGRES_COPY_IN:
		return true;
	default:
		return false;
	}
}

static int
libpq_send(struct libpq_conn *c, const char *text, int n,
    const char *const *values, int64_t until, struct libpq_error *e)
{
	PGconn *pg = (PGconn *)c;
	int sent = n == -1 ?
	    PQsendQuery(pg, text) :
	    PQsendQueryParams(pg, text, n, NULL, values, NULL, NULL, 0);

	return sent == 1 ? libpq_flush(pg, until, e) : libpq_lost(pg, e);
}

/* Takes the results to the end, and keeps the last; NULL with the first error. */
static PGresult *
libpq_last(PGconn *pg, int64_t until, struct libpq_error *e)
{
	struct libpq_error first = { .fault = LIBPQ_FINE };
	PGresult *last = NULL, *r;

	while ((r = libpq_result(pg, until, e)) != NULL) {
		PQclear(last);
		last = r;
		if (!libpq_good(r) && first.fault == LIBPQ_FINE)
			libpq_refused(pg, r, &first);
		if (PQresultStatus(r) == PGRES_COPY_IN)
			break;
	}
	if (e->fault == LIBPQ_FINE)
		*e = first;
	if (last == NULL && e->fault == LIBPQ_FINE)
		libpq_lost(pg, e);
	if (e->fault == LIBPQ_FINE)
		return last;
	PQclear(last);
	return NULL;
}

static struct libpq_result *
libpq_run(struct libpq_conn *c, const char *text, int n,
    const char *const *values, int64_t until, struct libpq_error *e)
{
	return libpq_send(c, text, n, values, until, e) == -1 ?
	    NULL :
	    (struct libpq_result *)libpq_last((PGconn *)c, until, e);
}

static int
libpq_stream(struct libpq_conn *c, const char *text, int n,
    const char *const *values, int64_t until, struct libpq_error *e)
{
	PGconn *pg = (PGconn *)c;

	return PQsendQueryParams(pg, text, n, NULL, values, NULL, NULL, 0) ==
		    1 &&
		PQsetSingleRowMode(pg) == 1 ?
	    libpq_flush(pg, until, e) :
	    libpq_lost(pg, e);
}

static struct libpq_result *
libpq_next(struct libpq_conn *c, int64_t until, struct libpq_error *e)
{
	PGconn *pg = (PGconn *)c;
	PGresult *r = libpq_result(pg, until, e);
	struct libpq_error rest;

	if (r == NULL || PQresultStatus(r) == PGRES_SINGLE_TUPLE)
		return (struct libpq_result *)r;
	/* The empty result behind the rows, or an error. */
	if (libpq_good(r)) {
		PQclear(r);
		r = libpq_result(pg, until, e);
		PQclear(r);
		return NULL;
	}
	libpq_refused(pg, r, e);
	do {
		PQclear(r);
	} while ((r = libpq_result(pg, until, &rest)) != NULL);
	return NULL;
}

static int
libpq_copy_begin(struct libpq_conn *c, const char *text, int64_t until,
    struct libpq_error *e)
{
	struct libpq_result *r = libpq_run(c, text, -1, NULL, until, e);

	PQclear((PGresult *)r);
	return r == NULL ? -1 : 0;
}

static int
libpq_copy(struct libpq_conn *c, const char *data, size_t n, int64_t until,
    struct libpq_error *e)
{
	PGconn *pg = (PGconn *)c;
	int sent;

	while ((sent = PQputCopyData(pg, data, (int)n)) == 0)
		if (libpq_flush(pg, until, e) == -1)
			return -1;
	return sent == 1 ? libpq_flush(pg, until, e) : libpq_lost(pg, e);
}

static int
libpq_copy_end(struct libpq_conn *c, int64_t until, struct libpq_error *e)
{
	PGconn *pg = (PGconn *)c;
	PGresult *r;
	int sent;

	while ((sent = PQputCopyEnd(pg, NULL)) == 0)
		if (libpq_flush(pg, until, e) == -1)
			return -1;
	if (sent != 1)
		return libpq_lost(pg, e);
	if (libpq_flush(pg, until, e) == -1 ||
	    (r = libpq_last(pg, until, e)) == NULL)
		return -1;
	PQclear(r);
	return 0;
}

/* --- results ------------------------------------------------------------- */

static void
libpq_clear(struct libpq_result *r)
{
	PQclear((PGresult *)r);
}

static int
libpq_rows(const struct libpq_result *r)
{
	return PQntuples((const PGresult *)r);
}

static int64_t
libpq_changes(struct libpq_result *r)
{
	return strtoll(PQcmdTuples((PGresult *)r), NULL, 10);
}

static const char *
libpq_tag(struct libpq_result *r)
{
	return PQcmdStatus((PGresult *)r);
}

static const char *
libpq_value(const struct libpq_result *r, int row, int column)
{
	const PGresult *pr = (const PGresult *)r;

	return PQgetisnull(pr, row, column) ? NULL :
					      PQgetvalue(pr, row, column);
}

__attribute__((visibility("default")))
const struct libpq ctim_relay_libpq = { .build = network_build,
	.takes = libpq_takes,
	.connect = libpq_connect,
	.close = libpq_close,
	.run = libpq_run,
	.send = libpq_stream,
	.next = libpq_next,
	.copy_begin = libpq_copy_begin,
	.copy = libpq_copy,
	.copy_end = libpq_copy_end,
	.clear = libpq_clear,
	.rows = libpq_rows,
	.changes = libpq_changes,
	.tag = libpq_tag,
	.value = libpq_value };
