/* SPDX-License-Identifier: MIT */
/*
 * placeholders: templates of a description, text with {NAME} or {NAME|PIPE|PIPE}
 * in it.  What is put in is escaped for the place where the template stands, and
 * no description can turn that off.
 *
 * A brace with an ASCII letter behind it begins a placeholder; all others are the
 * template's own, so that JSON is not disturbed.  Of a list all elements are put
 * in, each with its pipes and escapes, with commas between them.
 */
#ifndef CTIM_PLACEHOLDERS_H
#define CTIM_PLACEHOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json_object;
struct observable;
struct path;
struct placeholders;

enum placeholders_place {
	PLACE_URL,  /* all but the unreserved bytes of RFC 3986 as %XX; what the
		       * template itself has and no URL can have, too */
	PLACE_JSON, /* in a string as JSON does, elsewhere numbers and yes/no,
		       * which become true and false */
	PLACE_STRING, /* a part of a string of JSON */
	PLACE_FORM, /* values of name=value&…: as in a URL; what the template
		       * itself has, too */
	PLACE_HEADER, /* what a header cannot carry fails, in the template
			 * itself placeholders_new() */
	PLACE_TEXT    /* as it is: for people, and for what is encoded later */
};

/* What a name stands for. */
enum placeholder_kind {
	PLACEHOLDER_UNKNOWN,
	PLACEHOLDER_VALUE,
	PLACEHOLDER_TYPE,
	PLACEHOLDER_TYPE_NAME,
	PLACEHOLDER_LIMIT, /* number: what is added */
	PLACEHOLDER_PAGE,
	PLACEHOLDER_NEXT,
	PLACEHOLDER_ITEM, /* path: of a part; NULL: all */
	PLACEHOLDER_ENTRIES,
	PLACEHOLDER_AGO, /* number: seconds */
	PLACEHOLDER_CLAIM,
	PLACEHOLDER_SECRET, /* a claim that is one */
	PLACEHOLDER_CALL    /* path: in its result; NULL: all */
};
#define PLACEHOLDER_BIT(kind) (1U << (kind))

struct placeholder {
	enum placeholder_kind kind;
	char *name; /* of a claim or call; NULL for the others */
	struct path *path;
	int64_t number;
	enum placeholder_ago { AGO_SECONDS, AGO_MS, AGO_ISO } ago;
	unsigned char pipes[8]; /* numbers of pipes, placeholders' own */
	size_t n_pipes;
	size_t at;   /* where its brace is in the text of the template */
	bool inside; /* JSON: within a string */
	bool quoted; /* between ' or " in a URL, without a pipe for the
			* language inside (lucene, odata, kql, aql) */
};

/* Which names there are. */
struct placeholders_scope {
	/* What a name is that is no variable: CLAIM, SECRET, CALL or UNKNOWN. */
	enum placeholder_kind (*find)(
	    const void *arg, const char *name, size_t len);
	const void *arg;
	unsigned allowed; /* PLACEHOLDER_BIT() of what may stand there */
	/* The i-th of those names, NULL behind the last; NULL: messages name none
	 * of them as what was meant. */
	const char *(*name)(const void *arg, size_t i);
};

/*
 * Reads a template.  NULL with the reason in why (size bytes), in the words of the
 * page ("{vlaue} is not known; did you mean value?", "{key} is a secret: it may
 * stand in [auth] and [sign-in] only").  To be freed by placeholders_free().
 */
struct placeholders *placeholders_new(const char *text, enum placeholders_place,
    const struct placeholders_scope *, char *why, size_t size);
void placeholders_free(struct placeholders *);
size_t placeholders_count(const struct placeholders *);
const struct placeholder *placeholders_at(const struct placeholders *, size_t);
/* Whether the template is one placeholder and nothing else. */
bool placeholders_alone(const struct placeholders *);

/* What they stand for now; all of it is the caller's. */
struct placeholders_values {
	const struct observable *observable; /* NULL: health, signing in */
	int limit;
	int64_t now; /* seconds since 1970 */
	int64_t page;
	const char *next;         /* NULL: there is none (the empty text) */
	struct json_object *item; /* NULL: there is none */
	const char *entries;      /* as they are: already escaped; NULL: the
				   * empty text */
	/* A claim's value, NULL for none (which is the empty text); "true" or
	 * "false" of one that is yes or no. */
	const char *(*claim)(const void *arg, const char *name);
	/* What a call has found, not a new reference; NULL for nothing. */
	struct json_object *(*call)(const void *arg, const char *name);
	const void *arg;
	/* NULL, or where the placeholder is put whose value is FILL_WRONG. */
	const struct placeholder **wrong;
};

enum placeholders_filled {
	FILLED,
	FILL_MISSING, /* an answer has not what is wanted, or it is null */
	FILL_WRONG,   /* a value that cannot stand there */
	FILL_MEMORY   /* b has failed: memory ran out, or b is full */
};

/* The name of one: "value", or that of its claim or call. */
const char *placeholders_name(const struct placeholder *);

/* Adds the template to b.  What was added before a failure stays in b. */
enum placeholders_filled placeholders_fill(const struct placeholders *,
    const struct placeholders_values *, struct buf *b);

#endif
