/* SPDX-License-Identifier: MIT */
/* The body of a request: a list of observables. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "json/jsonin.h"
#include "json/jsonpairs.h"
#include "json/jsonscan.h"
#include "body/observables.h"

#define MOST 100 /* observables */

static void
parse(const char *text, size_t size, bool any_case)
{
	struct observables obs;
	struct json_object *said;
	struct buf errors;
	size_t i;

	buf_init(&errors, 1U << 20);
	if (observables_parse(&obs, text, size, &observable_all, any_case, MOST,
		&errors) == 0) {
		HOLDS(obs.n <= MOST);
		for (i = 0; i < obs.n; i++)
			HOLDS(obs.list[i].type < OBSERVABLE_TYPES &&
			    *obs.list[i].value != '\0');
		observables_free(&obs);
	} else if (!errors.failed) {
		said = jsonin_parse(
		    errors.data, errors.len, JSON_ANSWER_VALUES, NULL);
		HOLDS(said != NULL);
		json_object_put(said);
	}
	buf_free(&errors);
}

/* What is read without a tree is what the tree has. */
static void
compare(const char *text, size_t size)
{
	struct jsonpair *pairs;
	struct json_object *tree, *element;
	size_t i, n;

	pairs = jsonpairs_read(text, size, "type", "value", MOST, &n);
	if (pairs == NULL)
		return;
	tree = jsonin_parse(text, size, JSON_REQUEST_VALUES, NULL);
	HOLDS(n > 0 && n <= MOST && jsonin_length(tree) == n);
	for (i = 0; i < n; i++) {
		element = jsonin_at(tree, i);
		HOLDS(json_object_object_length(element) == 2);
		HOLDS(strcmp(jsonin_string(element, "type"), pairs[i].a) == 0);
		HOLDS(strcmp(jsonin_string(element, "value"), pairs[i].b) == 0);
	}
	json_object_put(tree);
	free(pairs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	compare((const char *)data, size);
	parse((const char *)data, size, false);
	parse((const char *)data, size, true);
	return 0;
}
