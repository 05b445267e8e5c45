/* SPDX-License-Identifier: MIT */
/* ctim-relay intel sources, stats: the sources, and figures about what they
 * list. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "cli/base/options.h"
#include "cli/import/fetch.h"
#include "cli/import/fetch_header.h"
#include "cli/intel/intel.h"
#include "cli/terminal/table.h"
#include "ctim/ctim.h"
#include "ctim/indicator.h"
#include "json/jsonout.h"
#include "net/url.h"
#include "store/store_write.h"

#define OUTPUT_MAX (16U << 20) /* bytes of all sources, or statistics */

/* The text of a time, NULL for none. */
static const char *
sources_time(char text[RFC3339_MAX], int64_t t)
{
	if (t == 0)
		return NULL;
	rfc3339_text(text, t);
	return text;
}

/* The sources as a table or a JSON array. */
static int
sources_table(const struct store_count *counts, ssize_t n)
{
	static const char *const names[] = { "SOURCE", ">RECORDS", ">EXPIRED",
		"IMPORTED", "SUBDOMAINS", "TITLE", "URL", "FEED", NULL };
	struct table *t = table_new(names);
	char text[RFC3339_MAX], feed[INTEL_FEED_MAX];
	ssize_t i;
	int r;

	for (i = 0; i < n; i++) {
		table_cell(t, counts[i].source.name, TABLE_BOLD);
		table_number(t, (long long)counts[i].records);
		table_number(t, (long long)counts[i].expired);
		table_cell(
		    t, sources_time(text, counts[i].imported), TABLE_PLAIN);
		table_cell(
		    t, counts[i].source.subdomains ? "yes" : "no", TABLE_PLAIN);
		table_cell(t, counts[i].source.title, TABLE_PLAIN);
		table_cell(t, counts[i].source.url, TABLE_PLAIN);
		table_cell(t, intel_feed_text(counts[i].source.feed, feed),
		    TABLE_PLAIN);
	}
	r = table_print(t, stdout);
	table_free(t);
	return r;
}

static void
sources_json(struct jsonout *out, const struct store_count *counts, ssize_t n)
{
	char text[RFC3339_MAX], feed[INTEL_FEED_MAX];
	const struct source *s;
	ssize_t i;

	jsonout_array(out);
	for (i = 0; i < n; i++) {
		jsonout_object(out);
		s = &counts[i].source;
		jsonout_kstring(out, "name", s->name);
		jsonout_kstring(out, "title", s->title);
		jsonout_kstring(out, "url", s->url);
		jsonout_kbool(out, "subdomains", s->subdomains);
		jsonout_kstring(
		    out, "imported", sources_time(text, counts[i].imported));
		jsonout_kstring(out, "feed", intel_feed_text(s->feed, feed));
		jsonout_kstring(out, "feed_header", s->header);
		jsonout_kstring(out, "feed_options", s->options);
		jsonout_kstring(out, "etag", s->etag);
		jsonout_kstring(out, "modified", s->modified);
		jsonout_kstring(out, "checked", sources_time(text, s->checked));
		jsonout_kint(out, "records", (int64_t)counts[i].records);
		jsonout_kint(out, "expired", (int64_t)counts[i].expired);
		jsonout_end_object(out);
	}
	jsonout_end_array(out);
}

/* Adds up all sources. */
static struct store_count
total(const struct store_count *counts, ssize_t n)
{
	struct store_count sum = { .records = 0 };
	ssize_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		sum.records += counts[i].records;
		sum.expired += counts[i].expired;
		for (k = 0; k < OBSERVABLE_TYPES; k++)
			sum.types[k] += counts[i].types[k];
		for (k = CTIM_CLEAN; k <= CTIM_UNKNOWN; k++)
			sum.dispositions[k] += counts[i].dispositions[k];
	}
	return sum;
}

static int
stats_table(const struct store_count *counts, ssize_t n)
{
	static const char *const names[] = { "INDICATORS", ">RECORDS", NULL };
	struct store_count sum = total(counts, n);
	struct table *t = table_new(names);
	int i, r;

	table_cell(t, "all", TABLE_BOLD);
	table_number(t, (long long)sum.records);
	table_cell(t, "expired", TABLE_PLAIN);
	table_number(t, (long long)sum.expired);
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (sum.types[i] != 0) {
			table_cell(t, observable_name((enum observable_type)i),
			    TABLE_PLAIN);
			table_number(t, (long long)sum.types[i]);
		}
	for (i = CTIM_CLEAN; i <= CTIM_UNKNOWN; i++)
		if (sum.dispositions[i] != 0) {
			table_cell(t, ctim_disposition_name(i), TABLE_PLAIN);
			table_number(t, (long long)sum.dispositions[i]);
		}
	table_cell(t, "sources", TABLE_PLAIN);
	table_number(t, n);
	r = table_print(t, stdout);
	table_free(t);
	return r;
}

static void
stats_json(struct jsonout *out, const struct store_count *counts, ssize_t n)
{
	struct store_count sum = total(counts, n);
	int i;

	jsonout_object(out);
	jsonout_kint(out, "records", (int64_t)sum.records);
	jsonout_kint(out, "expired", (int64_t)sum.expired);
	jsonout_kint(out, "sources", n);
	jsonout_key(out, "types");
	jsonout_object(out);
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		/* Those that feeds have are told also where there are none. */
		if (sum.types[i] != 0 ||
		    (indicator_type(i) && i != OBSERVABLE_HOSTNAME))
			jsonout_kint(out,
			    observable_name((enum observable_type)i),
			    (int64_t)sum.types[i]);
	jsonout_end_object(out);
	jsonout_key(out, "dispositions");
	jsonout_object(out);
	for (i = CTIM_CLEAN; i <= CTIM_UNKNOWN; i++)
		jsonout_kint(out, ctim_disposition_name(i),
		    (int64_t)sum.dispositions[i]);
	jsonout_end_object(out);
	jsonout_end_object(out);
}

/* sources and stats: the same figures, shown in two ways. */
static int
figures(const struct intel *in,
    int (*table)(const struct store_count *, ssize_t),
    void (*json)(struct jsonout *, const struct store_count *, ssize_t))
{
	const struct store_count *counts = NULL;
	struct jsonout out;
	struct buf text;
	struct store *s;
	char error[STORE_ERROR_MAX];
	ssize_t n;
	int status;

	if (in->n > 0)
		return command_usage(in->cmd, "what is \"%s\"?", in->words[0]);
	if ((s = intel_open(in, STORE_READ, &status)) == NULL)
		return status;
	buf_init(&text, OUTPUT_MAX);
	n = store_stats(s, (int64_t)time(NULL), &counts, error);
	if (n == -1)
		status = command_fail(in->cmd, CMD_FAILED, "%s", error);
	else if (in->json) {
		jsonout_init(&out, &text);
		json(&out, counts, n);
		if (jsonout_done(&out) == -1 || buf_addc(&text, '\n') == -1 ||
		    intel_record_print(&text, stdout, true) == -1)
			status = CMD_FAILED;
	} else if (table(counts, n) == -1)
		status =
		    command_fail(in->cmd, CMD_FAILED, "cannot print the table");
	buf_free(&text);
	store_close(s);
	return status;
}

/* Checks what is to be set, and takes it over: an empty text takes a field
 * away. */
static int
sources_fields(const struct intel *in, struct source *s, unsigned *set)
{
	const struct {
		const char *text;
		unsigned set;
		const char **to;
		bool good;
		const char *must;
	} fields[] = {
		{ in->title, STORE_SET_TITLE, &s->title,
		    in->title == NULL ||
			(*in->title != '\0' &&
			    utf8_valid(in->title, strlen(in->title)) &&
			    utf8_cut(in->title, STORE_TITLE) ==
				strlen(in->title)),
		    "--title is UTF-8 of at most 1024 characters" },
		{ in->url, STORE_SET_URL, &s->url,
		    in->url == NULL || *in->url == '\0' ||
			(utf8_valid(in->url, strlen(in->url)) &&
			    url_template(in->url)),
		    "--url is the http or https URL of a page, with {type} and "
		    "{value} where these belong" },
		{ in->feed, STORE_SET_FEED, &s->feed,
		    in->feed == NULL || *in->feed == '\0' ||
			fetch_address(in->feed),
		    FETCH_MUST },
		{ in->feed_header, STORE_SET_HEADER, &s->header,
		    in->feed_header == NULL || *in->feed_header == '\0' ||
			fetch_header_good(in->feed_header),
		    FETCH_HEADER_MUST },
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!fields[i].good)
			return command_usage(in->cmd, "%s", fields[i].must);
		if (fields[i].text == NULL)
			continue;
		*set |= fields[i].set;
		*fields[i].to = *fields[i].text == '\0' ? NULL : fields[i].text;
	}
	return CMD_OK;
}

static int
sources_set(const struct intel *in)
{
	struct source source = { .name = in->n > 1 ? in->words[1] : "" };
	char error[STORE_ERROR_MAX];
	struct store *s;
	unsigned set = 0;
	int status;

	if (in->n != 2)
		return command_usage(in->cmd, "set: name one source");
	if ((status = sources_fields(in, &source, &set)) != CMD_OK)
		return status;
	if (in->subdomains != 0) {
		source.subdomains = in->subdomains > 0;
		set |= STORE_SET_SUBDOMAINS;
	}
	if (set == 0)
		return command_usage(in->cmd,
		    "set what? --title, --url, --subdomains, --no-subdomains, "
		    "--feed or --feed-header");
	/* What the server of another feed said is not said of this one, and its
	 * key is not for this one's. */
	if (set & STORE_SET_FEED)
		set |= STORE_SET_ETAG | STORE_SET_MODIFIED | STORE_SET_CHECKED |
		    STORE_SET_HEADER;
	if (source.feed != NULL)
		set |= STORE_SET_MAKE;
	s = source.feed != NULL ? intel_make(in, &status) :
				  intel_open(in, STORE_WRITE, &status);
	if (s == NULL)
		return status;
	if (store_source_set(s, &source, set, error) == -1)
		status = command_fail(in->cmd, CMD_FAILED, "%s", error);
	store_close(s);
	return status;
}

int
intel_sources(const struct intel *in)
{
	if (in->n > 0 && strcmp(in->words[0], "set") == 0)
		return sources_set(in);
	if (in->title != NULL || in->url != NULL || in->feed != NULL ||
	    in->feed_header != NULL || in->subdomains != 0)
		return command_usage(
		    in->cmd, "which source? Say \"sources set NAME\"");
	return figures(in, sources_table, sources_json);
}

int
intel_stats(const struct intel *in)
{
	return figures(in, stats_table, stats_json);
}
