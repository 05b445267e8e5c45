/* SPDX-License-Identifier: MIT */
/*
 * STIX: the indicators of bundles, TAXII envelopes, arrays and lines of objects.
 * All other objects are context: an address among them may be a victim's.
 * Source: STIX 2.1 and 2.0; TAXII 2.1 section 3.7.
 */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "cli/feed/feed_row.h"
#include "cli/feed/jsoncut.h"
#include "cli/sharing/hold.h"
#include "cli/sharing/sharing.h"
#include "cli/sharing/stix_pattern.h"
#include "ctim/ctim.h"
#include "json/jsonin.h"

#define STIX_VALUES \
	20000 /* JSON values of one object, or of a bundle in an
			     array */
#define MICRO 1000000

/* Marking definitions of TLP 1.x and 2.0, and OpenCTI's own. */
static const struct {
	const char *id;
	enum ctim_tlp tlp;
} stix_tlp[] = {
	{ "613f2e26-407d-48c7-9eca-b8e91df99dc9", CTIM_WHITE },
	{ "34098fce-860f-48ae-8e50-ebd3cc5e41da", CTIM_GREEN },
	{ "f88d31f6-486f-44da-b317-01333bde0b82", CTIM_AMBER },
	{ "5e57c739-391a-4eb3-b6be-7d15ca92d5ed", CTIM_RED },
	{ "94868c89-83c2-464b-929b-a1a8aa3c8487", CTIM_WHITE },
	{ "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", CTIM_GREEN },
	{ "55d920b0-5e8b-4f79-9ee9-91f868d9b421", CTIM_AMBER },
	{ "939a9414-2ddd-4d32-a0cd-375ea402b003", CTIM_AMBER }, /* +STRICT */
	{ "826578e1-40ad-459f-bc73-ede076f81f37", CTIM_AMBER }, /* +STRICT */
	{ "e828b379-4e03-4974-9ac4-e53a884c97c1", CTIM_RED },
};

enum { STIX_OBJECTS, STIX_ARRAY, STIX_LINE, STIX_MORE };
static const char *const stix_places[] = { [STIX_OBJECTS] = "objects[]",
	[STIX_ARRAY] = "[]",
	[STIX_LINE] = "",
	[STIX_MORE] = "more",
	NULL };

struct stix {
	struct hold *hold;
	const struct feed_sink *sink;
	struct stix_pattern pattern;
	uint64_t context; /* objects that are no indicators */
	bool more;        /* the envelope is not the last */
	char *error;
};

/* Whether "TYPE--UUID" is at s. */
static bool
stix_is_id(const char *s)
{
	if (*s++ != '"')
		return false;
	s += strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");
	while (s[0] == '-' && s[1] != '-' && s[1] != '\0')
		s += 1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
	return strncmp(s, "--", 2) == 0 && sharing_uuid(s + 2);
}

bool
feed_stix_looks(const char *head, size_t n, const struct feed_options *o)
{
	const char *s;

	(void)n;
	(void)o;
	if (!sharing_begins(head, "{") && !sharing_begins(head, "["))
		return false;
	for (s = head; (s = sharing_member(s, "type")) != NULL;)
		if (strncmp(s, "\"bundle\"", 8) == 0)
			return true;
	for (s = head; (s = sharing_member(s, "id")) != NULL;)
		if (stix_is_id(s))
			return true;
	return false;
}

/* The version of an object: its time in microseconds. */
static int64_t
stix_version(struct json_object *object)
{
	const char *text = jsonin_string(object, "modified");
	const char *fraction;
	int64_t n, unit = MICRO / 10;

	if (text == NULL)
		text = jsonin_string(object, "created");
	if (text == NULL || (n = rfc3339_parse(text)) == -1)
		return 0;
	n *= MICRO;
	if ((fraction = strchr(text, '.')) != NULL)
		for (; *++fraction >= '0' && *fraction <= '9'; unit /= 10)
			n += (*fraction - '0') * unit;
	return n;
}

/* The strictest of the TLP markings; NULL: there is none. */
static const char *
stix_marking(struct json_object *object)
{
	struct json_object *refs = jsonin_member(object, "object_marking_refs");
	static const char prefix[] = "marking-definition--";
	const char *id;
	size_t i, k;
	int tlp = -1;

	for (i = 0; i < jsonin_length(refs); i++) {
		id = jsonin_text(jsonin_at(refs, i));
		if (id == NULL || strncmp(id, prefix, strlen(prefix)) != 0)
			continue;
		for (k = 0; k < sizeof(stix_tlp) / sizeof(stix_tlp[0]); k++)
			if (strcmp(id + strlen(prefix), stix_tlp[k].id) == 0 &&
			    (int)stix_tlp[k].tlp > tlp)
				tlp = (int)stix_tlp[k].tlp;
	}
	return tlp == -1 ? NULL : ctim_tlp_name(tlp);
}

static bool
stix_has(struct json_object *array, const char *word)
{
	const char *text;
	size_t i;

	for (i = 0; i < jsonin_length(array); i++) {
		text = jsonin_text(jsonin_at(array, i));
		if (text != NULL && strcmp(text, word) == 0)
			return true;
	}
	return false;
}

/* What its types say of it; those of STIX 2.0 are its labels. */
static const char *
stix_disposition(struct json_object *object)
{
	struct json_object *types = jsonin_member(object, "indicator_types");
	bool bad, good;

	if (types == NULL)
		types = jsonin_member(object, "labels");
	bad = stix_has(types, "malicious-activity");
	good = stix_has(types, "benign");
	return bad == good ? NULL : bad ? "Malicious" : "Clean";
}

static const char *
stix_link(struct json_object *object)
{
	struct json_object *refs = jsonin_member(object, "external_references");
	const char *url = NULL;
	size_t i;

	for (i = 0; i < jsonin_length(refs) && url == NULL; i++)
		url = jsonin_string(jsonin_at(refs, i), "url");
	return url;
}

/* "NAME: DESCRIPTION", or the one that there is. */
static void
stix_reason(struct hold *h, struct json_object *object)
{
	const char *name = jsonin_string(object, "name");
	const char *description = jsonin_string(object, "description");
	struct buf text;

	buf_init(&text, 2 * FEED_LINE_MAX);
	if (name != NULL)
		buf_adds(&text, name);
	if (text.len > 0 && description != NULL)
		buf_adds(&text, ": ");
	if (description != NULL)
		buf_adds(&text, description);
	hold_field(h, FEED_REASON, text.data);
	buf_free(&text);
}

static void
stix_fields(struct hold *h, struct json_object *object)
{
	char confidence[24];
	int64_t n;

	if (jsonin_int(jsonin_member(object, "confidence"), &n)) {
		snprintf(confidence, sizeof(confidence), "%" PRId64, n);
		hold_field(h, FEED_CONFIDENCE, confidence);
	}
	hold_field(h, FEED_FIRST_SEEN, jsonin_string(object, "valid_from"));
	hold_field(h, FEED_EXPIRES, jsonin_string(object, "valid_until"));
	hold_field(h, FEED_TLP, stix_marking(object));
	hold_field(h, FEED_DISPOSITION, stix_disposition(object));
	hold_reference(h, stix_link(object));
	stix_reason(h, object);
}

/* Skips an indicator, or the parts of its pattern that are left out. */
static int
stix_take_pattern(struct stix *s, struct json_object *object, uint64_t line)
{
	const char *pattern = jsonin_string(object, "pattern"), *wrong;
	const struct stix_part *part;
	size_t i, at;
	int stop = 0;

	if (pattern == NULL)
		return feed_skip(s->sink, line, "it has no pattern", NULL);
	wrong = stix_pattern_read(&s->pattern, pattern, &at);
	if (wrong != NULL)
		return feed_skip(s->sink, line,
		    "its pattern is no STIX pattern",
		    "its pattern is no STIX pattern: %s (byte %zu)", wrong,
		    at + 1);
	for (i = 0;
	     (part = stix_pattern_part(&s->pattern, i)) != NULL && stop == 0;
	     i++)
		if (part->reason == NULL)
			hold_value(s->hold, part->type,
			    stix_pattern_text(&s->pattern, part));
		else
			stop = feed_skip(s->sink, line, part->reason,
			    "%s: %.80s", part->reason,
			    stix_pattern_text(&s->pattern, part));
	return stop;
}

static int
stix_indicator(struct stix *s, struct json_object *object, uint64_t line)
{
	const char *type = jsonin_string(object, "pattern_type");
	int stop;

	hold_row(s->hold);
	if (sharing_yes(jsonin_member(object, "revoked")))
		stop = feed_skip(s->sink, line, "it is revoked", NULL);
	else if (type != NULL && strcmp(type, "stix") != 0)
		stop = feed_skip(s->sink, line, "its pattern_type is not stix",
		    "its pattern_type is %.40s, not stix", type);
	else {
		stix_fields(s->hold, object);
		stop = stix_take_pattern(s, object, line);
	}
	/* Also without a value it takes the place of its older version. */
	return stop != 0 ? stop :
			   hold_keep(s->hold, jsonin_string(object, "id"),
			       stix_version(object), line, s->sink, s->error);
}

static int
stix_object(struct stix *s, struct json_object *object, uint64_t line)
{
	struct json_object *objects = jsonin_member(object, "objects");
	const char *type = jsonin_string(object, "type");
	size_t i;
	int stop = 0;

	if (type == NULL && objects == NULL)
		return feed_skip(s->sink, line, "it is no STIX object", NULL);
	if (type != NULL && strcmp(type, "indicator") == 0)
		return stix_indicator(s, object, line);
	if (type != NULL && strcmp(type, "bundle") != 0) {
		s->context++;
		return 0;
	}
	/* A bundle in an array. */
	for (i = 0; i < jsonin_length(objects) && stop == 0; i++)
		stop = stix_object(s, jsonin_at(objects, i), line);
	return stop;
}

static int
stix_element(void *arg, const struct jsoncut_element *e)
{
	struct stix *s = arg;
	struct json_object *object;
	const char *why;
	int stop;

	if (e->path == STIX_MORE) {
		s->more = strcmp(e->text, "true") == 0;
		return 0;
	}
	object = jsonin_parse(e->text, e->n, STIX_VALUES, &why);
	stop = object == NULL && why != NULL ?
	    feed_skip(
		s->sink, e->line, "it is no JSON", "it is no JSON: %s", why) :
	    stix_object(s, object, e->line);
	json_object_put(object);
	return stop;
}

int
feed_stix(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	const struct hold_all all = { .skip = NULL };
	struct stix s = { .sink = sink, .error = error };
	int stop;

	s.hold = o->hold != NULL ? o->hold : hold_new();
	if (s.hold == NULL)
		return hold_none(error);
	stix_pattern_init(&s.pattern);
	stop = jsoncut(r, stix_places, stix_element, &s, sink, error);
	if (stop == 0 && s.context > 0)
		feed_note(sink,
		    "%" PRIu64 " objects that are no indicators are context, "
		    "and were passed over",
		    s.context);
	if (stop == 0 && s.more)
		feed_note(sink,
		    "the envelope says that there are more after it; they are "
		    "not in this file");
	if (o->hold == NULL) {
		if (stop == 0)
			stop = hold_end(s.hold, &all, sink, error);
		hold_free(s.hold);
	}
	stix_pattern_free(&s.pattern);
	return stop;
}
