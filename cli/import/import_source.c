/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/import/import_source.h"
#include "net/url.h"

/* Takes a text that is said for the first time.  Returns whether it is that of
 * the rows before it, too. */
static bool
source_text(char *kept, size_t room, const char *text, bool first)
{
	if (text == NULL)
		text = "";
	if (!first)
		return strcmp(kept, text) == 0;
	snprintf(kept, room, "%s", text);
	return true;
}

/* Whether the texts of an entry can be those of a source. */
static bool
source_good(const struct feed_entry *e)
{
	const char *title = e->source_title, *lookup = e->source_lookup;

	return (title == NULL ||
		   utf8_cut(title, STORE_TITLE) == strlen(title)) &&
	    (lookup == NULL || *lookup == '\0' ||
		(strlen(lookup) <= STORE_URL && url_template(lookup)));
}

void
import_source_see(struct import_source *s, const struct feed_entry *e)
{
	bool first = !s->said;

	if (s->wrong || s->several)
		return;
	s->wrong = !source_good(e);
	if (s->wrong)
		return;
	s->said = true;
	if (first)
		s->subdomains = e->source_subdomains;
	s->several =
	    !source_text(s->title, sizeof(s->title), e->source_title, first) ||
	    !source_text(
		s->lookup, sizeof(s->lookup), e->source_lookup, first) ||
	    s->subdomains != e->source_subdomains;
}

unsigned
import_source_set(
    const struct import_source *s, struct source *to, unsigned set)
{
	unsigned mine = 0;

	if (s->wrong || s->several)
		return 0;
	if (*s->title != '\0')
		mine |= STORE_SET_TITLE & ~set;
	if (*s->lookup != '\0')
		mine |= STORE_SET_URL & ~set;
	if (s->subdomains)
		mine |= STORE_SET_SUBDOMAINS & ~set;
	if (mine & STORE_SET_TITLE)
		to->title = s->title;
	if (mine & STORE_SET_URL)
		to->url = s->lookup;
	if (mine & STORE_SET_SUBDOMAINS)
		to->subdomains = true;
	return mine;
}

const char *
import_source_note(const struct import_source *s)
{
	if (s->several)
		return "the rows speak of several sources: what they say of "
		       "source_title, source_lookup and source_subdomains is "
		       "left out";
	if (s->wrong)
		return "source_title or source_lookup is none that a source "
		       "can have: what the rows say of the source is left out";
	return NULL;
}
