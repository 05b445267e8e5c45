/* SPDX-License-Identifier: MIT */
/*
 * What a map of a described provider may write: the first byte says for which
 * route, the rest is its list of entities.
 */
#include <string.h>

#include "answer/answer.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "base/buf.h"
#include "base/set.h"
#include "complete/complete.h"
#include "json/jsonin.h"
#include "tests/fuzz/fuzz.h"

#define LIMIT 3
#define MOST  1000000 /* values of an answer */

static int
fuzz_take(void *arg, const void *p, size_t n, bool push)
{
	(void)push;
	return buf_add(arg, p, n);
}

/* The entities of a kind. */
static struct json_object *
fuzz_docs(struct json_object *answer, const char *kinds)
{
	return jsonin_member(
	    jsonin_member(jsonin_member(answer, "data"), kinds), "docs");
}

/* What a relationship or a verdict names is in the answer. */
static void
fuzz_named(struct json_object *answer, const struct set *ids, const char *kinds,
    const char *name)
{
	struct json_object *docs = fuzz_docs(answer, kinds);
	const char *id;
	size_t i;

	for (i = 0; i < jsonin_length(docs); i++) {
		id = jsonin_string(jsonin_at(docs, i), name);
		HOLDS(id == NULL || set_has(ids, id, strlen(id)));
		HOLDS(id != NULL || strcmp(kinds, "verdicts") == 0);
	}
}

static void
fuzz_answer(struct json_object *answer)
{
	static const char *const kinds[] = { "sightings", "indicators",
		"judgements", "verdicts" };
	struct json_object *docs;
	struct set ids = { .used = 0 };
	const char *id;
	size_t i, k;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		docs = fuzz_docs(answer, kinds[i]);
		HOLDS(jsonin_length(docs) <= LIMIT);
		for (k = 0; k < jsonin_length(docs); k++) {
			id = jsonin_string(jsonin_at(docs, k), "id");
			HOLDS((id == NULL) == (i == 3));
			if (id != NULL)
				HOLDS(set_new(&ids, id, strlen(id)));
		}
	}
	fuzz_named(answer, &ids, "relationships", "source_ref");
	fuzz_named(answer, &ids, "relationships", "target_ref");
	fuzz_named(answer, &ids, "verdicts", "judgement_id");
	set_free(&ids);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const env[] = { NULL };
	static const enum provider_route routes[] = { PROVIDER_OBSERVE,
		PROVIDER_DELIBERATE, PROVIDER_REFER };
	const struct observable o = { OBSERVABLE_DOMAIN, "a.example", 0 };
	struct completion_of of = { "fuzz", "Fuzz", &o, PROVIDER_OBSERVE, 0,
		LIMIT };
	struct json_object *entities, *answer;
	struct transport client = { .env = env, .write = fuzz_take };
	struct response response;
	struct answer *a;
	struct buf sent;
	const char *why, *body;

	if (size == 0)
		return 0;
	of.route = routes[data[0] % 3];
	entities = jsonin_answer((const char *)data + 1, size - 1, &why);
	if (why != NULL)
		return 0;
	buf_init(&sent, 64U << 20);
	client.arg = &sent;
	response_init(&response, &client);
	a = answer_new(&response,
	    of.route == PROVIDER_REFER ? ANSWER_LIST : ANSWER_ENTITIES,
	    CTIM_SIGHTING);
	HOLDS(a != NULL);
	answer_observable(a, LIMIT);
	(void)(of.route == PROVIDER_REFER ? complete_refer : complete_answer)(
	    a, &of, entities);
	answer_answered(a);
	HOLDS(answer_finish(a) == 0);
	answer_free(a);
	json_object_put(entities);
	body = strstr(sent.data, "\r\n\r\n") + 4;
	answer = jsonin_parse(body, strlen(body), MOST, &why);
	HOLDS(why == NULL);
	fuzz_answer(answer);
	json_object_put(answer);
	buf_free(&sent);
	return 0;
}
