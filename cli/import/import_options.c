/* SPDX-License-Identifier: MIT */
/* The options of `ctim-relay intel import`. */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "cli/base/command.h"
#include "cli/base/expires.h"
#include "cli/base/options.h"
#include "cli/import/fetch.h"
#include "cli/import/fetch_header.h"
#include "cli/import/import_options.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "net/url.h"

#define WORDS_MAX   (64U << 10) /* bytes of the kept options */
#define WORDS_LEAST 8           /* words of an update besides the kept ones */

static int
import_set_source(const struct options_found *found)
{
	struct import_options *o = found->at;

	if (!store_source_name(found->text))
		return command_usage(found->cmd,
		    "\"%s\" cannot be the name of a source: at most 64 "
		    "letters, digits and \" ._-\", a letter or digit first",
		    found->text);
	o->source.name = found->text;
	return CMD_OK;
}

static int
import_set_format(const struct options_found *found)
{
	struct import_options *o = found->at;
	int i, format = feed_format(found->text);
	char names[256] = "";
	size_t n = 0;

	if (format == -1) {
		for (i = 0; feed_format_name(i) != NULL; i++)
			n += (size_t)snprintf(names + n, sizeof(names) - n,
			    "%s%s", i == 0 ? "" : ", ", feed_format_name(i));
		return command_usage(found->cmd,
		    "\"%s\" is no format that this version reads: %s",
		    found->text, names);
	}
	o->feed.format = (enum feed_format)format;
	return CMD_OK;
}

static int
import_set_priority(const struct options_found *found)
{
	struct import_options *o = found->at;
	char *end;
	long n = strtol(found->text, &end, 10);

	if (end == found->text || *end != '\0' || n < 0 || n > STORE_PRIORITY)
		return command_usage(found->cmd,
		    "--priority is 0 to %d; not \"%s\"", STORE_PRIORITY,
		    found->text);
	o->fallback.priority = (int)n;
	return CMD_OK;
}

static int
import_set_expires(const struct options_found *found)
{
	struct import_options *o = found->at;

	o->fallback.expires = expires_parse(found->text, o->now);
	if (o->fallback.expires == -1)
		return command_usage(found->cmd,
		    "--expires is %s, and in the future; not \"%s\"",
		    EXPIRES_FORMS, found->text);
	return CMD_OK;
}

static int
import_set_title(const struct options_found *found)
{
	struct import_options *o = found->at;
	size_t n = strlen(found->text);

	if (n == 0 || !utf8_valid(found->text, n) ||
	    utf8_cut(found->text, STORE_TITLE) < n)
		return command_usage(found->cmd,
		    "--title is UTF-8 of at most %d characters", STORE_TITLE);
	o->source.title = found->text;
	o->set |= STORE_SET_TITLE;
	return CMD_OK;
}

static int
import_set_url(const struct options_found *found)
{
	struct import_options *o = found->at;

	if (!utf8_valid(found->text, strlen(found->text)) ||
	    !url_template(found->text))
		return command_usage(found->cmd,
		    "--url is the http or https URL of a page, with {type} and "
		    "{value} where these belong; not \"%s\"",
		    found->text);
	o->source.url = found->text;
	o->set |= STORE_SET_URL;
	return CMD_OK;
}

static int
import_set_feed(const struct options_found *found)
{
	struct import_options *o = found->at;

	if (!fetch_address(found->text))
		return command_usage(found->cmd, FETCH_MUST);
	o->source.feed = found->text;
	return CMD_OK;
}

static int
import_set_header(const struct options_found *found)
{
	struct import_options *o = found->at;

	if (!fetch_header_good(found->text))
		return command_usage(found->cmd, FETCH_HEADER_MUST);
	o->source.header = found->text;
	return CMD_OK;
}

/* --subdomains and --no-subdomains. */
static int
import_set_subdomains(const struct options_found *found)
{
	struct import_options *o = found->at;

	o->source.subdomains = strcmp(found->row->name, "subdomains") == 0;
	o->set |= STORE_SET_SUBDOMAINS;
	return CMD_OK;
}

/* Places the field in the column named by the word, which is argv's. */
static int
import_add_column(
    const struct options_found *found, enum feed_field field, const char *word)
{
	struct import_options *o = found->at;

	if (o->feed.n_columns == IMPORT_COLUMNS)
		return command_usage(
		    found->cmd, "--column at most %d times", IMPORT_COLUMNS);
	o->columns[o->feed.n_columns++] = (struct feed_column){ field, word };
	return CMD_OK;
}

static int
import_set_column(const struct options_found *found)
{
	char *equals = strchr(found->text, '='), *comma;
	char name[32];
	int field = -1, status;

	if (equals != NULL && (size_t)(equals - found->text) < sizeof(name)) {
		memcpy(name, found->text, (size_t)(equals - found->text));
		name[equals - found->text] = '\0';
		field = feed_field(name);
	}
	if (field == -1)
		return command_usage(found->cmd,
		    "--column is FIELD=NAME, where FIELD is value, type, "
		    "disposition, severity, confidence, tlp, priority, reason, "
		    "first_seen, last_seen, count or expires; not \"%s\"",
		    found->text);
	/* Values may be in several columns. */
	while (field == FEED_VALUE && (comma = strchr(equals, ',')) != NULL) {
		*comma = '\0';
		status = import_add_column(found, FEED_VALUE, equals + 1);
		if (status != CMD_OK)
			return status;
		equals = comma;
	}
	return import_add_column(found, (enum feed_field)field, equals + 1);
}

const struct options_kind
    import_disposition = { .set = options_word,
	    .word = ctim_disposition,
	    .words = "Clean, Malicious, Suspicious, Common, Unknown" },
    import_severity = { .set = options_word,
	    .word = ctim_severity,
	    .words = "Unknown, None, Info, Low, Medium, High, Critical" },
    import_confidence = { .set = options_word,
	    .word = ctim_confidence,
	    .words = "Unknown, None, Info, Low, Medium, High" },
    import_tlp = { .set = options_word,
	    .word = ctim_tlp_given,
	    .words = "white, green, amber, red" },
    import_source = { .set = import_set_source },
    import_expires = { .set = import_set_expires };

static const struct options_kind
    import_format = { .set = import_set_format },
    import_priority = { .set = import_set_priority },
    import_title = { .set = import_set_title },
    import_url = { .set = import_set_url },
    import_feed = { .set = import_set_feed },
    import_header = { .set = import_set_header },
    import_subdomains = { .set = import_set_subdomains },
    import_column = { .set = import_set_column };

#define AT(member) offsetof(struct import_options, member)

/* The kinds above get the whole struct, so their offset is 0. */
static const struct options_row import_rows[] = {
	{ "source", 0, &import_source, 0, "NAME", "the feed's name; needed" },
	{ "format", 0, &import_format, 0, "F",
	    "auto (as it is, if not said), text, csv, json, adblock,\n"
	    "rpz, snort, config, stix, misp or warninglist" },
	{ "disposition", 0, &import_disposition, AT(fallback.disposition), "D",
	    "Clean, Malicious, Suspicious (if not said), Common,\n"
	    "Unknown" },
	{ "severity", 0, &import_severity, AT(fallback.severity), "S",
	    "Unknown, None, Info, Low, Medium (if not said),\n"
	    "High, Critical" },
	{ "confidence", 0, &import_confidence, AT(fallback.confidence), "C",
	    "the same without Critical" },
	{ "tlp", 0, &import_tlp, AT(fallback.tlp), "T",
	    "white, green, amber (if not said), red" },
	{ "priority", 0, &import_priority, 0, "N",
	    "0 to 100: 100 for what people added, 95 for curated\n"
	    "lists, 90 (if not said) and below for feeds" },
	{ "expires", 0, &import_expires, 0, "T",
	    "30d, 12h, 90m, 45s, 2w, or a time; never if not said" },
	{ "title", 0, &import_title, 0, "T",
	    "what people read; the name if not said" },
	{ "url", 0, &import_url, 0, "U",
	    "a page to look a value up, with {type} and {value}" },
	{ "subdomains", 0, &import_subdomains, 0, NULL,
	    "its domains match what is below them, and URLs" },
	{ "no-subdomains", 0, &import_subdomains, 0, NULL, "no longer" },
	{ "replace", 0, &options_flag, AT(replace), NULL,
	    "what the feed no longer lists is removed" },
	{ "feed", 0, &import_feed, 0, "URL",
	    "where the feed is; fetched from there without a FILE, and\n"
	    "by \"intel update\" from then on" },
	{ "feed-header", 0, &import_header, 0, "H",
	    "what to send there, with the key's place:\n"
	    "\"Auth-Key: file:/etc/PATH\"" },
	{ "no-replace", 0, &options_flag, AT(no_replace), NULL,
	    "an update keeps what the feed no longer lists" },
	{ "dry-run", 0, &options_flag, AT(dry_run), NULL,
	    "say what an import would do, and change nothing" },
	{ "any-network", 0, &options_flag, AT(feed.any_network), NULL,
	    "networks shorter than /8 (IPv6: /19) too" },
	{ "column", 0, &import_column, 0, "FIELD=NAME",
	    "the field is in this column (or JSON member); with\n"
	    "nothing behind the =, in none; value=A,B: in both" },
	{ "store", 0, &options_text, AT(store), "PATH",
	    "this store, whatever the configuration says" },
	OPTIONS_CONFIG(struct import_options),
	{ "json", 'j', &options_flag, AT(json), NULL,
	    "the summary as JSON, for programs" },
	{ "help", 'h', &options_flag, AT(help), NULL, NULL }
};

/* Options of the source, the store or this one import. */
static const char *const import_unkept[] = { "source", "title", "url",
	"subdomains", "no-subdomains", "feed", "feed-header", "replace",
	"dry-run", "store", "config", "json", "help" };

static void
import_keep_word(struct buf *words, const char *word)
{
	struct jsonout out;

	jsonout_init(&out, words);
	jsonout_string(&out, word);
	if (jsonout_done(&out) == 0)
		(void)buf_addc(words, ',');
}

/* Keeps an option for the updates, before a setter changes its text. */
static void
import_seen(const struct options_found *found)
{
	struct import_options *o = found->at;
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(import_unkept) / sizeof(import_unkept[0]); i++)
		if (strcmp(found->row->name, import_unkept[i]) == 0)
			return;
	snprintf(name, sizeof(name), "--%s", found->row->name);
	import_keep_word(&o->words, name);
	if (found->text != NULL)
		import_keep_word(&o->words, found->text);
}

const struct options import_option_table = { import_rows,
	sizeof(import_rows) / sizeof(import_rows[0]), 0, true, NULL,
	"\n"
	"FILE is - for standard input; of a folder all files are read. What a "
	"feed says of an indicator goes\n"
	"before the options. Either all of it is imported, or nothing.\n" };

/* Checks what the options say together, and takes the file. */
static int
import_options_whole(struct import_options *o, int argc, char **argv)
{
	if (o->source.feed == NULL && o->source.header != NULL)
		return command_usage(
		    o->cmd, "--feed-header is of no use without --feed");
	if (o->replace && o->no_replace)
		return command_usage(
		    o->cmd, "--replace or --no-replace, not both");
	if (optind + 1 == argc)
		o->file = argv[optind];
	else if (optind != argc || o->source.feed == NULL)
		return command_usage(o->cmd,
		    "name one file or folder, - for standard input, or the "
		    "feed's address with --feed");
	if (o->source.name == NULL)
		return command_usage(
		    o->cmd, "say --source: the name of the feed");
	if (o->source.feed != NULL)
		o->set |= STORE_SET_FEED | STORE_SET_HEADER;
	return o->words.failed ?
	    command_fail(o->cmd, CMD_FAILED, "memory ran out") :
	    CMD_OK;
}

int
import_options(
    struct import_options *o, const struct command *cmd, int argc, char **argv)
{
	int status;

	*o = (struct import_options){ .cmd = cmd, .now = (int64_t)time(NULL) };
	o->fallback = (struct record){ .disposition = -1, /* not said */
		.severity = CTIM_SEVERITY_MEDIUM,
		.confidence = CTIM_SEVERITY_MEDIUM,
		.tlp = CTIM_AMBER,
		.priority = 90 };
	o->feed.columns = o->columns;
	buf_init(&o->words, WORDS_MAX);
	status = options_read_seen(
	    &import_option_table, cmd, o, argc, argv, import_seen);
	if (status != CMD_OK || o->help)
		return status;
	o->feed.judged = o->fallback.disposition != -1;
	if (!o->feed.judged)
		o->fallback.disposition = CTIM_SUSPICIOUS;
	o->feed.disposition = o->fallback.disposition;
	return import_options_whole(o, argc, argv);
}

void
import_options_free(struct import_options *o)
{
	buf_free(&o->words);
	json_object_put(o->kept);
	o->kept = NULL;
}

int
import_options_words(const struct import_options *o, struct buf *out)
{
	if (o->words.len == 0)
		return 0;
	buf_addc(out, '[');
	buf_add(out, o->words.data, o->words.len - 1); /* no last comma */
	return buf_addc(out, ']');
}

/* Makes a command line of the kept words; the last ones are not theirs.  Returns
 * how many there are, or -1.  The caller frees *argv; the words belong to kept. */
static int
import_kept_line(struct json_object *kept, const struct source *s, char ***argv)
{
	static const char *const first[] = { "update", "--source", NULL,
		"--feed", NULL };
	size_t i, n = 0, words = jsonin_length(kept);
	const char **line = calloc(words + WORDS_LEAST, sizeof(*line));

	if (line == NULL)
		return -1;
	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		line[n++] = first[i];
	line[2] = s->name;
	line[4] = s->feed;
	for (i = 0; i < words; i++)
		if ((line[n] = jsonin_text(jsonin_at(kept, i))) != NULL)
			n++;
	*argv = (char **)line;
	return (int)n;
}

int
import_options_kept(struct import_options *o, const struct command *cmd,
    const struct source *source)
{
	struct json_object *kept = NULL;
	const char *why = NULL;
	char **argv = NULL;
	int argc = -1, status = CMD_FAILED;

	if (source->options != NULL)
		kept = jsonin_parse(
		    source->options, strlen(source->options), WORDS_MAX, &why);
	if (why == NULL)
		argc = import_kept_line(kept, source, &argv);
	if (argc != -1)
		status = import_options(o, cmd, argc, argv);
	else
		*o = (struct import_options){ .cmd = cmd };
	o->replace = !o->no_replace;
	o->set = 0;
	o->kept = kept;
	free(argv);
	return status;
}
