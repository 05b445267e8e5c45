/* SPDX-License-Identifier: MIT */
/* The sections and keys that provider.ini may have. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "describe/description.h"

/* What may stand behind the dot of a key. */
enum suffix { SUFFIX_NONE, SUFFIX_TYPE, SUFFIX_NUMBER, SUFFIX_ROW };

struct key_row {
	const char *name; /* NULL ends a list */
	enum suffix suffix;
};

static const struct key_row provider_keys[] = { { "title", SUFFIX_NONE },
	{ "description", SUFFIX_NONE }, { "types", SUFFIX_NONE },
	{ "routes", SUFFIX_NONE }, { "url", SUFFIX_NONE },
	{ "rate", SUFFIX_NONE }, { NULL, SUFFIX_NONE } };
static const struct key_row claim_keys[] = { { "label", SUFFIX_NONE },
	{ "kind", SUFFIX_NONE }, { "help", SUFFIX_NONE },
	{ "needed", SUFFIX_NONE }, { "default", SUFFIX_NONE },
	{ NULL, SUFFIX_NONE } };
static const struct key_row auth_keys[] = { { "header", SUFFIX_NUMBER },
	{ "query", SUFFIX_NONE }, { "basic", SUFFIX_NONE },
	{ "bearer", SUFFIX_NONE }, { "body", SUFFIX_NONE },
	{ "sign", SUFFIX_NONE }, { "sign_id", SUFFIX_NONE },
	{ "sign_key", SUFFIX_NONE }, { NULL, SUFFIX_NONE } };
static const struct key_row sign_in_keys[] = { { "get", SUFFIX_NONE },
	{ "post", SUFFIX_NONE }, { "json", SUFFIX_NONE },
	{ "form", SUFFIX_NONE }, { "header", SUFFIX_NONE },
	{ "token", SUFFIX_NONE }, { "answer", SUFFIX_NONE },
	{ "message", SUFFIX_NONE }, { NULL, SUFFIX_NONE } };
static const struct key_row call_keys[] = { { "get", SUFFIX_TYPE },
	{ "post", SUFFIX_TYPE }, { "delete", SUFFIX_TYPE },
	{ "json", SUFFIX_TYPE }, { "form", SUFFIX_TYPE },
	{ "header", SUFFIX_NONE }, { "types", SUFFIX_NONE },
	{ "routes", SUFFIX_NONE }, { "when", SUFFIX_NONE },
	{ "after", SUFFIX_NONE }, { "each", SUFFIX_NONE },
	{ "newest", SUFFIX_NONE }, { "max", SUFFIX_NONE },
	{ "pages", SUFFIX_NONE }, { "next", SUFFIX_NONE },
	{ "max_pages", SUFFIX_NONE }, { "batch", SUFFIX_NONE },
	{ "entry", SUFFIX_NONE }, { "answer", SUFFIX_NONE },
	{ "nothing", SUFFIX_NONE }, { "optional", SUFFIX_NONE },
	{ "shared", SUFFIX_NONE }, { "cache", SUFFIX_NONE },
	{ "until", SUFFIX_NONE }, { "fail", SUFFIX_NONE },
	{ "every", SUFFIX_NONE }, { "within", SUFFIX_NONE },
	{ "finally", SUFFIX_NONE }, { NULL, SUFFIX_NONE } };
static const struct key_row health_keys[] = { { "get", SUFFIX_NONE },
	{ "post", SUFFIX_NONE }, { "json", SUFFIX_NONE },
	{ "form", SUFFIX_NONE }, { "header", SUFFIX_NONE },
	{ "answer", SUFFIX_NONE }, { "nothing", SUFFIX_NONE },
	{ NULL, SUFFIX_NONE } };
static const struct key_row refer_keys[] = { { "title", SUFFIX_NONE },
	{ "url", SUFFIX_TYPE }, { "description", SUFFIX_NONE },
	{ "category", SUFFIX_NONE }, { "types", SUFFIX_NONE },
	{ NULL, SUFFIX_NONE } };
static const struct key_row errors_keys[] = { { "message", SUFFIX_NONE },
	{ "says", SUFFIX_ROW }, { NULL, SUFFIX_NONE } };
static const struct key_row quota_keys[] = { { "limit", SUFFIX_NONE },
	{ "left", SUFFIX_NONE }, { "reset", SUFFIX_NONE },
	{ NULL, SUFFIX_NONE } };

static const struct {
	const char *word;
	bool named;
	const struct key_row *keys;
} sections[SECTION_KINDS] = { [SECTION_PROVIDER] = { "provider", false,
				  provider_keys },
	[SECTION_CLAIM] = { "claim", true, claim_keys },
	[SECTION_AUTH] = { "auth", false, auth_keys },
	[SECTION_SIGN_IN] = { "sign-in", false, sign_in_keys },
	[SECTION_CALL] = { "call", true, call_keys },
	[SECTION_HEALTH] = { "health", false, health_keys },
	[SECTION_REFER] = { "refer", true, refer_keys },
	[SECTION_ERRORS] = { "errors", false, errors_keys },
	[SECTION_QUOTA] = { "quota", false, quota_keys } };

const char *
description_word(enum description_kind kind, bool *named)
{
	*named = sections[kind].named;
	return sections[kind].word;
}

static void
add_keys(enum description_kind kind, struct buf *b)
{
	const struct key_row *row;

	for (row = sections[kind].keys; row->name != NULL; row++)
		(void)buf_addf(b, "%s%s",
		    row == sections[kind].keys ? "" : ", ", row->name);
	if (kind == SECTION_ERRORS)
		(void)buf_adds(b, ", a status from 400 to 599");
}

static bool
is_status(const char *name)
{
	return strlen(name) == 3 && (name[0] == '4' || name[0] == '5') &&
	    strspn(name, "0123456789") == 3;
}

/* Whether what stands behind the dot of a key may; else why. */
static bool
suffix_good(const struct key_row *row, const char *suffix, char *why)
{
	if (suffix == NULL)
		return true;
	switch (row->suffix) {
	case SUFFIX_TYPE:
		if (observable_type(suffix) != OBSERVABLE_UNKNOWN)
			return true;
		snprintf(why, CONF_ERROR_MAX,
		    "%s.%s: %s is no type of observables", row->name, suffix,
		    suffix);
		return false;
	case SUFFIX_NUMBER:
		if (strlen(suffix) == 1 && *suffix >= '2' && *suffix <= '4')
			return true;
		snprintf(why, CONF_ERROR_MAX,
		    "%s.%s: there are %s, %s.2 to %s.4", row->name, suffix,
		    row->name, row->name, row->name);
		return false;
	case SUFFIX_ROW:
		if (*suffix != '\0' && strlen(suffix) <= 3 &&
		    strspn(suffix, "0123456789") == strlen(suffix))
			return true;
		snprintf(why, CONF_ERROR_MAX, "%s.%s: %s is no number",
		    row->name, suffix, suffix);
		return false;
	default:
		snprintf(why, CONF_ERROR_MAX,
		    "%s.%s: %s is the same for all types", row->name, suffix,
		    row->name);
		return false;
	}
}

bool
description_knows(
    enum description_kind kind, const char *name, const char *suffix, char *why)
{
	const struct key_row *row;
	struct buf known;

	if (kind == SECTION_ERRORS && suffix == NULL && is_status(name))
		return true;
	for (row = sections[kind].keys; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return suffix_good(row, suffix, why);
	buf_init(&known, DESCRIPTION_WHY);
	add_keys(kind, &known);
	snprintf(why, CONF_ERROR_MAX, "%s is no key of [%s]; there are %s",
	    name, sections[kind].word, known.data);
	buf_free(&known);
	return false;
}
