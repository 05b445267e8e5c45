/* SPDX-License-Identifier: MIT */
/*
 * webconf: the configuration of nginx or Apache, read as a tree, to see what of
 * it holds for the gateway.
 *
 * Reads files and nothing else.  Included files stand where they are included;
 * <IfDefine> is decided, and <IfModule> taken for true; for ${NAME} Apache's
 * envvars file beside the main one counts, too.
 * Source: nginx, "Configuration file's structure"; Apache HTTP Server 2.4,
 * "Configuration Files".
 */
#ifndef CTIM_WEBCONF_H
#define CTIM_WEBCONF_H

#include <stddef.h>

#define WEBCONF_WHY 512 /* bytes of a reason */

struct json_object;

enum webconf_kind { WEBCONF_NGINX, WEBCONF_APACHE };

/* A directive, or a block of directives. */
struct webconf_node {
	char *name;
	char *args; /* without quotes, one blank
						 * between; never NULL */
	const char *file;
	unsigned line;
	struct webconf_node *parent; /* NULL: the main level */
	struct webconf_node *next;   /* the next of all, as they stand */
};

struct webconf {
	enum webconf_kind kind;
	struct webconf_node *first, **last;
	size_t n;
	char **files; /* their names */
	size_t n_files;
	char *root;                  /* folder of relative names */
	struct json_object *defines; /* {NAME: VALUE}, of Apache */
};

/* Reads a main file and the files that it includes; of those, what cannot be
 * read is passed over.  Returns NULL with a reason when the main file cannot be
 * read, or memory ran out. */
struct webconf *webconf_read(
    const char *path, enum webconf_kind, char why[WEBCONF_WHY]);
void webconf_free(struct webconf *); /* NULL is fine */
/* Returns the arguments of the directive that holds where node is: that of
 * node's block, else that of the next block around it; NULL: there is none. */
const char *webconf_value(
    const struct webconf *, const struct webconf_node *node, const char *name);

/* For the readers of the two kinds. */
#define WEBCONF_FILES 512
#define WEBCONF_NODES 100000
#define WEBCONF_DEPTH 16   /* files that include each other */
#define WEBCONF_WORDS 4096 /* bytes of a directive */

/* Where a reader is. */
struct webconf_at {
	struct webconf *w;
	const char *file;
	unsigned line;
	struct webconf_node *parent;
	int depth;
};

/* Adds a node.  Returns NULL when there is no room. */
struct webconf_node *webconf_add(
    const struct webconf_at *, const char *name, const char *args);
/* Has ${NAME} stand for value from now on; NULL: for nothing. */
void webconf_define(
    struct webconf *, const char *name, size_t len, const char *value);
/* Reads the files of a pattern where the directive stands. */
void webconf_include(const struct webconf_at *, const char *pattern);
void webconf_nginx(struct webconf_at *, const char *text);
void webconf_apache(struct webconf_at *, const char *text);

#endif
