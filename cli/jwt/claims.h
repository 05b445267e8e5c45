/*
 * claims: the credentials for which a token is made, from a file or asked.
 */
#ifndef CTIM_CLAIMS_H
#define CTIM_CLAIMS_H

#include <stddef.h>

struct buf;
struct command;
struct relay_conf;

/* A claim to ask for, beside those that the relay needs. */
struct claims_prompt {
	const char *claim, *text;
};

#define CLAIMS_MAX 4096 /* bytes of the JSON text, so that a token fits */

/*
 * The payload of a token for a relay (NULL: for none in particular), a JSON
 * object text, into out.  From the file of that name ("-": standard input),
 * which nobody but its owner and group may read; with file NULL, what the
 * relay's provider needs is asked on the terminal; secrets are not shown.
 * Returns CMD_OK; else what went wrong has been printed, and it is the status.
 */
int claims_read(const struct command *, const char *file,
    const struct relay_conf *, struct buf *out);
/* The same, and n prompts come first; a claim that the relay needs too is asked
 * for once. */
int claims_ask(const struct command *, const char *file,
    const struct relay_conf *, const struct claims_prompt *, size_t n,
    struct buf *out);

#endif
