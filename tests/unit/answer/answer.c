/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "json/jsonin.h"
#include "os/spill.h"
#include "tests/unit/unit.h"

static struct buf sent; /* what the client got */
static unsigned pushes;
static bool leave; /* the client is gone */

static int
take(void *arg, const void *p, size_t n, bool push)
{
	(void)arg;
	if (leave)
		return -1;
	buf_add(&sent, p, n);
	pushes += push;
	return 0;
}

static char *const no_env[] = { NULL };
static struct transport client = { .env = no_env, .write = take };
static struct response response;

static struct answer *
begin(enum answer_shape shape, enum ctim_kind streamed)
{
	buf_init(&sent, 100U << 20);
	pushes = 0;
	leave = false;
	response_init(&response, &client);
	return answer_new(&response, shape, streamed);
}

/* The body that was sent, without the header. */
static const char *
finish(struct answer *a)
{
	char *body;

	answer_finish(a);
	answer_free(a);
	body = strstr(sent.data, "\r\n\r\n");
	ck_assert_ptr_nonnull(body);
	return body + 4;
}

static void
entity(struct answer *a, enum ctim_kind kind, const char *id, int n)
{
	struct jsonout *j = answer_entity(a, kind, id);

	if (j == NULL)
		return;
	jsonout_kint(j, "n", n);
	answer_end(a);
}

/* How often a text was sent. */
static int
count_of(const char *text)
{
	const char *at = sent.data;
	int n = 0;

	while ((at = strstr(at, text)) != NULL) {
		at++;
		n++;
	}
	return n;
}

START_TEST(kinds_without_entities_are_left_out)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);

	ck_assert_str_eq(finish(a), "{\"data\":{}}");
	buf_free(&sent);
	a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	entity(a, CTIM_JUDGEMENT, "transient:judgement-1", 1);
	entity(a, CTIM_SIGHTING, "transient:sighting-1", 2);
	entity(a, CTIM_VERDICT, NULL, 3);
	entity(a, CTIM_SIGHTING, "transient:sighting-2", 4);
	entity(a, CTIM_JUDGEMENT, "transient:judgement-2", 5);
	ck_assert_str_eq(finish(a),
	    "{\"data\":{\"sightings\":{\"docs\":["
	    "{\"type\":\"sighting\",\"id\":\"transient:sighting-1\",\"n\":2},"
	    "{\"type\":\"sighting\",\"id\":\"transient:sighting-2\",\"n\":4}],"
	    "\"count\":2},\"judgements\":{\"count\":2,\"docs\":["
	    "{\"type\":\"judgement\",\"id\":\"transient:judgement-1\",\"n\":1},"
	    "{\"type\":\"judgement\",\"id\":\"transient:judgement-2\",\"n\":5}]"
	    "},"
	    "\"verdicts\":{\"count\":1,\"docs\":[{\"type\":\"verdict\",\"n\":3}"
	    "]"
	    "}}}");
	buf_free(&sent);
}
END_TEST

START_TEST(what_leaves_first_is_the_kind_of_which_there_is_most)
{
	/* How many are written of a kind that is named and of another, and
	 * whether the other leaves. */
	static const struct {
		int named, other;
		bool other_leaves;
	} rows[] = { { 10, 0, false }, { 0, 10, true }, { 10, 10, false },
		{ 10, 15, false }, { 2, 20, true } };
	enum ctim_kind named = CTIM_JUDGEMENT, other = CTIM_INDICATOR;
	struct answer *a;
	size_t i;
	int k;

	for (i = 0; i < COUNT(rows); i++) {
		a = begin(ANSWER_ENTITIES, named);
		for (k = 0; k < rows[i].other; k++)
			entity(a, other, NULL, k);
		for (k = 0; k < rows[i].named; k++)
			entity(a, named, NULL, k);
		answer_push(a);
		k = rows[i].other_leaves ? rows[i].other : rows[i].named;
		ck_assert_ptr_nonnull(strstr(sent.data,
		    rows[i].other_leaves ?
			"{\"data\":{\"indicators\":{\"docs\":" :
			"{\"data\":{\"judgements\":{\"docs\":"));
		ck_assert_int_eq(count_of("\"n\":"), k);
		entity(a, rows[i].other_leaves ? other : named, NULL, k);
		answer_push(a);
		ck_assert_int_eq(count_of("\"n\":"), k + 1);
		ck_assert_ptr_null(strstr(sent.data, "\"count\""));
		finish(a);
		ck_assert_int_eq(
		    count_of("\"n\":"), rows[i].named + rows[i].other + 1);
		buf_free(&sent);
	}
}
END_TEST

START_TEST(a_large_answer_leaves_before_it_is_pushed)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	int i;

	for (i = 0; i < 2000; i++)
		entity(a, CTIM_JUDGEMENT, NULL, i);
	ck_assert_uint_gt(sent.len, 2000 * 30);
	finish(a);
	ck_assert_ptr_nonnull(strstr(sent.data, "],\"count\":2000}}}"));
	buf_free(&sent);
}
END_TEST

START_TEST(the_same_entity_comes_once)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	int i;

	for (i = 0; i < 200; i++)
		entity(a, CTIM_INDICATOR, "transient:indicator-1", i % 100);
	ck_assert_uint_eq(answer_entities(a), 100);
	finish(a);
	ck_assert_ptr_nonnull(strstr(sent.data, "\"count\":100,"));
	buf_free(&sent);
}
END_TEST

START_TEST(the_limit_holds_for_each_kind_and_observable)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	int i;

	for (i = 0; i < 20; i++) {
		if (i % 10 == 0)
			answer_observable(a, 3);
		entity(a, CTIM_SIGHTING, NULL, i);
		entity(a, CTIM_JUDGEMENT, NULL, i);
	}
	ck_assert_uint_eq(answer_entities(a), 12);
	finish(a);
	buf_free(&sent);
}
END_TEST

START_TEST(what_is_in_the_answer_already_leaves_room)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	int i;

	answer_observable(a, 2);
	for (i = 0; i < 10; i++)
		entity(a, CTIM_INDICATOR, "transient:indicator-1", 1);
	entity(a, CTIM_INDICATOR, "transient:indicator-2", 2);
	ck_assert_uint_eq(answer_entities(a), 2);
	finish(a);
	buf_free(&sent);
}
END_TEST

START_TEST(errors_come_last_and_their_type_depends_on_the_rest)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);

	answer_problem(a, PROBLEM_CONNECTION, "slow \"%s\"", "x");
	entity(a, CTIM_SIGHTING, "i", 1);
	answer_answered(a);
	ck_assert_str_eq(finish(a),
	    "{\"data\":{\"sightings\":{\"docs\":[{"
	    "\"type\":\"sighting\",\"id\":\"i\",\"n\":1}],\"count\":1}},"
	    "\"errors\":[{\"type\":\"warning\",\"code\":\"connection error\","
	    "\"message\":\"slow \\\"x\\\"\"}]}");
	buf_free(&sent);
	a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	answer_problem(a, PROBLEM_CONNECTION, "gone");
	ck_assert_str_eq(finish(a),
	    "{\"errors\":[{\"type\":\"fatal\",\"code\":"
	    "\"connection error\",\"message\":\"gone\"}]}");
	buf_free(&sent);
	a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	answer_problem(a, PROBLEM_NOT_FOUND, "lost");
	ck_assert_str_eq(finish(a),
	    "{\"data\":{},\"errors\":[{\"type\":"
	    "\"warning\",\"code\":\"not found\",\"message\":\"lost\"}]}");
	buf_free(&sent);
	/* Nothing is "ok" that was not answered. */
	a = begin(ANSWER_STATUS, CTIM_SIGHTING);
	answer_problem(a, PROBLEM_NOT_FOUND, "lost");
	ck_assert_str_eq(finish(a),
	    "{\"errors\":[{\"type\":\"warning\","
	    "\"code\":\"not found\",\"message\":\"lost\"}]}");
	buf_free(&sent);
	a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	answer_warning(a, PROBLEM_INTERNAL, "half");
	answer_warning(a, PROBLEM_INTERNAL, "half");
	ck_assert_str_eq(finish(a),
	    "{\"data\":{},\"errors\":[{\"type\":"
	    "\"warning\",\"code\":\"internal error\","
	    "\"message\":\"half\"}]}");
	buf_free(&sent);
	/* Said twice, it is what the worse of the two is. */
	a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	answer_warning(a, PROBLEM_INTERNAL, "half");
	answer_problem(a, PROBLEM_INTERNAL, "half");
	ck_assert_str_eq(finish(a),
	    "{\"errors\":[{\"type\":\"fatal\","
	    "\"code\":\"internal error\",\"message\":\"half\"}]}");
	buf_free(&sent);
}
END_TEST

/* Together they are larger than an entity may be. */
START_TEST(many_long_errors_do_not_cost_the_answer)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	const char *body;
	int i, n = ANSWER_ENTITY / 8000 + 1;

	entity(a, CTIM_SIGHTING, "i", 1);
	for (i = 0; i < n; i++)
		answer_warning(a, PROBLEM_NOT_FOUND, "%08000d", i);
	body = finish(a);
	for (i = 0; (body = strstr(body, "\"not found\"")) != NULL; i++)
		body++;
	ck_assert_int_eq(i, n);
	ck_assert_int_eq(strcmp(sent.data + sent.len - 3, "}]}"), 0);
	buf_free(&sent);
}
END_TEST

START_TEST(a_small_answer_says_its_length)
{
	struct answer *a = begin(ANSWER_STATUS, CTIM_SIGHTING);

	finish(a);
	ck_assert_ptr_nonnull(strstr(sent.data, "\r\nContent-Length: 24\r\n"));
	ck_assert_str_eq(strstr(sent.data, "\r\n\r\n") + 4,
	    "{\"data\":{\"status\":\"ok\"}}");
	ck_assert_uint_eq(pushes, 0);
	buf_free(&sent);
}
END_TEST

START_TEST(what_is_streamed_leaves_before_the_end)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);

	answer_push(a);
	ck_assert_uint_eq(sent.len, 0);
	entity(a, CTIM_SIGHTING, "i", 1);
	answer_push(a);
	ck_assert_ptr_nonnull(strstr(sent.data, "\"n\":1}"));
	ck_assert_ptr_null(strstr(sent.data, "Content-Length"));
	finish(a);
	buf_free(&sent);
}
END_TEST

START_TEST(megabytes_wait_in_a_file_and_come_back_whole)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	struct json_object *v, *root;
	static char text[100001];
	struct jsonout *j;
	const char *body;
	int i;

	memset(text, 'y', 100000);
	for (i = 0; i < 120; i++) {
		j = answer_entity(a, CTIM_INDICATOR, NULL);
		jsonout_kstring(j, "text", text);
		answer_end(a);
		entity(a, CTIM_RELATIONSHIP, NULL, i);
	}
	body = finish(a);
	root = jsonin_parse(body, strlen(body), 10000, NULL);
	ck_assert_ptr_nonnull(root);
	v = jsonin_member(root, "data");
	ck_assert_uint_eq(jsonin_length(jsonin_member(
			      jsonin_member(v, "indicators"), "docs")),
	    120);
	v = jsonin_at(
	    jsonin_member(jsonin_member(v, "relationships"), "docs"), 119);
	ck_assert_int_eq(json_object_get_int(jsonin_member(v, "n")), 119);
	json_object_put(root);
	buf_free(&sent);
}
END_TEST

START_TEST(an_entity_that_is_too_large_cuts_the_answer)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	struct jsonout *j;
	char *text = malloc(ANSWER_ENTITY + 1);

	memset(text, 'y', ANSWER_ENTITY);
	text[ANSWER_ENTITY] = '\0';
	j = answer_entity(a, CTIM_INDICATOR, NULL);
	jsonout_kstring(j, "text", text);
	answer_end(a);
	finish(a);
	ck_assert_int_eq(strncmp(sent.data, "Status: 500 ", 12), 0);
	buf_free(&sent);

	/* Once something has left it can only be cut. */
	a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);
	entity(a, CTIM_SIGHTING, "i", 1);
	answer_push(a);
	j = answer_entity(a, CTIM_INDICATOR, NULL);
	jsonout_kstring(j, "text", text);
	answer_end(a);
	ck_assert_int_eq(sent.data[0], 'S');
	ck_assert_ptr_null(jsonin_parse(
	    finish(a), strlen(strstr(sent.data, "\r\n\r\n") + 4), 1000, NULL));
	buf_free(&sent);
	free(text);
}
END_TEST

START_TEST(elements_are_a_list)
{
	struct answer *a = begin(ANSWER_LIST, CTIM_SIGHTING);

	jsonout_kstring(answer_element(a), "id", "1");
	answer_end(a);
	jsonout_kstring(answer_element(a), "id", "2");
	answer_end(a);
	ck_assert_str_eq(
	    finish(a), "{\"data\":[{\"id\":\"1\"},{\"id\":\"2\"}]}");
	buf_free(&sent);
}
END_TEST

START_TEST(a_client_that_left_is_noticed)
{
	struct answer *a = begin(ANSWER_ENTITIES, CTIM_SIGHTING);

	leave = true;
	entity(a, CTIM_SIGHTING, "i", 1);
	answer_push(a);
	ck_assert(response.gone);
	answer_finish(a);
	answer_free(a);
	buf_free(&sent);
}
END_TEST

START_TEST(request_ids_are_taken_when_short_and_plain)
{
	static const struct {
		const char *given;
		bool taken;
	} ids[] = { { "HTTP_X_REQUEST_ID=abc-1.2_3", true },
		{ "HTTP_X_REQUEST_ID=", false },
		{ "HTTP_X_REQUEST_ID=a b", false },
		{ "HTTP_X_REQUEST_ID=a\r\nX: y", false },
		{ "HTTP_X_REQUEST_ID=0123456789012345678901234567890123456789"
		  "0123456789012345678901234",
		    false } };
	char *env[2] = { NULL, NULL };
	struct transport t = client;
	struct response r;
	size_t i;

	t.env = env;
	for (i = 0; i < COUNT(ids); i++) {
		env[0] = strdup(ids[i].given);
		response_init(&r, &t);
		ck_assert_msg(
		    (strcmp(r.id, ids[i].given + 18) == 0) == ids[i].taken,
		    "%s", r.id);
		if (!ids[i].taken)
			ck_assert_uint_eq(strlen(r.id), 36);
		free(env[0]);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { kinds_without_entities_are_left_out,
		what_leaves_first_is_the_kind_of_which_there_is_most,
		a_large_answer_leaves_before_it_is_pushed,
		the_same_entity_comes_once,
		the_limit_holds_for_each_kind_and_observable,
		what_is_in_the_answer_already_leaves_room,
		errors_come_last_and_their_type_depends_on_the_rest,
		many_long_errors_do_not_cost_the_answer,
		a_small_answer_says_its_length,
		what_is_streamed_leaves_before_the_end,
		megabytes_wait_in_a_file_and_come_back_whole,
		an_entity_that_is_too_large_cuts_the_answer,
		elements_are_a_list, a_client_that_left_is_noticed,
		request_ids_are_taken_when_short_and_plain };

	return unit_run("answer", tests, COUNT(tests));
}
