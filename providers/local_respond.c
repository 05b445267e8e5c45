/* SPDX-License-Identifier: MIT */
/*
 * The actions of the local relay: to put an observable on a list of people's
 * own, and to take it off again.
 * Source: relay API, "respond".
 */
#include <errno.h>
#include <string.h>

#include "answer/entity.h"
#include "base/buf.h"
#include "base/rfc3339.h"
#include "conf/duration.h"
#include "ctim/ctim.h"
#include "ctim/indicator.h"
#include "json/jsonin.h"
#include "providers/local.h"
#include "store/store.h"

#define TEXT_BYTES 4096 /* of a description, a reason */

static const struct local_list {
	const char *name; /* of the source */
	int disposition, severity;
} block_list = { LOCAL_BLOCK_LIST, CTIM_MALICIOUS, CTIM_SEVERITY_HIGH },
  allow_list = { LOCAL_ALLOW_LIST, CTIM_CLEAN, CTIM_SEVERITY_NONE };

/* In the order in which people see them. */
static const struct local_action {
	const char *id, *title;
	const char *does[2]; /* before and behind the type */
	const struct local_list *list;
	bool add;
	bool guarded; /* what local_guarded() names is refused */
} local_respond_actions[] = { { "add-to-block-list", "Add to block list",
				  { "Judge this ", " Malicious from now on" },
				  &block_list, true, true },
	{ "remove-from-block-list", "Remove from block list",
	    { "Take this ", " off the block list" }, &block_list, false,
	    false },
	{ "add-to-allow-list", "Add to allow list",
	    { "Judge this ", " Clean from now on, whatever other lists say" },
	    &allow_list, true, false },
	{ "remove-from-allow-list", "Remove from allow list",
	    { "Take this ", " off the allow list" }, &allow_list, false,
	    false } };

#define ACTIONS \
	(sizeof(local_respond_actions) / sizeof(local_respond_actions[0]))

/* The record of the observable itself on a list, NULL for none. */
static const struct record *
local_listed(const struct query *q, const struct local_list *list)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (q->records[i].exact &&
		    strcmp(q->records[i].source.name, list->name) == 0)
			return &q->records[i];
	return NULL;
}

/* Whether an action must not be done; then why says why. */
static bool
local_refuses(
    const struct local_action *action, const struct query *q, struct buf *why)
{
	if (action->add && indicator_prefix(q->observable->value) != -1 &&
	    q->observable->type != OBSERVABLE_URL) {
		buf_adds(
		    why, "a network is added by `ctim-relay intel add` alone");
		return true;
	}
	return action->guarded && local_guarded(q, why);
}

static void
local_write_action(
    struct answer *a, const struct query *q, const struct local_action *action)
{
	const struct local_conf *conf = q->conf;
	struct jsonout *j = answer_element(a);
	char expires[DURATION_MAX];
	struct buf text;

	buf_init(&text, TEXT_BYTES);
	buf_addf(&text, "%s%s%s", action->does[0],
	    observable_name(q->observable->type), action->does[1]);
	jsonout_kstring(j, "id", action->id);
	jsonout_kstring(j, "title", action->title);
	jsonout_kstring(j, "description", text.data);
	jsonout_karray(j, "categories");
	jsonout_string(j, action->list->name);
	jsonout_end_array(j);
	jsonout_kobject(j, "query-params");
	/* What the platform sends back: the expiry that was offered holds. */
	if (action->add)
		jsonout_kstring(j, "expires",
		    duration_text(expires, conf->respond_expires));
	jsonout_end_object(j);
	answer_end(a);
	if (text.failed)
		entity_no_memory(a, q->observable);
	buf_free(&text);
}

void
local_actions(struct answer *a, const struct query *q)
{
	const struct local_action *action = local_respond_actions;
	struct buf why;

	buf_init(&why, TEXT_BYTES);
	for (; action < local_respond_actions + ACTIONS; action++) {
		if ((local_listed(q, action->list) == NULL) == !action->add)
			continue;
		errno = 0;
		if (!local_refuses(action, q, &why))
			local_write_action(a, q, action);
		else if (errno == ENOMEM)
			entity_no_memory(a, q->observable);
	}
	buf_free(&why);
}

/* Reads the expiry that an action carries: a duration, a time or "never"; the
 * relay's own when it carries none.  Returns 0, or -1 when it is wrong. */
static int
local_expiry(const struct query *q, const struct trigger *t, int64_t *expires)
{
	const struct local_conf *conf = q->conf;
	struct json_object *member = jsonin_member(t->body, "expires");
	const char *text = jsonin_text(member);
	int64_t seconds = conf->respond_expires;

	*expires = 0;
	if (text != NULL && strcmp(text, "never") == 0)
		return 0;
	if (text != NULL && (seconds = duration_parse(text)) <= 0) {
		*expires = rfc3339_parse(text);
		return *expires > q->now ? 0 : -1;
	}
	if (member != NULL && text == NULL)
		return -1;
	if (seconds > 0)
		*expires = q->now + seconds;
	return 0;
}

/* The change that an action is, where nothing speaks against it. */
static enum provider_change
local_change_of(
    const struct local_action *action, const struct query *q, struct record *r)
{
	const struct record *there = local_listed(q, action->list);

	if (!action->add)
		return there == NULL ? CHANGE_NONE : CHANGE_REMOVE;
	if (there == NULL || there->disposition != r->disposition)
		return CHANGE_ADD;
	/* What is there for longer stays for longer. */
	return there->expires == 0 ||
		(r->expires != 0 && r->expires <= there->expires) ?
	    CHANGE_NONE :
	    CHANGE_RENEW;
}

enum provider_change
local_change(const struct query *q, const struct trigger *t, struct record *r,
    struct buf *why)
{
	const struct local_action *action = local_respond_actions;

	while (strcmp(action->id, t->action) != 0)
		if (++action == local_respond_actions + ACTIONS) {
			buf_addf(why, "There is no action \"%s\"", t->action);
			return CHANGE_WRONG;
		}
	*r = (struct record){ .type = q->observable->type,
		.value = q->observable->value,
		.source = { .name = action->list->name,
		    .title = action->list->name },
		.disposition = action->list->disposition,
		.severity = action->list->severity,
		.confidence = CTIM_SEVERITY_HIGH,
		.tlp = CTIM_AMBER,
		.priority = LOCAL_PRIORITY };
	if (action->add && local_expiry(q, t, &r->expires) == -1) {
		buf_adds(why,
		    "The expiry of the action must be " DURATION_FORMS
		    ", a time to come, or never");
		return CHANGE_WRONG;
	}
	buf_addf(why, "Not added to the %s: ",
	    action->list == &block_list ? "block list" : "allow list");
	if (local_refuses(action, q, why))
		return CHANGE_REFUSED;
	buf_reset(why);
	return local_change_of(action, q, r);
}
