/* SPDX-License-Identifier: MIT */
/*
 * The folder of a MISP feed: manifest.json, which lists its events by their
 * UUID; a file for each; hashes.csv, MD5 sums of their values.
 * Source: https://www.misp-project.org/feeds/.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/infile.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"
#include "cli/feed/jsoncut.h"
#include "cli/sharing/sharing.h"

#define UUID     36   /* bytes */
#define HEAD_MAX 4096 /* bytes that are looked at */

static const char misp_manifest[] = "manifest.json";
static const char misp_hashes[] = "hashes.csv";

struct misp_feed {
	const char *folder;
	const struct feed_options *o;
	const struct feed_sink *sink;
	char name[UUID + sizeof(".json")]; /* of the file that is read */
	char *error;
};

/* Whether it is {"UUID": {…}, …}. */
static bool
misp_is_manifest(const char *head)
{
	const char *s = strchr(head, '"');

	return sharing_begins(head, "{\"") && sharing_uuid(s + 1) &&
	    s[1 + UUID] == '"' && sharing_begins(s + 2 + UUID, ":{");
}

/* Whether it has lines of an MD5 sum and a UUID. */
static bool
misp_is_hashes(const char *head)
{
	return strspn(head, "0123456789abcdef") == 32 && head[32] == ',' &&
	    sharing_uuid(head + 33);
}

bool
feed_misp_index_looks(const char *head, size_t n, const struct feed_options *o)
{
	(void)n;
	(void)o;
	return misp_is_manifest(head) || misp_is_hashes(head);
}

int
feed_misp_index(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	(void)o;
	(void)sink;
	snprintf(error, FEED_ERROR_MAX, "%s",
	    feed_reader_peek(r) == '{' ?
		"it is manifest.json of a MISP feed, which lists its events; "
		"import its folder" :
		"it is hashes.csv of a MISP feed: MD5 sums of values, not of "
		"files; import its folder");
	return -1;
}

/* Opens a file of the folder.  Returns NULL with errno, and with the reason in
 * *what. */
static FILE *
misp_feed_open(const char *folder, const char *name, const char **what)
{
	char path[PATH_MAX];
	FILE *f;
	int fd;

	errno = ENAMETOOLONG;
	*what = strerror(errno);
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
		(int)sizeof(path) ||
	    (fd = infile_descriptor(path, what)) == -1)
		return NULL;
	if ((f = fdopen(fd, "r")) == NULL) {
		*what = strerror(errno);
		(void)close(fd);
	}
	return f;
}

bool
feed_misp_folder_looks(const char *path)
{
	char head[HEAD_MAX + 1];
	const char *what;
	FILE *f = misp_feed_open(path, misp_manifest, &what);

	if (f == NULL)
		return false;
	head[fread(head, 1, HEAD_MAX, f)] = '\0';
	(void)fclose(f);
	return misp_is_manifest(head);
}

static void
misp_feed_say(const struct misp_feed *m, const char *name)
{
	if (m->sink->file != NULL)
		m->sink->file(m->sink->arg, name);
}

/* Reads the file of one event. */
static int
misp_feed_event(void *arg, const struct jsoncut_element *e)
{
	struct misp_feed *m = arg;
	struct feed_options o = *m->o;
	const char *what;
	FILE *f;
	int stop;

	if (strlen(e->key) != UUID || !sharing_uuid(e->key))
		return feed_skip(m->sink, e->line, "it is no event",
		    "\"%.40s\" is no UUID of an event", e->key);
	snprintf(m->name, sizeof(m->name), "%s.json", e->key);
	f = misp_feed_open(m->folder, m->name, &what);
	if (f == NULL && errno == ENOENT)
		return feed_skip(m->sink, e->line,
		    "the file of an event is missing", "%s is not there",
		    m->name);
	misp_feed_say(m, m->name);
	if (f == NULL) {
		snprintf(m->error, FEED_ERROR_MAX, "%s", what);
		return -1;
	}
	o.format = FEED_MISP;
	stop = feed_read(f, &o, m->sink, m->error);
	(void)fclose(f);
	if (stop == 0)
		misp_feed_say(m, misp_manifest);
	return stop;
}

/* Reads the events that the manifest lists. */
static int
misp_feed_read(struct misp_feed *m, FILE *manifest)
{
	static const char *const events[] = { "*", NULL };
	struct feed_reader r;
	int stop;

	if (feed_reader_init(&r, manifest) == -1) {
		snprintf(m->error, FEED_ERROR_MAX, "memory ran out");
		return -1;
	}
	stop = jsoncut(&r, events, misp_feed_event, m, m->sink, m->error);
	if (stop == 0 && r.error != 0) {
		snprintf(m->error, FEED_ERROR_MAX, "%s", strerror(r.error));
		stop = -1;
	}
	feed_reader_free(&r);
	return stop;
}

int
feed_misp_folder(const char *path, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct misp_feed m = {
		.folder = path, .o = o, .sink = sink, .error = error
	};
	const char *what;
	FILE *f = misp_feed_open(path, misp_hashes, &what);
	int stop;

	if (f != NULL) {
		(void)fclose(f);
		feed_note(sink,
		    "%s was passed over: it has MD5 sums of "
		    "values, not of files",
		    misp_hashes);
	}
	misp_feed_say(&m, misp_manifest);
	if ((f = misp_feed_open(path, misp_manifest, &what)) == NULL) {
		snprintf(error, FEED_ERROR_MAX, "%s", what);
		return -1;
	}
	stop = misp_feed_read(&m, f);
	(void)fclose(f);
	if (stop == 0)
		misp_feed_say(&m, NULL);
	return stop;
}
