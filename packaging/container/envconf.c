/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/savedtext.h"
#include "conf/conf_setting.h"
#include "packaging/container/envconf.h"

#define ENVCONF_PREFIX "CTIM_RELAY_"
#define ENVCONF_FILE   "_FILE"
#define ENVCONF_NAMES  1000 /* bytes of names in a warning */
#define ENVCONF_MARK   "\xef\xbb\xbf"

static void __attribute__((format(printf, 3, 4)))
envconf_say(struct envconf *e, bool error, const char *format, ...)
{
	char line[CONF_ERROR_MAX + ENVCONF_NAMES];
	va_list ap;

	if (error)
		e->good = false;
	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (e->tell != NULL)
		e->tell(e->arg, error, line);
}

/* --- which key a name means ---------------------------------------------- */

/* Whether n bytes of a variable's name spell a word of the configuration. */
static bool
envconf_spells(const char *have, size_t n, const char *want)
{
	size_t i;

	for (i = 0; i < n && want[i] != '\0'; i++)
		if (have[i] !=
		    (want[i] == '.' ? '_' : toupper((unsigned char)want[i])))
			return false;
	return i == n && want[i] == '\0';
}

/* The same for a row: a relay's by its name alone. */
static bool
envconf_spells_key(const char *have, size_t n, const struct conf_key *key)
{
	size_t skip = strlen(key->section) + 1;

	if (strcmp(key->section, "relay") == 0)
		return envconf_spells(have, n, key->name);
	return n > skip && have[skip - 1] == '_' &&
	    envconf_spells(have, skip - 1, key->section) &&
	    envconf_spells(have + skip, n - skip, key->name);
}

/* The row of a table that n bytes spell, of a relay's section or of the others;
 * NULL: none. */
static const struct conf_key *
envconf_find(const struct conf_key *key, bool relay, const char *have, size_t n)
{
	for (; key != NULL && key->name != NULL; key++)
		if ((strcmp(key->section, "relay") == 0) == relay &&
		    envconf_spells_key(have, n, key))
			return key;
	return NULL;
}

/* Whether the value of a key may stand in a file: not in [log], where file: has
 * no meaning, and not who the provider is, by which we know the keys. */
static bool
envconf_may_be_file(const struct conf_key *key)
{
	return strcmp(key->section, "log") != 0 &&
	    strcmp(key->name, "provider") != 0;
}

/* Finds the key that a word names in our table or in own; an exact name comes
 * before one with _FILE.  Returns whether there is one. */
static bool
envconf_name(struct envconf_row *row, const struct conf_key *own, bool relay,
    const char *word)
{
	const size_t n = strlen(word), end = sizeof(ENVCONF_FILE) - 1;

	if ((row->key = envconf_find(conf_keys(), relay, word, n)) == NULL)
		row->key = envconf_find(own, relay, word, n);
	if (row->key != NULL)
		return true;
	if (n <= end || strcmp(word + n - end, ENVCONF_FILE) != 0)
		return false;
	row->file = true;
	row->key = envconf_find(conf_keys(), relay, word, n - end);
	if (row->key == NULL)
		row->key = envconf_find(own, relay, word, n - end);
	return row->key != NULL && envconf_may_be_file(row->key);
}

/* --- relays -------------------------------------------------------------- */

/* The last two underscores of a word, or NULL. */
static const char *
envconf_cut(const char *word)
{
	const char *at, *last = NULL;

	for (at = word; (at = strstr(at, "__")) != NULL; at++)
		last = at;
	return last;
}

/* The value of CTIM_RELAY_RELAY_NAME__PROVIDER, NULL when it is not set; word
 * begins with the n bytes of NAME. */
static const char *
envconf_provider_set(char *const *environ, const char *word, size_t n)
{
	static const char begin[] = ENVCONF_PREFIX "RELAY_",
			  end[] = "__PROVIDER=";
	const size_t skip = sizeof(begin) - 1;

	for (; *environ != NULL; environ++)
		if (strncmp(*environ, begin, skip) == 0 &&
		    strncmp(*environ + skip, word, n) == 0 &&
		    strncmp(*environ + skip + n, end, sizeof(end) - 1) == 0 &&
		    (*environ)[skip + n + sizeof(end) - 1] != '\0')
			return *environ + skip + n + sizeof(end) - 1;
	return NULL;
}

/* Finds the relay and the key of NAME__KEY.  Returns whether there are both: a
 * relay is there when its provider is said or called as it is. */
static bool
envconf_relay(struct envconf_row *row, char *const *environ,
    const struct conf_lists *lists, const char *word)
{
	const char *cut = envconf_cut(word), *provider;
	struct conf_provider p = { 0 };
	char name[CONF_NAME_MAX + 1];
	size_t i, n = cut == NULL ? 0 : (size_t)(cut - word);
	bool known = false;

	if (n == 0 || n > CONF_NAME_MAX)
		return false;
	for (i = 0; i < n; i++) {
		if (!isupper((unsigned char)word[i]) &&
		    !isdigit((unsigned char)word[i]) &&
		    strchr("_-", word[i]) == NULL)
			return false;
		name[i] = (char)tolower((unsigned char)word[i]);
	}
	name[n] = '\0';
	provider = envconf_provider_set(environ, word, n);
	for (i = 0; !known && lists->provider(i, &p); i++)
		known = strcmp(p.name, provider ? provider : name) == 0;
	(void)snprintf(row->section, sizeof(row->section), "relay %s", name);
	/* A provider that does not exist is for the configuration to refuse. */
	return (known || provider != NULL) &&
	    envconf_name(row, known ? p.keys : NULL, true, cut + 2);
}

/* --- taking -------------------------------------------------------------- */

static void
envconf_add(struct envconf *e, const struct envconf_row *row)
{
	struct envconf_row *more;
	size_t room = e->room == 0 ? 16 : e->room * 2;

	if (e->n == e->room) {
		more = reallocarray(e->row, room, sizeof(*more));
		if (more == NULL) {
			envconf_say(e, true, "no memory left");
			return;
		}
		e->row = more;
		e->room = room;
	}
	e->row[e->n++] = *row;
}

/* Notes a name for the warning, without what a terminal would obey. */
static void
envconf_unknown(struct buf *names, const char *name)
{
	const char *p;

	(void)buf_adds(names, names->len == 0 ? "" : ", ");
	for (p = name; *p != '\0'; p++)
		(void)buf_addc(names, isgraph((unsigned char)*p) ? *p : '?');
}

/* Takes one variable; its name is not yet cut off from its value. */
static void
envconf_variable(struct envconf *e, char *const *environ, const char *entry,
    const struct conf_lists *lists, struct buf *unknown)
{
	static const char relay[] = "RELAY_";
	const char *equals = strchr(entry, '='), *word;
	struct envconf_row row = { 0 };
	char *name;
	bool found;

	if (equals == NULL)
		return;
	if ((name = strndup(entry, (size_t)(equals - entry))) == NULL) {
		envconf_say(e, true, "no memory left");
		return;
	}
	row.variable = name;
	row.value = equals + 1;
	word = name + sizeof(ENVCONF_PREFIX) - 1;
	if (strncmp(word, relay, sizeof(relay) - 1) == 0)
		found = envconf_relay(
		    &row, environ, lists, word + sizeof(relay) - 1);
	else if ((found = envconf_name(&row, NULL, false, word)))
		(void)snprintf(
		    row.section, sizeof(row.section), "%s", row.key->section);
	if (!found)
		envconf_unknown(unknown, name);
	if (!found ||
	    (*row.value == '\0' && (row.file || !conf_key_is_list(row.key)))) {
		free(name);
		return;
	}
	envconf_add(e, &row);
	if (e->n == 0 || e->row[e->n - 1].variable != name)
		free(name);
}

static int
envconf_compare(const void *a, const void *b)
{
	const struct envconf_row *x = a, *y = b;
	int r = strcmp(x->section, y->section);

	if (r == 0)
		r = strcmp(x->key->name, y->key->name);
	/* Two of one key are told in one order. */
	return r != 0 || x->variable == NULL || y->variable == NULL ?
	    r :
	    strcmp(x->variable, y->variable);
}

static void
envconf_sort(struct envconf *e)
{
	if (e->n > 0)
		qsort(e->row, e->n, sizeof(*e->row), envconf_compare);
}

static bool
envconf_same_key(const struct envconf_row *a, const struct envconf_row *b)
{
	return strcmp(a->section, b->section) == 0 && a->key == b->key;
}

void
envconf_take(
    struct envconf *e, char *const *environ, const struct conf_lists *lists)
{
	static const char prefix[] = ENVCONF_PREFIX,
			  ours[] = ENVCONF_PREFIX "CONF=";
	struct buf unknown;
	char room[ENVCONF_NAMES];
	char *const *at;
	size_t i;

	e->good = true;
	buf_fixed(&unknown, room, sizeof(room));
	for (at = environ; *at != NULL; at++)
		if (strncmp(*at, prefix, sizeof(prefix) - 1) == 0 &&
		    strncmp(*at, ours, sizeof(ours) - 1) != 0)
			envconf_variable(e, environ, *at, lists, &unknown);
	if (unknown.len > 0)
		envconf_say(e, false,
		    "%s%s: not used, as no key is called so; `ctim-relay check "
		    "--keys` lists them (CTIM_RELAY_SECTION_KEY; "
		    "CTIM_RELAY_RELAY_NAME__KEY, with __PROVIDER where the "
		    "relay's name is not its provider's)",
		    unknown.data, unknown.failed ? " and others" : "");
	envconf_sort(e);
	for (i = 1; i < e->n; i++)
		if (envconf_same_key(&e->row[i - 1], &e->row[i]))
			envconf_say(e, true,
			    "%s and %s are both set; leave one of them out",
			    e->row[i - 1].variable, e->row[i].variable);
}

bool
envconf_has(const struct envconf *e, const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (name == NULL ? strncmp(e->row[i].section, section,
				       strlen(section)) == 0 :
				   strcmp(e->row[i].section, section) == 0 &&
			    strcmp(e->row[i].key->name, name) == 0)
			return true;
	return false;
}

void
envconf_default(
    struct envconf *e, const char *section, const char *name, const char *text)
{
	const char *kind =
	    strncmp(section, "relay ", 6) == 0 ? "relay" : section;
	struct envconf_row row = { .value = "" };
	const struct conf_key *key;

	if (envconf_has(e, section, name))
		return;
	for (key = conf_keys(); key->name != NULL; key++)
		if (strcmp(key->section, kind) == 0 &&
		    strcmp(key->name, name) == 0)
			row.key = key;
	(void)snprintf(row.section, sizeof(row.section), "%s", section);
	if (row.key == NULL || (row.text = strdup(text)) == NULL)
		envconf_say(e, true, "no memory left");
	else
		envconf_add(e, &row);
	envconf_sort(e);
}

/* --- writing ------------------------------------------------------------- */

/* Whether a line of the configuration can hold the value as it is. */
static bool
envconf_is_plain(const struct envconf_row *row)
{
	const char *v = row->value;
	const size_t n = strlen(v);
	size_t i;

	if (strlen(row->key->name) + 3 + n > CONF_LINE_MAX)
		return false;
	for (i = 0; i < n; i++)
		if ((unsigned char)v[i] < 0x20)
			return false;
	/* " ;" begins a comment, and blanks at the ends are taken off. */
	return n == 0 ||
	    (v[0] != ' ' && v[0] != ';' && v[n - 1] != ' ' &&
		strstr(v, " ;") == NULL);
}

/* Why a value cannot be one of the key, or NULL. */
static const char *
envconf_fault(const struct envconf_row *row, char why[SAVEDTEXT_WHY])
{
	static const char mark[] = ENVCONF_MARK;
	const bool log = strcmp(row->section, "log") == 0,
		   plain = envconf_is_plain(row);

	if (savedtext_plain(row->value, conf_key_is_list(row->key), why) == -1)
		return why;
	if (!log && strncmp(row->value, "file:", 5) == 0)
		return "a value that begins with file:; name the file in the "
		       "variable that has _FILE behind this name";
	if (!log && strncmp(row->value, "env:", 4) == 0)
		return "a value that begins with env:; set this variable to "
		       "the value itself";
	if (log && !plain)
		return "more than a line of the configuration can hold, blanks "
		       "at an end or a \" ;\"";
	if (!plain && strncmp(row->value, mark, sizeof(mark) - 1) == 0)
		return "a byte order mark";
	return NULL;
}

void
envconf_express(struct envconf *e)
{
	char why[SAVEDTEXT_WHY];
	struct envconf_row *row;
	const char *fault;
	size_t i;

	for (i = 0; i < e->n; i++) {
		row = &e->row[i];
		if (row->file || row->text != NULL)
			continue;
		if ((fault = envconf_fault(row, why)) != NULL) {
			envconf_say(
			    e, true, "%s: holds %s", row->variable, fault);
			continue;
		}
		if (envconf_is_plain(row))
			row->text = strdup(row->value);
		else if (asprintf(&row->text, "env:%s", row->variable) == -1)
			row->text = NULL;
		if (row->text == NULL)
			envconf_say(e, true, "no memory left");
	}
}

int
envconf_write(struct envconf *e, struct buf *out)
{
	const char *section = "";
	unsigned line = 2;
	size_t i;

	(void)buf_adds(out,
	    "# Written by ctim-relay-container at each start and on SIGHUP, "
	    "from variables of\n# the environment: what is changed here is "
	    "lost.\n");
	for (i = 0; i < e->n; i++) {
		if (strcmp(e->row[i].section, section) != 0) {
			section = e->row[i].section;
			(void)buf_addf(out, "\n[%s]\n", section);
			line += 2;
		}
		(void)buf_addf(
		    out, "%s = %s\n", e->row[i].key->name, e->row[i].text);
		e->row[i].line = ++line;
	}
	return out->failed ? -1 : 0;
}

const struct envconf_row *
envconf_at(const struct envconf *e, unsigned line)
{
	bool first;
	size_t i;

	for (i = 0; i < e->n; i++) {
		first = i == 0 ||
		    strcmp(e->row[i].section, e->row[i - 1].section) != 0;
		if (e->row[i].variable != NULL &&
		    (e->row[i].line == line ||
			(first && e->row[i].line == line + 1)))
			return &e->row[i];
	}
	return NULL;
}

void
envconf_free(struct envconf *e)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		if (e->row[i].text != NULL)
			explicit_bzero(e->row[i].text, strlen(e->row[i].text));
		free(e->row[i].text);
		free(e->row[i].variable);
	}
	free(e->row);
	e->row = NULL;
	e->n = e->room = 0;
}
