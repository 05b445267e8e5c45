/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_loading.h"
#include "conf/conf_read.h"
#include "conf/conf_setting.h"

void
conf_complain(struct loading *l, bool error, const char *file, unsigned line,
    const char *format, ...)
{
	char text[CONF_ERROR_MAX], whole[CONF_ERROR_MAX + 512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (error)
		l->good = false;
	if (l->complain == NULL)
		return;
	if (line != 0)
		snprintf(whole, sizeof(whole), "%s:%u: %s", file, line, text);
	else
		snprintf(whole, sizeof(whole), "%s: %s", file, text);
	l->complain(l->arg, error, whole);
}

static bool
has_section(const char *section)
{
	const struct conf_key *key;

	for (key = conf_keys(); key->name != NULL; key++)
		if (strcmp(key->section, section) == 0)
			return strcmp(section, "relay") != 0;
	return false;
}

/* The name in "relay NAME", NULL when it is no such section. */
static const char *
relay_name(const char *section)
{
	if (strncmp(section, "relay ", 6) != 0)
		return NULL;
	return section + 6; /* good_name() refuses a second blank */
}

static bool
good_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t n = strlen(name);

	return n > 0 && n <= CONF_NAME_MAX && strspn(name, letters) == n &&
	    name[0] != '_' && name[0] != '-';
}

static bool
add_relay(struct loading *l, const char *name, char *why)
{
	struct relay_conf *r;

	if (l->lists->reserved(name)) {
		snprintf(why, CONF_ERROR_MAX,
		    "\"%s\" is no name for a relay: it is the first part of a "
		    "route of the gateway",
		    name);
		return false;
	}
	if (!good_name(name)) {
		snprintf(why, CONF_ERROR_MAX,
		    "\"%s\" is no name for a relay: "
		    "small letters, digits, _ and -, at most %d, and not the "
		    "first part of a route",
		    name, CONF_NAME_MAX);
		return false;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (r->name = strdup(name)) == NULL ||
	    (r->file = strdup(l->file)) == NULL) {
		if (r != NULL)
			free(r->name);
		free(r);
		snprintf(why, CONF_ERROR_MAX, "no memory left");
		return false;
	}
	r->line = l->line;
	r->place = l->relays++;
	*l->relay_tail = r;
	l->relay_tail = &r->next;
	return true;
}

static bool
known_section(const struct loading *l, const char *section)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->seen[i], section) == 0)
			return true;
	return false;
}

static bool
on_section(void *arg, const char *section, char *why)
{
	struct loading *l = arg;
	const char *name = relay_name(section);

	if (known_section(l, section)) {
		snprintf(why, CONF_ERROR_MAX,
		    "a second [%s]; put its "
		    "keys into one section",
		    section);
		return false;
	}
	if (name == NULL && !has_section(section)) {
		snprintf(why, CONF_ERROR_MAX,
		    "there is no section [%s]; the "
		    "sections are server, auth, http, cache, log, egress and "
		    "relay NAME",
		    section);
		return false;
	}
	if (l->n == sizeof(l->seen) / sizeof(*l->seen) ||
	    (l->seen[l->n] = strdup(section)) == NULL) {
		snprintf(why, CONF_ERROR_MAX, "too many sections");
		return false;
	}
	l->n++;
	l->named += name != NULL;
	return name == NULL ? true : add_relay(l, name, why);
}

/* Notes a key without judging it: the meaning of a relay's key depends on the
 * provider, which may be named below it. */
static bool
on_key(void *arg, const char *section, const char *name, const char *value,
    char *why)
{
	struct loading *l = arg;

	if (!known_section(l, section))
		return true; /* the section has been complained about */
	if (setting_find(l->settings.first, section, name) != NULL) {
		snprintf(why, CONF_ERROR_MAX, "%s a second time in [%s]", name,
		    section);
		return false;
	}
	if (setting_add(&l->settings, section, name, value, l->file, l->line,
		l->readable) == NULL) {
		snprintf(why, CONF_ERROR_MAX, "no memory left");
		return false;
	}
	return true;
}

static void
on_complaint(void *arg, unsigned line, const char *why)
{
	struct loading *l = arg;

	conf_complain(l, true, l->file, line, "%s", why);
}

static bool
conf_load_read_file(struct loading *l, const char *path)
{
	const struct conf_handler handler = { .section = on_section,
		.key = on_key,
		.complain = on_complaint,
		.arg = l,
		.line = &l->line };
	const char *what;
	struct stat st;
	FILE *f;

	free(l->file);
	if ((l->file = strdup(path)) == NULL) {
		l->good = false;
		return false;
	}
	if ((f = conf_setting_open(path, &st, &what)) == NULL) {
		conf_complain(l, true, l->file, 0, "cannot be read: %s", what);
		return false;
	}
	l->readable = (st.st_mode & (S_IROTH | S_IWOTH)) != 0;
	if (!conf_read(f, &handler))
		l->good = false;
	fclose(f);
	return true;
}

static int
conf_load_is_conf(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 &&
	    strcmp(d->d_name + n - 5, ".conf") == 0;
}

/* Reads conf.d/ *.conf beside the main file, in the order of their names. */
static void
read_folder(struct loading *l, const char *main_file)
{
	const char *slash = strrchr(main_file, '/');
	struct dirent **names;
	char *folder, *path;
	int n, i;

	if (asprintf(&folder, "%.*sconf.d",
		slash == NULL ? 0 : (int)(slash - main_file + 1),
		main_file) == -1) {
		conf_complain(l, true, l->file, 0, "no memory left");
		return;
	}
	n = scandir(folder, &names, conf_load_is_conf, alphasort);
	if (n == -1 && errno != ENOENT)
		conf_complain(
		    l, true, folder, 0, "cannot be read: %s", strerror(errno));
	for (i = 0; i < n; i++) {
		if (asprintf(&path, "%s/%s", folder, names[i]->d_name) == -1) {
			conf_complain(l, true, folder, 0, "no memory left");
		} else {
			conf_load_read_file(l, path);
			free(path);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	free(folder);
}

static void
apply(struct loading *l, struct setting *s, void *base)
{
	struct conf_key key = *s->key;
	char why[CONF_ERROR_MAX], *value;
	bool failed = false, file;

	key.name = s->name;

	if ((value = setting_value(s, why)) == NULL)
		failed = true;
	else if (*value == '\0')
		failed = !conf_key_is_list(s->key) ||
		    key.set(base, &key, value, why) == -1;
	else if (key.set(base, &key, value, why) == -1)
		failed = true;
	if (value != NULL && *value == '\0' && failed)
		snprintf(why, CONF_ERROR_MAX,
		    "has no value; leave the line "
		    "out for the default");
	/* Behind the path of a file with lines stands the number of one. */
	file =
	    value != NULL && s->key->lines && strncmp(s->text, "file:", 5) == 0;
	if (failed)
		conf_complain(l, true, s->file != NULL ? s->file : l->file,
		    s->line, "[%s] %s: %s%s%s", s->section, s->name,
		    file ? s->text + 5 : "", file ? ":" : "", why);
	/* conf_load_rest() hands out what is left. */
	if (failed && s->file != NULL && s->key->fallback != NULL)
		(void)key.set(base, &key, s->key->fallback, why);
	free(value);
}

/* Applies the settings of a section that a row stands for. */
static void
apply_each(struct loading *l, const char *section, const struct conf_key *key,
    void *base)
{
	const size_t n = strlen(key->name) - strlen("NAME");
	struct setting *s;

	for (s = l->settings.first; s != NULL; s = s->next)
		if (strcmp(s->section, section) == 0 &&
		    strncmp(s->name, key->name, n) == 0) {
			s->key = key;
			apply(l, s, base);
		}
}

void
conf_apply(struct loading *l, const char *section, const char *kind,
    const struct conf_key *key, void *base)
{
	struct setting *s;

	for (; key != NULL && key->name != NULL; key++) {
		if (strcmp(key->section, kind) != 0)
			continue;
		if (key->each) {
			apply_each(l, section, key, base);
			continue;
		}
		s = setting_find(l->settings.first, section, key->name);
		if (s == NULL && key->fallback != NULL &&
		    (s = setting_add(&l->settings, section, key->name,
			 key->fallback, NULL, 0, false)) == NULL)
			conf_complain(l, true, l->file, 0, "no memory left");
		if (s == NULL)
			continue;
		s->key = key;
		apply(l, s, base);
	}
}

static void
apply_all(struct loading *l)
{
	static const char *const sections[] = { "server", "auth", "http",
		"cache", "log", "egress" };
	struct relay_conf *r;
	struct setting *s;
	const struct relay_conf *of;
	char why[CONF_ERROR_MAX];
	size_t i;
	int said;

	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		conf_apply(l, sections[i], sections[i], conf_keys(), l->conf);
	for (r = l->conf->relays; r != NULL; r = r->next)
		conf_apply_relay(l, r);
	for (r = l->conf->relays; r != NULL; r = r->next)
		if (r->provider != NULL &&
		    (said = l->lists->complete(r, l->conf, why)) != 0)
			conf_complain(l, said == -1, r->file, r->line,
			    "[relay %s] %s", r->name, why);
	for (s = l->settings.first; s != NULL; s = s->next) {
		if (s->key != NULL || s->file == NULL)
			continue;
		/* Without its provider a relay's keys cannot be judged. */
		if (relay_name(s->section) != NULL &&
		    ((of = conf_relay(l->conf, relay_name(s->section),
			  strlen(relay_name(s->section)))) == NULL ||
			of->provider == NULL))
			continue;
		conf_complain(l, true, s->file, s->line,
		    "there is no key \"%s\" in [%s]; "
		    "`ctim-relay check --keys` lists them",
		    s->name, s->section);
	}
}

/* Frees everything but the configuration itself, and that too when it is not
 * wanted. */
static struct conf *
conf_load_finish(struct loading *l, struct whole *w, bool wanted)
{
	while (l->n > 0)
		free(l->seen[--l->n]);
	free(l->file);
	w->settings = l->settings.first;
	if (!wanted) {
		conf_free(&w->conf);
		return NULL;
	}
	return &w->conf;
}

static struct whole *
conf_load_begin(struct loading *l, const char *path)
{
	struct whole *w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	l->conf = &w->conf;
	settings_init(&l->settings);
	l->relay_tail = &w->conf.relays;
	if ((w->conf.file = strdup(path)) == NULL)
		l->good = false;
	return w;
}

struct conf *
conf_load_rest(const char *path, const struct conf_lists *lists,
    void (*tell)(void *, bool, const char *), void *arg, bool *good)
{
	struct loading l = {
		.lists = lists, .complain = tell, .arg = arg, .good = true
	};
	struct whole *w;
	bool read;

	*good = false;
	if (path == NULL)
		path = conf_path();
	if ((w = conf_load_begin(&l, path)) == NULL)
		return NULL;
	if ((read = l.good && conf_load_read_file(&l, path))) {
		read_folder(&l, path);
		free(l.file);
		if ((l.file = strdup(path)) == NULL)
			l.good = false;
	}
	if (l.file != NULL)
		apply_all(&l);
	if (l.file != NULL && read)
		conf_check(&l);
	*good = l.good;
	return conf_load_finish(
	    &l, w, w->conf.control != NULL && w->conf.log_target != NULL);
}

struct conf *
conf_default(void)
{
	struct loading l = { .good = true };
	struct whole *w = conf_load_begin(&l, "the defaults");

	if (w == NULL)
		return NULL;
	if (l.good && (l.file = strdup(w->conf.file)) == NULL)
		l.good = false;
	if (l.good)
		apply_all(&l);
	return conf_load_finish(&l, w, l.good);
}
