/* SPDX-License-Identifier: MIT */
/* ctim-relay intel add and audit: what people change themselves, its rows in the
 * audit, and what every command does after a change of the store. */
#include <getopt.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "call/provider.h"
#include "cli/base/options.h"
#include "cli/import/import_options.h"
#include "cli/import/import_run.h"
#include "cli/intel/intel.h"
#include "cli/terminal/csvout.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/terms/terms.h"
#include "conf/conf.h"
#include "hook/hook.h"
#include "json/jsonout.h"
#include "os/regular.h"
#include "providers/local.h"
#include "relay/lists.h"

/* Whether a relay has the store at path. */
static bool
intel_change_has(const struct relay_conf *relay, const char *path)
{
	return relay->provider->store != NULL &&
	    regular_same(relay->provider->store(relay->own), path);
}

void
intel_changed(const struct command *cmd, const char *store, const char *config,
    const char *reason)
{
	struct conf *conf = conf_load(config, &relay_lists, NULL, NULL);
	const struct relay_conf *relay;
	char *path;
	int status;

	/* A command that names its store works without a configuration. */
	if (conf == NULL)
		return;
	path = intel_path(cmd, store, config, &status);
	for (relay = conf->relays; path != NULL && relay != NULL;
	     relay = relay->next)
		if (intel_change_has(relay, path))
			hook_run(conf, relay, reason);
	free(path);
	conf_free(conf);
}

struct store_action
intel_act(const char *action, enum observable_type type, const char *value,
    int64_t now)
{
	const char *who = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw = getpwuid(getuid());

	if (who == NULL)
		who = pw == NULL ? "-" : pw->pw_name;
	return (struct store_action){ .at = now,
		.relay = "-",
		.who = who,
		.action = action,
		.type = type,
		.value = value,
		.status = "success" };
}

ssize_t
intel_remove_value(struct store *s, enum observable_type type,
    const char *value, const char *source, int64_t now,
    char error[STORE_ERROR_MAX])
{
	struct store_action row = intel_act("intel remove", type, value, now);
	ssize_t n;

	if (store_act_begin(s, INTEL_WAIT, error) == -1 ||
	    (n = store_remove(s, type, value, source, error)) == -1)
		return -1;
	if (n == 0) {
		store_act_cancel(s);
		return 0;
	}
	return store_action_add(s, &row, error) == -1 ||
		store_act_end(s, error) == -1 ?
	    -1 :
	    n;
}

#define ROW_MAX (64U << 10) /* bytes of one row */

/* A listing of the audit. */
struct audit {
	const struct intel *in;
	struct table *table; /* else JSON or CSV */
	struct buf out;
	uint64_t n;
	bool failed;
};

static const char *const audit_headings[] = { "AT", "RELAY", "WHO", "ACTION",
	"TYPE", "VALUE", "STATUS", "REASON", NULL };

static void
audit_table(struct audit *audit, const struct store_action *a, const char *at)
{
	struct table *t = audit->table;

	table_cell(t, at, TABLE_PLAIN);
	table_cell(t, a->relay, TABLE_PLAIN);
	table_cell(t, a->who, TABLE_PLAIN);
	table_cell(t, a->action, TABLE_BOLD);
	table_cell(t, observable_name(a->type), TABLE_PLAIN);
	table_cell(t, a->value, TABLE_PLAIN);
	table_cell(t, a->status,
	    strcmp(a->status, "success") == 0 ? TABLE_GREEN : TABLE_RED);
	table_cell(t, a->reason, TABLE_PLAIN);
}

static void
audit_csv(struct audit *audit, const struct store_action *a, const char *at)
{
	struct buf *b = &audit->out;

	csvout_field(b, at, ",");
	csvout_shown(b, a->relay, ",");
	csvout_shown(b, a->who, ",");
	csvout_shown(b, a->action, ",");
	csvout_field(b, observable_name(a->type), ",");
	csvout_shown(b, a->value, ",");
	csvout_field(b, a->status, ",");
	csvout_shown(b, a->reason, "\r\n");
}

static void
audit_json(struct audit *audit, const struct store_action *a, const char *at)
{
	struct jsonout out;

	buf_adds(&audit->out, audit->n == 0 ? "\n" : ",\n");
	jsonout_init(&out, &audit->out);
	jsonout_object(&out);
	jsonout_kint(&out, "id", a->id);
	jsonout_kstring(&out, "at", at);
	jsonout_kstring(&out, "relay", a->relay);
	jsonout_kstring(&out, "who", a->who);
	jsonout_kstring(&out, "action", a->action);
	jsonout_kstring(&out, "type", observable_name(a->type));
	jsonout_kstring(&out, "value", a->value);
	jsonout_kstring(&out, "status", a->status);
	jsonout_kstring(&out, "reason", a->reason);
	jsonout_end_object(&out);
	if (jsonout_done(&out) == -1)
		audit->failed = true;
}

/* Prints what is in the buffer. */
static void
audit_flush(struct audit *audit)
{
	struct buf *b = &audit->out;

	if (b->failed ||
	    (audit->in->json ? text_print_json(stdout, b->data, b->len) == -1 :
			       fwrite(b->data, 1, b->len, stdout) < b->len))
		audit->failed = true;
	buf_reset(b);
}

static int
audit_row(void *arg, const struct store_action *a)
{
	struct audit *audit = arg;
	char at[RFC3339_MAX];

	rfc3339_text(at, a->at);
	if (audit->table != NULL)
		audit_table(audit, a, at);
	else if (audit->in->json)
		audit_json(audit, a, at);
	else
		audit_csv(audit, a, at);
	audit->n++;
	if (audit->table == NULL)
		audit_flush(audit);
	return audit->failed ? 1 : 0;
}

static int
audit_list(struct audit *audit, struct store *s,
    const struct store_action_filter *filter)
{
	const struct intel *in = audit->in;
	char error[STORE_ERROR_MAX];

	if (!in->json && !in->csv)
		audit->table = table_new(audit_headings);
	if (in->json)
		buf_addc(&audit->out, '[');
	if (in->csv)
		buf_adds(&audit->out,
		    "at,relay,who,action,type,value,status,reason\r\n");
	if (store_actions(s, filter, audit_row, audit, error) == -1)
		return command_fail(in->cmd, CMD_FAILED, "%s", error);
	if (in->json)
		buf_adds(&audit->out, "\n]\n");
	audit_flush(audit);
	if (audit->table != NULL && table_print(audit->table, stdout) == -1)
		audit->failed = true;
	return audit->failed ?
	    command_fail(in->cmd, CMD_FAILED, "cannot print the audit") :
	    CMD_OK;
}

int
intel_audit(const struct intel *in)
{
	struct store_action_filter filter = { .type = OBSERVABLE_UNKNOWN,
		.limit = -1 };
	struct audit audit = { .in = in };
	struct store *s;
	char *end;
	int status;

	if (in->n > 0)
		return command_usage(in->cmd, "what is \"%s\"?", in->words[0]);
	if (in->json && in->csv)
		return command_usage(in->cmd, "--json and --csv are two forms");
	if (in->limit != NULL) {
		filter.limit = strtoll(in->limit, &end, 10);
		if (end == in->limit || *end != '\0' || filter.limit < 0)
			return command_usage(
			    in->cmd, "\"%s\" is no number", in->limit);
	}
	if ((s = intel_open(in, STORE_READ, &status)) == NULL)
		return status;
	buf_init(&audit.out, ROW_MAX);
	status = audit_list(&audit, s, &filter);
	table_free(audit.table);
	buf_free(&audit.out);
	store_close(s);
	return status;
}

#define AT(member) offsetof(struct import_options, member)
#define SHORTEST4  8 /* bits of the largest network that is added */
#define SHORTEST6  19

/* The words that the options of `import` have, too, mean the same. */
static const struct options_row intel_add_rows[] = {
	{ "disposition", 0, &import_disposition, AT(fallback.disposition), "D",
	    "Malicious (if not said), Clean, Suspicious, Common,\n"
	    "Unknown" },
	{ "source", 0, &import_source, 0, "NAME",
	    "the list; \"" LOCAL_BLOCK_LIST "\" of what is Malicious and\n"
	    "\"" LOCAL_ALLOW_LIST "\" of what is Clean, if not said" },
	{ "expires", 0, &import_expires, 0, "T",
	    "30d, 12h, 90m, 45s, 2w, or a time; never if not said" },
	{ "reason", 0, &options_text, AT(fallback.reason), "TEXT",
	    "why, for those who read the verdict" },
	{ "severity", 0, &import_severity, AT(fallback.severity), "S",
	    "Unknown, None, Info, Low, Medium, High, Critical" },
	{ "confidence", 0, &import_confidence, AT(fallback.confidence), "C",
	    "the same without Critical; High if not said" },
	{ "tlp", 0, &import_tlp, AT(fallback.tlp), "T",
	    "white, green, amber (if not said), red" },
	{ "store", 0, &options_text, AT(store), "PATH",
	    "this store, whatever the configuration says" },
	OPTIONS_CONFIG(struct import_options),
	{ "json", 'j', &options_flag, AT(json), NULL, "as JSON, for programs" },
	{ "help", 'h', &options_flag, AT(help), NULL, NULL }
};

static const struct options intel_add_options = { intel_add_rows,
	sizeof(intel_add_rows) / sizeof(intel_add_rows[0]), 0, true, NULL,
	"\n"
	"Either all values are added, or none. They have the priority 100,\n"
	"before what feeds say, and are in the audit.\n" };

/* The source and severity that follow from the disposition, where they are not
 * said. */
static const struct {
	int disposition, severity;
	const char *source; /* NULL: it must be said */
} intel_add_kinds[] = { { CTIM_MALICIOUS, CTIM_SEVERITY_HIGH,
			    LOCAL_BLOCK_LIST },
	{ CTIM_CLEAN, CTIM_SEVERITY_NONE, LOCAL_ALLOW_LIST },
	{ CTIM_SUSPICIOUS, CTIM_SEVERITY_MEDIUM, NULL },
	{ CTIM_COMMON, CTIM_SEVERITY_NONE, NULL },
	{ CTIM_UNKNOWN, CTIM_SEVERITY_UNKNOWN, NULL } };

static int
intel_add_defaults(struct import_options *o)
{
	size_t i = 0;

	while (intel_add_kinds[i].disposition != o->fallback.disposition)
		i++;
	if (o->source.name == NULL)
		o->source.name = intel_add_kinds[i].source;
	if (o->fallback.severity == -1)
		o->fallback.severity = intel_add_kinds[i].severity;
	if (o->source.name == NULL)
		return command_usage(o->cmd,
		    "say --source: the list for what is neither Malicious nor "
		    "Clean");
	if (o->fallback.reason != NULL &&
	    (!utf8_valid(o->fallback.reason, strlen(o->fallback.reason)) ||
		utf8_cut(o->fallback.reason, STORE_REASON) <
		    strlen(o->fallback.reason)))
		return command_usage(o->cmd,
		    "--reason is UTF-8 of at most %d characters", STORE_REASON);
	return CMD_OK;
}

/* Reads a word into type, value and below of a record: "*.name" and ".name" are
 * the name and all below it.  Returns false when it is no indicator. */
static bool
intel_add_word(
    const char *word, char value[INDICATOR_MAX + 1], struct record *r)
{
	size_t n = strncmp(word, "*.", 2) == 0 ? 2 : *word == '.' ? 1 : 0;

	r->type = terms_normal(word + n, value);
	r->value = value;
	r->below = n > 0;
	return r->type != OBSERVABLE_UNKNOWN &&
	    (n == 0 || r->type == OBSERVABLE_DOMAIN);
}

/* Looks at all values before the first is added. */
static int
intel_add_look(const struct import_options *o, char **words, int n)
{
	char value[INDICATOR_MAX + 1];
	struct record r;
	int i, bits;

	for (i = 0; i < n; i++) {
		if (!intel_add_word(words[i], value, &r))
			return command_fail(o->cmd, CMD_FAILED,
			    "\"%s\" is no indicator; nothing was added",
			    words[i]);
		bits = r.type == OBSERVABLE_IP || r.type == OBSERVABLE_IPV6 ?
		    indicator_prefix(value) :
		    -1;
		if (bits != -1 &&
		    bits < (r.type == OBSERVABLE_IP ? SHORTEST4 : SHORTEST6))
			return command_fail(o->cmd, CMD_FAILED,
			    "%s is too large a network; nothing was added",
			    value);
	}
	return CMD_OK;
}

/* Adds all values in one act, with a row of the audit each; *changed is how many
 * records are new or other than before. */
static int
intel_add_all(const struct import_options *o, struct store *s, char **words,
    int n, uint64_t *changed, char error[STORE_ERROR_MAX])
{
	char value[INDICATOR_MAX + 1];
	struct record r = o->fallback;
	const struct store_change change = { .source = &o->source,
		.record = &r };
	struct store_action row;
	uint64_t one;
	int i;

	if (store_act_begin(s, INTEL_WAIT, error) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		(void)intel_add_word(words[i], value, &r);
		row = intel_act("intel add", r.type, value, o->now);
		row.reason = r.reason;
		if (store_act(s, &change, 1, &row, &one, error) == -1)
			return -1;
		*changed += one;
	}
	return store_act_end(s, error);
}

static void
intel_add_say(const struct import_options *o, int n, uint64_t changed)
{
	struct jsonout out;
	struct buf text;

	if (!o->json) {
		printf("%s: %llu added or changed, %llu unchanged\n",
		    o->source.name, (unsigned long long)changed,
		    (unsigned long long)n - changed);
		return;
	}
	buf_init(&text, 4096);
	jsonout_init(&out, &text);
	jsonout_object(&out);
	jsonout_kstring(&out, "source", o->source.name);
	jsonout_kint(&out, "changed", (int64_t)changed);
	jsonout_kint(&out, "unchanged", n - (int64_t)changed);
	jsonout_end_object(&out);
	if (jsonout_done(&out) == 0)
		printf("%s\n", text.data);
	buf_free(&text);
}

static int
intel_add_run(struct import_options *o, char **words, int n)
{
	uint64_t changed = 0;
	char error[STORE_ERROR_MAX];
	struct store *s;
	char *path;
	int status;

	if ((status = intel_add_defaults(o)) != CMD_OK ||
	    (status = intel_add_look(o, words, n)) != CMD_OK ||
	    (path = intel_path(o->cmd, o->store, o->config, &status)) == NULL)
		return status;
	status = CMD_OK;
	if ((s = store_open(path, STORE_WRITE, error)) != NULL)
		import_note(s);
	if (s == NULL || intel_add_all(o, s, words, n, &changed, error) == -1)
		status = command_fail(o->cmd, CMD_FAILED, "%s", error);
	store_close(s);
	free(path);
	if (status != CMD_OK)
		return status;
	intel_add_say(o, n, changed);
	if (changed > 0)
		intel_changed(o->cmd, o->store, o->config, "add");
	return CMD_OK;
}

int
intel_add(const struct command *cmd, int argc, char **argv)
{
	struct import_options o = { .cmd = cmd, .now = (int64_t)time(NULL) };
	int status;

	o.fallback = (struct record){ .disposition = CTIM_MALICIOUS,
		.severity = -1,
		.confidence = CTIM_SEVERITY_HIGH,
		.tlp = CTIM_AMBER,
		.priority = LOCAL_PRIORITY };
	status = options_read(&intel_add_options, cmd, &o, argc, argv);
	if (status != CMD_OK)
		return status;
	if (o.help)
		return options_help(&intel_add_options, cmd);
	if (optind == argc)
		return command_usage(cmd, "name the values to add");
	return intel_add_run(&o, argv + optind, argc - optind);
}
