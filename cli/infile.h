/*
 * infile: files to read that may be standard input.
 */
#ifndef CTIM_INFILE_H
#define CTIM_INFILE_H

#include <stdio.h>

struct buf;
struct command;
struct feed_reader;

/* Opens it ("-": standard input); NULL after it was said why not. */
FILE		*infile_open(const struct command *, const char *file);
/* Closes what infile_open() gave, unless it is standard input. */
void		 infile_close(FILE *);
/* What people call it. */
const char	*infile_name(const char *file);
/* Takes the byte order mark off the beginning.  Returns CMD_OK; or, for a text in
 * UTF-16, CMD_FAILED after it was said what to do. */
int		 infile_mark(const struct command *, const char *file,
		    struct feed_reader *);
/* All of a file into out, an empty buffer.  Returns CMD_OK; else what is wrong
 * has been printed, and it is the status. */
int		 infile_read(const struct command *, const char *file,
		    struct buf *out);

#endif
