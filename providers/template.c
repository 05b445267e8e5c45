/* SPDX-License-Identifier: MIT */
/*
 * template: the relay to copy.  It knows nothing and says so, and does every
 * action it is asked for, which is: nothing.
 *
 * To add a service named "acme":
 *
 *   1. cp providers/template.c providers/acme.c, and write acme for template: a
 *      name of a static is unique in the tree (./test names:);
 *   2. add provider_acme to src/call/provider.h and providers/table.c;
 *   3. add providers/acme.c to libctim_a_SOURCES in Makefile.am;
 *   4. add its keys to man/ctim-relay.conf.5, its cases to tests/cases/acme/ and
 *      its name to tests/tools/provider_case.py;
 *   5. add [relay acme] to the configuration.
 *
 * The contract is in provider.h and ctim-relay-provider(7), which also has a
 * small provider that calls a service, whole.
 */
#include <stddef.h>

#include "call/provider.h"

/*
 * A service on the network has two functions more, the row's .request and
 * .reply:
 *
 *	static void
 *	acme_request(const struct query *q, const struct call *done)
 *	{
 *		struct call	*c;
 *
 *		if (done != NULL)
 *			return;
 *		if (q->observable == NULL) {
 *			c = lookup_call(q->lookup, HEALTH, 0, ACME "/me");
 *		} else {
 *			c = lookup_call(q->lookup, SEARCH, CALL_CACHE,
 *			    ACME "/search?value=");
 *			percent_add(&c->url, q->observable->value, "");
 *		}
 *		call_header(c, "X-Key", token_claim(q->claims, "key"));
 *	}
 *
 *	static void
 *	acme_reply(const struct query *q, struct call *c)
 *	{
 *		struct json_object	*body;
 *
 *		if (c->status == 404 && c->step == SEARCH)
 *			return;
 *		if (c->status != 200)
 *			call_fail_at(c, call_status_problem(c->status),
 *			    "Acme answered %d", c->status);
 *		else if ((body = call_parse(c)) != NULL)
 *			call_found(c, body);
 *	}
 *
 * request() says what to call: first, with done NULL, for each observable (for
 * the health of the service there is none), then after each call that was
 * answered.  reply() says what an answer means: a result, a failure, or
 * neither, which is that nothing is known.  The results are in
 * q->lookup->calls when answer() is called.
 */

/*
 * Here the entities of one observable are written, for each
 *
 *	struct jsonout *j;
 *
 *	if ((j = answer_entity(a, CTIM_SIGHTING, NULL)) != NULL) {
 *		jsonout_kstring(j, "confidence", "High");
 *		…
 *		answer_end(a);
 *	}
 *
 * Writing none says that nothing is known about the observable.
 */
static void
template_answer(struct answer *a, const struct query *q)
{
	(void)a;
	(void)q;
}

/* Here the pages about one observable are named: answer_element(), the members
 * of a reference, answer_end(). */
static void
template_refer(struct answer *a, const struct query *q)
{
	(void)a;
	(void)q;
}

/* Here an action is done; what goes wrong is an answer_problem() and false. */
static bool
template_trigger(
    struct answer *a, const struct query *q, const struct trigger *t)
{
	(void)a;
	(void)q;
	(void)t;
	return true;
}

const struct provider provider_template = { .name = "template",
	.title = "Template",
	.description = "The relay to copy; it knows nothing.",
	.types = OBSERVABLE_SET(0), /* OBSERVABLE_BIT(OBSERVABLE_IP) | … */
	.routes = PROVIDER_DELIBERATE | PROVIDER_OBSERVE | PROVIDER_REFER |
	    PROVIDER_TRIGGER,
	.answer = template_answer,
	.refer = template_refer,
	.trigger = template_trigger };
