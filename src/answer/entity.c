/* SPDX-License-Identifier: MIT */
#include "answer/entity.h"

void
entity_pair(struct jsonout *j, const char *type, const char *value)
{
	jsonout_object(j);
	jsonout_kown(j, "type", type);
	jsonout_kstring(j, "value", value);
	jsonout_end_object(j);
}

void
entity_observable(struct jsonout *j, const struct observable *o)
{
	entity_pair(j, observable_name(o->type), o->value);
}

void
entity_observables(struct jsonout *j, const struct observable *o)
{
	jsonout_karray(j, "observables");
	entity_observable(j, o);
	jsonout_end_array(j);
}

void
entity_times(
    struct jsonout *j, const char *key, const char *start, const char *end)
{
	jsonout_kobject(j, key);
	jsonout_kstring(j, "start_time", start);
	jsonout_kstring(j, "end_time", end);
	jsonout_end_object(j);
}

void
entity_relationship(struct answer *a, const char *schema_version,
    const char *from, const char *type, const char *to)
{
	struct jsonout *j = answer_entity(a, CTIM_RELATIONSHIP, NULL);

	if (j == NULL)
		return;
	jsonout_kstring(j, "schema_version", schema_version);
	jsonout_kstring(j, "relationship_type", type);
	jsonout_kstring(j, "source_ref", from);
	jsonout_kstring(j, "target_ref", to);
	answer_end(a);
}

void
entity_reference(struct answer *a, const char *id, const char *title,
    const char *description, const char *url, const char *service)
{
	struct jsonout *j = answer_element(a);

	jsonout_kstring(j, "id", id);
	jsonout_kstring(j, "title", title);
	jsonout_kstring(j, "description", description);
	jsonout_kstring(j, "url", url);
	jsonout_karray(j, "categories");
	jsonout_string(j, "Search");
	jsonout_string(j, service);
	jsonout_end_array(j);
	answer_end(a);
}

void
entity_no_memory(struct answer *a, const struct observable *o)
{
	answer_problem(a, PROBLEM_INTERNAL, "No memory left (%s %s)",
	    observable_name(o->type), o->value);
}
