/* SPDX-License-Identifier: MIT */
/*
 * outfile: a file that is written beside its place and moved there when it is
 * whole, so that nobody reads a part of it.
 */
#ifndef CTIM_OUTFILE_H
#define CTIM_OUTFILE_H

#include <sys/types.h>
#include <stdbool.h>
#include <stdio.h>

struct command;

struct outfile {
	const char *path; /* the caller's */
	char *beside;     /* where it is now */
	FILE *file;       /* open to write */
};

/* Makes an empty file beside path, of that mode whatever the umask is.  What is
 * at path and no file is refused.  Returns CMD_OK, or an exit status after
 * printing the error; then there is nothing to end. */
int outfile_begin(
    const struct command *, struct outfile *, const char *path, mode_t);
/* Writes the file to the disk itself and moves it to path; over (else refused)
 * what is there.  Returns as above, and has ended the file. */
int outfile_end(const struct command *, struct outfile *, bool over);
/* Removes the file. */
void outfile_drop(struct outfile *);

#endif
