/* SPDX-License-Identifier: MIT */
/*
 * What a map of jq would have written becomes an answer:
 *
 *	complete deliberate|observe|refer PROVIDER TITLE TYPE VALUE LIMIT
 *
 * reads lines of JSON, each a list of entities, and writes a line of JSON for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "base/buf.h"
#include "complete/complete.h"
#include "json/jsonin.h"

static struct buf plain_sent;

static int
plain_take(void *arg, const void *p, size_t n, bool push)
{
	(void)arg;
	(void)push;
	return buf_add(&plain_sent, p, n);
}

static void
plain_answer(const struct completion_of *of, struct json_object *entities)
{
	static char *const env[] = { NULL };
	struct transport client = { .env = env, .write = plain_take };
	bool refer = of->route == PROVIDER_REFER;
	struct response response;
	struct answer *a;

	buf_reset(&plain_sent);
	response_init(&response, &client);
	a = answer_new(
	    &response, refer ? ANSWER_LIST : ANSWER_ENTITIES, CTIM_SIGHTING);
	answer_observable(a, (size_t)of->limit);
	(void)(refer ? complete_refer : complete_answer)(a, of, entities);
	answer_answered(a);
	answer_finish(a);
	answer_free(a);
	puts(strstr(plain_sent.data, "\r\n\r\n") + 4);
}

int
main(int argc, char **argv)
{
	struct completion_of of = { .now = 1700000000 };
	struct observable o = { .index = 0 };
	struct json_object *entities;
	const char *why;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (argc != 7)
		return 2;
	of.route = strcmp(argv[1], "refer") == 0 ? PROVIDER_REFER :
	    strcmp(argv[1], "observe") == 0      ? PROVIDER_OBSERVE :
						   PROVIDER_DELIBERATE;
	of.provider = argv[2];
	of.title = argv[3];
	o.type = observable_type(argv[4]);
	o.value = argv[5];
	of.observable = &o;
	of.limit = atoi(argv[6]);
	buf_init(&plain_sent, 200U << 20);
	while ((n = getline(&line, &size, stdin)) > 0) {
		entities = jsonin_answer(line, (size_t)n, &why);
		if (why != NULL) {
			fprintf(stderr, "%s\n", why);
			return 1;
		}
		plain_answer(&of, entities);
		json_object_put(entities);
	}
	free(line);
	buf_free(&plain_sent);
	return 0;
}
