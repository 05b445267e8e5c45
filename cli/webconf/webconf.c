/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/infile.h"
#include "cli/webconf/webconf.h"
#include "json/jsonin.h"
#include "os/regular.h"

#define FILE_MAX_LEN (1U << 20)

struct webconf_node *
webconf_add(const struct webconf_at *at, const char *name, const char *args)
{
	struct webconf *w = at->w;
	struct webconf_node *node;

	if (w->n == WEBCONF_NODES || (node = calloc(1, sizeof(*node))) == NULL)
		return NULL;
	node->name = strdup(name);
	node->args = strdup(args);
	if (node->name == NULL || node->args == NULL) {
		free(node->name);
		free(node->args);
		free(node);
		return NULL;
	}
	node->file = at->file;
	node->line = at->line;
	node->parent = at->parent;
	*w->last = node;
	w->last = &node->next;
	w->n++;
	return node;
}

/* Reads a regular file into text, a string then, which the caller frees also
 * after -1 with the reason in *what. */
static int
webconf_read_text(const char *path, struct buf *text, const char **what)
{
	struct stat st;
	int fd = regular_open(path, O_RDONLY, &st, what), r;

	buf_init(text, FILE_MAX_LEN);
	if (fd == -1)
		return -1;
	if ((r = infile_all(fd, text)) == -1)
		*what = strerror(errno);
	(void)close(fd);
	return r;
}

/* Reads a file and those that it includes.  Returns -1 with the reason in *what
 * when the file itself cannot be read. */
static int
webconf_read_file(
    const struct webconf_at *from, const char *path, const char **what)
{
	struct webconf *w = from->w;
	struct webconf_at at = *from;
	struct buf text;
	char **files;

	if (w->n_files == WEBCONF_FILES || at.depth == WEBCONF_DEPTH) {
		*what = strerror(ELOOP);
		return -1;
	}
	if (webconf_read_text(path, &text, what) == -1) {
		buf_free(&text);
		return -1;
	}
	files = reallocarray(w->files, w->n_files + 1, sizeof(*files));
	if (files != NULL)
		w->files = files;
	if (files == NULL || (files[w->n_files] = strdup(path)) == NULL) {
		buf_free(&text);
		*what = strerror(ENOMEM);
		return -1;
	}
	at.file = files[w->n_files++];
	at.line = 1;
	at.depth++;
	if (w->kind == WEBCONF_NGINX)
		webconf_nginx(&at, text.data);
	else
		webconf_apache(&at, text.data);
	buf_free(&text);
	return 0;
}

void
webconf_include(const struct webconf_at *at, const char *pattern)
{
	char whole[PATH_MAX];
	const char *what;
	glob_t found;
	size_t i;

	snprintf(whole, sizeof(whole), "%s%s%s",
	    pattern[0] == '/' ? "" : at->w->root, pattern[0] == '/' ? "" : "/",
	    pattern);
	if (glob(whole, 0, NULL, &found) != 0)
		return;
	for (i = 0; i < found.gl_pathc; i++)
		(void)webconf_read_file(at, found.gl_pathv[i], &what);
	globfree(&found);
}

void
webconf_define(
    struct webconf *w, const char *name, size_t len, const char *value)
{
	char *word = strndup(name, len);

	if (word != NULL && value != NULL)
		json_object_object_add(
		    w->defines, word, json_object_new_string(value));
	else if (word != NULL)
		json_object_object_del(w->defines, word);
	free(word);
}

/* Takes what Apache's start script on Debian puts into the environment: plain
 * "export NAME=VALUE" of the file envvars beside the main one, which need not
 * exist. */
static void
webconf_environment(struct webconf *w)
{
	char path[PATH_MAX], *line, *next, *value;
	const char *what;
	struct buf text;

	if (w->kind != WEBCONF_APACHE ||
	    (size_t)snprintf(path, sizeof(path), "%s/envvars", w->root) >=
		sizeof(path))
		return;
	(void)webconf_read_text(path, &text, &what);
	for (line = text.data; line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		line += strspn(line, " \t");
		if (strncmp(line, "export ", 7) == 0 &&
		    (value = strchr(line, '=')) != NULL &&
		    strpbrk(value, "$`\"' ") == NULL)
			webconf_define(
			    w, line + 7, (size_t)(value - line) - 7, value + 1);
	}
	buf_free(&text);
}

struct webconf *
webconf_read(const char *path, enum webconf_kind kind, char why[WEBCONF_WHY])
{
	struct webconf *w = calloc(1, sizeof(*w));
	struct webconf_at at = { .w = w };
	const char *slash = strrchr(path, '/'), *what = strerror(ENOMEM);

	if (w != NULL) {
		w->kind = kind;
		w->last = &w->first;
		w->defines = json_object_new_object();
		w->root = slash == NULL ?
		    strdup(".") :
		    strndup(path, slash == path ? 1 : (size_t)(slash - path));
	}
	if (w != NULL && w->root != NULL && w->defines != NULL)
		webconf_environment(w);
	if (w == NULL || w->root == NULL || w->defines == NULL ||
	    webconf_read_file(&at, path, &what) == -1) {
		snprintf(why, WEBCONF_WHY, "%s", what);
		webconf_free(w);
		return NULL;
	}
	return w;
}

void
webconf_free(struct webconf *w)
{
	struct webconf_node *node;

	if (w == NULL)
		return;
	while ((node = w->first) != NULL) {
		w->first = node->next;
		free(node->name);
		free(node->args);
		free(node);
	}
	while (w->n_files > 0)
		free(w->files[--w->n_files]);
	free(w->files);
	free(w->root);
	json_object_put(w->defines);
	free(w);
}

const char *
webconf_value(
    const struct webconf *w, const struct webconf_node *node, const char *name)
{
	const struct webconf_node *parent = node, *n;
	const char *value;

	do {
		parent = parent->parent;
		value = NULL;
		/* Of two directives the later one counts. */
		for (n = w->first; n != NULL; n = n->next)
			if (n->parent == parent &&
			    strcasecmp(n->name, name) == 0)
				value = n->args;
	} while (value == NULL && parent != NULL);
	return value;
}
