/*
 * observable: what an analyst looks at, as CTIM types it, and the list of them
 * in a request body.
 * Source: CTIM observable-type vocabulary; relay API, "observables".
 */
#ifndef CTIM_OBSERVABLE_H
#define CTIM_OBSERVABLE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

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
	OBSERVABLE_TYPES,	/* how many there are */
	OBSERVABLE_UNKNOWN = OBSERVABLE_TYPES
};
#define OBSERVABLE_BIT(type)	(1U << (type))
#define OBSERVABLE_ALL		(OBSERVABLE_BIT(OBSERVABLE_TYPES) - 1)

struct observable {
	enum observable_type	 type;
	const char		*value;	/* as asked, never empty; owned by the list */
	size_t			 index;	/* place in the body */
};

struct observables {
	struct observable	*list;
	size_t			 n;
	void			*body;	/* the parsed body that values point into */
};

/* The CTIM name of a type ("ip"), never NULL for a type of the enum. */
const char	*observable_name(enum observable_type);
/* The type of a CTIM name, OBSERVABLE_UNKNOWN when no relay knows it. */
enum observable_type observable_type(const char *name);
/* The same, compared without case. */
enum observable_type observable_type_any_case(const char *name);

/*
 * Reads a body of len bytes into *obs: elements whose type is not in the mask
 * types are left out, and so is a pair seen before.  any_case: names of types
 * are compared without case.  More than max elements, counted before anything
 * is left out, are refused.
 * Returns 0, the caller ends with observables_free(); -1, with the JSON object
 * of field errors in *errors; or 1 when memory ran out.  Then *obs is empty.
 */
int	observables_parse(struct observables *obs, const char *body, size_t len,
	    unsigned types, bool any_case, size_t max, struct buf *errors);
void	observables_free(struct observables *);

#endif
