/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "hook/change.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/indicator.h"
#include "log/log.h"
#include "os/clock.h"
#include "store/store_action.h"
#include "token/token.h"

#define WHO_MAX        256 /* code points of who acted */

#define CHANGE_STARVED "No memory left; nothing was changed"

/* A trigger under way. */
struct changing {
	const struct relay_conf *relay;
	struct query q;
	const struct trigger *trigger;
	struct change_result *result;
	struct observable observable;
	char value[INDICATOR_MAX + 1];
	char who[4 * WHO_MAX + 1];
	struct store *store;
	struct store_action row;
};

static void __attribute__((format(printf, 3, 4)))
change_fail(struct changing *c, enum problem problem, const char *format, ...)
{
	struct change_result *result = c->result;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(result->reason, sizeof(result->reason), format, ap);
	va_end(ap);
	result->success = false;
	result->problem = problem;
}

/* The store cannot be used.  Its path is nothing for the platform, nor is what a
 * database says of its place, in brackets. */
static void
change_fail_store(struct changing *c, const char *path, const char *error)
{
	const bool url = store_is_url(path);
	char shown[STORE_SHOWN];
	size_t n = strlen(store_shown(path, shown));

	log_error("relay %s: %s", c->relay->name, error);
	if (strncmp(error, shown, n) == 0 && strncmp(error + n, ": ", 2) == 0)
		error += n + 2;
	n = url ? strcspn(error, "(") : strlen(error);
	while (url && n > 0 && error[n - 1] == ' ')
		n--;
	change_fail(c, url ? PROBLEM_SERVICE_UNAVAILABLE : PROBLEM_INTERNAL,
	    "The indicator store: %.*s", (int)n, error);
}

/* Takes the observable and who acts from the request.  Returns false when the
 * observable is none that the relay takes. */
static bool
change_begin(struct changing *c)
{
	const struct trigger *t = c->trigger;
	const char *subject = token_claim(c->q.claims, "sub");
	enum observable_type type = observable_type(t->type);

	if (type == OBSERVABLE_UNKNOWN ||
	    !observable_set_has(&c->relay->provider->types, type)) {
		change_fail(c, PROBLEM_INVALID_ARGUMENT,
		    "This relay takes no observables of the type \"%.64s\"",
		    t->type);
		return false;
	}
	errno = 0;
	if (indicator_normalise(type, t->value, c->value) == -1) {
		if (errno == ENOMEM) {
			change_fail(c, PROBLEM_INTERNAL, CHANGE_STARVED);
			return false;
		}
		change_fail(c, PROBLEM_INVALID_ARGUMENT,
		    "The value is no %s: \"%.256s\"", t->type, t->value);
		return false;
	}
	if (subject == NULL)
		subject = "-";
	(void)snprintf(c->who, sizeof(c->who), "%.*s",
	    (int)utf8_cut(subject, WHO_MAX), subject);
	c->observable = (struct observable){ type, c->value, 0 };
	c->q.observable = &c->observable;
	c->row = (struct store_action){ .at = c->q.now,
		.relay = c->relay->name,
		.who = c->who,
		.action = t->action,
		.type = type,
		.value = c->value };
	return true;
}

/* Asks the provider what is to be changed, with what the store holds. */
static int
change_ask(struct changing *c, enum provider_change *change, struct record *r,
    struct buf *why, char error[STORE_ERROR_MAX])
{
	ssize_t n = store_match_around(
	    c->store, &c->observable, c->q.now, &c->q.records, error);

	if (n == -1)
		return -1;
	c->q.n = (size_t)n;
	*change = c->relay->provider->change(&c->q, c->trigger, r, why);
	return 0;
}

/* Writes the record or takes it away, and the row of the audit. */
static int
change_write(struct changing *c, enum provider_change change,
    const struct record *r, char error[STORE_ERROR_MAX])
{
	const struct store_change one = { .remove = change == CHANGE_REMOVE,
		.source = &r->source,
		.record = r };
	size_t n = change == CHANGE_NONE || change == CHANGE_REFUSED ? 0 : 1;

	c->result->changed = n > 0;
	return store_act(c->store, &one, n, &c->row, NULL, error) == -1 ?
	    -1 :
	    store_act_end(c->store, error);
}

/*
 * Answers as the last action did if this is its repetition: the same action, and
 * the store still is as the answer said.  Returns 1 when this is none, or -1.
 */
static int
change_again(struct changing *c, enum provider_change change, const char *why,
    char error[STORE_ERROR_MAX])
{
	struct store_act_last last;
	bool success = change == CHANGE_NONE || change == CHANGE_RENEW;

	if (store_act_last(
		c->store, &c->row, c->q.now - CHANGE_AGAIN, &last, error) == -1)
		return -1;
	if (!last.same || last.success != success ||
	    (!success && change != CHANGE_REFUSED))
		return 1;
	if (success)
		c->result->success = true;
	else
		change_fail(c, PROBLEM_PERMISSION_DENIED, "%s",
		    last.reason[0] != '\0' ? last.reason : why);
	store_act_cancel(c->store);
	return 0;
}

/* The act, from what the store holds to the row of the audit. */
static int
change_act(struct changing *c, struct buf *why, char error[STORE_ERROR_MAX])
{
	enum provider_change change;
	struct record r = { .value = NULL };
	int again;

	if (change_ask(c, &change, &r, why, error) == -1)
		return -1;
	if (change == CHANGE_WRONG) {
		change_fail(c, PROBLEM_INVALID_ARGUMENT, "%s", why->data);
		store_act_cancel(c->store);
		return 0;
	}
	if ((again = change_again(c, change, why->data, error)) != 1)
		return again;
	c->row.status = change == CHANGE_REFUSED ? "failure" : "success";
	c->row.reason = change == CHANGE_REFUSED ? why->data : NULL;
	if (change_write(c, change, &r, error) == -1)
		return -1;
	if (change == CHANGE_REFUSED)
		change_fail(c, PROBLEM_PERMISSION_DENIED, "%s", why->data);
	else
		c->result->success = true;
	return 0;
}

static void
change_store(struct changing *c, int wait)
{
	const char *path = c->relay->provider->store(c->relay->own);
	const int64_t begun = clock_ms();
	char error[STORE_ERROR_MAX];
	struct buf why;

	/* Opening a missing store to write would make it; to read reports it. */
	c->store = store_open(
	    path, store_missing(path) ? STORE_READ : STORE_SERVE, error);
	if (c->store != NULL && store_note(c->store) != NULL)
		log_info("relay %s: %s", c->relay->name, store_note(c->store));
	wait -= (int)(clock_ms() - begun);
	buf_init(&why, CHANGE_REASON);
	if (c->store == NULL ||
	    store_act_begin(c->store, wait < 0 ? 0 : wait, error) == -1 ||
	    change_act(c, &why, error) == -1) {
		c->result->changed = false;
		change_fail_store(c, path, error);
	}
	buf_free(&why);
	store_close(c->store);
}

void
change_do(const struct relay_conf *relay, const struct query *q,
    const struct trigger *t, int wait, struct change_result *result)
{
	struct changing c = {
		.relay = relay, .q = *q, .trigger = t, .result = result
	};

	*result = (struct change_result){ .problem = PROBLEM_NONE };
	if (change_begin(&c))
		change_store(&c, wait);
	log_info("relay %s: %s of %s %s by %s: %s%s%s", relay->name, t->action,
	    t->type, c.value[0] != '\0' ? c.value : t->value,
	    c.who[0] != '\0' ? c.who : "-",
	    result->success ? "success" : "failure",
	    result->success ? "" : ": ", result->reason);
}
