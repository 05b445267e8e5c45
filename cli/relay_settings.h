/*
 * relay_settings: the file that describes a module of the platform, as the
 * Relay Module CLI reads it: a check of its members, and $NAME replaced from
 * the environment.
 */
#ifndef CTIM_RELAY_SETTINGS_H
#define CTIM_RELAY_SETTINGS_H

#include <stddef.h>

struct buf;
struct json_object;

#define RELAY_SETTINGS_MAX	65536	/* bytes of the file, and of a string
					 * once it is expanded */

/*
 * Reads a file ("-": standard input), checks and expands it.  The caller
 * releases the object.  NULL: why holds what is wrong, lines for people
 * without a newline at the end.
 */
struct json_object *relay_settings_read(const char *path, struct buf *why);
/* The same for its text; path is what messages call it. */
struct json_object *relay_settings_parse(const char *path, const char *text,
	    size_t len, struct buf *why);
/*
 * Adds len bytes of text to out, with $NAME and ${NAME} replaced from the
 * environment, and $$ by one dollar.  Returns 0, or -1: why says which variable
 * is not there, or that a dollar begins none.  member: what it is the text of.
 */
int	relay_settings_expand(const char *member, const char *text, size_t len,
	    struct buf *out, struct buf *why);

#endif
