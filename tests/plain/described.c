/* SPDX-License-Identifier: MIT */
/*
 * The server's providers, for a build of it that tests run: one that makes no call
 * and has its map say all, as the observable tells it to.
 */
#include <string.h>

#include "base/buf.h"
#include "call/provider.h"
#include "mapping/map.h"
#include "json/jsonin.h"
#include "json/jsonout.h"

/* By domain; what is not named knows nothing. */
static const char described_map[] =
    "($value | split(\".\")[0]) as $what |\n"
    "def spin: spin;\n"
    "if $what == \"good\" then {title: \"a map\"}\n"
    "elif $what == \"broken\" then {title: \"before\"}, error(\"bad day\")\n"
    "elif $what == \"crash\" then "
    "reduce range(400000) as $i (null; [.]) | length\n"
    "elif $what == \"late\" then spin\n"
    "elif $what == \"large\" then "
    "null | .[20000000] = 1 | length\n"
    "elif $what == \"env\" then {title: ($ENV | tojson)}, env\n"
    "else empty end\n";

static const struct map_program described_programs[] = {
	{ "described/map.jq", described_map }, { "described/refer.jq", "(" },
	{ "described/third.jq", ")" }, { NULL, NULL }
};
/* The same without what cannot be compiled. */
static const struct map_program good_programs[] = {
	{ "described/map.jq", described_map }, { NULL, NULL }
};

static void
described_request(const struct query *q, const struct call *done)
{
	(void)q;
	(void)done;
}

static void
described_reply(const struct query *q, struct call *c)
{
	(void)q;
	(void)c;
}

static bool
described_question(const struct query *q, struct buf *question, int *program)
{
	if (strncmp(q->observable->value, "unasked", 7) == 0)
		return false;
	*program = q->route == PROVIDER_REFER;
	(void)buf_addf(question,
	    "{\"observable\":{\"type\":\"domain\",\"value\":\"%s\"},"
	    "\"answers\":{}}",
	    q->observable->value);
	return true;
}

static void
described_answer(struct answer *a, const struct query *q)
{
	struct jsonout *j;
	size_t i;

	for (i = 0; i < jsonin_length(q->entities); i++) {
		if ((j = answer_entity(a, CTIM_INDICATOR, NULL)) == NULL)
			continue;
		jsonout_kstring(j, "title",
		    jsonin_string(jsonin_at(q->entities, i), "title"));
		answer_end(a);
	}
}

static void
described_refer(struct answer *a, const struct query *q)
{
	(void)a;
	(void)q;
}

#define DESCRIBED                                                      \
	.description = "For tests.",                                   \
	.types = OBSERVABLE_SET(OBSERVABLE_BIT(OBSERVABLE_DOMAIN)),    \
	.routes = PROVIDER_OBSERVE | PROVIDER_REFER | PROVIDER_HEALTH, \
	.request = described_request, .reply = described_reply,        \
	.answer = described_answer, .refer = described_refer,          \
	.map = described_question

static const struct provider provider_good = {
	.name = "good", .title = "Good", .programs = good_programs, DESCRIBED
};
static const struct provider provider_bad = {
	.name = "bad", .title = "Bad", .programs = described_programs, DESCRIBED
};

const struct provider *const providers[] = { &provider_template, &provider_good,
	&provider_bad, NULL };

const struct provider *
provider_find(const char *name)
{
	size_t i;

	for (i = 0; providers[i] != NULL; i++)
		if (strcmp(providers[i]->name, name) == 0)
			return providers[i];
	return NULL;
}
