/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <time.h>

#include "base/rfc3339.h"
#include "call/fanout.h"
#include "call/quotas.h"
#include "call/transfer.h"
#include "conf/conf.h"
#include "json/jsonout.h"
#include "shared/quota.h"
#include "shared/shared.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

/* The units that the platform knows, by the seconds that a window of them has. */
static const struct {
	int64_t least, most;
	const char *name;
} quotas_units[] = { { MINUTE, MINUTE, "minute" }, { HOUR, HOUR, "hour" },
	{ DAY, DAY, "day" }, { INT64_C(7) * DAY, INT64_C(7) * DAY, "week" },
	{ INT64_C(28) * DAY, INT64_C(31) * DAY, "month" } };

/* Now, where the request is asked at another time, in that. */
static int64_t
quotas_now(const struct run *r)
{
	return (int64_t)time(NULL) + r->ahead;
}

void
quotas_take(struct run *r, const struct transfer *x)
{
	struct quota_table *t = &r->shared->quotas;
	struct ratelimit told;

	if (x->http.status == 0 || (x->call->flags & CALL_SIGN_IN))
		return;
	if (ratelimit_told(&x->http.quota, &told))
		quota_tell(t, r->job->relay->name, r->who.data, r->who.len,
		    &told, quotas_now(r));
	else if (r->job->relay->quotas)
		quota_tell_nothing(t, r->who.data, r->who.len);
}

bool
quotas_may(struct run *r, struct transfer *x)
{
	int64_t left;

	if (r->provider->quota == NULL || (x->call->flags & CALL_SIGN_IN))
		return true;
	left = quota_held(
	    &r->shared->quotas, r->who.data, r->who.len, quotas_now(r));
	if (left == 0)
		return true;
	transfer_give_up(r, x, PROBLEM_TOO_MANY_REQUESTS,
	    "The quota of this credential at %s is used up for %lld s more",
	    r->provider->title, (long long)left);
	return false;
}

bool
quotas_seen(const struct run *r, struct quota_seen *seen)
{
	return quota_get(
	    &r->shared->quotas, r->who.data, r->who.len, quotas_now(r), seen);
}

static void
quotas_time(struct jsonout *j, const char *key, int64_t seconds)
{
	char text[RFC3339_MAX];

	if (rfc3339_milli(text, seconds * 1000) == 0)
		jsonout_kown(j, key, text);
}

static void
quotas_unit(struct jsonout *j, int64_t window)
{
	size_t i;

	for (i = 0; i < sizeof(quotas_units) / sizeof(quotas_units[0]); i++)
		if (window >= quotas_units[i].least &&
		    window <= quotas_units[i].most)
			jsonout_kown(j, "bucket_unit", quotas_units[i].name);
}

static void
quotas_values(struct jsonout *j, const struct quota_seen *seen)
{
	const struct ratelimit *q = &seen->told;

	quotas_unit(j, q->window);
	if (q->limit != -1)
		jsonout_kint(j, "bucket_limit", q->limit);
	/* A service may grant more than its limit for a while. */
	if (q->limit != -1 && q->left != -1)
		jsonout_kint(j, "current_bucket_consumption",
		    q->limit > q->left ? q->limit - q->left : 0);
	if (q->reset != -1 && q->window != -1)
		quotas_time(
		    j, "current_bucket_start_time", q->reset - q->window);
	if (q->reset != -1)
		quotas_time(j, "current_bucket_end_time", q->reset);
	if (q->left != -1)
		jsonout_kbool(j, "current_bucket_limit_reached", q->left == 0);
	if (q->left == 0 && seen->reached != 0)
		quotas_time(
		    j, "current_bucket_limit_reached_at", seen->reached);
}

void
quotas_write(struct jsonout *j, const struct relay_conf *relay,
    const struct quota_seen *seen)
{
	char description[128];

	(void)snprintf(description, sizeof(description),
	    "Calls that %.60s takes from this credential",
	    relay->provider->title);
	jsonout_key(j, relay->name);
	jsonout_object(j);
	jsonout_kstring(j, "description", description);
	jsonout_kobject(j, "values");
	quotas_values(j, seen);
	jsonout_end_object(j);
	jsonout_end_object(j);
}
