/* SPDX-License-Identifier: MIT */
/*
 * newfiles: the files of a described provider to begin with.
 */
#ifndef CTIM_NEWFILES_H
#define CTIM_NEWFILES_H

struct command;

#define NEWFILES_ANSWER 160 /* bytes of one, with the NUL: a line has 198 */

/* What is known of the service: UTF-8 without control characters. */
struct newfiles {
	char title[NEWFILES_ANSWER];
	char types[NEWFILES_ANSWER]; /* names, a blank between them */
	char url[NEWFILES_ANSWER];   /* without a slash at its end */
	/* "Name: template" with {key}; "?name" of a part of the query; or "" */
	char header[NEWFILES_ANSWER];
	char path[NEWFILES_ANSWER]; /* a template of a URL's end */
};

/* What a template of the case's only call may hold, and how it is filled: an
 * observable of the first type, the key of the case.  Says in why (size bytes),
 * "" when it may, what is wrong. */
void newfiles_look_path(const char *path, char *why, unsigned size);
void newfiles_look_header(const char *template, char *why, unsigned size);

/* Makes the directory and all of its files; nothing stays of it where that fails.
 * Returns an exit status, after printing the error. */
int newfiles_write(
    const struct command *, const struct newfiles *, const char *dir);

#endif
