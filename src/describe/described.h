/* SPDX-License-Identifier: MIT */
/*
 * described: a provider that is a directory of text files: provider.ini says what
 * it is and which calls to make, map.jq makes entities of their answers.
 *
 * It is read whole or not at all.  What comes of it is a struct provider like
 * those in C; its functions find the description from there.
 */
#ifndef CTIM_DESCRIBED_H
#define CTIM_DESCRIBED_H

#include <stdbool.h>
#include <stddef.h>

#include "call/provider.h"
#include "conf/conf.h"

struct described;
struct json_object;

#define DESCRIBED_NAME  41    /* bytes of a provider's name */
#define DESCRIBED_FILE  65536 /* bytes of each of its files */
#define DESCRIBED_CALLS 64    /* [call …] sections */

/* Is told of each error and warning: "DIR/provider.ini:14: reason". */
typedef void described_complain(void *arg, bool error, const char *line);

/* Whether a word can be the name of a described provider. */
bool described_is_name(const char *name);
/*
 * Reads a directory, whose last part is the provider's name.  NULL when there was
 * an error, all of which were told.  The programs are read and not compiled.
 * To be freed by described_free().
 */
struct described *described_read(
    const char *dir, described_complain *, void *arg);
/* One in the place of a directory with an error: its name and, where that could be
 * read, its title; whatever it is asked the gateway answers that its description
 * has an error.  NULL: no memory. */
struct described *described_broken(const char *dir);
void described_free(struct described *);

/* The provider, which lives as long as the description. */
const struct provider *described_provider(const struct described *);
/* The description of a provider; NULL: it is one in C. */
const struct described *described_of(const struct provider *);
const char *described_dir(const struct described *);
/* A relay's own keys. */
struct described_conf {
	char *url;    /* NULL: as described */
	char **hosts; /* that tokens may name; NULL: any */
};

/* Scheme and host of its url, unless a claim says that; else NULL. */
const char *described_url(const struct described *);
/* The same of another service, where it signs in there. */
const char *described_sign_in_url(const struct described *);
/* Whether all that it calls is https; elsewhere: its url is not called, as a relay's
 * own has its place. */
bool described_has_tls(const struct described *, bool elsewhere);
/* What is wrong with the value of a claim, words to stand behind its name; NULL:
 * nothing, or it has no such claim. */
const char *described_wrong_value(
    const struct described *, const char *name, const char *value);
/* The keys of [relay NAME] that all described providers have. */
extern const struct conf_key described_keys[];

/* What of a description people are shown: its calls, one after another, with the
 * types that each is made for. */
void described_each_call(const struct described *,
    void (*each)(
	void *arg, const char *call, const char *method, const char *types),
    void *arg);

#endif
