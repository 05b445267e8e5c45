/* The body of a request: a list of observables. */
#include <string.h>

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "relay/observables.h"

#define MOST 100 /* observables */

static void
parse(const char *text, size_t size, bool any_case)
{
	struct observables obs;
	struct json_object *said;
	struct buf errors;
	size_t i;

	buf_init(&errors, 1U << 20);
	if (observables_parse(&obs, text, size, OBSERVABLE_ALL, any_case, MOST,
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse((const char *)data, size, false);
	parse((const char *)data, size, true);
	return 0;
}
