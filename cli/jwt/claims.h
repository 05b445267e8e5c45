/* SPDX-License-Identifier: MIT */
/*
 * claims: the credentials for which a token is made, from a file or asked.
 */
#ifndef CTIM_CLAIMS_H
#define CTIM_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct command;
struct relay_conf;

/* A claim to ask for beside the relay's own. */
struct claims_prompt {
	const char *claim, *text;
};

#define CLAIMS_MAX 4096 /* bytes of the JSON text, so that a token fits */

/* Whether the configuration has a claim of the relay, so that a token need not. */
bool claims_given(const struct relay_conf *, const char *name);
/*
 * Makes the payload of a token for a relay (NULL: for none in particular), a
 * JSON object, in out.  Takes it from the named file ("-": standard input),
 * which nobody but its owner and group may read; with file NULL, asks on the
 * terminal for the claims that the provider needs and the configuration lacks,
 * without showing secrets.
 * Returns CMD_OK; else the error has been printed, and the result is its
 * status.
 */
int claims_read(const struct command *, const char *file,
    const struct relay_conf *, struct buf *out);
/* The same, but asks for n prompts first, and only once for a claim that the
 * relay needs, too. */
int claims_ask(const struct command *, const char *file,
    const struct relay_conf *, const struct claims_prompt *, size_t n,
    struct buf *out);

#endif
