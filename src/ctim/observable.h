/* SPDX-License-Identifier: MIT */
/*
 * observable: what an analyst looks at, as CTIM types it.
 * Source: CTIM observable-type vocabulary.
 */
#ifndef CTIM_OBSERVABLE_H
#define CTIM_OBSERVABLE_H

#include <stddef.h>

/* In the order of observable_names[]; the store keeps these numbers: append. */
enum observable_type {
	OBSERVABLE_DOMAIN,
	OBSERVABLE_EMAIL,
	OBSERVABLE_IP,
	OBSERVABLE_IPV6,
	OBSERVABLE_MD5,
	OBSERVABLE_SHA1,
	OBSERVABLE_SHA256,
	OBSERVABLE_URL,
	OBSERVABLE_FILE_NAME,
	OBSERVABLE_FILE_PATH,
	OBSERVABLE_MUTEX,
	OBSERVABLE_TYPES, /* how many there are */
	OBSERVABLE_UNKNOWN = OBSERVABLE_TYPES
};
#define OBSERVABLE_BIT(type) (1U << (type))
#define OBSERVABLE_ALL       (OBSERVABLE_BIT(OBSERVABLE_TYPES) - 1)

struct observable {
	enum observable_type type;
	const char *value; /* as asked, never empty; not owned */
	size_t index;      /* place in the body */
};

/* The CTIM name of a type ("ip"), never NULL for a type of the enum. */
const char *observable_name(enum observable_type);
/* The type of a CTIM name, OBSERVABLE_UNKNOWN when no relay knows it. */
enum observable_type observable_type(const char *name);
/* The same, compared without case. */
enum observable_type observable_type_any_case(const char *name);

#endif
