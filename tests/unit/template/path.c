/* SPDX-License-Identifier: MIT */
/* The places of things in answers. */
#include <string.h>

#include <json-c/json.h>

#include "template/path.h"
#include "json/jsonin.h"
#include "tests/unit/unit.h"

#define ANSWER                                                                \
	"{\"a\": {\"b\": {\"c\": 7}, \"list\": [1, null, {\"x\": \"y\"}, "    \
	"[2, 3]]}, \"odd name\": true, \"a.b\": \"dot\", \"\": \"empty\", "   \
	"\"null\": null, \"text\": \"t\", \"none\": [], "                     \
	"\"rows\": [{\"id\": 1, \"tags\": [\"p\", \"q\"], \"in\": [{\"z\": "  \
	"1}, {\"z\": 2}]}, {\"id\": null}, {\"tags\": []}, 5, null, "         \
	"{\"id\": 2, \"tags\": [\"r\", null], \"in\": [{\"z\": 3}, {}]}], "   \
	"\"b|{}\": 1, \"\xc3\xbc\": 2, \"first-seen\": 3, \"@type\": \"i\", " \
	"\"deep\": [[[[4]], [[5, 6]]]]}"

/* found: as JSON; NULL: nothing is there. */
static const struct {
	const char *path, *found;
} path_rows[] = { { "a.b.c", "7" }, { "a.b", "{\"c\":7}" }, { ".a.b.c", "7" },
	{ "a.list[0]", "1" }, { "a.list[1]", NULL }, { "a.list[2].x", "\"y\"" },
	{ "a.list[3][1]", "3" }, { "a.list[4]", NULL },
	{ "a.list[0000002].x", "\"y\"" }, { "a.list[9999999]", NULL },
	{ "a.list.x", NULL }, { "a[0]", NULL }, { "text[0]", NULL },
	{ "text.x", NULL }, { "missing", NULL }, { "missing.x.y", NULL },
	{ "null", NULL }, { "null.x", NULL }, { "\"odd name\"", "true" },
	{ "\"a.b\"", "\"dot\"" }, { "\"\"", "\"empty\"" },
	{ "\"a\".b.\"c\"", "7" }, { ".\"a\".b.c", "7" }, { "\"b|{}\"", "1" },
	{ "\xc3\xbc", "2" }, { "first-seen", "3" }, { "@type", "\"i\"" },
	{ "a.list[]", "[1,{\"x\":\"y\"},[2,3]]" }, { "none[]", "[]" },
	{ "none[].x", "[]" }, { "missing[]", NULL }, { "text[]", NULL },
	{ "a[]", NULL }, { "null[].x", NULL }, { "rows[].id", "[1,2]" },
	{ "rows[].none", "[]" },
	{ "rows[].tags", "[[\"p\",\"q\"],[],[\"r\",null]]" },
	{ "rows[].tags[]", "[\"p\",\"q\",\"r\"]" },
	{ "rows[].in[].z", "[1,2,3]" }, { "rows[].tags[0]", "[\"p\",\"r\"]" },
	{ "rows[].id[]", "[]" }, { "rows[0].in[].z", "[1,2]" },
	{ "rows[0].in[1].z", "2" }, { "deep[][]", "[[[4]],[[5,6]]]" },
	{ "deep[][][][]", "[4,5,6]" }, { "deep[][][][][]", "[]" },
	{ "deep[0][1][0][1]", "6" } };

static const struct {
	const char *path, *why;
} wrong_paths[] = { { "", "a path is empty" },
	{ "a.", "a name in a path is missing" },
	{ "a..b", "a name in a path is missing" },
	{ "..", "a name in a path is missing" },
	{ "a.[0]", "a name in a path is missing" },
	{ "a[", "in a path there is [] or [NUMBER]" },
	{ "a[0", "in a path there is [] or [NUMBER]" },
	{ "a[-1]", "in a path there is [] or [NUMBER]" },
	{ "a[1:2]", "in a path there is [] or [NUMBER]" },
	{ "a[\"b\"]", "in a path there is [] or [NUMBER]" },
	{ "a[ 0 ]", "in a path there is [] or [NUMBER]" },
	{ "a[12345678]", "a number in a path has more than 7 digits" },
	{ "a[999999999999]", "a number in a path has more than 7 digits" },
	{ "a[18446744073709551616]",
	    "a number in a path has more than 7 digits" },
	{ "a[0]b", "in a path a . or [ stands behind ] and \"" },
	{ "a[0]\"b\"", "in a path a . or [ stands behind ] and \"" },
	{ "\"a\"b", "in a path a . or [ stands behind ] and \"" },
	{ "\"a", "a name in a path lacks its second \"" },
	{ "a.\"", "a name in a path lacks its second \"" },
	{ "odd name", "needs quotation marks" }, { "a]", "needs quotation" },
	{ "a\"b\"", "needs quotation marks" }, { "a{b", "needs quotation" },
	{ "a|b", "needs quotation marks" },
	{ "a\nb", "a path holds a control character" },
	{ "\"a\tb\"", "a path holds a control character" },
	{ "a\x7f", "a path holds a control character" },
	{ "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
	  "a",
	    "a path has more than 32 steps" } };

static struct json_object *
answer_of(const char *text)
{
	const char *why;
	struct json_object *value = jsonin_answer(text, strlen(text), &why);

	ck_assert_msg(value != NULL, "%s", why);
	return value;
}

static struct path *
path_made(const char *text)
{
	char why[256] = "";
	struct path *p = path_new(text, strlen(text), why, sizeof(why));

	ck_assert_msg(p != NULL, "%s: %s", text, why);
	return p;
}

START_TEST(paths_lead_to_their_places)
{
	struct json_object *answer = answer_of(ANSWER), *found;
	struct path *p;
	size_t i;

	for (i = 0; i < COUNT(path_rows); i++) {
		p = path_made(path_rows[i].path);
		found = path_find(p, answer);
		ck_assert_msg((found == NULL) == (path_rows[i].found == NULL),
		    "%s", path_rows[i].path);
		if (found != NULL)
			ck_assert_msg(strcmp(json_object_to_json_string_ext(
						 found, JSON_C_TO_STRING_PLAIN),
					  path_rows[i].found) == 0,
			    "%s: %s", path_rows[i].path,
			    json_object_to_json_string(found));
		json_object_put(found);
		path_free(p);
	}
	json_object_put(answer);
}
END_TEST

/* What is found outlives the answer; nothing of the answer is changed. */
START_TEST(what_is_found_is_a_reference)
{
	struct json_object *answer = answer_of(ANSWER), *one, *all, *same;
	struct path *p = path_made("a.b"), *dot = path_made("."),
		    *rows = path_made("rows[].in");

	one = path_find(p, answer);
	same = path_find(dot, answer);
	all = path_find(rows, answer);
	ck_assert_ptr_eq(same, answer);
	json_object_put(same);
	json_object_put(answer);
	ck_assert_str_eq(json_object_to_json_string(one), "{ \"c\": 7 }");
	ck_assert_uint_eq(json_object_array_length(all), 2);
	json_object_put(one);
	json_object_put(all);
	path_free(p);
	path_free(dot);
	path_free(rows);
	path_free(NULL);
}
END_TEST

START_TEST(everything_may_be_a_scalar_or_nothing)
{
	static const char *const paths[] = { ".", "a", "[0]", "[]", ".[0]" };
	struct json_object *seven = answer_of("7"), *list = answer_of("[8]"),
			   *found;
	struct path *p;
	size_t i;

	for (i = 0; i < COUNT(paths); i++) {
		p = path_made(paths[i]);
		ck_assert_ptr_null(path_find(p, NULL));
		found = path_find(p, seven);
		ck_assert_ptr_eq(found, i == 0 ? seven : NULL);
		json_object_put(found);
		found = path_find(p, list);
		ck_assert_str_eq(
		    found == NULL ? "" : json_object_to_json_string(found),
		    i == 1               ? "" :
			i == 2 || i == 4 ? "8" :
					   "[ 8 ]");
		json_object_put(found);
		path_free(p);
	}
	json_object_put(seven);
	json_object_put(list);
}
END_TEST

START_TEST(what_is_no_path_is_told)
{
	char why[256], small[8];
	size_t i;

	for (i = 0; i < COUNT(wrong_paths); i++) {
		ck_assert_msg(
		    path_new(wrong_paths[i].path, strlen(wrong_paths[i].path),
			why, sizeof(why)) == NULL,
		    "%s", wrong_paths[i].path);
		ck_assert_msg(strstr(why, wrong_paths[i].why) != NULL, "%s: %s",
		    wrong_paths[i].path, why);
	}
	ck_assert_ptr_null(path_new("a\0b", 3, why, sizeof(why)));
	ck_assert_ptr_null(path_new("", 0, small, sizeof(small)));
	ck_assert_str_eq(small, "a path ");
}
END_TEST

/* It need not end where its text ends. */
START_TEST(only_the_bytes_of_the_path_count)
{
	char why[256];
	struct path *p = path_new("text|lower}", 4, why, sizeof(why));
	struct json_object *answer = answer_of(ANSWER), *found;

	ck_assert_ptr_nonnull(p);
	found = path_find(p, answer);
	ck_assert_str_eq(json_object_get_string(found), "t");
	json_object_put(found);
	json_object_put(answer);
	path_free(p);
}
END_TEST

START_TEST(long_names_and_as_many_steps_as_an_answer_is_deep)
{
	char text[8193], json[3 * 32 + 8], why[256], *at = json;
	struct json_object *answer, *found;
	struct path *p;
	int i;

	memset(text, 'n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	p = path_made(text);
	answer = json_object_new_object();
	json_object_object_add(answer, text, json_object_new_int(1));
	found = path_find(p, answer);
	ck_assert_int_eq(json_object_get_int(found), 1);
	json_object_put(found);
	json_object_put(answer);
	path_free(p);

	for (i = 0; i < 32; i++)
		*at++ = '[';
	*at++ = '9';
	for (i = 0; i < 32; i++)
		*at++ = ']';
	*at = '\0';
	answer = answer_of(json);
	for (at = text, i = 0; i < 32; i++, at += 2)
		memcpy(at, "[]", 3);
	p = path_made(text);
	found = path_find(p, answer);
	ck_assert_str_eq(json_object_to_json_string(found), "[ 9 ]");
	json_object_put(found);
	json_object_put(answer);
	path_free(p);
	memcpy(at, "[]", 3);
	ck_assert_ptr_null(path_new(text, 66, why, sizeof(why)));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { paths_lead_to_their_places,
		what_is_found_is_a_reference,
		everything_may_be_a_scalar_or_nothing, what_is_no_path_is_told,
		only_the_bytes_of_the_path_count,
		long_names_and_as_many_steps_as_an_answer_is_deep };

	return unit_run("path", tests, COUNT(tests));
}
