/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "conf/conf_patterns.h"
#include "ctim/indicator.h"
#include "ctim/observable.h"
#include "egress/egress.h"
#include "egress/egress_scan.h"
#include "egress/egress_spelling.h"
#include "net/nameset.h"
#include "net/netset.h"

#define EGRESS_LAYERS 16 /* of percent-encoding that are taken off */

/* The types whose value is a host, or has one. */
#define EGRESS_HOSTS                                                           \
	(OBSERVABLE_BIT(OBSERVABLE_DOMAIN) |                                   \
	    OBSERVABLE_BIT(OBSERVABLE_EMAIL) | OBSERVABLE_BIT(OBSERVABLE_IP) | \
	    OBSERVABLE_BIT(OBSERVABLE_IPV6) | OBSERVABLE_BIT(OBSERVABLE_URL) | \
	    OBSERVABLE_BIT(OBSERVABLE_HOSTNAME))

/* One value that is looked at, and room for its spellings. */
struct egress_look {
	const struct conf_egress *lists;
	bool host; /* the value is a host, or begins with one */
	struct buf text, next, mended, bare;
};

bool
egress_guards(const struct conf *conf, const struct relay_conf *relay)
{
	const struct conf_egress *e = &conf->egress;

	return relay->egress &&
	    (e->private ||
		(e->networks != NULL && netset_count(e->networks) > 0) ||
		(e->domains != NULL && nameset_count(e->domains) > 0) ||
		(e->patterns != NULL && conf_patterns_count(e->patterns) > 0));
}

static bool
egress_matches(const struct egress_look *l, const char *text)
{
	return l->lists->patterns != NULL &&
	    conf_patterns_match(l->lists->patterns, text);
}

/* Whether a text is held back as it is, as a reader mends it, or without what
 * does not belong into names. */
static bool
egress_text_held(struct egress_look *l, const char *text)
{
	const char *mended, *bare;

	if (egress_mend(&l->mended, text) == -1 ||
	    egress_bare(&l->bare, l->mended.data) == -1)
		return true;
	mended = l->mended.data;
	bare = l->bare.data;
	if (egress_matches(l, text) || egress_scan(l->lists, mended, l->host))
		return true;
	if (strcmp(mended, text) != 0 && egress_matches(l, mended))
		return true;
	return strcmp(bare, mended) != 0 &&
	    (egress_matches(l, bare) || egress_scan(l->lists, bare, l->host));
}

/* The same for the text below each layer of percent-encoding. */
static bool
egress_held_below(struct egress_look *l, const char *value)
{
	struct buf swap;
	int layer, changed;

	if (buf_adds(&l->text, value) == -1)
		return true;
	for (layer = 0; layer < EGRESS_LAYERS; layer++) {
		if (egress_text_held(l, l->text.data) ||
		    (changed = egress_decode(&l->next, l->text.data)) == -1)
			return true;
		if (changed == 0)
			return false;
		swap = l->text;
		l->text = l->next;
		l->next = swap;
	}
	return true;
}

bool
egress_may(const struct conf *conf, const struct observable *o)
{
	const size_t max = strlen(o->value) + 1;
	struct egress_look l = { .lists = &conf->egress,
		.host = (EGRESS_HOSTS & OBSERVABLE_BIT(o->type)) != 0 };
	char normal[INDICATOR_MAX + 1];
	bool held;

	buf_init(&l.text, max);
	buf_init(&l.next, max);
	buf_init(&l.mended, max > INDICATOR_MAX ? max : INDICATOR_MAX);
	buf_init(&l.bare, max > INDICATOR_MAX ? max : INDICATOR_MAX);
	held = egress_held_below(&l, o->value);
	if (!held && indicator_normalise(o->type, o->value, normal) == 0 &&
	    strcmp(normal, o->value) != 0)
		held = egress_text_held(&l, normal);
	buf_free(&l.text);
	buf_free(&l.next);
	buf_free(&l.mended);
	buf_free(&l.bare);
	return !held;
}
