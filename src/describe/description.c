/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "conf/conf_read.h"
#include "describe/description.h"
#include "os/regular.h"

/* --- what is told -------------------------------------------------------- */

static void description_tell(struct description *, bool error, const char *file,
    unsigned line, const char *format, va_list)
    __attribute__((format(printf, 5, 0)));

static void
description_tell(struct description *d, bool error, const char *file,
    unsigned line, const char *format, va_list ap)
{
	struct buf b;

	buf_init(&b, PATH_MAX + 2 * DESCRIPTION_WHY);
	(void)buf_addf(&b, "%s/%s:", d->dir, file);
	if (line > 0)
		(void)buf_addf(&b, "%u:", line);
	(void)buf_addc(&b, ' ');
	(void)buf_vaddf(&b, format, ap);
	if (error)
		d->good = false;
	if (d->complain != NULL)
		d->complain(d->arg, error, b.data);
	buf_free(&b);
}

void
description_error(struct description *d, const char *file, unsigned line,
    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	description_tell(d, true, file, line, format, ap);
	va_end(ap);
}

void
description_warning(struct description *d, const char *file, unsigned line,
    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	description_tell(d, false, file, line, format, ap);
	va_end(ap);
}

/* --- files --------------------------------------------------------------- */

/* Why others than root and whoever runs this could change what st is of; NULL: they
 * cannot. */
static const char *
description_untrusted(const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "its owner is neither root nor who reads the "
		       "configuration";
	if (st->st_mode & S_IWOTH)
		return "everybody may write it; chmod o-w";
	return st->st_mode & S_IWGRP ? "its group may write it; chmod g-w" :
				       NULL;
}

/* Reads what is open.  NULL with an error told. */
static char *
description_take(struct description *d, const char *name, FILE *f, size_t max)
{
	char *text = calloc(1, max + 2);
	size_t n;

	if (text == NULL) {
		description_error(d, name, 0, "no memory left");
		return NULL;
	}
	n = fread(text, 1, max + 1, f);
	if (ferror(f))
		description_error(d, name, 0, "could not be read to its end");
	else if (n > max)
		description_error(d, name, 0, "is longer than %zu bytes", max);
	else if (memchr(text, '\0', n) != NULL || !utf8_valid(text, n))
		description_error(d, name, 0, "is no UTF-8 text");
	else
		return text;
	free(text);
	return NULL;
}

char *
description_file(
    struct description *d, const char *name, size_t max, bool *there)
{
	const char *what;
	char *text = NULL;
	struct stat st;
	FILE *f = NULL;
	int fd;

	*there = true;
	errno = 0;
	/* A link may lead to what only whoever reads this may read. */
	if ((fd = regular_open_in(
		 d->folder, name, O_RDONLY | O_NOFOLLOW, &st, &what)) == -1 &&
	    errno == ENOENT)
		*there = false;
	else if (fd == -1 || (f = fdopen(fd, "r")) == NULL)
		description_error(d, name, 0, "cannot be read: %s",
		    fd == -1 ? what : strerror(errno));
	else if ((what = description_untrusted(&st)) != NULL)
		description_error(d, name, 0, "%s", what);
	else
		text = description_take(d, name, f, max);
	if (f != NULL)
		(void)fclose(f);
	else if (fd != -1)
		(void)close(fd);
	return text;
}

/* Opens the directory; whether it can be trusted. */
static bool
description_dir(struct description *d)
{
	const char *why = NULL;
	struct stat st;

	d->folder = open(d->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (d->folder == -1 || fstat(d->folder, &st) == -1)
		why = errno == ENOTDIR ? "it is no directory" : strerror(errno);
	else
		why = description_untrusted(&st);
	if (why == NULL)
		return true;
	d->good = false;
	if (d->complain != NULL) {
		struct buf b;

		buf_init(&b, PATH_MAX + DESCRIPTION_WHY);
		(void)buf_addf(&b, "%s: %s", d->dir, why);
		d->complain(d->arg, true, b.data);
		buf_free(&b);
	}
	return false;
}

/* --- provider.ini -------------------------------------------------------- */

static bool
description_is_name(const char *s)
{
	static const char letters[] = "_0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const size_t n = strlen(s);

	return n > 0 && n <= DESCRIBED_NAME && strspn(s, letters) == n &&
	    s[0] > '9' && s[0] != '_';
}

/* The kind of a section, by the n bytes of its word; -1: there is none. */
static int
section_kind(const char *word, size_t n, char *why)
{
	struct buf known;
	const char *name;
	bool named;
	int k;

	buf_init(&known, DESCRIPTION_WHY);
	for (k = 0; k < SECTION_KINDS; k++) {
		name = description_word((enum description_kind)k, &named);
		if (strlen(name) == n && strncmp(name, word, n) == 0)
			break;
		(void)buf_addf(&known, "%s%s", k == 0 ? "" : ", ", name);
	}
	if (k == SECTION_KINDS)
		snprintf(why, CONF_ERROR_MAX,
		    "%.*s is no section; there are %s", (int)n, word,
		    known.data);
	buf_free(&known);
	return k == SECTION_KINDS ? -1 : k;
}

static bool
description_section(void *arg, const char *section, char *why)
{
	struct description *d = arg;
	const size_t n = strcspn(section, " ");
	const char *name = section[n] == '\0' ? "" : section + n + 1, *word;
	bool named;
	int k;

	d->deaf = true;
	if ((k = section_kind(section, n, why)) == -1)
		return false;
	word = description_word((enum description_kind)k, &named);
	if (named && !description_is_name(name)) {
		snprintf(why, CONF_ERROR_MAX,
		    "[%s NAME] wants a name: a letter, then letters, digits "
		    "and _, at most 41",
		    word);
		return false;
	}
	if (!named && section[n] != '\0') {
		snprintf(why, CONF_ERROR_MAX, "[%s] has no name", word);
		return false;
	}
	for (size_t i = 0; i < d->n; i++)
		if ((int)d->parts[i].kind == k &&
		    strcmp(d->parts[i].name, name) == 0) {
			snprintf(why, CONF_ERROR_MAX,
			    "[%s] is there already, in line %u", section,
			    d->parts[i].line);
			return false;
		}
	if (d->n == DESCRIPTION_PARTS ||
	    (d->parts[d->n].name = strdup(name)) == NULL) {
		snprintf(why, CONF_ERROR_MAX, "there are too many sections");
		return false;
	}
	d->parts[d->n].kind = (enum description_kind)k;
	d->parts[d->n].line = d->line;
	d->parts[d->n].last = &d->parts[d->n].keys;
	d->n++;
	d->deaf = false;
	return true;
}

static void
key_free(struct description_key *k)
{
	if (k == NULL)
		return;
	free(k->name);
	free(k->suffix);
	free(k->value);
	free(k);
}

static struct description_key *
key_new(const char *name, const char *value, unsigned line)
{
	struct description_key *k = calloc(1, sizeof(*k));
	const char *dot = strchr(name, '.');

	if (k == NULL)
		return NULL;
	k->line = line;
	k->name =
	    dot == NULL ? strdup(name) : strndup(name, (size_t)(dot - name));
	k->suffix = dot == NULL ? NULL : strdup(dot + 1);
	k->value = strdup(value);
	if (k->name != NULL && k->value != NULL &&
	    (dot == NULL || k->suffix != NULL))
		return k;
	key_free(k);
	return NULL;
}

static bool
description_key(void *arg, const char *section, const char *name,
    const char *value, char *why)
{
	struct description *d = arg;
	struct description_part *part;
	struct description_key *k;
	const struct description_key *before;

	(void)section;
	if (d->deaf || d->n == 0)
		return true; /* the section has been complained about */
	part = &d->parts[d->n - 1];
	if ((k = key_new(name, value, d->line)) == NULL) {
		snprintf(why, CONF_ERROR_MAX, "no memory left");
		return false;
	}
	before = description_find(part, k->name, k->suffix);
	if (!description_knows(part->kind, k->name, k->suffix, why)) {
		/* why is there */
	} else if (before != NULL) {
		snprintf(why, CONF_ERROR_MAX, "%s is there already, in line %u",
		    name, before->line);
	} else if (*value == '\0') {
		snprintf(why, CONF_ERROR_MAX,
		    "%s has no value; leave the line out for the default",
		    name);
	} else {
		*part->last = k;
		part->last = &k->next;
		return true;
	}
	key_free(k);
	return false;
}

static void
description_complain(void *arg, unsigned line, const char *why)
{
	ini_error((struct description *)arg, line, "%s", why);
}

bool
description_read(struct description *d)
{
	const struct conf_handler handler = { .section = description_section,
		.key = description_key,
		.complain = description_complain,
		.arg = d,
		.line = &d->line,
		.too_long = "this line is longer than 198 bytes; put the text "
			    "into a file NAME.txt here and write @NAME.txt" };
	char *text;
	bool there;
	FILE *f;

	d->good = true;
	if (!description_dir(d))
		return false;
	text = description_file(d, "provider.ini", DESCRIBED_FILE, &there);
	if (!there)
		description_error(d, "provider.ini", 0, "is not there");
	if (text == NULL)
		return false;
	f = fmemopen(text, strlen(text) == 0 ? 1 : strlen(text), "r");
	if (f == NULL)
		description_error(d, "provider.ini", 0, "no memory left");
	else if (!conf_read(f, &handler))
		d->good = false;
	if (f != NULL)
		(void)fclose(f);
	free(text);
	return d->good;
}

void
description_free(struct description *d)
{
	struct description_key *k, *next;
	size_t i;

	for (i = 0; i < d->n; i++) {
		for (k = d->parts[i].keys; k != NULL; k = next) {
			next = k->next;
			key_free(k);
		}
		free(d->parts[i].name);
	}
	d->n = 0;
	if (d->folder != -1)
		(void)close(d->folder);
	d->folder = -1;
}

const struct description_key *
description_find(
    const struct description_part *part, const char *name, const char *suffix)
{
	const struct description_key *k;

	for (k = part == NULL ? NULL : part->keys; k != NULL; k = k->next)
		if (strcmp(k->name, name) == 0 &&
		    (suffix == NULL) == (k->suffix == NULL) &&
		    (suffix == NULL || strcmp(k->suffix, suffix) == 0))
			return k;
	return NULL;
}

const struct description_part *
description_part(const struct description *d, enum description_kind kind,
    const struct description_part *from)
{
	size_t i = from == NULL ? 0 : (size_t)(from - d->parts) + 1;

	for (; i < d->n; i++)
		if (d->parts[i].kind == kind)
			return &d->parts[i];
	return NULL;
}
