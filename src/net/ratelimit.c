/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/ratelimit.h"

#define DIGITS 15 /* of an integer (RFC 8941, 3.3.1) */
#define EPOCH  INT64_C(1000000000)
#define MILLIS INT64_C(1000000000000)
#define NONE                                                       \
	(struct ratelimit)                                         \
	{                                                          \
		.limit = -1, .left = -1, .reset = -1, .window = -1 \
	}

/* One part of a value, "KEY=VALUE" or a bare item, which has no key.  A member of
 * a list begins with one, and its parameters follow. */
struct part {
	const char *key, *value;
	size_t key_len, len;
	bool first; /* of its member */
};

static const struct {
	const char *name;
	enum ratelimit_field field;
} ratelimit_names[] = { { "X-RateLimit-Limit", RATELIMIT_LIMIT },
	{ "X-RateLimit-Remaining", RATELIMIT_LEFT },
	{ "X-RateLimit-Reset", RATELIMIT_RESET },
	{ "X-Rate-Limit-Limit", RATELIMIT_LIMIT },
	{ "X-Rate-Limit-Remaining", RATELIMIT_LEFT },
	{ "X-Rate-Limit-Reset", RATELIMIT_RESET },
	{ "RateLimit-Limit", RATELIMIT_LIMIT },
	{ "RateLimit-Remaining", RATELIMIT_LEFT },
	{ "RateLimit-Reset", RATELIMIT_RESET },
	{ "RateLimit", RATELIMIT_STATE },
	{ "RateLimit-Policy", RATELIMIT_POLICY } };

void
ratelimit_init(struct ratelimit_fields *f)
{
	f->plain = NONE;
	f->policies = 0;
}

enum ratelimit_field
ratelimit_field(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(ratelimit_names) / sizeof(ratelimit_names[0]);
	     i++)
		if (strlen(ratelimit_names[i].name) == n &&
		    strncasecmp(ratelimit_names[i].name, name, n) == 0)
			return ratelimit_names[i].field;
	return RATELIMIT_OTHER;
}

/* Whole seconds or calls, with a fraction that is not looked at.  -1: it is none,
 * or more than an integer has. */
static int64_t
ratelimit_number(const char *p, size_t n)
{
	int64_t number = 0;
	size_t i, digits = 0;

	for (; digits < n && p[digits] >= '0' && p[digits] <= '9'; digits++)
		if (digits < DIGITS)
			number = number * 10 + (p[digits] - '0');
	if (digits == 0 || digits > DIGITS || digits + 1 == n ||
	    (digits < n && p[digits] != '.'))
		return -1;
	for (i = digits + 1; i < n; i++)
		if (p[i] < '0' || p[i] > '9')
			return -1;
	return number;
}

/* Seconds since 1970, of a time in one of its three forms. */
static int64_t
ratelimit_time(int64_t n, int64_t now)
{
	if (n >= MILLIS)
		n /= 1000;
	if (n >= 0 && n < EPOCH)
		n += now;
	return n < 0 || n - now > RATELIMIT_LONGEST ? -1 : n;
}

static bool
ratelimit_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts blanks off both ends of n bytes at *p; returns how many are left. */
static size_t
ratelimit_trim(const char **p, size_t n)
{
	while (n > 0 && ratelimit_is_blank(**p)) {
		(*p)++;
		n--;
	}
	while (n > 0 && ratelimit_is_blank((*p)[n - 1]))
		n--;
	return n;
}

/* The end of the part at p: a comma or semicolon that is not in a string. */
static const char *
ratelimit_end(const char *p, const char *end)
{
	bool quoted = false;

	for (; p < end && (quoted || (*p != ',' && *p != ';')); p++)
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p + 1 < end)
			p++;
	return p;
}

/* The next part of a value that goes from *p to end; false when there is none.
 * Call with part zeroed but for first, which is true. */
static bool
ratelimit_next(const char **p, const char *end, struct part *part)
{
	const char *stop, *equals;

	if (*p >= end)
		return false;
	stop = ratelimit_end(*p, end);
	part->value = *p;
	part->len = ratelimit_trim(&part->value, (size_t)(stop - *p));
	part->key_len = 0;
	equals = part->len == 0 || *part->value == '"' ?
	    NULL :
	    memchr(part->value, '=', part->len);
	if (equals != NULL) {
		part->key = part->value;
		part->key_len = (size_t)(equals - part->key);
		part->value = equals + 1;
		part->len -= part->key_len + 1;
	}
	*p = stop < end ? stop + 1 : end;
	return true;
}

/* The place of the policy of that name, NULL when there is none any more. */
static struct ratelimit *
ratelimit_policy(struct ratelimit_fields *f, const char *name, size_t n)
{
	char own[RATELIMIT_NAME];
	size_t i;

	(void)snprintf(own, sizeof(own), "%.*s", (int)n, name);
	for (i = 0; i < f->policies; i++)
		if (strcmp(f->policy[i].name, own) == 0)
			return &f->policy[i].quota;
	if (i == RATELIMIT_POLICIES)
		return NULL;
	memcpy(f->policy[i].name, own, sizeof(own));
	f->policy[i].quota = NONE;
	f->policies++;
	return &f->policy[i].quota;
}

/* What a key says, and of what. */
static const struct {
	const char *key;
	enum ratelimit_field field;
	size_t offset;
} ratelimit_keys[] = { { "q", RATELIMIT_POLICY,
			   offsetof(struct ratelimit, limit) },
	{ "w", RATELIMIT_POLICY, offsetof(struct ratelimit, window) },
	{ "w", RATELIMIT_LIMIT, offsetof(struct ratelimit, window) },
	{ "r", RATELIMIT_STATE, offsetof(struct ratelimit, left) },
	{ "t", RATELIMIT_STATE, offsetof(struct ratelimit, reset) },
	{ "limit", RATELIMIT_STATE, offsetof(struct ratelimit, limit) },
	{ "remaining", RATELIMIT_STATE, offsetof(struct ratelimit, left) },
	{ "reset", RATELIMIT_STATE, offsetof(struct ratelimit, reset) } };

/* Puts a value at its place in the quota. */
static void
ratelimit_set(struct ratelimit *q, size_t offset, int64_t n, int64_t now)
{
	if (offset == offsetof(struct ratelimit, reset))
		n = ratelimit_time(n, now);
	if (offset == offsetof(struct ratelimit, window) &&
	    n > RATELIMIT_LONGEST)
		n = -1;
	memcpy((char *)q + offset, &n, sizeof(n));
}

static void
ratelimit_take_key(struct ratelimit *q, enum ratelimit_field field,
    const struct part *part, int64_t now)
{
	size_t i;

	for (i = 0; i < sizeof(ratelimit_keys) / sizeof(ratelimit_keys[0]); i++)
		if (ratelimit_keys[i].field == field &&
		    strlen(ratelimit_keys[i].key) == part->key_len &&
		    strncasecmp(
			ratelimit_keys[i].key, part->key, part->key_len) == 0)
			ratelimit_set(q, ratelimit_keys[i].offset,
			    ratelimit_number(part->value, part->len), now);
}

/* A list of policies, or of what is left of them.  The name of a policy is a
 * string or, in older drafts, its limit. */
static void
ratelimit_take_list(struct ratelimit_fields *f, enum ratelimit_field field,
    const char *p, const char *end, int64_t now)
{
	struct part part = { .first = true };
	struct ratelimit *q = &f->plain;
	int64_t n;

	while (ratelimit_next(&p, end, &part)) {
		if (part.first && part.key_len == 0) {
			q = ratelimit_policy(f, part.value, part.len);
			n = ratelimit_number(part.value, part.len);
			if (q != NULL && n != -1 && field != RATELIMIT_STATE)
				q->limit = n;
		} else if (part.first && field == RATELIMIT_STATE) {
			q = &f->plain;
		}
		if (part.key_len > 0 && q != NULL)
			ratelimit_take_key(q, field, &part, now);
		part.first = p > part.value && p[-1] == ',';
	}
}

void
ratelimit_take(struct ratelimit_fields *f, enum ratelimit_field field,
    const char *value, size_t n, int64_t now)
{
	static const size_t offsets[] = { [RATELIMIT_LIMIT] =
					      offsetof(struct ratelimit, limit),
		[RATELIMIT_LEFT] = offsetof(struct ratelimit, left),
		[RATELIMIT_RESET] = offsetof(struct ratelimit, reset) };
	const char *end = value + n, *p = value;
	struct part part = { .first = true };

	switch (field) {
	case RATELIMIT_LIMIT:
		/* "10, 10;w=1, 50;w=60": behind the first are policies. */
		if (!ratelimit_next(&p, end, &part))
			break;
		ratelimit_set(&f->plain, offsets[field],
		    ratelimit_number(part.value, part.len), now);
		ratelimit_take_list(f, field, p, end, now);
		break;
	case RATELIMIT_LEFT:
	case RATELIMIT_RESET:
		n = ratelimit_trim(&value, n);
		ratelimit_set(
		    &f->plain, offsets[field], ratelimit_number(value, n), now);
		break;
	case RATELIMIT_STATE:
	case RATELIMIT_POLICY:
		ratelimit_take_list(f, field, value, end, now);
		break;
	case RATELIMIT_OTHER:
		break;
	}
}

/* Whether a is the one to tell of: it has less left. */
static bool
ratelimit_is_nearer(const struct ratelimit *a, const struct ratelimit *b)
{
	return a->left != -1 && (b->left == -1 || a->left < b->left);
}

bool
ratelimit_told(const struct ratelimit_fields *f, struct ratelimit *told)
{
	const struct ratelimit *best = &f->plain, *q;
	size_t i;

	for (i = 0; i < f->policies; i++)
		if (ratelimit_is_nearer(&f->policy[i].quota, best))
			best = &f->policy[i].quota;
	*told = *best;
	/* The plain fields do not say how long a window lasts; the policy with
	 * the same limit does. */
	for (i = 0; i < f->policies && best == &f->plain; i++) {
		q = &f->policy[i].quota;
		if (told->limit == -1 && f->policies == 1)
			told->limit = q->limit;
		if (told->window == -1 && q->limit != -1 &&
		    q->limit == told->limit)
			told->window = q->window;
	}
	return told->limit != -1 || told->left != -1;
}
