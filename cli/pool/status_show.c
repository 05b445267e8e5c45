/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/pool/status_show.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "json/jsonin.h"

#define VALUES_MAX 100000 /* JSON values of an answer */

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

/* A number of an object, 0 when it is not there. */
static int64_t
status_show_number(struct json_object *o, const char *name)
{
	int64_t n;

	return jsonin_int(jsonin_member(o, name), &n) ? n : 0;
}

static const char *
string(struct json_object *o, const char *name)
{
	const char *s = jsonin_string(o, name);

	return s == NULL ? "-" : s;
}

/* Seconds as people say them: "3 d 4 h", "25 s". */
static void
status_show_duration(int64_t s, char *out, size_t size)
{
	static const struct {
		int64_t seconds;
		const char *name, *less;
		int64_t part;
	} units[] = { { 86400, "d", "h", 3600 }, { 3600, "h", "min", 60 },
		{ 60, "min", "s", 1 } };
	size_t i;

	for (i = 0; i < COUNT(units) && s < units[i].seconds; i++)
		;
	if (i == COUNT(units))
		(void)snprintf(out, size, "%" PRId64 " s", s);
	else
		(void)snprintf(out, size, "%" PRId64 " %s %" PRId64 " %s",
		    s / units[i].seconds, units[i].name,
		    s % units[i].seconds / units[i].part, units[i].less);
}

static void
show_head(FILE *f, struct json_object *o)
{
	char up[64];

	status_show_duration(status_show_number(o, "uptime"), up, sizeof(up));
	fprintf(f, "ctim-relay ");
	(void)text_print(f, string(o, "version"));
	fprintf(f, ", process %" PRId64 ", ", status_show_number(o, "pid"));
	(void)text_print(f, string(o, "state"));
	fprintf(f, ", up %s\n", up);
	(void)text_print(f, string(o, "configuration"));
	fprintf(f, ", read ");
	(void)text_print(f, string(o, "loaded"));
	fprintf(f, "; %" PRId64 " reloads", status_show_number(o, "reloads"));
	if (status_show_number(o, "reloads_refused") > 0)
		fprintf(f, ", %" PRId64 " refused",
		    status_show_number(o, "reloads_refused"));
	putc('\n', f);
}

static void
show_pool(FILE *f, struct json_object *o)
{
	static const char *const others[] = { "starting", "ending", "silent" };
	struct json_object *w = jsonin_member(o, "workers");
	struct json_object *t = jsonin_member(o, "threads");
	struct json_object *q = jsonin_member(o, "queue");
	struct json_object *c = jsonin_member(o, "connections");
	int64_t requests = status_show_number(c, "requests");
	int64_t readers = status_show_number(c, "readers");
	int64_t dropped = status_show_number(c, "dropped");
	int64_t large =
	    status_show_number(jsonin_member(o, "memory"), "waiting");
	int64_t maps = status_show_number(o, "map_workers");
	size_t i;

	fprintf(f, "\nworkers  %" PRId64 " of %" PRId64 " serve",
	    status_show_number(w, "serving"), status_show_number(w, "wanted"));
	for (i = 0; i < COUNT(others); i++)
		if (status_show_number(w, others[i]) > 0)
			fprintf(f, ", %" PRId64 " %s",
			    status_show_number(w, others[i]), others[i]);
	if (status_show_number(w, "deaths") > 0)
		fprintf(
		    f, ", %" PRId64 " died", status_show_number(w, "deaths"));
	fprintf(f, "\nthreads  %" PRId64 " of %" PRId64 " busy\n",
	    status_show_number(t, "busy"), status_show_number(t, "all"));
	fprintf(f,
	    "queue    %" PRId64 " of %" PRId64 " places, %" PRId64 " refused\n",
	    status_show_number(q, "waiting"), status_show_number(q, "places"),
	    status_show_number(q, "refused"));
	if (maps > 0)
		fprintf(f, "maps     %" PRId64 " processes run them\n", maps);
	if (large > 0)
		fprintf(f, "memory   %" PRId64 " large requests wait for it\n",
		    large);
	if (requests + readers + dropped > 0)
		fprintf(f,
		    "waiting  %" PRId64 " for a request, %" PRId64
		    " for their reader, %" PRId64 " dropped\n",
		    requests, readers, dropped);
}

/* One line of counts; the mean time of a request comes last. */
static void
show_counts(struct table *t, struct json_object *o, const char *name)
{
	static const struct {
		const char *member;
		enum table_colour colour; /* of what is not 0 */
	} shown[] = { { "requests", TABLE_PLAIN }, { "4xx", TABLE_PLAIN },
		{ "5xx", TABLE_RED }, { "errors", TABLE_YELLOW },
		{ "observables", TABLE_PLAIN }, { "entities", TABLE_PLAIN },
		{ "calls", TABLE_PLAIN }, { "cached", TABLE_PLAIN } };
	int64_t n, requests = status_show_number(o, "requests");
	char text[32];
	size_t i;

	table_cell(t, name, TABLE_PLAIN);
	for (i = 0; i < COUNT(shown); i++) {
		n = status_show_number(o, shown[i].member);
		(void)snprintf(text, sizeof(text), "%" PRId64, n);
		table_cell(t, text, n > 0 ? shown[i].colour : TABLE_PLAIN);
	}
	if (requests == 0)
		table_cell(t, NULL, TABLE_PLAIN);
	else
		table_number(t, status_show_number(o, "ms") / requests);
}

static int
status_show_show_relays(FILE *f, struct json_object *o)
{
	static const char *const names[] = { "RELAY", ">REQUESTS", ">4XX",
		">5XX", ">ERRORS", ">OBSERVABLES", ">ENTITIES", ">CALLS",
		">CACHED", ">MS", NULL };
	struct table *t = table_new(names);
	struct json_object *list = jsonin_member(o, "relays"), *r;
	size_t i;
	int result;

	for (i = 0; i < jsonin_length(list); i++) {
		r = jsonin_at(list, i);
		show_counts(t, r, string(r, "name"));
	}
	if (jsonin_length(list) > 1)
		show_counts(t, jsonin_member(o, "total"), "all");
	result = table_print(t, f);
	table_free(t);
	return result;
}

/* What maps of described providers took and failed with, of the relays that have
 * asked one. */
static int
show_maps(FILE *f, struct json_object *o)
{
	static const char *const names[] = { "MAP OF", ">ASKED", ">MS",
		">ERROR", ">LATE", ">CRASH", ">MEMORY", ">OFF", ">UNAVAILABLE",
		">LEFT OUT", NULL };
	static const char *const reasons[] = { "error", "late", "crash",
		"memory", "off", "unavailable" };
	struct table *t = table_new(names);
	struct json_object *list = jsonin_member(o, "relays"), *m, *failures;
	int64_t asked;
	size_t i, k, shown = 0;
	int result;

	for (i = 0; i < jsonin_length(list); i++) {
		m = jsonin_member(jsonin_at(list, i), "map");
		if ((asked = status_show_number(m, "asked")) == 0)
			continue;
		shown++;
		table_cell(t, string(jsonin_at(list, i), "name"), TABLE_PLAIN);
		table_number(t, asked);
		table_number(t, status_show_number(m, "ms") / asked);
		failures = jsonin_member(m, "failures");
		for (k = 0; k < COUNT(reasons); k++)
			table_number(
			    t, status_show_number(failures, reasons[k]));
		table_number(
		    t, status_show_number(jsonin_at(list, i), "left_out"));
	}
	if (shown > 0)
		putc('\n', f);
	result = table_print(t, f);
	table_free(t);
	return result;
}

/* The circuits that are worth a look: not closed, or once opened. */
static int
show_breakers(FILE *f, struct json_object *o)
{
	static const char *const names[] = { "CIRCUIT OF", "STATE",
		">SECONDS LEFT", ">FAILURES", ">OPENED", NULL };
	struct table *t = table_new(names);
	struct json_object *list = jsonin_member(o, "breakers"), *b;
	enum table_colour colour;
	size_t i, shown = 0;
	int result = 0;

	for (i = 0; i < jsonin_length(list); i++) {
		b = jsonin_at(list, i);
		if (status_show_number(b, "opened") == 0)
			continue;
		shown++;
		colour = string(b, "state")[0] == 'c' ? TABLE_GREEN :
		    string(b, "state")[0] == 'h'      ? TABLE_YELLOW :
							TABLE_RED;
		table_cell(t, string(b, "host"), TABLE_PLAIN);
		table_cell(t, string(b, "state"), colour);
		table_number(t, status_show_number(b, "left"));
		table_number(t, status_show_number(b, "failures"));
		table_number(t, status_show_number(b, "opened"));
	}
	if (shown > 0)
		putc('\n', f);
	result = table_print(t, f);
	table_free(t);
	return result;
}

static int
show_jwks(FILE *f, struct json_object *o)
{
	static const char *const names[] = { "KEY SET OF", "AGE", "LAST TRY",
		NULL };
	struct table *t = table_new(names);
	struct json_object *list = jsonin_member(o, "jwks"), *k;
	bool failed;
	char age[64];
	size_t i;
	int result;

	for (i = 0; i < jsonin_length(list); i++) {
		k = jsonin_at(list, i);
		failed = json_object_get_boolean(jsonin_member(k, "failed"));
		status_show_duration(
		    status_show_number(k, "age"), age, sizeof(age));
		table_cell(t, string(k, "host"), TABLE_PLAIN);
		table_cell(t,
		    json_object_get_boolean(jsonin_member(k, "keys")) ? age :
									NULL,
		    TABLE_PLAIN);
		table_cell(t, failed ? "failed" : "good",
		    failed ? TABLE_RED : TABLE_GREEN);
	}
	if (i > 0)
		putc('\n', f);
	result = table_print(t, f);
	table_free(t);
	return result;
}

static int
show_quotas(FILE *f, struct json_object *o)
{
	static const char *const names[] = { "QUOTA OF", ">LEFT", ">LIMIT",
		"UNTIL", NULL };
	struct table *t = table_new(names);
	struct json_object *list = jsonin_member(o, "quotas"), *q;
	static const char *const numbers[] = { "left", "limit" };
	size_t i, k;
	int64_t n;
	int result;

	for (i = 0; i < jsonin_length(list); i++) {
		q = jsonin_at(list, i);
		table_cell(t, string(q, "relay"), TABLE_PLAIN);
		for (k = 0; k < COUNT(numbers); k++)
			if (jsonin_int(jsonin_member(q, numbers[k]), &n))
				table_number(t, n);
			else
				table_cell(t, NULL, TABLE_PLAIN);
		table_cell(t, jsonin_string(q, "reset"), TABLE_PLAIN);
	}
	if (i > 0)
		putc('\n', f);
	result = table_print(t, f);
	table_free(t);
	return result;
}

int
status_show(FILE *f, const char *text, size_t len)
{
	struct json_object *o = jsonin_parse(text, len, VALUES_MAX, NULL);
	int r;

	if (jsonin_member(o, "workers") == NULL) {
		json_object_put(o);
		return -1;
	}
	show_head(f, o);
	show_pool(f, o);
	putc('\n', f);
	r = status_show_show_relays(f, o) == -1 || show_maps(f, o) == -1 ||
		show_breakers(f, o) == -1 || show_jwks(f, o) == -1 ||
		show_quotas(f, o) == -1 ?
	    -1 :
	    0;
	json_object_put(o);
	return r;
}
