/* SPDX-License-Identifier: MIT */
/* Questions to programs of jq in the real ctim-relay-map, and what comes back. */
#include <sys/resource.h>

#include "tests/unit/mapping/map_bed.h"

static void
map_setup(void)
{
}

static void
map_teardown(void)
{
	bed_end();
}

START_TEST(entities_come_in_order)
{
	NEEDS_MAP();
	bed_start("def twice: ., .;\n.a[] | {type: \"verdict\", n: .} | twice");
	ck_assert_int_eq(bed_ask(0, "[1,2]"), MAP_DONE);
	ck_assert_str_eq(bed_text(),
	    "[{\"type\":\"verdict\",\"n\":1},{\"type\":\"verdict\",\"n\":1},"
	    "{\"type\":\"verdict\",\"n\":2},{\"type\":\"verdict\",\"n\":2}]");
	map_teardown();
}
END_TEST

START_TEST(a_program_that_writes_nothing_knows_nothing)
{
	NEEDS_MAP();
	bed_start("empty");
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[]");
	map_teardown();
}
END_TEST

START_TEST(each_program_has_its_number)
{
	const struct map_program list[] = { { "a/map.jq", "\"a\"" },
		{ "a/refer.jq", "\"b\"" }, { "c/map.jq", "\"c\"" } };

	NEEDS_MAP();
	bed_start_many(list, COUNT(list));
	ck_assert_int_eq(bed_ask(2, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[\"c\"]");
	ck_assert_int_eq(bed_ask(1, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[\"b\"]");
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[\"a\"]");
	ck_assert_int_eq(map_master_workers(bed_master), 1);
	map_teardown();
}
END_TEST

START_TEST(one_worker_answers_again_and_again)
{
	pid_t pid;
	int i;

	NEEDS_MAP();
	bed_start(".a");
	ck_assert_int_eq(map_master_workers(bed_master), 0);
	ck_assert_int_eq(bed_ask(0, "0"), MAP_DONE);
	pid = bed_worker_pid();
	ck_assert_int_gt(pid, 0);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(bed_ask(0, "\"x\""), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[\"x\"]");
	ck_assert_int_eq(bed_worker_pid(), pid);
	map_teardown();
}
END_TEST

/* What is in scope; each is one expression. */
static const struct {
	const char *program, *entities;
} scope[] = {
	{ "$value, $type, $type_name, $observable",
	    "[\"1.2.3.4\",\"ip\",\"IP\",{\"type\":\"ip\",\"value\":"
	    "\"1.2.3.4\"}]" },
	{ "$now, $limit, $route, $claim.region, $data",
	    "[\"2026-11-21T12:00:00Z\",3,\"observe\",\"eu\",null]" },
	{ "null | list", "[[]]" },
	{ "1 | list", "[[1]]" },
	{ "[2] | list", "[[2]]" },
	{ "[{a:1,n:1},{a:3},{a:1,n:2},{a:2}] | newest(.a)",
	    "[[{\"a\":3},{\"a\":2},{\"a\":1,\"n\":1}]]" },
	{ "(null,\"x\",5,85,86,101) | band([[85,\"S\"],[100,\"M\"]])",
	    "[null,null,\"S\",\"S\",\"M\",null]" },
	{ "ip(\"1.1.1.1\"), ip(\"::1\"), ip(null)",
	    "[{\"type\":\"ip\",\"value\":\"1.1.1.1\"},{\"type\":\"ipv6\","
	    "\"value\":\"::1\"},{\"type\":\"ip\",\"value\":null}]" },
	{ "domain(\"a.b.\"), url(\"http://x/\")",
	    "[{\"type\":\"domain\",\"value\":\"a.b\"},{\"type\":\"url\","
	    "\"value\":\"http://x/\"}]" },
	{ "relation(1; \"Resolved_To\"; 2)",
	    "[{\"source\":1,\"relation\":\"Resolved_To\",\"related\":2}]" },
	{ "link(1; \"sighting-of\"; 2)",
	    "[{\"type\":\"relationship\",\"relationship_type\":"
	    "\"sighting-of\",\"source_ref\":1,\"target_ref\":2}]" },
	{ "{a: 1, b: \"x\"} | table",
	    "[{\"columns\":[{\"name\":\"a\",\"type\":\"string\"},"
	    "{\"name\":\"b\",\"type\":\"string\"}],\"rows\":[[\"1\","
	    "\"x\"]]}]" },
	{ "(\"2026-01-02\", \"2026-01-02 03:04\", "
	  "\"2026-01-02T03:04:05.6+02:00\", 1700000000, 1700000000123) | time",
	    "[\"2026-01-02T00:00:00Z\",\"2026-01-02T03:04:00Z\","
	    "\"2026-01-02T01:04:05Z\",\"2023-11-14T22:13:20Z\","
	    "\"2023-11-14T22:13:20Z\"]" },
	/* What completion takes is the same time here. */
	{ "(\"2026-11-20 10:00:00+02\", \"2026-11-20T10:00:00,5 -0130\", "
	  "\"2026-11-20T10:00:00,123+02:00\", \"2026-11-20t10:00:00z\", "
	  "\" 2026-11-20 10:00 UTC\") | time",
	    "[\"2026-11-20T08:00:00Z\",\"2026-11-20T11:30:00Z\","
	    "\"2026-11-20T08:00:00Z\",\"2026-11-20T10:00:00Z\","
	    "\"2026-11-20T10:00:00Z\"]" },
	{ "(\"1732190400\", \"1732190400.7\", \" 1732190400123\", "
	  "\"100000000\") | time",
	    "[\"2024-11-21T12:00:00Z\",\"2024-11-21T12:00:00Z\","
	    "\"2024-11-21T12:00:00Z\",\"1973-03-03T09:46:40Z\"]" },
	{ "(\"2026-13-02T03:04:05Z\", \"2026-01-02 03:04:05Z\", "
	  "\"2026-01-02T03:04:05.1+00:00\", \"2026-01-02 03:04:05-05:00\", "
	  "\"2016-12-31T23:59:60Z\", \"2026-01-02 UTC\") | time",
	    "[\"2026-13-02T03:04:05Z\",\"2026-01-02T03:04:05Z\","
	    "\"2026-01-02T03:04:05Z\",\"2026-01-02T08:04:05Z\","
	    "\"2016-12-31T23:59:60Z\",\"2026-01-02T00:00:00Z\"]" },
	{ "ago(30)", "[\"2026-10-22T12:00:00Z\"]" },
	{ "\"\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\\u00e9\", \"\"",
	    "[\"\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\303\251\",\"\"]" },
	{ "[], {}, {\"a\\n\": [{}, [1, true]]}, null, 1.5, 1e17, -7",
	    "[[],{},{\"a\\n\":[{},[1,true]]},null,1.5,1e+17,-7]" },
	{ "\"<b>\" | markdown", "[{\"html\":\"<b>\"}]" },
	{ "1 # a comment at the end", "[1]" },
};

START_TEST(the_scope_is_that_of_the_manual)
{
	NEEDS_MAP();
	bed_start(scope[_i].program);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), scope[_i].entities);
	map_teardown();
}
END_TEST

/* What ends with an error; what came before it stays. */
static const struct {
	const char *program, *why;
} errors[] = {
	{ "error(\"bad\")", "bad" },
	{ "error({a: 1})", "an error that is no text: {\"a\":1}" },
	{ ".b[]", "Cannot iterate over null" },
	{ ".a.b.c", "Cannot index " },
	{ "env", "env is not there" },
	{ "env.PATH", "env is not there" },
	{ "$ENV.PATH | if . == null then error(\"no PATH\") else . end",
	    "no PATH" },
	{ "input", "input is not there" },
	{ "inputs", "inputs is not there" },
	{ "halt", "halt is not there" },
	{ "halt_error", "halt_error is not there" },
	{ "\"x\" | halt_error(3)", "halt_error is not there" },
	{ "get_search_list", "get_search_list is not there" },
	{ "\"x\" | modulemeta", "modulemeta is not there" },
	{ "now", "now is not there, $now is" },
	{ "debug | stderr | error(\"nothing was written\")",
	    "nothing was written" },
	{ "[input_filename, input_line_number] | error(tojson)",
	    "[null,null]" },
	{ "null | time", "no time: null" },
	{ "1e300 | time", "no time: " },
	{ "\"20261120\" | time", "no time: 20261120" },
	{ "\"20261120100000\" | time", "no time: 20261120100000" },
	{ "\"noon\" | time", "no time: noon" },
};

START_TEST(an_error_keeps_what_came_before)
{
	char program[256];

	NEEDS_MAP();
	(void)snprintf(
	    program, sizeof(program), "{n: 1}, (%s)", errors[_i].program);
	bed_start(program);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_ERROR);
	ck_assert_msg(
	    strncmp(bed_why, errors[_i].why, strlen(errors[_i].why)) == 0,
	    "%s: %s", errors[_i].program, bed_why);
	ck_assert_str_eq(bed_text(), "[{\"n\":1}]");
	/* The worker lives. */
	ck_assert_int_eq(map_master_workers(bed_master), 1);
	map_teardown();
}
END_TEST

/* These leave the parentheses that are around a program, and find nothing that
 * is not within. */
static const struct {
	const char *program, *why;
} leaving[] = {
	{ "1) | (env", "env is not there" },
	{ "1) | env, (.", "env is not there" },
	{ ".) | $ENV.PATH, input | (.", "input is not there" },
	{ "1) as $x | halt, (1", "halt is not there" },
	{ "1) | [$dot, $ENV] | error(tojson), (1",
	    "[{\"observable\":{\"type\":\"ip\",\"value\":\"1.2.3.4\"}," },
};

START_TEST(nothing_is_found_outside_of_the_parentheses)
{
	NEEDS_MAP();
	ck_assert_int_eq(setenv("CANARY", "xanthic", 1), 0);
	bed_start(leaving[_i].program);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_ERROR);
	ck_assert_msg(
	    strncmp(bed_why, leaving[_i].why, strlen(leaving[_i].why)) == 0,
	    "%s: %s", leaving[_i].program, bed_why);
	ck_assert_ptr_null(strstr(bed_why, "xanthic"));
	map_teardown();
}
END_TEST

/* What ends the worker, and only the worker. */
static const struct {
	const char *program, *answer;
	enum map_result result;
} deadly[] = {
	/* An honest program and a hostile answer; to jq 1.7 it is an error. */
	{ ".a | todate", "1e300", MAP_CRASHED },
	{ "def f: f; f", "1", MAP_LATE },
	{ "[1 | recurse(. + 1)] | length", "1", MAP_LATE },
	{ "def f(g): g | f(g); f(.)", "1", MAP_LATE },
	{ "[limit(20000000; repeat(\"abcdefgh\"))] | length", "1", MAP_MEMORY },
	{ "reduce range(40) as $i (\"0123456789\"; . + .) | length", "1",
	    MAP_MEMORY },
	{ "reduce range(1000000) as $i (null; [.]) | length", "1",
	    MAP_CRASHED },
	{ "def f: 1 + f; f", "1", MAP_MEMORY },
};

START_TEST(what_a_program_does_ends_its_worker_alone)
{
	const struct map_program list[] = { { "a/map.jq", deadly[_i].program },
		{ "b/map.jq", ".a" } };
	enum map_result r;
	pid_t before;

	NEEDS_MAP();
	bed_start_many(list, COUNT(list));
	ck_assert_int_eq(bed_ask(1, "1"), MAP_DONE);
	before = bed_worker_pid();
	r = bed_ask(0, deadly[_i].answer);
	/* A slow machine is late before it is out of memory, or of stack. */
	ck_assert_msg(r == deadly[_i].result || r == MAP_LATE ||
		(r == MAP_MEMORY && deadly[_i].result == MAP_LATE) ||
		(_i == 0 && r == MAP_ERROR),
	    "%s: %d %s", deadly[_i].program, (int)r, bed_why);
	if (r != MAP_ERROR) {
		ck_assert_ptr_null(bed_entities);
		bed_wait_none();
	}
	ck_assert_int_eq(bed_ask(1, "2"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[2]");
	ck_assert_int_eq(bed_worker_pid() == before, r == MAP_ERROR);
	map_teardown();
}
END_TEST

START_TEST(a_deadline_of_the_request_that_is_nearer_counts)
{
	int64_t begun = clock_ms();
	int i;

	NEEDS_MAP();
	bed_start("def f: f; f");
	/* And says nothing of the program. */
	for (i = 0; i < 6; i++)
		ck_assert_int_eq(bed_ask_within(0, "1", 50), MAP_LATE);
	ck_assert_int_ge(clock_ms() - begun, 300);
	bed_wait_none();
	map_teardown();
}
END_TEST

/* Levels of arrays for which no stack has room. */
#define DEEP "400000"

START_TEST(a_program_that_crashes_five_times_in_a_row_is_off)
{
	const struct map_program list[] = {
		{ "a/map.jq",
		    "if .a then reduce range(.a) as $i (null; [.]) | length "
		    "else 1 end" },
		{ "b/map.jq", ".a" }
	};
	int i;

	NEEDS_MAP();
	bed_start_many(list, COUNT(list));
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(bed_ask(0, DEEP), MAP_CRASHED);
	/* One that is well ends the row. */
	ck_assert_int_eq(bed_ask(0, "null"), MAP_DONE);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(bed_ask(0, DEEP), MAP_CRASHED);
	ck_assert_int_eq(bed_ask(0, "null"), MAP_OFF);
	ck_assert_ptr_null(bed_entities);
	/* The others are not. */
	ck_assert_int_eq(bed_ask(1, "1"), MAP_DONE);
	map_teardown();
}
END_TEST

/* It is the machine's, not the program's. */
START_TEST(a_worker_that_cannot_be_forked_is_no_crash)
{
	const struct rlimit none = { 0, 0 };
	int i;

	NEEDS_MAP();
	bed_find();
	/* The limit does not hold for root. */
	if (geteuid() == 0) {
		ck_assert_int_eq(setresgid(54321, 54321, 54321), 0);
		ck_assert_int_eq(setresuid(54321, 54321, 54321), 0);
	}
	if (access(map_path, X_OK) == -1)
		SKIP("only root may start ctim-relay-map here");
	bed_start(".a");
	ck_assert_int_eq(
	    prlimit(map_master_pid(bed_master), RLIMIT_NPROC, &none, NULL), 0);
	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(bed_ask(0, "1"), MAP_NONE);
		ck_assert_str_eq(bed_why,
		    "there is no map worker: Resource temporarily unavailable");
	}
	map_teardown();
}
END_TEST

START_TEST(errors_are_no_reason_to_be_off)
{
	int i;

	NEEDS_MAP();
	bed_start("error(\"x\")");
	for (i = 0; i < 12; i++)
		ck_assert_int_eq(bed_ask(0, "1"), MAP_ERROR);
	map_teardown();
}
END_TEST

START_TEST(large_questions_and_answers_pass)
{
	struct buf text;
	size_t i;

	NEEDS_MAP();
	bed_start(".a | {type: \"sighting\", description: .}");
	buf_init(&text, 16U << 20);
	(void)buf_addc(&text, '"');
	for (i = 0; i < (4U << 20) / 16; i++)
		(void)buf_adds(&text, "0123456789abcdef");
	(void)buf_addc(&text, '"');
	ck_assert_int_eq(bed_ask(0, text.data), MAP_DONE);
	ck_assert_uint_eq(
	    strlen(jsonin_string(jsonin_at(bed_entities, 0), "description")),
	    4U << 20);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
	buf_free(&text);
	map_teardown();
}
END_TEST

/* What is more than an answer may have. */
static const struct {
	const char *program, *why;
	size_t entities;
} large[] = {
	{ "1, (\"x\" * 9000000 | ., .)", "the map writes more than 16 MB", 2 },
	{ "range(100001)", "the map writes more than 100000 entities", 100000 },
	{ "1, [2], [range(200001)], 3",
	    "what it writes cannot be read: too many values", 2 },
	{ "range(70000) | [., 1]",
	    "what it writes cannot be read: too many values", 66666 },
};

START_TEST(an_answer_has_limits)
{
	NEEDS_MAP();
	map_time = 100 * MAP_TIME;
	bed_start(large[_i].program);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_ERROR);
	ck_assert_str_eq(bed_why, large[_i].why);
	ck_assert_uint_eq(jsonin_length(bed_entities), large[_i].entities);
	map_teardown();
}
END_TEST

START_TEST(what_is_nested_too_deep_is_its_text_with_the_reason)
{
	struct json_object *one;

	NEEDS_MAP();
	bed_start("1, reduce range(32) as $i (3; [.]), "
		  "reduce range(31) as $i (4; [.]), null");
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
	ck_assert_uint_eq(jsonin_length(bed_entities), 4);
	one = jsonin_at(bed_entities, 1);
	ck_assert_str_eq(jsonin_text(one),
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[3]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
	    "]");
	ck_assert_str_eq(json_object_get_userdata(one), "nested too deep");
	ck_assert_int_eq(
	    json_object_get_type(jsonin_at(bed_entities, 2)), json_type_array);
	map_teardown();
}
END_TEST

/* A program that cannot be compiled, and the line that says where and why. */
static const struct {
	const char *program, *why;
} wrong[] = {
	{ "{a: 1,\n b: 2}\n| {c: .a // 2}",
	    "x/map.jq:3: syntax error, unexpected //, expecting '}' (jq wants "
	    "parentheses around a value with // in an object)" },
	{ "1 as $label | 2",
	    "x/map.jq:1: syntax error, unexpected label, expecting IDENT (a "
	    "word of jq, such as label, is no name of a variable)" },
	{ "1 |\n\nnothing_is_called_so",
	    "x/map.jq:3: nothing_is_called_so/0 is not defined" },
	{ "import \"a\" as a; 1",
	    "x/map.jq:1: syntax error, unexpected import" },
	{ "include \"a\"; 1", "x/map.jq:1: syntax error, unexpected include" },
	{ "$__prog_args", "x/map.jq:1: $__prog_args is not defined" },
	{ "\n. | (", "x/map.jq:3: syntax error, unexpected " },
	{ "1)", "x/map.jq:2: syntax error, unexpected " },
	{ "1]", "x/map.jq:1: syntax error, unexpected " },
	{ "", "x/map.jq:2: syntax error, unexpected ')'" },
};

/* What was told of programs, a line each. */
static char told[4 * MAP_LINE];

static void
tell(void *arg, size_t program, const char *line)
{
	const size_t n = strlen(told);

	(void)arg;
	(void)snprintf(told + n, sizeof(told) - n, "%zu %s\n", program, line);
}

START_TEST(what_cannot_be_compiled_is_named_with_its_line)
{
	const struct map_program p = { "x/map.jq", wrong[_i].program };

	NEEDS_MAP();
	bed_find();
	told[0] = '\0';
	bed_master =
	    map_master_start(&p, 1, tell, NULL, bed_why, sizeof(bed_why));
	ck_assert_msg(bed_master != NULL, "%s", bed_why);
	/* jq 1.7 has variables of these names. */
	if (told[0] == '\0')
		ck_assert_ptr_nonnull(strstr(wrong[_i].why, "IDENT"));
	else
		ck_assert_msg(strncmp(told + 2, wrong[_i].why,
				  strlen(wrong[_i].why)) == 0,
		    "%s", told);
	map_teardown();
}
END_TEST

START_TEST(all_programs_that_are_wrong_are_told_and_the_others_run)
{
	const struct map_program list[] = { { "a/map.jq", "1" },
		{ "b/map.jq", "\n(" }, { "c/map.jq", ")" },
		{ "d/map.jq", "4" } };
	const char *second;

	NEEDS_MAP();
	bed_find();
	told[0] = '\0';
	bed_master = map_master_start(
	    list, COUNT(list), tell, NULL, bed_why, sizeof(bed_why));
	ck_assert_msg(bed_master != NULL, "%s", bed_why);
	ck_assert_msg(strncmp(told, "1 b/map.jq:3: ", 14) == 0, "%s", told);
	second = strchr(told, '\n') + 1;
	ck_assert_msg(strncmp(second, "2 c/map.jq:1: ", 14) == 0, "%s", told);
	ck_assert_str_eq(strchr(second, '\n'), "\n");
	bed_worker = map_worker_new(bed_master);
	ck_assert_int_eq(bed_ask(3, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[4]");
	ck_assert_int_eq(bed_ask(1, "1"), MAP_NONE);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[1]");
	map_teardown();
}
END_TEST

START_TEST(a_program_can_be_compiled_when_it_is_asked)
{
	const struct map_program list[] = { { "a/map.jq", "\"a\"" },
		{ "b/map.jq", "(" }, { "c/map.jq", "\"c\"" } };

	NEEDS_MAP();
	bed_find();
	bed_master =
	    map_master_later(list, COUNT(list), bed_why, sizeof(bed_why));
	ck_assert_msg(bed_master != NULL, "%s", bed_why);
	bed_worker = map_worker_new(bed_master);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[\"a\"]");
	/* The worker that is there has it not. */
	ck_assert_int_eq(bed_ask(2, "1"), MAP_DONE);
	ck_assert_str_eq(bed_text(), "[\"c\"]");
	ck_assert_int_eq(bed_ask(1, "1"), MAP_NONE);
	ck_assert_msg(
	    strncmp(bed_why, "2: syntax error", 15) == 0, "%s", bed_why);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
	map_teardown();
}
END_TEST

/* Memory runs out when the first program is compiled: that is no error of it. */
START_TEST(a_program_is_compiled_once_there_is_memory)
{
	const struct map_program list[] = { { "a/map.jq", "\"a\"" },
		{ "b/map.jq", "\"b\"" } };
	int later;

	NEEDS_MAP();
	for (later = 0; later < 2; later++) {
		bed_find_other("starved-map");
		bed_master = later ?
		    map_master_later(
			list, COUNT(list), bed_why, sizeof(bed_why)) :
		    map_master_start(list, COUNT(list), bed_wrong, NULL,
			bed_why, sizeof(bed_why));
		ck_assert_msg(bed_master != NULL, "%s", bed_why);
		bed_worker = map_worker_new(bed_master);
		if (later) {
			ck_assert_int_eq(bed_ask(0, "1"), MAP_NONE);
			ck_assert_str_eq(bed_why,
			    "there is no map worker: Cannot allocate memory");
		} else {
			ck_assert_int_eq(bed_ask(1, "1"), MAP_DONE);
			ck_assert_str_eq(bed_text(), "[\"b\"]");
		}
		ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
		ck_assert_str_eq(bed_text(), "[\"a\"]");
		map_teardown();
	}
}
END_TEST

START_TEST(a_machine_without_the_program_says_so)
{
	const struct map_program p = { "x/map.jq", "1" };

	map_path = "/nowhere/ctim-relay-map";
	ck_assert_ptr_null(
	    map_master_start(&p, 1, tell, NULL, bed_why, sizeof(bed_why)));
	ck_assert_str_eq(bed_why, "/nowhere/ctim-relay-map: is not installed");
	/* What is no map master. */
	map_path = "/bin/true";
	ck_assert_ptr_null(
	    map_master_start(&p, 1, tell, NULL, bed_why, sizeof(bed_why)));
	ck_assert_str_eq(bed_why, "ctim-relay-map does not start");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("map");
	TCase *tcase = tcase_create("map");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, map_setup, NULL);
	tcase_add_test(tcase, entities_come_in_order);
	tcase_add_test(tcase, a_program_that_writes_nothing_knows_nothing);
	tcase_add_test(tcase, each_program_has_its_number);
	tcase_add_test(tcase, one_worker_answers_again_and_again);
	tcase_add_loop_test(
	    tcase, the_scope_is_that_of_the_manual, 0, COUNT(scope));
	tcase_add_loop_test(
	    tcase, an_error_keeps_what_came_before, 0, COUNT(errors));
	tcase_add_loop_test(tcase, nothing_is_found_outside_of_the_parentheses,
	    0, COUNT(leaving));
	tcase_add_loop_test(
	    tcase, what_a_program_does_ends_its_worker_alone, 0, COUNT(deadly));
	tcase_add_test(tcase, a_deadline_of_the_request_that_is_nearer_counts);
	tcase_add_test(
	    tcase, a_program_that_crashes_five_times_in_a_row_is_off);
	tcase_add_test(tcase, a_worker_that_cannot_be_forked_is_no_crash);
	tcase_add_test(tcase, errors_are_no_reason_to_be_off);
	tcase_add_test(tcase, large_questions_and_answers_pass);
	tcase_add_loop_test(tcase, an_answer_has_limits, 0, COUNT(large));
	tcase_add_test(
	    tcase, what_is_nested_too_deep_is_its_text_with_the_reason);
	tcase_add_loop_test(tcase,
	    what_cannot_be_compiled_is_named_with_its_line, 0, COUNT(wrong));
	tcase_add_test(
	    tcase, all_programs_that_are_wrong_are_told_and_the_others_run);
	tcase_add_test(tcase, a_program_can_be_compiled_when_it_is_asked);
	tcase_add_test(tcase, a_program_is_compiled_once_there_is_memory);
	tcase_add_test(tcase, a_machine_without_the_program_says_so);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
