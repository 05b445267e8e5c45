#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "asked.h"
#include "buf.h"
#include "command.h"
#include "ctim.h"
#include "jsonin.h"
#include "report.h"
#include "table.h"
#include "text.h"

#define KEY_MAX		4096	/* bytes of "TYPE:VALUE" */
#define TEXT_LINE	65536	/* bytes of a message that are shown */

/* An answer with what is looked up in it. */
struct report {
	struct json_object	*data;
	struct json_object	*judgements;	/* by id */
	struct json_object	*decided;	/* "TYPE:VALUE" with a verdict */
	struct json_object	*mentioned;	/* with anything else */
	struct table		*table;
	size_t			 tally[CTIM_UNKNOWN + 1];
	size_t			 nothing, not_taken;
};

static struct json_object *
docs(const struct report *r, enum ctim_kind kind)
{
	return jsonin_member(jsonin_member(r->data, ctim_kind_plural(kind)),
	    "docs");
}

static void
key_of(char key[KEY_MAX], const char *type, const char *value)
{
	snprintf(key, KEY_MAX, "%s:%s", type == NULL ? "" : type,
	    value == NULL ? "" : value);
}

static void
key_of_observable(char key[KEY_MAX], struct json_object *observable)
{
	key_of(key, jsonin_string(observable, "type"),
	    jsonin_string(observable, "value"));
}

static void
remember(struct json_object *set, struct json_object *observable)
{
	char	key[KEY_MAX];

	key_of_observable(key, observable);
	json_object_object_add(set, key, json_object_new_boolean(true));
}

static bool
is_in(struct json_object *set, const char *key)
{
	struct json_object	*value;

	return jsonin_has(set, key, &value);
}

static void
index_answer(struct report *r, struct json_object *answer)
{
	struct json_object	*list, *one;
	const char		*id;

	r->data = jsonin_member(answer, "data");
	r->judgements = json_object_new_object();
	r->decided = json_object_new_object();
	r->mentioned = json_object_new_object();
	list = docs(r, CTIM_VERDICT);
	for (size_t i = 0; i < jsonin_length(list); i++)
		remember(r->decided, jsonin_member(jsonin_at(list, i),
		    "observable"));
	list = docs(r, CTIM_JUDGEMENT);
	for (size_t i = 0; i < jsonin_length(list); i++) {
		one = jsonin_at(list, i);
		remember(r->mentioned, jsonin_member(one, "observable"));
		if ((id = jsonin_string(one, "id")) != NULL)
			json_object_object_add(r->judgements, id,
			    json_object_get(one));
	}
	list = docs(r, CTIM_SIGHTING);
	for (size_t i = 0; i < jsonin_length(list); i++) {
		one = jsonin_member(jsonin_at(list, i), "observables");
		for (size_t k = 0; k < jsonin_length(one); k++)
			remember(r->mentioned, jsonin_at(one, k));
	}
}

static void
index_free(struct report *r)
{
	json_object_put(r->judgements);
	json_object_put(r->decided);
	json_object_put(r->mentioned);
	table_free(r->table);
}

/* Its number, or CTIM_UNKNOWN when it has none of the vocabulary. */
static int
disposition(struct json_object *entity)
{
	int64_t	n;

	if (jsonin_int(jsonin_member(entity, "disposition"), &n) &&
	    n >= CTIM_CLEAN && n <= CTIM_UNKNOWN)
		return (int)n;
	n = ctim_disposition(jsonin_string(entity, "disposition_name") == NULL
	    ? "" : jsonin_string(entity, "disposition_name"));
	return n == -1 ? CTIM_UNKNOWN : (int)n;
}

/* Whether entity i of judgements stands for itself, without a verdict. */
static bool
undecided(const struct report *r, struct json_object *judgement)
{
	char	key[KEY_MAX];

	key_of_observable(key, jsonin_member(judgement, "observable"));
	return !is_in(r->decided, key);
}

static enum table_colour
colour_of(int n)
{
	static const enum table_colour colours[CTIM_UNKNOWN + 1] = {
		[CTIM_CLEAN] = TABLE_GREEN,
		[CTIM_MALICIOUS] = TABLE_RED,
		[CTIM_SUSPICIOUS] = TABLE_YELLOW
	};

	return colours[n];
}

/* "2030-12-31 00:00Z"; "no end"; what it says when it is no time. */
static const char *
until(char text[CTIM_TIME_MAX], struct json_object *entity)
{
	const char	*end;
	time_t		 seconds;
	struct tm	 tm;

	end = jsonin_string(jsonin_member(entity, "valid_time"), "end_time");
	if (end == NULL || (seconds = ctim_time_parse(end)) == -1)
		return end;
	if (seconds >= CTIM_FOREVER)
		return "no end";
	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(text, CTIM_TIME_MAX, "%Y-%m-%d %H:%MZ", &tm) == 0)
		return end;
	return text;
}

/* A verdict, with the judgement that it is based on; or that judgement alone. */
static void
row(struct report *r, struct json_object *entity, struct json_object *judgement)
{
	char	time_text[CTIM_TIME_MAX];
	int	n = disposition(entity);

	table_cell(r->table, jsonin_string(jsonin_member(entity, "observable"),
	    "value"), TABLE_PLAIN);
	table_cell(r->table, ctim_disposition_name(n), colour_of(n));
	table_cell(r->table, jsonin_string(judgement, "severity"), TABLE_PLAIN);
	table_cell(r->table, jsonin_string(judgement, "source"), TABLE_PLAIN);
	table_cell(r->table, jsonin_string(judgement, "reason"), TABLE_PLAIN);
	table_cell(r->table, until(time_text, entity), TABLE_PLAIN);
	r->tally[n]++;
}

static void
row_without(struct report *r, const char *value, const char *what)
{
	table_cell(r->table, value, TABLE_PLAIN);
	table_cell(r->table, what, TABLE_DIM);
	for (int i = 0; i < 4; i++)
		table_cell(r->table, NULL, TABLE_DIM);
}

static void
rows_asked(struct report *r, const struct asked *asked)
{
	char	key[KEY_MAX];

	for (size_t i = 0; i < asked->n; i++) {
		const struct asked_one *one = &asked->list[i];

		key_of(key, observable_name(one->type), one->value);
		if (is_in(r->decided, key) || is_in(r->mentioned, key))
			continue;
		/* Asked twice, it is one row. */
		json_object_object_add(r->mentioned, key,
		    json_object_new_boolean(true));
		if (asked->types & OBSERVABLE_BIT(one->type)) {
			row_without(r, one->value, "nothing known");
			r->nothing++;
		} else {
			row_without(r, one->value, "not taken");
			r->not_taken++;
		}
	}
}

static void
print_tally(const struct report *r)
{
	static const int order[] = { CTIM_MALICIOUS, CTIM_SUSPICIOUS,
	    CTIM_CLEAN, CTIM_COMMON, CTIM_UNKNOWN };
	const char	*between = "";

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (r->tally[order[i]] == 0)
			continue;
		printf("%s%zu %s", between, r->tally[order[i]],
		    ctim_disposition_name(order[i]));
		between = ", ";
	}
	if (r->nothing > 0) {
		printf("%s%zu with nothing known", between, r->nothing);
		between = ", ";
	}
	if (r->not_taken > 0)
		printf("%s%zu of a type that this relay does not take",
		    between, r->not_taken);
	printf(between[0] == '\0' && r->not_taken == 0 ?
	    "Nothing is known.\n" : "\n");
}

static void
print_kinds(const struct report *r)
{
	const char	*between = "The answer holds ";

	for (enum ctim_kind k = 0; k < CTIM_KINDS; k++) {
		size_t n = jsonin_length(docs(r, k));

		if (n == 0)
			continue;
		printf("%s%zu %s", between, n, n == 1 ? ctim_kind_name(k) :
		    ctim_kind_plural(k));
		between = ", ";
	}
	if (between[0] == ',')
		printf(".\n");
}

static void
print_entities(struct report *r, const struct asked *asked)
{
	static const char *const names[] = { "OBSERVABLE", "DISPOSITION",
	    "SEVERITY", "SOURCE", "REASON", "VALID UNTIL", NULL };
	struct json_object	*list = docs(r, CTIM_VERDICT), *one;
	const char		*id;

	r->table = table_new(names);
	for (size_t i = 0; i < jsonin_length(list); i++) {
		one = jsonin_at(list, i);
		id = jsonin_string(one, "judgement_id");
		row(r, one, id == NULL ? NULL :
		    jsonin_member(r->judgements, id));
	}
	list = docs(r, CTIM_JUDGEMENT);
	for (size_t i = 0; i < jsonin_length(list); i++) {
		one = jsonin_at(list, i);
		if (undecided(r, one))
			row(r, one, one);
	}
	rows_asked(r, asked);
	if (table_print(r->table, stdout) == -1)
		fprintf(stderr, "ctim-relay: the table could not be printed\n");
	if (asked->n > 0 || jsonin_length(docs(r, CTIM_VERDICT)) +
	    jsonin_length(docs(r, CTIM_JUDGEMENT)) > 0)
		putchar('\n');
	print_tally(r);
	print_kinds(r);
}

static void
print_references(struct json_object *list)
{
	static const char *const names[] = { "TITLE", "DESCRIPTION", "URL",
	    NULL };
	struct table	*t = table_new(names);

	for (size_t i = 0; i < jsonin_length(list); i++) {
		struct json_object *one = jsonin_at(list, i);

		table_cell(t, jsonin_string(one, "title"), TABLE_BOLD);
		table_cell(t, jsonin_string(one, "description"), TABLE_PLAIN);
		table_cell(t, jsonin_string(one, "url"), TABLE_PLAIN);
	}
	if (jsonin_length(list) == 0)
		printf("Nothing is offered.\n");
	else if (table_print(t, stdout) == -1)
		fprintf(stderr, "ctim-relay: the table could not be printed\n");
	table_free(t);
}

/* A line of outside text, made harmless. */
static void
print_safe(FILE *f, const char *before, const char *text)
{
	struct buf	safe;

	buf_init(&safe, TEXT_LINE);
	if (text != NULL)
		text_add(&safe, text, strnlen(text, TEXT_LINE / 8));
	fprintf(f, "%s%s", before, text == NULL ? "-" : safe.data);
	buf_free(&safe);
}

static void
print_errors(struct json_object *errors)
{
	bool	colours = table_colours(stdout);

	for (size_t i = 0; i < jsonin_length(errors); i++) {
		struct json_object *one = jsonin_at(errors, i);
		const char *type = jsonin_string(one, "type");
		bool fatal = type == NULL || strcmp(type, "warning") != 0;

		fputs(table_sgr(fatal ? TABLE_RED : TABLE_YELLOW, colours),
		    stdout);
		print_safe(stdout, "", type);
		fputs(table_sgr(TABLE_PLAIN, colours), stdout);
		print_safe(stdout, ": ", jsonin_string(one, "code"));
		print_safe(stdout, ": ", jsonin_string(one, "message"));
		putchar('\n');
	}
}

/* What a gateway answers that is no relay's answer: {"code", "message"}. */
static bool
print_http_error(struct json_object *answer)
{
	struct json_object	*data;
	int64_t			 code;

	if (!jsonin_int(jsonin_member(answer, "code"), &code) ||
	    jsonin_has(answer, "data", &data))
		return false;
	printf("The gateway answered with status %lld", (long long)code);
	print_safe(stdout, ": ", jsonin_string(answer, "message"));
	putchar('\n');
	return true;
}

void
report_print(const struct command *cmd, struct json_object *answer,
    const struct asked *asked)
{
	struct report		 r = { .nothing = 0 };
	struct json_object	*errors = jsonin_member(answer, "errors");
	const char		*status;

	if (print_http_error(answer))
		return;
	index_answer(&r, answer);
	status = jsonin_string(r.data, "status");
	if (r.data == NULL && errors == NULL)
		(void)command_fail(cmd, CMD_FAILED, "this is no answer of a "
		    "relay: it has neither \"data\" nor \"errors\"");
	else if (json_object_is_type(r.data, json_type_array))
		print_references(r.data);
	else if (status != NULL) {
		print_safe(stdout, "status: ", status);
		putchar('\n');
	} else if (r.data != NULL)
		print_entities(&r, asked);
	if (r.data != NULL && jsonin_length(errors) > 0)
		putchar('\n');
	print_errors(errors);
	index_free(&r);
}

static bool
is_malicious(const struct report *r)
{
	struct json_object	*list = docs(r, CTIM_VERDICT), *one;

	for (size_t i = 0; i < jsonin_length(list); i++)
		if (disposition(jsonin_at(list, i)) == CTIM_MALICIOUS)
			return true;
	list = docs(r, CTIM_JUDGEMENT);
	for (size_t i = 0; i < jsonin_length(list); i++) {
		one = jsonin_at(list, i);
		if (disposition(one) == CTIM_MALICIOUS && undecided(r, one))
			return true;
	}
	return false;
}

int
report_status(struct json_object *answer)
{
	struct report	 r = { .nothing = 0 };
	const char	*status;
	bool		 malicious;

	index_answer(&r, answer);
	malicious = is_malicious(&r);
	status = jsonin_string(r.data, "status");
	index_free(&r);
	if (malicious)
		return CMD_MALICIOUS;
	if (!json_object_is_type(r.data, json_type_object) &&
	    !json_object_is_type(r.data, json_type_array))
		return CMD_FAILED;
	if (status != NULL && strcmp(status, "failure") == 0)
		return CMD_FAILED;
	return jsonin_length(jsonin_member(answer, "errors")) > 0 ?
	    CMD_FAILED : CMD_OK;
}
