/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/savedtext.h"
#include "conf/conf_setting.h"
#include "os/regular.h"

#define SECRET_FILE_MAX 65536      /* bytes taken from a file:PATH */
#define LIST_FILE_MAX   (4U << 20) /* the same for a key with lines */

void
settings_init(struct settings *list)
{
	list->first = NULL;
	list->last = &list->first;
}

void
settings_free(struct setting *s)
{
	struct setting *next;

	for (; s != NULL; s = next) {
		next = s->next;
		free(s->section);
		free(s->name);
		free(s->text);
		free(s->file);
		free(s);
	}
}

struct setting *
setting_add(struct settings *list, const char *section, const char *name,
    const char *text, const char *file, unsigned line, bool readable)
{
	struct setting *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->line = line;
	s->readable = readable;
	s->section = strdup(section);
	s->name = strdup(name);
	s->text = strdup(text);
	if (file != NULL)
		s->file = strdup(file);
	if (s->section == NULL || s->name == NULL || s->text == NULL ||
	    (file != NULL && s->file == NULL)) {
		settings_free(s);
		return NULL;
	}
	*list->last = s;
	list->last = &s->next;
	return s;
}

struct setting *
setting_find(struct setting *s, const char *section, const char *name)
{
	for (; s != NULL; s = s->next)
		if (strcmp(s->section, section) == 0 &&
		    strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

bool
conf_key_is_list(const struct conf_key *key)
{
	return key->lines || key->release == conf_release_list;
}

/* Makes len bytes, which came from name, a value of the key.  Returns 0, or -1
 * with why. */
static int
setting_plain(char *text, size_t len, const char *name,
    const struct conf_key *key, char *why)
{
	char what[SAVEDTEXT_WHY];
	bool list = conf_key_is_list(key);

	(void)savedtext_trim(text, len);
	if (savedtext_plain(text, list, what) == 0)
		return 0;
	snprintf(why, CONF_ERROR_MAX, "%s holds %s; this value is %s", name,
	    what,
	    list ? "a list, separated by commas, blanks or line ends" :
		   "one line of text");
	return -1;
}

FILE *
conf_setting_open(const char *path, struct stat *st, const char **what)
{
	int fd = regular_open(path, O_RDONLY, st, what);
	FILE *f;

	if (fd == -1)
		return NULL;
	if ((f = fdopen(fd, "r")) == NULL) {
		*what = strerror(errno);
		close(fd);
	}
	return f;
}

/* The content of file:PATH; the caller frees it. */
static char *
conf_setting_from_file(const char *path, const struct conf_key *key, char *why)
{
	bool secret = key->secret || key->secret_user;
	struct stat st;
	FILE *f;
	const char *what;
	const size_t max = key->lines ? LIST_FILE_MAX : SECRET_FILE_MAX;
	char *text = NULL, *value = NULL;
	size_t n = 0;

	if ((f = conf_setting_open(path, &st, &what)) == NULL)
		snprintf(
		    why, CONF_ERROR_MAX, "%s cannot be read: %s", path, what);
	else if (secret && (st.st_mode & (S_IROTH | S_IWOTH)))
		snprintf(why, CONF_ERROR_MAX,
		    "%s holds a secret and everybody "
		    "may read it; chmod o= %s",
		    path, path);
	else if ((text = calloc(1, max + 2)) == NULL)
		snprintf(why, CONF_ERROR_MAX, "no memory left");
	else if (savedtext_is_utf16(text, n = fread(text, 1, max + 1, f)))
		snprintf(why, CONF_ERROR_MAX,
		    "%s is in UTF-16; save it as "
		    "UTF-8",
		    path);
	else if (n > max || ferror(f) || memchr(text, '\0', n) != NULL)
		snprintf(why, CONF_ERROR_MAX,
		    "%s is no text of at most %zu "
		    "bytes",
		    path, max);
	else if (setting_plain(text, n, path, key, why) == 0)
		value = text;
	if (value != NULL && key->lines)
		memcpy(value + strlen(value), "\n", sizeof("\n"));
	if (value == NULL)
		free(text);
	if (f != NULL)
		fclose(f);
	return value;
}

/* The value of the variable name; the caller frees it. */
static char *
from_variable(
    const char *value, const char *name, const struct conf_key *key, char *why)
{
	char *copy;

	if ((copy = strdup(value)) == NULL)
		snprintf(why, CONF_ERROR_MAX, "no memory left");
	else if (setting_plain(copy, strlen(copy), name, key, why) == -1) {
		free(copy);
		return NULL;
	}
	return copy;
}

char *
setting_value(const struct setting *s, char *why)
{
	const char *text = s->text, *value;
	char *copy;

	if (strcmp(s->section, "log") != 0 && strncmp(text, "file:", 5) == 0)
		return conf_setting_from_file(text + 5, s->key, why);
	if (strcmp(s->section, "log") != 0 && strncmp(text, "env:", 4) == 0) {
		if ((value = getenv(text + 4)) == NULL) {
			snprintf(why, CONF_ERROR_MAX,
			    "%s is not in the environment", text + 4);
			return NULL;
		}
		return from_variable(value, text + 4, s->key, why);
	} else if (conf_is_secret(s->key, text) && s->readable &&
	    s->file != NULL) {
		snprintf(why, CONF_ERROR_MAX,
		    "%s is a secret and everybody "
		    "may read this file; chmod o= %s",
		    s->name, s->file);
		return NULL;
	}
	if ((copy = strdup(text)) == NULL)
		snprintf(why, CONF_ERROR_MAX, "no memory left");
	return copy;
}
