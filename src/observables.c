#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "field.h"
#include "hash.h"
#include "jsonin.h"
#include "jsonscan.h"
#include "observables.h"

/* The pairs seen so far, open addressing, never more than half full. */
struct seen {
	struct hash	*slots;
	size_t		 mask;
};

static bool
seen_before(struct seen *seen, enum observable_type type, const char *value)
{
	struct hash	 h = hash_bytes(value, strlen(value));
	size_t		 i;

	/* The type becomes part of the hash; zero marks an empty slot. */
	h.a += (uint64_t)type;
	h.b |= 1;
	for (i = h.a & seen->mask; seen->slots[i].b != 0;
	    i = (i + 1) & seen->mask)
		if (seen->slots[i].a == h.a && seen->slots[i].b == h.b)
			return true;
	seen->slots[i] = h;
	return false;
}

static int
seen_init(struct seen *seen, size_t n)
{
	size_t	 slots = 16;

	while (slots < n * 2)
		slots *= 2;
	seen->mask = slots - 1;
	seen->slots = calloc(slots, sizeof(*seen->slots));
	return seen->slots == NULL ? -1 : 0;
}

static const char *const members[] = { "type", "value", NULL };

/* Checks every element before any is used, so that all errors are named. */
static int
check(struct json_object *body, size_t n, struct buf *errors)
{
	struct field_errors	 fe;
	size_t			 i;

	field_begin(&fe, errors);
	for (i = 0; i < n; i++)
		field_check_at(&fe, i, jsonin_at(body, i), members);
	return field_end(&fe);
}

static int
fill(struct observables *obs, struct json_object *body, size_t n,
    unsigned types, bool any_case)
{
	struct seen		 seen;
	struct json_object	*element;
	struct observable	*o;
	enum observable_type	 type;
	const char		*name;
	size_t			 i;

	if ((obs->list = calloc(n + 1, sizeof(*obs->list))) == NULL)
		return -1;
	if (seen_init(&seen, n) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		element = jsonin_at(body, i);
		name = jsonin_string(element, "type");
		type = any_case ? observable_type_any_case(name) :
		    observable_type(name);
		if (type == OBSERVABLE_UNKNOWN ||
		    !(types & OBSERVABLE_BIT(type)))
			continue;
		o = &obs->list[obs->n];
		o->type = type;
		o->value = jsonin_string(element, "value");
		o->index = i;
		if (!seen_before(&seen, type, o->value))
			obs->n++;
	}
	free(seen.slots);
	return 0;
}

int
observables_parse(struct observables *obs, const char *text, size_t len,
    unsigned types, bool any_case, size_t max, struct buf *errors)
{
	struct json_object	*body;
	const char		*why;
	size_t			 n;

	*obs = (struct observables){ 0 };
	body = jsonin_parse(text, len, JSON_REQUEST_VALUES, &why);
	n = jsonin_length(body);
	if (why == jsonscan_no_memory)
		return 1;
	if (!json_object_is_type(body, json_type_array))
		field_schema(errors, "Invalid input type.");
	else if (n > max)
		field_schema(errors, "Longer than maximum length %zu.", max);
	else if (check(body, n, errors) == 0) {
		obs->body = body;
		if (fill(obs, body, n, types, any_case) == 0)
			return 0;
		observables_free(obs);
		return 1;
	}
	json_object_put(body);
	return errors->starved ? 1 : -1;
}

void
observables_free(struct observables *obs)
{
	free(obs->list);
	json_object_put(obs->body);
	*obs = (struct observables){ 0 };
}
