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
#include "cli/intel/import_options.h"
#include "net/url.h"

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

const struct options import_option_table = { import_rows,
	sizeof(import_rows) / sizeof(import_rows[0]), 0, true, NULL,
	"\n"
	"FILE is - for standard input; of a folder all files are read. What a "
	"feed says of an indicator goes\n"
	"before the options. Either all of it is imported, or nothing.\n" };

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
	status = options_read(&import_option_table, cmd, o, argc, argv);
	if (status != CMD_OK || o->help)
		return status;
	o->feed.judged = o->fallback.disposition != -1;
	if (!o->feed.judged)
		o->fallback.disposition = CTIM_SUSPICIOUS;
	o->feed.disposition = o->fallback.disposition;
	if (optind + 1 != argc)
		return command_usage(
		    o->cmd, "name one file or folder, or - for standard input");
	o->file = argv[optind];
	if (o->source.name == NULL)
		return command_usage(
		    o->cmd, "say --source: the name of the feed");
	return CMD_OK;
}
