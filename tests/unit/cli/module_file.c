/* SPDX-License-Identifier: MIT */
/* The file that describes a module: its check, and variables in it. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "cli/module/module_file.h"
#include "json/jsonin.h"
#include "tests/unit/unit.h"

#define ID "\"module_type_id\":\"t\",\"visibility\":\"org\","
#define GOOD                                                    \
	"{\"name\":\"$ONE\"," ID "\"settings\":{\"url\":\"u\"," \
	"\"supported-apis\":[\"health\"]"

static struct buf why;

static void
begin(void)
{
	buf_init(&why, 10000);
	setenv("ONE", "1", 1);
	setenv("_a9", "under", 1);
	setenv("DOLLAR", "$ONE", 1);
	setenv("EMPTY", "", 1);
	setenv("BYTES", "\xff", 1);
	unsetenv("NONE");
}

static const struct {
	const char *text, *expanded; /* NULL: refused */
	const char *why;             /* a part of it */
} texts[] = { { "", "", NULL }, { "nothing", "nothing", NULL },
	{ "$ONE", "1", NULL }, { "${ONE}", "1", NULL },
	{ "a${ONE}b$ONE.c", "a1b1.c", NULL }, { "$ONE$ONE", "11", NULL },
	{ "$_a9-", "under-", NULL }, { "${ONE}ish", "1ish", NULL },
	{ "<$EMPTY>", "<>", NULL },
	/* What comes out is not looked at again. */
	{ "$DOLLAR", "$ONE", NULL }, { "$$ONE $$$ONE $$", "$ONE $1 $", NULL },
	{ "$ONEs", NULL, "variable \"ONEs\" for" },
	{ "x $NONE", NULL,
	    "Unable to read environment variable \"NONE\" for "
	    "Relay settings JSON expansion. Make sure to define it first." },
	{ "${NONE}", NULL, "\"NONE\"" },
	{ "$BYTES", NULL, "\"BYTES\" is no UTF-8" }, { "$", NULL, "\"here\"" },
	{ "a$", NULL, "$$" }, { "$9", NULL, "$$" }, { "$-", NULL, "$$" },
	{ "${", NULL, "$$" }, { "${}", NULL, "$$" }, { "${ONE", NULL, "$$" },
	{ "${ ONE}", NULL, "$$" }, { "${ONE:-2}", NULL, "$$" },
	{ "$\xc3\xa4", NULL, "$$" }, { "${9}", NULL, "$$" } };

START_TEST(variables_are_replaced)
{
	struct buf out;
	int r;
	size_t i;

	begin();
	buf_init(&out, 100);
	for (i = 0; i < COUNT(texts); i++) {
		buf_reset(&out);
		buf_reset(&why);
		r = module_file_expand(
		    "here", texts[i].text, strlen(texts[i].text), &out, &why);
		ck_assert_msg(r == (texts[i].expanded == NULL ? -1 : 0), "%s",
		    texts[i].text);
		if (r == 0)
			ck_assert_str_eq(out.data, texts[i].expanded);
		ck_assert_msg(r == 0 ? why.len == 0 :
				       strstr(why.data, texts[i].why) != NULL,
		    "%s: %s", texts[i].text, why.data);
	}
	buf_free(&out);
	buf_free(&why);
}
END_TEST

/* No byte behind the end is looked at. */
START_TEST(a_text_ends_where_it_is_said_to)
{
	struct buf out;
	char *text = malloc(4);

	begin();
	buf_init(&out, 100);
	memcpy(text, "$ONE", 4);
	ck_assert_int_eq(module_file_expand("x", text, 4, &out, &why), 0);
	ck_assert_str_eq(out.data, "1");
	ck_assert_int_eq(module_file_expand("x", text, 1, &out, &why), -1);
	memcpy(text, "${ON", 4);
	ck_assert_int_eq(module_file_expand("x", text, 4, &out, &why), -1);
	free(text);
	buf_free(&out);
	buf_free(&why);
}
END_TEST

START_TEST(a_very_long_name_is_no_variable)
{
	static char text[1000];
	struct buf out;

	begin();
	buf_init(&out, 100);
	memset(text, 'A', sizeof(text) - 1);
	text[0] = '$';
	ck_assert_int_eq(
	    module_file_expand("x", text, strlen(text), &out, &why), -1);
	buf_free(&out);
	buf_free(&why);
}
END_TEST

static const struct {
	const char *text;
	const char *why; /* a part; NULL: it is good */
} files[] = { { GOOD "}}", NULL },
	{ GOOD ",\"more\":{\"a\":[null,1.5]}}}", NULL }, { "", "malformed" },
	{ "{", "malformed" }, { GOOD, "malformed" },
	{ GOOD "}}}", "malformed" },
	{ "null", "it is null and should be an object" },
	{ "7", "it is a number" }, { "\"x\"", "it is a string" },
	{ "{}",
	    "\"name\" is missing; it should be a string\n"
	    "\"module_type_id\" is missing; it should be a string\n"
	    "\"visibility\" is missing; it should be a string\n"
	    "\"settings\" is missing; it should be an object" },
	{ "{\"name\":null," ID "\"settings\":{\"url\":\"\"}}",
	    "\"name\" is null and should be a string\n"
	    "\"settings.url\" is empty\n"
	    "\"settings.supported-apis\" is missing; it should be an array" },
	{ GOOD "},\"more\":1}", "\"more\" is unknown" },
	{ GOOD "},\"\\u001b\":1}", "\"\\x1b\" is unknown" },
	{ "{\"name\":\"x\"," ID "\"settings\":{\"url\":\"u\","
	  "\"supported-apis\":[\"health\",\"Health\",null]}}",
	    "holds \"Health\"; there are: health, observe/observables" },
	{ "{\"name\":\"x\"," ID "\"settings\":{\"url\":\"u\","
	  "\"supported-apis\":[null]}}",
	    "element 1 of" },
	{ GOOD ",\"key\":\"$NONE\"}}", "\"NONE\"" },
	{ GOOD ",\"key\":\"100$\"}}", "\"key\"" },
	{ "{\"name\":\"$EMPTY\"," ID "\"settings\":{\"url\":\"u\","
	  "\"supported-apis\":[\"health\"]}}",
	    "\"name\" of the Relay settings "
	    "becomes empty" },
	{ "{\"name\":\"x\"," ID "\"settings\":{\"url\":\"$EMPTY\","
	  "\"supported-apis\":[\"health\"]}}",
	    "\"url\" of the Relay settings "
	    "becomes empty" } };

START_TEST(a_file_is_checked)
{
	struct json_object *all;
	size_t i;

	begin();
	for (i = 0; i < COUNT(files); i++) {
		buf_reset(&why);
		all = module_file_parse(
		    "f", files[i].text, strlen(files[i].text), &why);
		ck_assert_msg((all != NULL) == (files[i].why == NULL), "%s: %s",
		    files[i].text, why.data);
		ck_assert_msg(files[i].why == NULL ?
			why.len == 0 :
			strstr(why.data, files[i].why) != NULL,
		    "%s: %s", files[i].text, why.data);
		ck_assert_int_ne(why.len > 0 ? why.data[why.len - 1] : 0, '\n');
		json_object_put(all);
	}
	buf_free(&why);
}
END_TEST

START_TEST(the_name_and_the_strings_of_settings_are_expanded)
{
	static const char text[] =
	    "{\"name\":\"n$ONE\","
	    "\"module_type_id\":\"$ONE\",\"visibility\":\"$NONE\",\"settings\":"
	    "{\"$ONE\":\"a\\u0000$ONE\",\"url\":\"${ONE}\","
	    "\"list\":[\"$NONE\"],"
	    "\"supported-apis\":[\"health\"]}}";
	struct json_object *all;

	begin();
	all = module_file_parse("f", text, sizeof(text) - 1, &why);
	ck_assert_msg(all != NULL, "%s", why.data);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN),
	    "{\"name\":\"n1\",\"module_type_id\":"
	    "\"$ONE\",\"visibility\":\"$NONE\",\"settings\":{\"$ONE\":"
	    "\"a\\u00001\",\"url\":\"1\",\"list\":[\"$NONE\"],"
	    "\"supported-apis\":[\"health\"]}}");
	json_object_put(all);
	buf_free(&why);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	begin();
	ck_assert_ptr_null(module_file_read("/nowhere/at\nall", &why));
	ck_assert_str_eq(why.data,
	    "Unable to read the Relay settings file "
	    "\"/nowhere/at\\x0aall\": No such file or directory. Name another "
	    "with -f.");
	buf_free(&why);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { variables_are_replaced,
		a_text_ends_where_it_is_said_to,
		a_very_long_name_is_no_variable, a_file_is_checked,
		the_name_and_the_strings_of_settings_are_expanded,
		a_file_that_is_not_there_is_named };

	return unit_run("module_file", tests, COUNT(tests));
}
