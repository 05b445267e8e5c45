/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "call/provider.h"
#include "cli/base/casekeys.h"
#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "cli/base/outfile.h"
#include "cli/played/alone.h"
#include "cli/provider/jsonsame.h"
#include "cli/played/played.h"
#include "cli/provider/testcase.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "os/regular.h"

#define WRONG_BYTES (1U << 20) /* of what is wrong with a case */

#define PRETTY                                               \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
	    JSON_C_TO_STRING_NOSLASHESCAPE)

enum testcase_file { CASE_REQUEST, CASE_UPSTREAM, CASE_ANSWER, CASE_FILES };

static const char *const testcase_files[CASE_FILES] = { "request.json",
	"upstream.json", "answer.json" };

/* A case that runs. */
struct testcase_running {
	const struct testcase *of;
	struct json_object *files[CASE_FILES]; /* NULL: not there */
	struct buf body;                       /* of the request */
	const char *path;                      /* of its route */
	int64_t now;
	struct json_object *got;
	bool good;
};

/* Prints a line about a file of the case, with no line end in what is outside
 * text; the case has failed. */
static void __attribute__((format(printf, 3, 4)))
testcase_fail(struct testcase_running *t, enum testcase_file file,
    const char *format, ...)
{
	struct buf line, shown;
	va_list ap;

	buf_init(&line, WRONG_BYTES);
	buf_init(&shown, WRONG_BYTES * 6);
	buf_addf(&line, "%s/%s: ", t->of->dir, testcase_files[file]);
	va_start(ap, format);
	(void)buf_vaddf(&line, format, ap);
	va_end(ap);
	text_add(&shown, line.data, line.len);
	printf("%s\n", shown.data);
	buf_free(&line);
	buf_free(&shown);
	t->good = false;
}

/* The same for each line of text. */
static void
testcase_fail_lines(struct testcase_running *t, enum testcase_file file,
    const struct buf *lines)
{
	const char *p = lines->data;
	size_t n;

	for (; *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		testcase_fail(t, file, "%.*s", (int)n, p);
	}
}

/* Reads one file.  One that is not there is told unless it may be missing. */
static void
testcase_read(struct testcase_running *t, enum testcase_file file, bool needed)
{
	char path[PATH_MAX];
	const char *why = NULL;
	struct buf text;
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", t->of->dir,
		testcase_files[file]) >= (int)sizeof(path)) {
		testcase_fail(t, file, "%s", strerror(ENAMETOOLONG));
		return;
	}
	if ((fd = regular_open(path, O_RDONLY, &st, &why)) == -1) {
		if (needed || errno != ENOENT)
			testcase_fail(t, file, "%s", why);
		return;
	}
	buf_init(&text, TESTCASE_BYTES);
	if (infile_all(fd, &text) == -1)
		testcase_fail(t, file, "%s", strerror(errno));
	else if ((t->files[file] = jsonin_parse(
		      text.data, text.len, JSON_ANSWER_VALUES, &why)) == NULL)
		testcase_fail(
		    t, file, "is no JSON: %s", why != NULL ? why : "null");
	close(fd);
	buf_free(&text);
}

/* A route as a case names it, and as the gateway does. */
static const struct {
	const char *name, *path;
} testcase_routes[] = { { "observe", "observe/observables" },
	{ "deliberate", "deliberate/observables" },
	{ "refer", "refer/observables" }, { "health", "health" } };

/* The whole path is taken for the name, too. */
static bool
testcase_route(struct testcase_running *t)
{
	const char *route = jsonin_string(t->files[CASE_REQUEST], "route");
	size_t i;

	for (i = 0; route != NULL &&
	     i < sizeof(testcase_routes) / sizeof(*testcase_routes);
	     i++)
		if (strcmp(route, testcase_routes[i].name) == 0 ||
		    strcmp(route, testcase_routes[i].path) == 0) {
			t->path = testcase_routes[i].path;
			return true;
		}
	testcase_fail(t, CASE_REQUEST,
	    "has no \"route\": observe, deliberate, refer or health");
	return false;
}

/* Another member is a slip of the pen. */
static bool
testcase_members(struct testcase_running *t)
{
	static const char *const members[] = { "route", "now", "claims",
		"body" };
	const size_t n = sizeof(members) / sizeof(*members);
	struct json_object *request = t->files[CASE_REQUEST];
	bool good = true;
	size_t i;

	if (!json_object_is_type(request, json_type_object))
		return true; /* which has no route */
	json_object_object_foreach(request, key, value)
	{
		(void)value;
		for (i = 0; i < n && strcmp(members[i], key) != 0; i++)
			;
		if (i < n)
			continue;
		testcase_fail(t, CASE_REQUEST,
		    "has a member %s; there are route, now, claims, body", key);
		good = false;
	}
	return good;
}

static bool
testcase_request(struct testcase_running *t)
{
	struct json_object *request = t->files[CASE_REQUEST];
	struct json_object *body;
	const char *now = jsonin_string(request, "now");

	if (!testcase_members(t) || !testcase_route(t))
		return false;
	if (now == NULL || (t->now = rfc3339_parse(now)) <= 0) {
		testcase_fail(t, CASE_REQUEST,
		    "has no \"now\" as in 2026-11-21T12:00:00Z");
		return false;
	}
	if (jsonin_has(request, "body", &body))
		buf_adds(&t->body,
		    json_object_to_json_string_ext(
			body, JSON_C_TO_STRING_PLAIN));
	return true;
}

static void
testcase_secret(void *arg, const char *claim)
{
	const struct testcase_running *t = arg;

	(void)text_print(stderr, t->of->dir);
	fprintf(stderr, "/request.json: warning: ");
	(void)text_print(stderr, claim);
	fprintf(
	    stderr, " looks like a real key; a case has one that is made up\n");
}

static void
testcase_ask(struct testcase_running *t)
{
	struct json_object *claims =
	    jsonin_member(t->files[CASE_REQUEST], "claims");
	const struct alone_request request = { .path = t->path,
		.claims = claims == NULL ? "{}" :
					   json_object_to_json_string_ext(
					       claims, JSON_C_TO_STRING_PLAIN),
		.body = t->body.data,
		.len = t->body.len,
		.now = t->now };
	const char *error = alone_ask(t->of->alone, &request, &t->got);

	if (error != NULL)
		testcase_fail(t, CASE_REQUEST, "no answer came: %s", error);
}

static void
testcase_write(struct testcase_running *t)
{
	char path[PATH_MAX];
	struct outfile file;

	snprintf(path, sizeof(path), "%s/%s", t->of->dir,
	    testcase_files[CASE_ANSWER]);
	if (outfile_begin(t->of->cmd, &file, path, 0644) != CMD_OK) {
		t->good = false;
		return;
	}
	fprintf(
	    file.file, "%s\n", json_object_to_json_string_ext(t->got, PRETTY));
	if (outfile_end(t->of->cmd, &file, true) != CMD_OK)
		t->good = false;
}

static void
testcase_compare(struct testcase_running *t)
{
	bool before = t->good;
	struct buf what;

	buf_init(&what, WRONG_BYTES);
	if (t->files[CASE_ANSWER] == NULL) {
		testcase_fail(t, CASE_ANSWER, "is new");
	} else if (!jsonsame(t->files[CASE_ANSWER], t->got, &what)) {
		testcase_fail(t, CASE_ANSWER, "another answer came");
		printf("    ");
		(void)text_print(stdout, what.data);
		putchar('\n');
	}
	if (t->of->accept && before && !t->good) {
		t->good = true;
		testcase_write(t);
	}
	buf_free(&what);
}

static void
testcase_play(struct testcase_running *t)
{
	struct buf wrong;

	buf_init(&wrong, WRONG_BYTES);
	played_case(t->files[CASE_UPSTREAM], t->now, &wrong);
	if (wrong.len == 0) {
		testcase_ask(t);
		played_end(&wrong);
	}
	testcase_fail_lines(t, CASE_UPSTREAM, &wrong);
	if (t->got != NULL)
		testcase_compare(t);
	if (t->of->accept && wrong.len > 0)
		testcase_fail(t, CASE_ANSWER,
		    "is not written: what comes without these calls is no "
		    "answer to keep; mend upstream.json first");
	buf_free(&wrong);
}

bool
testcase_run(const struct testcase *of)
{
	struct testcase_running t = { .of = of, .good = true };
	size_t i;

	buf_init(&t.body, TESTCASE_BYTES);
	for (i = 0; i < CASE_FILES; i++)
		testcase_read(
		    &t, (enum testcase_file)i, i != CASE_ANSWER || !of->accept);
	if (t.good && testcase_request(&t)) {
		casekeys_look(of->alone->conf->relays->provider,
		    t.files[CASE_REQUEST], testcase_secret, &t);
		testcase_play(&t);
	}
	for (i = 0; i < CASE_FILES; i++)
		json_object_put(t.files[i]);
	json_object_put(t.got);
	buf_free(&t.body);
	return t.good;
}
