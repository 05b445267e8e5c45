/* SPDX-License-Identifier: MIT */
/*
 * form: which members the entities of CTIM have, and what each may hold.
 *
 * A form is a table, sorted by name, that is all that CTIM takes there: its maps
 * are closed at every level, and null is never a value.
 * Source: CTIM 1.3.28, src/ctim/schemas; relay API.
 */
#ifndef CTIM_FORM_H
#define CTIM_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "ctim/ctim.h"

/* What a member holds. */
enum form_kind {
	FORM_TEXT,             /* max code points; 0: any number */
	FORM_VALUE,            /* a text without a maximum; "" is nothing */
	FORM_WORD,             /* one of words */
	FORM_TERM,             /* [0-9a-z_-]+ */
	FORM_PHASE,            /* the same, of kill_chain_name beside it */
	FORM_OBSERVABLE,       /* the name of a type of observables */
	FORM_URI,              /* ctim_is_uri() */
	FORM_ID,               /* ctim_is_ref() */
	FORM_END,              /* the id of an entity; of several ends: max */
	FORM_TIME,             /* RFC 3339 */
	FORM_WHEN,             /* {start_time, end_time}, the first needed */
	FORM_PERIOD,           /* the same, none needed */
	FORM_INTEGER,          /* of 64 bits */
	FORM_COUNT,            /* not below 0 */
	FORM_YESNO,            /* a boolean */
	FORM_TYPE,             /* the type of its form */
	FORM_DISPOSITION,      /* enum ctim_disposition … */
	FORM_DISPOSITION_NAME, /* … and its name */
	FORM_OBJECT,           /* of a form */
	FORM_SPECIFICATION,    /* of one of form_specifications, by its type */
	FORM_TABLE,            /* a table: columns, rows */
	FORM_ANY               /* an object of any members */
};

/* What a member is where it was not given. */
enum form_made {
	FORM_LEFT_OUT,    /* nothing: it is not there */
	FORM_NEEDED,      /* it must be given */
	FORM_MADE_SCHEMA, /* CTIM_SCHEMA_VERSION */
	FORM_MADE_SOURCE, /* who says so */
	FORM_MADE_TITLE,  /* the title beside it */
	FORM_MADE_ONE,
	FORM_MADE_TYPE,  /* the type of its form */
	FORM_MADE_ASKED, /* the observable that was asked, in a list or not */
	FORM_MADE_EMPTY, /* {} */
	FORM_MADE_WHEN   /* observed_time of the entity */
};

struct form_member {
	const char *name;
	enum form_kind kind;
	enum form_made made;
	bool list;                /* a list of such */
	size_t max;               /* of a text; of FORM_END: which one */
	const char *const *words; /* of FORM_WORD, ended by NULL */
	const struct form *form;  /* of FORM_OBJECT */
};

struct form {
	const struct form_member *members; /* ended by a NULL name */
	const char *type;                  /* of FORM_TYPE */
	/* Members without which the whole is nothing, ended by NULL; NULL: it
	 * always is something. */
	const char *const *value;
};

#define CTIM_SCHEMA_VERSION "1.0.17" /* as all published relays say */

extern const struct form form_entities[CTIM_KINDS];
extern const struct form form_reference; /* relay API, "reference" */
extern const struct form form_observable;
extern const struct form form_column; /* of a FORM_TABLE */
extern const struct form form_context;
/* The forms of an indicator's specification, ended by one without members. */
extern const struct form form_specifications[];
/* The phases of the one kill chain whose phases CTIM knows, ended by NULL. */
extern const char form_known_chain[];
extern const char *const form_known_phases[];

/* The member of a name, NULL for none. */
const struct form_member *form_find(const struct form *, const char *name);

#endif
