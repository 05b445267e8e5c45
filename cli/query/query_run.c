/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/command.h"
#include "cli/query/query_options.h"
#include "cli/query/query_run.h"
#include "cli/query/resume.h"
#include "cli/terminal/interrupt.h"
#include "cli/terms/terms.h"
#include "cli/view/answers.h"
#include "json/jsonin.h"

#define ANSWER_MAX    (256U << 20) /* bytes of an answer */
#define ANSWER_VALUES 20000000     /* JSON values in it */
#define BODY_MAX      (64U << 20)  /* [server] max_body's most */

int
query_run_begin(struct query_run *run, const struct command *cmd,
    const struct query_options *o, struct terms *asked, const char *relay)
{
	*run = (struct query_run){ .cmd = cmd,
		.options = o,
		.asked = asked,
		.about = { .cmd = cmd,
		    .asked = asked,
		    .relay = relay,
		    .all = o->all,
		    .list = o->route->observables && !o->route->entities } };
	complaints_init(&run->complaints);
	run->view = o->view->begin(&run->about);
	return run->view != NULL ?
	    CMD_OK :
	    command_fail(cmd, CMD_FAILED, "no memory left");
}

int
query_run_take(
    struct query_run *run, size_t from, size_t to, struct json_object *answer)
{
	struct answers f;
	int status = CMD_OK;

	if (answers_init(&f, answer) == -1)
		return command_fail(run->cmd, CMD_FAILED, "no memory left");
	if (f.data != NULL && !run->about.data) {
		run->about.data = true;
		run->about.list = json_object_is_type(f.data, json_type_array);
	}
	run->malicious += f.malicious;
	run->failed = run->failed || answers_status(&f) == CMD_FAILED ||
	    jsonin_length(jsonin_member(answer, "errors")) > 0;
	complaints_take(&run->complaints, answer);
	if (run->options->view->take(run->view, &f, from, to) == -1)
		status = command_fail(run->cmd, CMD_FAILED,
		    "the answer could not be shown: no memory left, or the "
		    "output is full");
	answers_free(&f);
	return status;
}

/* Whether this is the answer of a relay, or at least of a gateway. */
static bool
is_answer(struct json_object *answer)
{
	return jsonin_member(answer, "data") != NULL ||
	    jsonin_member(answer, "errors") != NULL ||
	    jsonin_member(answer, "code") != NULL;
}

/* Keeps an answer for another run, which asks again for one that lacks
 * something. */
static int
query_run_keep(struct query_run *run, size_t from, size_t to,
    const struct buf *text, struct json_object *answer)
{
	bool whole = jsonin_length(jsonin_member(answer, "errors")) == 0;

	if (run->state == NULL ||
	    resume_add(run->state, from, to, whole, text->data, text->len) == 0)
		return CMD_OK;
	return command_fail(run->cmd, CMD_FAILED,
	    "%s: %s; without it the query does not go on", run->options->state,
	    strerror(errno));
}

int
query_run_answer(
    struct query_run *run, size_t from, size_t to, const struct buf *text)
{
	struct json_object *answer;
	const char *why = NULL;
	int status;

	answer = jsonin_parse(text->data, text->len, ANSWER_VALUES, &why);
	if (!json_object_is_type(answer, json_type_object))
		status = command_fail(run->cmd, CMD_FAILED,
		    "the answer is no JSON object: %s",
		    why != NULL ? why : "something else");
	else if (!is_answer(answer))
		status = command_fail(run->cmd, CMD_FAILED,
		    "this is no answer of a relay: it has neither \"data\" nor "
		    "\"errors\"");
	else {
		/* Without data everything failed, and would fail again. */
		run->stopped = jsonin_member(answer, "data") == NULL;
		if ((status = query_run_take(run, from, to, answer)) ==
			CMD_OK &&
		    !run->stopped) {
			run->answered += to - from;
			status = query_run_keep(run, from, to, text, answer);
		}
	}
	json_object_put(answer);
	return status;
}

/* Finds the next observables in a row that have no answer; false: none. */
static bool
query_run_next(const struct query_run *run, size_t *from, size_t *to)
{
	if (run->state != NULL)
		return resume_next(run->state, from, to);
	*to = run->asked->n;
	return *from < *to;
}

static void
show_progress(struct query_run *run)
{
	size_t before =
	    run->state == NULL ? 0 : resume_done(run->state) - run->answered;
	char news[64] = "";

	if (run->malicious > 0)
		snprintf(news, sizeof(news), ", %zu malicious", run->malicious);
	progress_count(&run->progress, before + run->answered, before, news);
}

/* Asks about observables from a place on; *to becomes the place behind the last
 * of them. */
static int
ask_batch(struct query_run *run, size_t from, size_t *to)
{
	struct buf body, answer;
	const char *why = NULL;
	size_t n = asker_batch(run->asker);
	int status = CMD_OK;

	buf_init(&body, BODY_MAX);
	buf_init(&answer, ANSWER_MAX);
	if (run->options->route->observables)
		*to = terms_body(run->asked, from,
		    *to - from < n ? *to - from : n, asker_bytes(run->asker),
		    &body);
	if (body.failed)
		why = "that is more than a request may hold";
	else
		why = asker_ask(run->asker, &body, &answer);
	if (interrupt_came()) {
		run->stopped = true;
	} else if (why != NULL) {
		progress_end(&run->progress);
		status = command_fail(run->cmd, CMD_FAILED, "%s", why);
	} else
		status = query_run_answer(run, from, *to, &answer);
	buf_free(&body);
	buf_free(&answer);
	return status;
}

/* Shows progress for a query that takes a while, unless it would stand between
 * printed lines. */
static void
begin_progress(struct query_run *run)
{
	size_t n = run->asked->n;

	if (n <= asker_batch(run->asker) ||
	    (run->options->view->streams && isatty(STDOUT_FILENO)))
		return;
	progress_begin(&run->progress, n);
	show_progress(run);
}

static void
ask_all(struct query_run *run)
{
	size_t from = 0, to;

	while (!run->stopped && query_run_next(run, &from, &to)) {
		if (interrupt_came() || ask_batch(run, from, &to) != CMD_OK)
			run->stopped = true;
		else if (!run->stopped)
			show_progress(run);
		from = to;
	}
}

void
query_run_ask(struct query_run *run)
{
	size_t from = 0, to;

	if (run->options->route->observables &&
	    !query_run_next(run, &from, &to))
		return;
	if (asker_open(run->asker) != CMD_OK) {
		run->stopped = true;
		return;
	}
	interrupt_catch(true);
	begin_progress(run);
	if (run->options->route->observables)
		ask_all(run);
	else if (ask_batch(run, 0, &(size_t){ 0 }) != CMD_OK)
		run->stopped = true;
	progress_end(&run->progress);
}

/* Says what is missing, and how to go on. */
static void
say_stopped(const struct query_run *run)
{
	size_t n = run->asked->n,
	       done =
		   run->state == NULL ? run->answered : resume_done(run->state);

	if (interrupt_came())
		fprintf(stderr, "ctim-relay query: interrupted\n");
	if (n <= 1 || run->options->answer != NULL)
		return;
	fprintf(stderr,
	    "ctim-relay query: %zu of %zu observables were asked about; ", done,
	    n);
	if (run->state != NULL)
		fprintf(stderr, "the same command goes on from there\n");
	else
		fprintf(stderr,
		    "with --state FILE, the same command can go on from "
		    "there\n");
}

int
query_run_end(struct query_run *run, int status)
{
	bool shown = status == CMD_OK;

	if (run->view != NULL && shown) {
		if (run->options->view->end(run->view) == -1)
			status = command_fail(run->cmd, CMD_FAILED,
			    "the answer could not be shown: no memory left, or "
			    "the output is full");
		(void)fflush(stdout);
	}
	complaints_print(&run->complaints);
	if (shown && run->stopped)
		say_stopped(run);
	if (resume_close(run->state) == -1)
		status = command_fail(run->cmd, CMD_FAILED, "%s: %s",
		    run->options->state, strerror(errno));
	if (run->view != NULL)
		run->options->view->release(run->view);
	complaints_free(&run->complaints);
	if (status == CMD_OK && run->malicious > 0)
		return CMD_MALICIOUS;
	/* Nobody knows about observables that were left out. */
	if (status == CMD_OK &&
	    (run->failed || run->stopped || run->asked->left_out > 0))
		return CMD_FAILED;
	return status;
}
