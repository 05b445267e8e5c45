/* SPDX-License-Identifier: MIT */
/*
 * problem: the errors of the relay API, one row each.
 * Source: relay API, "Errors"; the codes are those that the platform shows.
 */
#ifndef CTIM_PROBLEM_H
#define CTIM_PROBLEM_H

#include <stdbool.h>

enum problem {
	PROBLEM_NONE,
	PROBLEM_AUTHORIZATION,
	PROBLEM_INVALID_ARGUMENT,
	PROBLEM_PERMISSION_DENIED,
	PROBLEM_NOT_FOUND,
	PROBLEM_TOO_MANY_REQUESTS,
	PROBLEM_SERVICE_UNAVAILABLE,
	PROBLEM_CONNECTION,
	PROBLEM_INTERNAL,
	PROBLEM_UNKNOWN,
	PROBLEM_HEALTH_CHECK
};

/* "authorization error" and so on; never NULL for a problem of the enum. */
const char *problem_code(enum problem);
/*
 * "fatal" or "warning".  answered: at least one observable of the request was
 * answered, which makes a warning of what would otherwise be fatal for some.
 */
const char *problem_type(enum problem, bool answered);

#endif
