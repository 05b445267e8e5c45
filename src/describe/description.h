/* SPDX-License-Identifier: MIT */
/*
 * description: the text of a described provider, before it means something: the
 * sections and keys of provider.ini and the other files of the directory, with the
 * errors that are told of them.
 */
#ifndef CTIM_DESCRIPTION_H
#define CTIM_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "describe/described.h"

#define DESCRIPTION_TEXT  8192 /* bytes of a template in a file */
#define DESCRIPTION_WHY   1024 /* bytes of a reason, with the NUL */
#define DESCRIPTION_PARTS 256  /* sections */

struct buf;

/* The sections that there are, in the order in which people are told of them. */
enum description_kind {
	SECTION_PROVIDER,
	SECTION_CLAIM,
	SECTION_AUTH,
	SECTION_SIGN_IN,
	SECTION_CALL,
	SECTION_HEALTH,
	SECTION_REFER,
	SECTION_ERRORS,
	SECTION_QUOTA,
	SECTION_KINDS
};

struct description_key {
	char *name;   /* without what is behind its dot */
	char *suffix; /* that; NULL: there is no dot */
	char *value;
	unsigned line;
	struct description_key *next; /* in the order of the file */
};

struct description_part {
	enum description_kind kind;
	char *name; /* of [claim NAME]; "" of a section without one */
	unsigned line;
	struct description_key *keys, **last;
};

struct description {
	const char *dir;
	int folder; /* the same, open while it is read; -1: it is not */
	described_complain *complain; /* or NULL */
	void *arg;
	bool good; /* no error was told */
	struct description_part parts[DESCRIPTION_PARTS];
	size_t n;
	bool deaf;     /* the section being read is none */
	unsigned line; /* that is being read */
};

/* Reads provider.ini.  Each name of a section and key is a known one then, or
 * there was an error.  To be freed, whatever it returns. */
bool description_read(struct description *);
void description_free(struct description *);

/* Tells of an error in a file of the directory; line 0: of the whole file. */
void description_error(struct description *, const char *file, unsigned line,
    const char *, ...) __attribute__((format(printf, 4, 5)));
void description_warning(struct description *, const char *file, unsigned line,
    const char *, ...) __attribute__((format(printf, 4, 5)));
/* The same of a line of provider.ini. */
#define ini_error(d, line, ...) \
	description_error((d), "provider.ini", (line), __VA_ARGS__)

/* The value of a key; with a suffix NULL the plain one.  NULL: not there. */
const struct description_key *description_find(
    const struct description_part *, const char *name, const char *suffix);
/* The first part of a kind from `from` on; NULL: there is none. */
const struct description_part *description_part(const struct description *,
    enum description_kind, const struct description_part *from);
/* The word of a kind of sections, and whether they have a name. */
const char *description_word(enum description_kind, bool *named);
/* Whether a section of a kind has a key, with what is behind its dot or NULL; else
 * the reason is in why (CONF_ERROR_MAX bytes). */
bool description_knows(
    enum description_kind, const char *name, const char *suffix, char *why);

/*
 * Reads a file of the directory, which only root or whoever runs this may be able to
 * write: UTF-8, at most max bytes, NUL-free.  NULL with an error told, or, with
 * *there false, when there is none.  To be freed.
 */
char *description_file(
    struct description *, const char *name, size_t max, bool *there);

#endif
