/*
 * infile: files to read that may be standard input.
 */
#ifndef CTIM_INFILE_H
#define CTIM_INFILE_H

#include <stdio.h>

struct buf;
struct command;

/* Opens it ("-": standard input); NULL after it was said why not. */
FILE *infile_open(const struct command *, const char *file);
/* Closes what infile_open() gave, unless it is standard input. */
void infile_close(FILE *);
/* What people call it. */
const char *infile_name(const char *file);
/* Says that a file is in UTF-16, and what to do; returns CMD_FAILED. */
int infile_utf16(const struct command *, const char *file);
/* Adds everything up to the end of the file to out, whose data is a string then.
 * Returns 0, or -1 with errno: EFBIG when there is more than out may hold. */
int infile_all(int fd, struct buf *out);
/* All of a file into out, an empty buffer.  Returns CMD_OK; else what is wrong
 * has been printed, and it is the status. */
int infile_read(const struct command *, const char *file, struct buf *out);

#endif
