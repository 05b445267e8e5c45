/* SPDX-License-Identifier: MIT */
#include "ctim/problem.h"

enum type { FATAL, WARNING, UNLESS_ANSWERED };

static const struct {
	const char *code;
	enum type type;
} problem_rows[] = { [PROBLEM_NONE] = { "none", WARNING },
	[PROBLEM_AUTHORIZATION] = { "authorization error", FATAL },
	[PROBLEM_INVALID_ARGUMENT] = { "invalid argument", FATAL },
	[PROBLEM_PERMISSION_DENIED] = { "permission denied", FATAL },
	[PROBLEM_NOT_FOUND] = { "not found", WARNING },
	[PROBLEM_TOO_MANY_REQUESTS] = { "too many requests", UNLESS_ANSWERED },
	[PROBLEM_SERVICE_UNAVAILABLE] = { "service unavailable",
	    UNLESS_ANSWERED },
	[PROBLEM_CONNECTION] = { "connection error", UNLESS_ANSWERED },
	[PROBLEM_INTERNAL] = { "internal error", UNLESS_ANSWERED },
	[PROBLEM_UNKNOWN] = { "unknown", UNLESS_ANSWERED },
	[PROBLEM_HEALTH_CHECK] = { "health check failed", FATAL } };

const char *
problem_code(enum problem p)
{
	return problem_rows[p].code;
}

const char *
problem_type(enum problem p, bool answered)
{
	enum type type = problem_rows[p].type;

	if (type == UNLESS_ANSWERED)
		type = answered ? WARNING : FATAL;
	return type == FATAL ? "fatal" : "warning";
}
