/* SPDX-License-Identifier: MIT */
/*
 * What a service answers to a described provider becomes an answer:
 *
 *	mapped DIR
 *
 * reads lines of JSON, each {"request", "upstream"} with what these files of a
 * case have, and writes a line of JSON for each: the answer, or {"error": why there is none}.  Calls that the case does not have fail.
 * A text of upstream may have bytes that are no UTF-8.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "cli/played/alone.h"
#include "cli/played/played.h"
#include "json/jsonin.h"

#define MAPPED_WRONG 65536

static const char *
mapped_text(struct json_object *v)
{
	return v == NULL ?
	    "{}" :
	    json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN);
}

/* Asks as the case says; why there is no answer, or NULL. */
static const char *
mapped_ask(
    const struct alone *a, struct json_object *of, struct json_object **answer)
{
	struct json_object *request = jsonin_member(of, "request"),
			   *body = jsonin_member(request, "body");
	const char *route = jsonin_string(request, "route"), *why;
	const char *now = jsonin_string(request, "now");
	char path[256];
	struct buf wrong;
	struct alone_request r = { .path = path,
		.claims = mapped_text(jsonin_member(request, "claims")),
		.body = body == NULL ? "" : mapped_text(body) };

	snprintf(path, sizeof(path), "%s%s", route,
	    strcmp(route, "health") == 0 || strchr(route, '/') != NULL ?
		"" :
		"/observables");
	r.len = strlen(r.body);
	r.now = rfc3339_parse(now);
	buf_init(&wrong, MAPPED_WRONG);
	played_case(jsonin_member(of, "upstream"), r.now, &wrong);
	why = wrong.len > 0 ? "upstream" : alone_ask(a, &r, answer);
	played_end(&wrong);
	buf_free(&wrong);
	return why;
}

static void
mapped_line(const struct alone *a, struct json_object *of)
{
	struct json_object *answer = NULL;
	const char *why = mapped_ask(a, of, &answer);

	if (why != NULL)
		printf("{\"error\": \"%s\"}\n", why);
	else
		puts(mapped_text(answer));
	json_object_put(answer);
}

int
main(int argc, char **argv)
{
	char *line = NULL, why[NETWORK_WHY];
	struct json_object *of;
	struct alone a;
	size_t size = 0;

	if (argc != 2 || played_begin(why) == -1) {
		fprintf(stderr, "%s\n", argc == 2 ? why : "usage: mapped DIR");
		return 1;
	}
	if (!alone_open(&a, argv[1]))
		return 1;
	while (getline(&line, &size, stdin) != -1) {
		of = json_tokener_parse(line);
		mapped_line(&a, of);
		json_object_put(of);
	}
	free(line);
	alone_close(&a);
	return fflush(stdout) == 0 ? 0 : 1;
}
