/* SPDX-License-Identifier: MIT */
/* The file that describes a module of the platform. */
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "cli/module/module_file.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *o;
	struct buf why;

	HOLDS(setenv("ONE", "1", 1) == 0 && setenv("EMPTY", "", 1) == 0);
	buf_init(&why, 4U << 20);
	o = module_file_parse("file", (const char *)data, size, &why);
	HOLDS((o == NULL) == (why.len > 0) && !why.failed);
	if (o != NULL) {
		HOLDS(json_object_is_type(o, json_type_object));
		HOLDS(json_object_is_type(
		    json_object_object_get(o, "name"), json_type_string));
		HOLDS(json_object_is_type(
		    json_object_object_get(o, "settings"), json_type_object));
	}
	json_object_put(o);
	buf_free(&why);
	return 0;
}
