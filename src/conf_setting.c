#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_setting.h"

#define SECRET_FILE_MAX	65536	/* bytes taken from a file:PATH */

void
settings_init(struct settings *list)
{
	list->first = NULL;
	list->last = &list->first;
}

void
settings_free(struct setting *s)
{
	struct setting	*next;

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
	struct setting	*s;

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

/* The content of file:PATH without its last newline; the caller frees it. */
static char *
from_file(const char *path, bool secret, char *why)
{
	struct stat	 st;
	FILE		*f;
	char		*text = NULL;
	size_t		 n;

	if ((f = fopen(path, "re")) == NULL || fstat(fileno(f), &st) == -1)
		snprintf(why, CONF_ERROR_MAX, "%s cannot be read: %s", path,
		    strerror(errno));
	else if (secret && (st.st_mode & (S_IROTH | S_IWOTH)))
		snprintf(why, CONF_ERROR_MAX, "%s holds a secret and everybody "
		    "may read it; chmod o= %s", path, path);
	else if ((text = calloc(1, SECRET_FILE_MAX + 1)) == NULL)
		snprintf(why, CONF_ERROR_MAX, "no memory left");
	else if ((n = fread(text, 1, SECRET_FILE_MAX + 1, f)) >
	    SECRET_FILE_MAX || ferror(f) || memchr(text, '\0', n) != NULL) {
		snprintf(why, CONF_ERROR_MAX, "%s is no text of at most %d "
		    "bytes", path, SECRET_FILE_MAX);
		free(text);
		text = NULL;
	} else if (n > 0 && text[n - 1] == '\n') {
		text[n - 1] = '\0';
	}
	if (f != NULL)
		fclose(f);
	return text;
}

/* What a value stands for: itself, env:NAME or file:PATH; NULL with why. */
char *
setting_value(const struct setting *s, char *why)
{
	const char	*text = s->text, *value;
	char		*copy;

	if (strcmp(s->section, "log") != 0 && strncmp(text, "file:", 5) == 0)
		return from_file(text + 5, s->key->secret ||
		    s->key->secret_user, why);
	if (strcmp(s->section, "log") != 0 && strncmp(text, "env:", 4) == 0) {
		if ((value = getenv(text + 4)) == NULL) {
			snprintf(why, CONF_ERROR_MAX,
			    "%s is not in the environment", text + 4);
			return NULL;
		}
		text = value;
	} else if (conf_is_secret(s->key, text) && s->readable &&
	    s->file != NULL) {
		snprintf(why, CONF_ERROR_MAX, "%s is a secret and everybody "
		    "may read this file; chmod o= %s", s->name, s->file);
		return NULL;
	}
	if ((copy = strdup(text)) == NULL)
		snprintf(why, CONF_ERROR_MAX, "no memory left");
	return copy;
}

