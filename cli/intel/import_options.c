/* The options of `ctim-relay intel import`: one row of a table each. */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "cli/base/command.h"
#include "cli/base/expires.h"
#include "cli/intel/import_options.h"
#include "net/url.h"

const char import_help[] =
    "  --source NAME       the feed's name; needed\n"
    "  --format F          auto (as it is, if not said), text, csv or json\n"
    "  --disposition D     Clean, Malicious, Suspicious (if not said), "
    "Common,\n"
    "                      Unknown\n"
    "  --severity S        Unknown, None, Info, Low, Medium (if not said),\n"
    "                      High, Critical\n"
    "  --confidence C      the same without Critical\n"
    "  --tlp T             white, green, amber (if not said), red\n"
    "  --priority N        0 to 100: 100 for what people added, 95 for "
    "curated\n"
    "                      lists, 90 (if not said) and below for feeds\n"
    "  --expires T         30d, 12h, 90m, 45s, 2w, or a time; never if not "
    "said\n"
    "  --title T           what people read; the name if not said\n"
    "  --url U             a page to look a value up, with {type} and {value}\n"
    "  --subdomains        its domains match what is below them, and URLs\n"
    "  --no-subdomains     no longer\n"
    "  --replace           what the feed no longer lists is removed\n"
    "  --column FIELD=NAME the field is in this column (or JSON member); with\n"
    "                      nothing behind the =, in none\n"
    "  --store PATH        this store, whatever the configuration says\n"
    "  -c, --config FILE   the configuration, instead of the usual one\n"
    "  -j, --json          the summary as JSON, for programs\n\n"
    "FILE is - for standard input. What a feed says of an indicator goes\n"
    "before the options. Either all of it is imported, or nothing.\n";

static int import_options_set_text(
    struct import_options *, size_t, const char *);
static int set_source(struct import_options *, size_t, const char *);
static int set_format(struct import_options *, size_t, const char *);
static int set_word(struct import_options *, size_t, const char *);
static int set_priority(struct import_options *, size_t, const char *);
static int set_expires(struct import_options *, size_t, const char *);
static int set_title(struct import_options *, size_t, const char *);
static int import_options_set_url(
    struct import_options *, size_t, const char *);
static int set_subdomains(struct import_options *, size_t, const char *);
static int set_flag(struct import_options *, size_t, const char *);
static int set_column(struct import_options *, size_t, const char *);

/* The options; set gets the row's number and the argument. */
static const struct {
	const char *name;
	int letter; /* 0: none */
	int argument;
	int (*set)(struct import_options *, size_t, const char *);
	size_t offset; /* in struct import_options, where set uses it */
	int (*word)(const char *);
	const char *words;
} import_options_options[] = { { "source", 0, required_argument, set_source, 0,
				   NULL, NULL },
	{ "format", 0, required_argument, set_format, 0, NULL, NULL },
	{ "disposition", 0, required_argument, set_word,
	    offsetof(struct import_options, fallback.disposition),
	    ctim_disposition, "Clean, Malicious, Suspicious, Common, Unknown" },
	{ "severity", 0, required_argument, set_word,
	    offsetof(struct import_options, fallback.severity), ctim_severity,
	    "Unknown, None, Info, Low, Medium, High, Critical" },
	{ "confidence", 0, required_argument, set_word,
	    offsetof(struct import_options, fallback.confidence),
	    ctim_confidence, "Unknown, None, Info, Low, Medium, High" },
	{ "tlp", 0, required_argument, set_word,
	    offsetof(struct import_options, fallback.tlp), ctim_tlp_given,
	    "white, green, amber, red" },
	{ "priority", 0, required_argument, set_priority, 0, NULL, NULL },
	{ "expires", 0, required_argument, set_expires, 0, NULL, NULL },
	{ "title", 0, required_argument, set_title, 0, NULL, NULL },
	{ "url", 0, required_argument, import_options_set_url, 0, NULL, NULL },
	{ "subdomains", 0, no_argument, set_subdomains, true, NULL, NULL },
	{ "no-subdomains", 0, no_argument, set_subdomains, false, NULL, NULL },
	{ "replace", 0, no_argument, set_flag,
	    offsetof(struct import_options, replace), NULL, NULL },
	{ "column", 0, required_argument, set_column, 0, NULL, NULL },
	{ "store", 0, required_argument, import_options_set_text,
	    offsetof(struct import_options, store), NULL, NULL },
	{ "config", 'c', required_argument, import_options_set_text,
	    offsetof(struct import_options, config), NULL, NULL },
	{ "json", 'j', no_argument, set_flag,
	    offsetof(struct import_options, json), NULL, NULL },
	{ "help", 'h', no_argument, set_flag,
	    offsetof(struct import_options, help), NULL, NULL } };

#define OPTIONS \
	(sizeof(import_options_options) / sizeof(import_options_options[0]))
#define FIRST_OPTION 256 /* getopt's number of row 0: no letter */

static void *
import_options_place(struct import_options *o, size_t row)
{
	return (char *)o + import_options_options[row].offset;
}

static int
import_options_set_text(struct import_options *o, size_t row, const char *text)
{
	*(const char **)import_options_place(o, row) = text;
	return CMD_OK;
}

static int
set_flag(struct import_options *o, size_t row, const char *text)
{
	(void)text;
	*(bool *)import_options_place(o, row) = true;
	return CMD_OK;
}

static int
set_source(struct import_options *o, size_t row, const char *text)
{
	(void)row;
	if (!store_source_name(text))
		return command_usage(o->cmd,
		    "\"%s\" cannot be the name of a "
		    "source: at most 64 letters, digits and \" ._-\", a letter "
		    "or digit first",
		    text);
	o->source.name = text;
	return CMD_OK;
}

static int
set_format(struct import_options *o, size_t row, const char *text)
{
	int format = feed_format(text);

	(void)row;
	if (format == -1)
		return command_usage(o->cmd,
		    "\"%s\" is no format that this "
		    "version reads: auto, text, csv, json",
		    text);
	o->feed.format = (enum feed_format)format;
	return CMD_OK;
}

static int
set_word(struct import_options *o, size_t row, const char *text)
{
	int n = import_options_options[row].word(text);

	if (n == -1)
		return command_usage(o->cmd, "--%s is one of %s; not \"%s\"",
		    import_options_options[row].name,
		    import_options_options[row].words, text);
	*(int *)import_options_place(o, row) = n;
	return CMD_OK;
}

static int
set_priority(struct import_options *o, size_t row, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	(void)row;
	if (end == text || *end != '\0' || n < 0 || n > STORE_PRIORITY)
		return command_usage(o->cmd,
		    "--priority is 0 to %d; not "
		    "\"%s\"",
		    STORE_PRIORITY, text);
	o->fallback.priority = (int)n;
	return CMD_OK;
}

static int
set_expires(struct import_options *o, size_t row, const char *text)
{
	(void)row;
	o->fallback.expires = expires_parse(text, o->now);
	if (o->fallback.expires == -1)
		return command_usage(o->cmd,
		    "--expires is %s, and in the "
		    "future; not \"%s\"",
		    EXPIRES_FORMS, text);
	return CMD_OK;
}

static int
set_title(struct import_options *o, size_t row, const char *text)
{
	size_t n = strlen(text);

	(void)row;
	if (n == 0 || !utf8_valid(text, n) || utf8_cut(text, STORE_TITLE) < n)
		return command_usage(o->cmd,
		    "--title is UTF-8 of at most %d "
		    "characters",
		    STORE_TITLE);
	o->source.title = text;
	o->set |= STORE_SET_TITLE;
	return CMD_OK;
}

static int
import_options_set_url(struct import_options *o, size_t row, const char *text)
{
	(void)row;
	if (!utf8_valid(text, strlen(text)) || !url_template(text))
		return command_usage(o->cmd,
		    "--url is the http or https URL "
		    "of a page, with {type} and {value} where these belong; "
		    "not \"%s\"",
		    text);
	o->source.url = text;
	o->set |= STORE_SET_URL;
	return CMD_OK;
}

static int
set_subdomains(struct import_options *o, size_t row, const char *text)
{
	(void)text;
	o->source.subdomains = import_options_options[row].offset != 0;
	o->set |= STORE_SET_SUBDOMAINS;
	return CMD_OK;
}

static int
set_column(struct import_options *o, size_t row, const char *text)
{
	const char *equals = strchr(text, '=');
	char name[32];
	int field = -1;

	(void)row;
	if (equals != NULL && (size_t)(equals - text) < sizeof(name)) {
		memcpy(name, text, (size_t)(equals - text));
		name[equals - text] = '\0';
		field = feed_field(name);
	}
	if (field == -1)
		return command_usage(o->cmd,
		    "--column is FIELD=NAME, where "
		    "FIELD is value, type, disposition, severity, confidence, "
		    "tlp, priority, reason, first_seen, last_seen, count or "
		    "expires; not \"%s\"",
		    text);
	if (o->feed.n_columns == IMPORT_COLUMNS)
		return command_usage(
		    o->cmd, "--column at most %d times", IMPORT_COLUMNS);
	o->columns[o->feed.n_columns++] =
	    (struct feed_column){ (enum feed_field)field, equals + 1 };
	return CMD_OK;
}

/* The row of what getopt_long() returned; OPTIONS when there is none. */
static size_t
import_options_row_of(int c)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++)
		if (c == FIRST_OPTION + (int)i ||
		    c == import_options_options[i].letter)
			break;
	return i;
}

int
import_options(
    struct import_options *o, const struct command *cmd, int argc, char **argv)
{
	struct option longs[OPTIONS + 1];
	size_t i;
	int c, status;

	for (i = 0; i < OPTIONS; i++)
		longs[i] = (struct option){ import_options_options[i].name,
			import_options_options[i].argument, NULL,
			FIRST_OPTION + (int)i };
	longs[i] = (struct option){ NULL, 0, NULL, 0 };
	*o = (struct import_options){ .cmd = cmd, .now = (int64_t)time(NULL) };
	o->fallback = (struct record){ .disposition = CTIM_SUSPICIOUS,
		.severity = CTIM_SEVERITY_MEDIUM,
		.confidence = CTIM_SEVERITY_MEDIUM,
		.tlp = CTIM_AMBER,
		.priority = 90 };
	o->feed.columns = o->columns;
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":c:jh", longs, NULL)) != -1) {
		if ((i = import_options_row_of(c)) == OPTIONS)
			return command_option(o->cmd, c, argv);
		status = import_options_options[i].set(o, i, optarg);
		if (status != CMD_OK)
			return status;
	}
	if (o->help)
		return CMD_OK;
	if (optind + 1 != argc)
		return command_usage(o->cmd,
		    "name one file, or - for standard "
		    "input");
	o->file = argv[optind];
	if (o->source.name == NULL)
		return command_usage(o->cmd,
		    "say --source: the name of the "
		    "feed");
	return CMD_OK;
}
