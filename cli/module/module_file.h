/* SPDX-License-Identifier: MIT */
/*
 * module_file: the file that describes a module of the platform, as the
 * Relay Module CLI reads it: a check of its members, and $NAME replaced from
 * the environment.
 */
#ifndef CTIM_MODULE_FILE_H
#define CTIM_MODULE_FILE_H

#include <stddef.h>

struct buf;
struct json_object;

#define MODULE_FILE_MAX \
	65536 /* bytes of the file, and of a string
					 * once it is expanded */

/*
 * Reads a file ("-": standard input), checks and expands it.  The caller
 * releases the object.  NULL: why holds what is wrong, lines for people
 * without a newline at the end.
 */
struct json_object *module_file_read(const char *path, struct buf *why);
/* The same for its text; path is what messages call it. */
struct json_object *module_file_parse(
    const char *path, const char *text, size_t len, struct buf *why);
/*
 * Adds len bytes of text to out, with $NAME and ${NAME} replaced from the
 * environment, and $$ by one dollar.  Returns 0, or -1: why says which variable
 * is not there, or that a dollar begins none.  member: what it is the text of.
 */
int module_file_expand(const char *member, const char *text, size_t len,
    struct buf *out, struct buf *why);

#endif
