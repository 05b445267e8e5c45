/* SPDX-License-Identifier: MIT */
/*
 * MISP: the attributes of events and attribute exports that MISP would give to
 * a detection system.
 * Source: the MISP core format,
 * https://www.misp-standard.org/rfc/misp-standard-core.html.
 */
#include <string.h>
#include <strings.h>

#include "cli/feed/feed_row.h"
#include "cli/feed/feed_value.h"
#include "cli/feed/jsoncut.h"
#include "cli/sharing/hold.h"
#include "cli/sharing/sharing.h"
#include "ctim/ctim.h"
#include "json/jsonin.h"

#define MISP_VALUES 20000 /* JSON values of one attribute */

/* What is at a path; those of an event are in this order for every place where
 * it may be. */
enum {
	MISP_ATTRIBUTE,
	MISP_OBJECT_ATTRIBUTE,
	MISP_LEVEL,
	MISP_TAG,
	MISP_EVENT_END,
	MISP_PATHS
};
#define MISP_EVENT(place)                                              \
	place "Event.Attribute[]", place "Event.Object[].Attribute[]", \
	    place "Event.threat_level_id", place "Event.Tag[]",        \
	    place "Event{}"
static const char *const misp_paths[] = { MISP_EVENT(""), MISP_EVENT("[]."),
	MISP_EVENT("response[]."), MISP_EVENT("response."), "Attribute[]",
	"response.Attribute[]", "response[].Attribute[]", NULL };
#define MISP_ALONE (4 * MISP_PATHS) /* attributes without their event */

struct misp {
	struct hold *hold;
	const struct feed_sink *sink;
	const char *level; /* severity of the event; NULL: it does not say */
	int tlp;           /* of the event; -1: it does not say */
	char *error;
};

bool
feed_misp_looks(const char *head, size_t n, const struct feed_options *o)
{
	static const char *const forms[] = { "{\"Event\":{", "[{\"Event\":{",
		"{\"response\":[{\"Event\":{",
		"{\"response\":{\"Event\":", "{\"response\":{\"Attribute\":",
		"{\"response\":[{\"Attribute\":", "{\"response\":[]",
		"{\"Attribute\":[" };
	size_t i;

	(void)n;
	(void)o;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (sharing_begins(head, forms[i]))
			return true;
	return false;
}

/* The stricter of tlp and the TLP that a tag says. */
static int
misp_tag(struct json_object *tag, int tlp)
{
	const char *name = jsonin_string(tag, "name");
	int said = name == NULL || strncasecmp(name, "tlp:", 4) != 0 ?
	    -1 :
	    ctim_tlp_given(name + 4);

	return said > tlp ? said : tlp;
}

static const char *
misp_severity(const char *level)
{
	static const char *const names[] = { "High", "Medium", "Low" };
	size_t n = strspn(level, "\"");

	return level[n] >= '1' && level[n] <= '3' ? names[level[n] - '1'] :
						    NULL;
}

static void
misp_fields(struct hold *h, struct json_object *attribute)
{
	struct json_object *tags = jsonin_member(attribute, "Tag");
	int tlp = -1;
	size_t i;

	for (i = 0; i < jsonin_length(tags); i++)
		tlp = misp_tag(jsonin_at(tags, i), tlp);
	hold_field(h, FEED_TLP, tlp == -1 ? NULL : ctim_tlp_name(tlp));
	hold_field(h, FEED_REASON, jsonin_string(attribute, "comment"));
	hold_field(h, FEED_FIRST_SEEN, jsonin_string(attribute, "first_seen"));
	hold_field(h, FEED_LAST_SEEN, jsonin_string(attribute, "last_seen"));
}

static int
misp_attribute(struct misp *m, struct json_object *attribute, uint64_t line)
{
	const char *name = jsonin_string(attribute, "type");
	const char *value = jsonin_string(attribute, "value");

	if (name == NULL || value == NULL)
		return feed_skip(m->sink, line, "it is no attribute", NULL);
	if (sharing_yes(jsonin_member(attribute, "deleted")))
		return feed_skip(m->sink, line, "it is deleted", NULL);
	if (!sharing_yes(jsonin_member(attribute, "to_ids")))
		return feed_skip(m->sink, line, "to_ids is not set", NULL);
	if (feed_value_types(name) == 0)
		return feed_skip(m->sink, line,
		    "its type is none of an observable",
		    "its type \"%.40s\" is none of an observable", name);
	hold_row(m->hold);
	misp_fields(m->hold, attribute);
	hold_value(m->hold, name, value);
	return hold_keep(m->hold, NULL, 0, line, m->sink, m->error);
}

/* Hands out the attributes of an event, with what it says of all of them. */
static int
misp_end(struct misp *m)
{
	struct hold_all all = { .skip = NULL };

	all.text[FEED_SEVERITY] = m->level;
	all.text[FEED_TLP] = m->tlp == -1 ? NULL : ctim_tlp_name(m->tlp);
	m->level = NULL;
	m->tlp = -1;
	return hold_end(m->hold, &all, m->sink, m->error);
}

static int
misp_element(void *arg, const struct jsoncut_element *e)
{
	struct misp *m = arg;
	struct json_object *object;
	const char *why;
	size_t what =
	    e->path < MISP_ALONE ? e->path % MISP_PATHS : MISP_ATTRIBUTE;
	int stop = 0;

	if (what == MISP_EVENT_END)
		return misp_end(m);
	if (what == MISP_LEVEL) {
		m->level = misp_severity(e->text);
		return 0;
	}
	object = jsonin_parse(e->text, e->n, MISP_VALUES, &why);
	if (object == NULL && why != NULL)
		stop = feed_skip(m->sink, e->line, "it is no JSON",
		    "it is no JSON: %s", why);
	else if (what == MISP_TAG)
		m->tlp = misp_tag(object, m->tlp);
	else
		stop = misp_attribute(m, object, e->line);
	json_object_put(object);
	return stop;
}

int
feed_misp(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct misp m = {
		.hold = hold_new(), .sink = sink, .tlp = -1, .error = error
	};
	int stop;

	(void)o;
	if (m.hold == NULL)
		return hold_none(error);
	stop = jsoncut(r, misp_paths, misp_element, &m, sink, error);
	if (stop == 0)
		stop = misp_end(&m); /* attributes without their event */
	hold_free(m.hold);
	return stop;
}
