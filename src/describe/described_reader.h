/* SPDX-License-Identifier: MIT */
/*
 * What makes a struct described of a description; of described_read.c and the
 * files beside it alone.
 */
#ifndef CTIM_DESCRIBED_READER_H
#define CTIM_DESCRIBED_READER_H

#include "describe/described_own.h"
#include "describe/description.h"

struct reader {
	struct described *d;
	struct description *text;
	size_t above; /* calls that templates may name: those from 0 to this */
};

/* Kinds that may stand in a template. */
#define MAY_CLAIM \
	(PLACEHOLDER_BIT(PLACEHOLDER_CLAIM) | PLACEHOLDER_BIT(PLACEHOLDER_AGO))
#define MAY_SECRET (MAY_CLAIM | PLACEHOLDER_BIT(PLACEHOLDER_SECRET))
#define MAY_VALUE                                         \
	(MAY_CLAIM | PLACEHOLDER_BIT(PLACEHOLDER_VALUE) | \
	    PLACEHOLDER_BIT(PLACEHOLDER_TYPE) |           \
	    PLACEHOLDER_BIT(PLACEHOLDER_TYPE_NAME) |      \
	    PLACEHOLDER_BIT(PLACEHOLDER_LIMIT))

/* A copy that is kept; NULL with an error told. */
char *reader_copy(struct reader *, const char *);
/* The template of a text that stands in a line; NULL with an error told. */
struct placeholders *reader_template(struct reader *, unsigned line,
    const char *text, enum placeholders_place, unsigned allowed);
/* The text of a key, or of the file that it names with @; to be freed.  NULL with an
 * error told.  extension: of the files that it may be. */
char *reader_text(struct reader *, const struct description_key *,
    const char *extension, size_t max);
/* A path, kept; NULL with an error told. */
struct path *reader_path(
    struct reader *, const struct description_key *, const char *text);
/* The value of a key of a part where it is there, else NULL. */
const char *reader_value(
    const struct description_part *, const char *name, unsigned *line);
/* yes or no; the fallback where it is not there or wrong, which is told. */
bool reader_yes(struct reader *, const struct description_part *,
    const char *name, bool fallback);
/* A number from min to max; the same. */
int reader_number(struct reader *, const struct description_part *,
    const char *name, int min, int max, int fallback);
/* The place of the word in a list ended by NULL; -1 with an error told. */
int reader_choice(struct reader *, unsigned line, const char *name,
    const char *word, const char *const *choices);
/* Reads names of types.  They must be of those in within, unless that is NULL. */
void reader_types(struct reader *, const struct description_key *,
    const bool *within, bool types[OBSERVABLE_TYPES]);
/* Reads names of routes, which must be of those in within. */
unsigned reader_routes(
    struct reader *, const struct description_key *, unsigned within);
/* Whether a name is one of the variables of templates. */
bool reader_is_variable(const char *name);
/* The number of a claim or call; -1: there is none. */
int reader_claim(const struct reader *, const char *name, size_t len);
int reader_call(const struct reader *, const char *name, size_t len);
/* The next word of a list (blanks or commas between), kept in word; NULL: none. */
char *reader_word(char **rest);
/* "nothing" or the code of a problem: PROBLEM_NONE for nothing.  False with an
 * error told. */
bool reader_problem(
    struct reader *, unsigned line, const char *word, enum problem *);
/* Whether the n bytes at a text can be the name of a header field. */
bool reader_is_token(const char *, size_t n);
/* A header: "Name: template". */
bool reader_header(struct reader *, const struct description_key *,
    unsigned allowed, struct described_header *);

/* Scheme and host of a URL, kept in *o; what is behind them, or NULL with an error
 * told, which begins with the name. */
const char *reader_origin(struct reader *, const char *name, unsigned line,
    const char *url, struct described_origin *);
/* The calls that a template (or NULL) names. */
uint64_t described_calls_in(const struct reader *, const struct placeholders *);

/* described_parts.c: [provider], [claim], [auth]; described_rest.c: [refer],
 * [errors], [quota]. */
void reader_provider(struct reader *);
void reader_claims(struct reader *);
void reader_auth(struct reader *);
/* described_sign.c: how [auth] has calls signed; and when all calls are read, whether
 * their header fields can be. */
void reader_sign(struct reader *, const struct description_part *);
void reader_signed_fields(struct reader *);
void reader_refers(struct reader *);
void reader_errors(struct reader *);
void reader_quota(struct reader *);

/* described_option.c: what a [call NAME] has besides its URL and body, and the
 * statuses of any call that mean "nothing known". */
void reader_options(
    struct reader *, const struct description_part *, struct described_call *);
/* When all calls are read. */
void reader_not_kept(struct reader *);
void reader_nothing(
    struct reader *, const struct description_part *, struct described_call *);

/* described_section.c: [call], [health], [sign-in]. */
void reader_calls(struct reader *);
/* What a template becomes once values are put in, between two texts; NULL: that is
 * no JSON.  To be freed by json_object_put(). */
struct json_object *reader_json(const char *text, const struct placeholders *,
    const char *before, const char *behind);

#endif
