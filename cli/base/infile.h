/* SPDX-License-Identifier: MIT */
/*
 * infile: files to read that may be standard input.
 */
#ifndef CTIM_INFILE_H
#define CTIM_INFILE_H

#include <stdio.h>

struct buf;
struct command;

/*
 * Opens a path to read without a wait: a regular file, /dev/null, or a
 * descriptor that this process was started with, such as /dev/stdin or what the
 * shell makes of <(command).  A named pipe, a directory or another device is
 * refused.  The caller closes the descriptor.  Returns -1 with errno and the
 * reason in *what.
 */
int infile_descriptor(const char *path, const char **what);
/* Opens a file ("-": standard input) as infile_descriptor() does.  Returns NULL
 * after saying why it cannot be opened. */
FILE *infile_open(const struct command *, const char *file);
/* Closes what infile_open() gave, unless it is standard input. */
void infile_close(FILE *);
/* The name of the file for people. */
const char *infile_name(const char *file);
/* Says that a file is in UTF-16, and how to convert it.  Returns CMD_FAILED. */
int infile_utf16(const struct command *, const char *file);
/* Adds the rest of a file to out, whose data is a string then.  Returns 0, or
 * -1 with errno: EFBIG when the file is larger than out may be. */
int infile_all(int fd, struct buf *out);
/* Reads a whole file into out, an empty buffer.  Returns CMD_OK; else the error
 * has been printed, and the result is its status. */
int infile_read(const struct command *, const char *file, struct buf *out);

#endif
