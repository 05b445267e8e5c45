/* SPDX-License-Identifier: MIT */
/* JSON before and in the parser, as requests and as services write it. */
#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *why, *lenient;
	struct json_object *value;
	struct buf out;

	why = jsonscan(text, size, JSON_REQUEST_VALUES, NULL);
	lenient = jsonscan_answer(text, size, JSON_ANSWER_VALUES, NULL);
	HOLDS(why != NULL || lenient == NULL);
	value = jsonin_parse(text, size, JSON_REQUEST_VALUES, &why);
	HOLDS(value == NULL || why == NULL);
	json_object_put(value);
	value = jsonin_answer(text, size, &why);
	HOLDS(value == NULL || why == NULL);
	json_object_put(value);
	buf_init(&out, 1000);
	(void)jsonscan_string(text, size, &out);
	buf_free(&out);
	return 0;
}
