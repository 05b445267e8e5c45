/* SPDX-License-Identifier: MIT */
/*
 * Warning lists of MISP: what is known to be harmless.
 * Source: https://github.com/MISP/misp-warninglists.
 */
#include <string.h>

#include "cli/feed/feed_row.h"
#include "cli/feed/feed_value.h"
#include "cli/feed/jsoncut.h"
#include "cli/sharing/hold.h"
#include "cli/sharing/sharing.h"
#include "ctim/observable.h"
#include "json/jsonin.h"

enum { WARNINGLIST_LIST, WARNINGLIST_TYPE, WARNINGLIST_NAME, WARNINGLIST_FOR };
static const char *const warninglist_paths[] = { [WARNINGLIST_LIST] = "list[]",
	[WARNINGLIST_TYPE] = "type",
	[WARNINGLIST_NAME] = "name",
	[WARNINGLIST_FOR] = "matching_attributes[]",
	NULL };

/* Types of lists. */
static const struct {
	const char *name, *skip; /* why its entries are none */
} warninglist_types[] = { { "cidr", NULL }, { "string", NULL },
	{ "hostname", NULL },
	{ "substring", "it is a part of values (a list of type substring)" },
	{ "regex", "it is a regular expression (a list of type regex)" } };
#define WARNINGLIST_TYPES \
	(sizeof(warninglist_types) / sizeof(warninglist_types[0]))

struct warninglist {
	struct hold *hold;
	const struct feed_options *o;
	const struct feed_sink *sink;
	struct json_object *name;
	size_t type;      /* WARNINGLIST_TYPES: it does not say */
	uint64_t matches; /* OBSERVABLE_BIT of what it is for; 0: all */
	char *error;
};

static size_t
warninglist_type(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < WARNINGLIST_TYPES; i++)
		if (strlen(warninglist_types[i].name) == n &&
		    memcmp(warninglist_types[i].name, name, n) == 0)
			break;
	return i;
}

bool
feed_warninglist_looks(const char *head, size_t n, const struct feed_options *o)
{
	const char *list = sharing_member(head, "list");
	const char *type = sharing_member(head, "type");
	const char *about = sharing_member(head, "description");

	(void)n;
	(void)o;
	if (!sharing_begins(head, "{\"") || list == NULL ||
	    !sharing_begins(list, "[\""))
		return false;
	/* The type is mostly behind the list, and out of sight. */
	if (type != NULL && *type == '"')
		return warninglist_type(type + 1, strcspn(type + 1, "\"")) <
		    WARNINGLIST_TYPES;
	return type == NULL && about != NULL && about < list;
}

/* The types of values that a list for this type of attributes can have: of
 * addresses and URLs it may list the domains. */
static uint64_t
warninglist_matches(const char *attribute)
{
	static const uint64_t hosted =
	    OBSERVABLE_BIT(OBSERVABLE_EMAIL) | OBSERVABLE_BIT(OBSERVABLE_URL);
	uint64_t bits = feed_value_types(attribute);

	return (bits & hosted) != 0 ? bits | OBSERVABLE_BIT(OBSERVABLE_DOMAIN) :
				      bits;
}

static int
warninglist_entry(
    struct warninglist *w, struct json_object *value, uint64_t line)
{
	const char *text = jsonin_text(value);

	if (text == NULL)
		return feed_skip(w->sink, line, "it is no text", NULL);
	hold_row(w->hold);
	if (!w->o->judged)
		hold_field(w->hold, FEED_DISPOSITION, "Clean");
	hold_value(w->hold, "", text);
	return hold_keep(w->hold, NULL, 0, line, w->sink, w->error);
}

static int
warninglist_element(void *arg, const struct jsoncut_element *e)
{
	struct warninglist *w = arg;
	struct json_object *value = jsonin_parse(e->text, e->n, 1000, NULL);
	const char *text = jsonin_text(value);
	int stop = 0;

	if (e->path == WARNINGLIST_LIST)
		stop = warninglist_entry(w, value, e->line);
	else if (text != NULL && e->path == WARNINGLIST_TYPE)
		w->type = warninglist_type(text, strlen(text));
	else if (text != NULL && e->path == WARNINGLIST_FOR)
		w->matches |= warninglist_matches(text);
	else if (text != NULL && w->name == NULL)
		w->name = json_object_get(value);
	json_object_put(value);
	return stop;
}

/* Takes a value only when the list is for values of its type: among hashes of
 * empty files is "3::", which is no address there. */
static int
warninglist_filter(void *arg, uint64_t line, const struct feed_entry *e)
{
	const struct warninglist *w = arg;

	if (w->matches != 0 && (w->matches & OBSERVABLE_BIT(e->type)) == 0)
		return feed_skip(w->sink, line,
		    "the list is for values of other types",
		    "the list is for values of other types than \"%.60s\"",
		    e->value);
	return w->sink->entry(w->sink->arg, line, e);
}

static int
warninglist_skipped(
    void *arg, uint64_t line, const char *reason, const char *why)
{
	const struct warninglist *w = arg;

	return w->sink->skipped(w->sink->arg, line, reason, why);
}

static int
warninglist_end(struct warninglist *w)
{
	const struct feed_sink sink = { .entry = warninglist_filter,
		.skipped = warninglist_skipped,
		.arg = w };
	struct hold_all all = { .skip = NULL };

	if (w->type == WARNINGLIST_TYPES) {
		snprintf(w->error, FEED_ERROR_MAX,
		    "it has a list as MISP's warning lists do, but no type of "
		    "theirs: cidr, string, hostname, substring or regex");
		return -1;
	}
	all.skip = warninglist_types[w->type].skip;
	all.text[FEED_REASON] = jsonin_text(w->name);
	return hold_end(w->hold, &all, &sink, w->error);
}

int
feed_warninglist(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct warninglist w = { .hold = hold_new(),
		.o = o,
		.sink = sink,
		.type = WARNINGLIST_TYPES,
		.error = error };
	int stop;

	if (w.hold == NULL)
		return hold_none(error);
	stop =
	    jsoncut(r, warninglist_paths, warninglist_element, &w, sink, error);
	if (stop == 0)
		stop = warninglist_end(&w);
	json_object_put(w.name);
	hold_free(w.hold);
	return stop;
}
