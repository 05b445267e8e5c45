/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/rfc3339.h"
#include "cli/base/command.h"
#include "cli/base/outfile.h"
#include "cli/provider/newfiles.h"
#include "ctim/observable.h"
#include "template/placeholders.h"
#include "json/jsonout.h"
#include "os/folder.h"

#define FILE_BYTES 8192 /* of a file that is written here */
#define CASE_KEY   "key-of-the-case"
#define CASE_LIMIT 100

/* Nobody but the owner may write: the gateway refuses what others can change. */
#define DIR_MODE  0755
#define FILE_MODE 0644

/* Observables of cases: addresses and names that are nobody's (RFC 5737, 3849,
 * 2606), hashes of nothing.  Other types: "example". */
static const struct {
	const char *type, *value;
} newfiles_samples[] = { { "ip", "192.0.2.1" }, { "ipv6", "2001:db8::1" },
	{ "domain", "example.com" }, { "hostname", "host.example.com" },
	{ "url", "https://example.com/" }, { "email", "user@example.com" },
	{ "md5", "d41d8cd98f00b204e9800998ecf8427e" },
	{ "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ "sha256",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"
	    "7852b855" } };

/* A file that is being made. */
struct newfiles_making {
	const struct newfiles *of;
	char type[NEWFILES_ANSWER]; /* the first one */
	const char *value;          /* of it, in the case */
	int64_t now;
	struct buf *out;
};

static enum placeholder_kind
newfiles_find(const void *arg, const char *name, size_t len)
{
	(void)arg;
	return len == 3 && memcmp(name, "key", 3) == 0 ? PLACEHOLDER_SECRET :
							 PLACEHOLDER_UNKNOWN;
}

static const char *
newfiles_name(const void *arg, size_t i)
{
	(void)arg;
	return i == 0 ? "key" : NULL;
}

static const char *
newfiles_claim(const void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return CASE_KEY;
}

static const struct placeholders_scope newfiles_in_path = { .find =
								newfiles_find,
	.name = newfiles_name,
	.allowed = PLACEHOLDER_BIT(PLACEHOLDER_VALUE) |
	    PLACEHOLDER_BIT(PLACEHOLDER_TYPE) |
	    PLACEHOLDER_BIT(PLACEHOLDER_TYPE_NAME) |
	    PLACEHOLDER_BIT(PLACEHOLDER_LIMIT) |
	    PLACEHOLDER_BIT(PLACEHOLDER_AGO) };

static const struct placeholders_scope newfiles_in_header = { .find =
								  newfiles_find,
	.name = newfiles_name,
	.allowed = PLACEHOLDER_BIT(PLACEHOLDER_SECRET) };

static void
newfiles_look(const char *text, enum placeholders_place place,
    const struct placeholders_scope *scope, char *why, unsigned size)
{
	*why = '\0';
	placeholders_free(placeholders_new(text, place, scope, why, size));
}

void
newfiles_look_path(const char *path, char *why, unsigned size)
{
	newfiles_look(path, PLACE_URL, &newfiles_in_path, why, size);
}

void
newfiles_look_header(const char *template, char *why, unsigned size)
{
	newfiles_look(template, PLACE_HEADER, &newfiles_in_header, why, size);
}

/* Adds a template as it is in the case. */
static void
newfiles_fill(const struct newfiles_making *m, const char *text,
    enum placeholders_place place, const struct placeholders_scope *scope,
    struct buf *out)
{
	const struct observable observable = { .type = observable_type(m->type),
		.value = m->value };
	const struct placeholders_values values = { .observable = &observable,
		.limit = CASE_LIMIT,
		.now = m->now,
		.claim = newfiles_claim };
	char why[256];
	struct placeholders *t =
	    placeholders_new(text, place, scope, why, sizeof(why));

	if (t == NULL || placeholders_fill(t, &values, out) != FILLED)
		out->failed = true;
	placeholders_free(t);
}

/* Adds a text as a string of JSON, which is one of jq, too. */
static void
newfiles_string(struct buf *out, const char *text)
{
	struct jsonout j;

	jsonout_init(&j, out);
	jsonout_string(&j, text);
	if (jsonout_done(&j) == -1)
		out->failed = true;
}

static void
newfiles_ini(const struct newfiles_making *m)
{
	const struct newfiles *of = m->of;

	buf_addf(m->out,
	    "[provider]\n"
	    "title       = %s\n"
	    "description = What %s knows of an observable.\n"
	    "types       = %s\n"
	    "routes      = observe\n"
	    "url         = %s\n",
	    of->title, of->title, of->types, of->url);
	if (*of->header != '\0')
		buf_addf(m->out,
		    "\n[claim key]\n"
		    "label       = %s key\n"
		    "kind        = api_key\n"
		    "\n[auth]\n",
		    of->title);
	if (*of->header == '?')
		buf_addf(m->out, "query       = %s={key}\n", of->header + 1);
	else if (*of->header != '\0')
		buf_addf(m->out, "header      = %s\n", of->header);
	buf_addf(m->out, "\n[call find]\nget         = %s\n", of->path);
}

static void
newfiles_map(const struct newfiles_making *m)
{
	buf_adds(m->out,
	    "# .find is what the call of that name answered, null where that "
	    "is nothing.\n"
	    ".find | select(. != null) | {\n"
	    "  type: \"sighting\",\n"
	    "  title: ");
	newfiles_string(m->out, m->of->title);
	buf_adds(m->out,
	    ",\n"
	    "  confidence: \"Medium\",\n"
	    "  observed_time: $now\n"
	    "}\n");
}

static void
newfiles_request(const struct newfiles_making *m)
{
	char now[RFC3339_MAX];

	rfc3339_text(now, m->now);
	buf_addf(m->out,
	    "{\n"
	    "  \"route\": \"observe/observables\",\n"
	    "  \"now\": \"%s\",\n"
	    "  \"claims\": {%s},\n"
	    "  \"body\": [{\"type\": \"%s\", \"value\": \"%s\"}]\n"
	    "}\n",
	    now, *m->of->header == '\0' ? "" : "\"key\": \"" CASE_KEY "\"",
	    m->type, m->value);
}

static void
newfiles_upstream(const struct newfiles_making *m)
{
	const char *colon = strchr(m->of->header, ':');
	char name[NEWFILES_ANSWER];
	struct buf text;

	buf_init(&text, FILE_BYTES);
	buf_addf(&text, "GET %s", m->of->url);
	newfiles_fill(m, m->of->path, PLACE_URL, &newfiles_in_path, &text);
	if (*m->of->header == '?')
		buf_addf(&text, "%c%s=" CASE_KEY,
		    strchr(m->of->path, '?') == NULL ? '?' : '&',
		    m->of->header + 1);
	buf_adds(m->out, "[\n  {\n    \"request\": ");
	newfiles_string(m->out, text.data);
	if (colon != NULL) {
		snprintf(name, sizeof(name), "%.*s",
		    (int)(colon - m->of->header), m->of->header);
		buf_adds(m->out, ",\n    \"headers\": {");
		newfiles_string(m->out, name);
		buf_adds(m->out, ": ");
		buf_reset(&text);
		newfiles_fill(m, colon + 1 + strspn(colon + 1, " "),
		    PLACE_HEADER, &newfiles_in_header, &text);
		newfiles_string(m->out, text.data);
		buf_adds(m->out, "}");
	}
	buf_adds(m->out, ",\n    \"status\": 404\n  }\n]\n");
	if (text.failed)
		m->out->failed = true;
	buf_free(&text);
}

static void
newfiles_answer(const struct newfiles_making *m)
{
	buf_adds(m->out, "{\n  \"data\": {}\n}\n");
}

/* All that is made, the directories before what is in them. */
static const struct {
	const char *path;
	void (*make)(const struct newfiles_making *); /* NULL: a directory */
} newfiles_parts[] = { { "", NULL }, { "/provider.ini", newfiles_ini },
	{ "/map.jq", newfiles_map }, { "/cases", NULL },
	{ "/cases/nothing", NULL },
	{ "/cases/nothing/request.json", newfiles_request },
	{ "/cases/nothing/upstream.json", newfiles_upstream },
	{ "/cases/nothing/answer.json", newfiles_answer } };
#define PARTS (sizeof(newfiles_parts) / sizeof(*newfiles_parts))

static int
newfiles_save(
    const struct command *cmd, const char *path, const struct buf *text)
{
	struct outfile file;
	int status;

	if (text->failed)
		return command_fail(cmd, CMD_FAILED, "memory ran out");
	if ((status = outfile_begin(cmd, &file, path, FILE_MODE)) != CMD_OK)
		return status;
	(void)fwrite(text->data, 1, text->len, file.file);
	return outfile_end(cmd, &file, false);
}

static int
newfiles_part(const struct command *cmd, struct newfiles_making *m, size_t i,
    const char *path)
{
	if (newfiles_parts[i].make == NULL) {
		if (folder_make(path, DIR_MODE, NULL) == 0)
			return CMD_OK;
		return command_fail(
		    cmd, CMD_FAILED, "%s: %s", path, strerror(errno));
	}
	buf_reset(m->out);
	newfiles_parts[i].make(m);
	return newfiles_save(cmd, path, m->out);
}

/* Takes the first n parts away. */
static void
newfiles_remove(const char *dir, size_t n)
{
	char path[PATH_MAX];

	while (n-- > 0) {
		snprintf(
		    path, sizeof(path), "%s%s", dir, newfiles_parts[n].path);
		if (newfiles_parts[n].make == NULL)
			(void)rmdir(path);
		else
			(void)unlink(path);
	}
}

static void
newfiles_sample(struct newfiles_making *m)
{
	size_t i, len = strcspn(m->of->types, " ");

	snprintf(m->type, sizeof(m->type), "%.*s", (int)len, m->of->types);
	m->value = "example";
	for (i = 0; i < sizeof(newfiles_samples) / sizeof(*newfiles_samples);
	     i++)
		if (strcmp(newfiles_samples[i].type, m->type) == 0)
			m->value = newfiles_samples[i].value;
}

int
newfiles_write(
    const struct command *cmd, const struct newfiles *of, const char *dir)
{
	struct newfiles_making m = { .of = of, .now = (int64_t)time(NULL) };
	char path[PATH_MAX];
	struct buf out;
	int status = CMD_OK;
	size_t i;

	newfiles_sample(&m);
	buf_init(&out, FILE_BYTES);
	m.out = &out;
	for (i = 0; i < PARTS && status == CMD_OK; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s%s", dir,
			newfiles_parts[i].path) >= sizeof(path))
			status = command_fail(cmd, CMD_FAILED, "%s: %s", dir,
			    strerror(ENAMETOOLONG));
		else
			status = newfiles_part(cmd, &m, i, path);
	}
	if (status != CMD_OK)
		newfiles_remove(dir, i - 1);
	buf_free(&out);
	return status;
}
