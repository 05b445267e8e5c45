/*
 * template: the relay to copy.  It knows nothing and says so, and does every
 * action it is asked for, which is: nothing.
 *
 * To add a service named "acme":
 *
 *   1. cp providers/template.c providers/acme.c, and write acme for template;
 *   2. add provider_acme to providers/provider.h and providers/table.c;
 *   3. add providers/acme.c to libctim_a_SOURCES in Makefile.am;
 *   4. add its cases to tests/cases/, and [relay acme] to the configuration.
 *
 * The contract is in provider.h and ctim-relay-provider(7).
 */
#include <stddef.h>

#include "provider.h"

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
answer(struct answer *a, const struct query *q)
{
	(void)a;
	(void)q;
}

/* Here the pages about one observable are named: answer_element(), the members
 * of a reference, answer_end(). */
static void
refer(struct answer *a, const struct query *q)
{
	(void)a;
	(void)q;
}

/* Here an action is done; what goes wrong is an answer_problem() and false. */
static bool
trigger(struct answer *a, const struct query *q, const struct trigger *t)
{
	(void)a;
	(void)q;
	(void)t;
	return true;
}

const struct provider provider_template = {
	.name = "template",
	.title = "Template",
	.description = "The relay to copy; it knows nothing.",
	.types = 0,		/* OBSERVABLE_BIT(OBSERVABLE_IP) | … */
	.routes = PROVIDER_DELIBERATE | PROVIDER_OBSERVE | PROVIDER_REFER |
	    PROVIDER_TRIGGER,
	.answer = answer,
	.refer = refer,
	.trigger = trigger
};
