/* SPDX-License-Identifier: MIT */
/*
 * How fast a page of AlienVault OTX is searched: by pagescan as it arrives, and
 * by json-c, which parses it whole.  The value looked for is in none of the
 * entries, so all of the page is read.
 *
 *	scan [entries …]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "json/jsonfind.h"

#define PIECE    131072 /* bytes that arrive at once */
#define ROUNDS   5
#define PAGE_MAX (256U << 20)
#define VALUE    "absent.example"

static const char *const defaults[] = { "2000", "20000", "200000", NULL };

static void
make_page(struct buf *b, long entries)
{
	long i;

	buf_adds(b,
	    "{\"count\":0,\"next\":null,\"previous\":null,"
	    "\"results\":[");
	for (i = 0; i < entries; i++)
		buf_addf(b,
		    "%s{\"id\":%ld,\"indicator\":"
		    "\"host-%ld.malware-%ld.example\",\"type\":\"domain\","
		    "\"created\":\"2020-05-%02ldT10:25:%02ld\","
		    "\"content\":\"\",\"title\":\"\","
		    "\"description\":\"\",\"expiration\":null,"
		    "\"is_active\":1,\"role\":null}",
		    i == 0 ? "" : ",", 2300000000 + i, i, i % 97, i % 28 + 1,
		    i % 60);
	buf_adds(b, "]}");
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
give_up(const char *why)
{
	fprintf(stderr, "scan: %s\n", why);
	exit(EXIT_FAILURE);
}

static void
by_pagescan(const struct buf *page)
{
	struct jsonfind *s = jsonfind_new("results", "indicator", VALUE);
	size_t at, n;

	if (s == NULL)
		give_up("no memory left");
	for (at = 0; at < page->len; at += n) {
		n = page->len - at < PIECE ? page->len - at : PIECE;
		jsonfind_add(s, page->data + at, n);
	}
	if (jsonfind_end(s) != JSONFIND_MORE)
		give_up("the scan did not read the page");
	jsonfind_free(s);
}

static void
by_parser(const struct buf *page)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *whole;

	if (t == NULL)
		give_up("no memory left");
	whole = json_tokener_parse_ex(t, page->data, (int)page->len);
	if (whole == NULL)
		give_up("the parser did not read the page");
	json_object_put(whole);
	json_tokener_free(t);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Millions of bytes a second, the median of the rounds. */
static double
rate(void (*way)(const struct buf *), const struct buf *page)
{
	double times[ROUNDS], begin;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		begin = now();
		way(page);
		times[i] = now() - begin;
	}
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	return (double)page->len / times[ROUNDS / 2] / 1e6;
}

int
main(int argc, char *argv[])
{
	const char *const *list = defaults;
	struct buf page;
	double scan, parser;

	if (argc > 1)
		list = (const char *const *)argv + 1;
	printf("%10s %10s %14s %14s %8s\n", "entries", "MB", "pagescan MB/s",
	    "json-c MB/s", "ratio");
	for (; *list != NULL; list++) {
		buf_init(&page, PAGE_MAX);
		make_page(&page, atol(*list));
		if (page.failed)
			give_up("too many entries");
		scan = rate(by_pagescan, &page);
		parser = rate(by_parser, &page);
		printf("%10s %10.1f %14.0f %14.0f %8.0f\n", *list,
		    (double)page.len / 1e6, scan, parser, scan / parser);
		buf_free(&page);
	}
	return EXIT_SUCCESS;
}
