/* SPDX-License-Identifier: MIT */
/* ctim-relay intel list, export: the records of the store, one after another. */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "cli/base/outfile.h"
#include "cli/intel/intel.h"
#include "cli/intel/intel_stix.h"
#include "ctim/ctim.h"
#include "ctim/indicator.h"
#include "store/store_write.h"

#define EDL_MODE 0644

enum form { FORM_LINES, FORM_JSON, FORM_CSV, FORM_PLAIN, FORM_STIX };

static const struct {
	const char *name;
	enum form form;
} intel_export_forms[] = { { "csv", FORM_CSV }, { "json", FORM_JSON },
	{ "plain", FORM_PLAIN }, { "stix", FORM_STIX } };

/* A walk through the records. */
struct walk {
	enum form form;
	int disposition; /* 0: all */
	bool typed;      /* of one type, which was asked for */
	bool export;     /* not for list */
	bool edl;        /* for what blocks: not what is Clean, unless asked */
	int64_t now;
	FILE *to;
	struct buf out;
	int64_t n, limit; /* printed, and at most; -1: all */
	bool last_below;  /* FORM_PLAIN: what was printed last */
	char last[INDICATOR_MAX + 1];
	struct intel_stix stix;
};

/* Whether the options ask for a record. */
static bool
intel_export_wanted(const struct walk *w, const struct record *r)
{
	if (w->disposition != 0 && r->disposition != w->disposition)
		return false;
	if (w->edl && w->disposition == 0 && r->disposition == CTIM_CLEAN)
		return false;
	if (w->form != FORM_PLAIN)
		return true;
	/* A bare value says of no type: a firewall would take a device's name for
	 * a domain. */
	if (!w->typed && !indicator_type((int)r->type))
		return false;
	/* Prints bare values once each: equal ones follow each other. */
	return (r->expires == 0 || r->expires > w->now) &&
	    (strcmp(w->last, r->value) != 0 || (r->below && !w->last_below));
}

/* Prints a bare value, and one that also means all below it as *.NAME, too. */
static void
print_plain(struct walk *w, const struct record *r)
{
	if (strcmp(w->last, r->value) != 0)
		buf_addf(&w->out, "%s\n", r->value);
	if (r->below)
		buf_addf(&w->out, "*.%s\n", r->value);
	snprintf(w->last, sizeof(w->last), "%s", r->value);
	w->last_below = r->below;
}

static int
print_record(void *arg, const struct record *r)
{
	struct walk *w = arg;
	uint64_t written;

	/* The store cannot limit: it does not know intel_export_wanted(). */
	if (w->limit != -1 && w->n >= w->limit)
		return 1;
	if (!intel_export_wanted(w, r))
		return 0;
	switch (w->form) {
	case FORM_PLAIN:
		print_plain(w, r);
		break;
	case FORM_CSV:
		intel_record_csv(&w->out, r);
		break;
	case FORM_JSON:
		buf_adds(&w->out, w->n == 0 ? "\n" : ",\n");
		if (intel_record_json(&w->out, r, w->export) == -1)
			return -1;
		break;
	case FORM_STIX:
		written = w->stix.n;
		if (intel_stix_record(&w->stix, &w->out, r) == -1)
			return -1;
		if (w->stix.n == written)
			return 0;
		break;
	case FORM_LINES:
		if (w->n == 0)
			intel_record_heading(&w->out);
		intel_record_line(&w->out, r, w->now);
		break;
	}
	w->n++;
	return intel_record_print(
	    &w->out, w->to, w->form == FORM_JSON || w->form == FORM_STIX);
}

/* Reads --type, --disposition and --limit.  Returns CMD_OK, or an exit status
 * after printing the error. */
static int
filter_of(const struct intel *in, struct store_filter *filter, struct walk *w)
{
	char *end;

	*filter = (struct store_filter){ in->source, OBSERVABLE_UNKNOWN, -1 };
	w->typed = in->type != NULL;
	if (in->type != NULL &&
	    (filter->type = observable_type(in->type)) == OBSERVABLE_UNKNOWN)
		return command_usage(in->cmd,
		    "\"%s\" is no type of CTIM, such as domain or hostname",
		    in->type);
	if (in->disposition != NULL &&
	    (w->disposition = ctim_disposition(in->disposition)) == -1)
		return command_usage(in->cmd,
		    "\"%s\" is no disposition: Clean, Malicious, Suspicious, "
		    "Common, Unknown",
		    in->disposition);
	if (in->limit != NULL) {
		w->limit = strtoll(in->limit, &end, 10);
		if (end == in->limit || *end != '\0' || w->limit < 0)
			return command_usage(
			    in->cmd, "\"%s\" is no number", in->limit);
	}
	return CMD_OK;
}

/* What stands before the first record, and behind the last. */
static void
intel_export_begin(struct walk *w)
{
	if (w->form == FORM_JSON)
		buf_addc(&w->out, '[');
	if (w->form == FORM_CSV)
		intel_record_csv_header(&w->out);
	if (w->form == FORM_STIX)
		intel_stix_begin(&w->stix, &w->out);
}

static void
intel_export_end(struct walk *w)
{
	if (w->form == FORM_JSON)
		buf_adds(&w->out, "\n]\n");
	if (w->form == FORM_STIX)
		intel_stix_end(&w->stix, &w->out);
}

/* Writes the records that the options ask for to a stream. */
static int
walk(const struct intel *in, enum form form, bool export, FILE *to)
{
	struct store_filter filter;
	struct walk *w;
	struct store *s;
	char error[STORE_ERROR_MAX];
	int status;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return command_fail(in->cmd, CMD_FAILED, "memory ran out");
	w->form = form;
	w->limit = -1;
	w->export = export;
	w->edl = in->edl != NULL;
	w->to = to;
	w->now = (int64_t)time(NULL);
	buf_init(&w->out, INTEL_RECORD_MAX);
	if ((status = filter_of(in, &filter, w)) != CMD_OK ||
	    (s = intel_open(in, STORE_READ, &status)) == NULL) {
		free(w);
		return status;
	}
	intel_export_begin(w);
	if (store_each(s, &filter, print_record, w, error) == -1)
		status = command_fail(in->cmd, CMD_FAILED, "%s", error);
	else
		intel_export_end(w);
	if (status == CMD_OK &&
	    intel_record_print(
		&w->out, to, form == FORM_JSON || form == FORM_STIX) == -1 &&
	    to != stdout)
		status = command_fail(
		    in->cmd, CMD_FAILED, "%s: cannot be written", in->edl);
	if (status == CMD_OK && form == FORM_STIX)
		intel_stix_say(&w->stix);
	store_close(s);
	buf_free(&w->out);
	free(w);
	return status;
}

int
intel_list(const struct intel *in)
{
	if (in->n > 0)
		return command_usage(in->cmd,
		    "what is \"%s\"? A value is looked up with \"show\"",
		    in->words[0]);
	return walk(in, in->json ? FORM_JSON : FORM_LINES, false, stdout);
}

/* Writes a list for a firewall, which may fetch it at any moment: it gets the
 * one before or the new one. */
static int
intel_export_edl(const struct intel *in)
{
	struct outfile out;
	struct stat st;
	mode_t mode = EDL_MODE;
	int status;

	if (in->json ||
	    (in->format != NULL && strcmp(in->format, "plain") != 0))
		return command_usage(in->cmd, "--edl is a plain list");
	if (stat(in->edl, &st) == 0)
		mode = st.st_mode & 0777;
	status = outfile_begin(in->cmd, &out, in->edl, mode);
	if (status != CMD_OK)
		return status;
	if ((status = walk(in, FORM_PLAIN, true, out.file)) != CMD_OK) {
		outfile_drop(&out);
		return status;
	}
	return outfile_end(in->cmd, &out, true);
}

int
intel_export(const struct intel *in)
{
	size_t i,
	    n = sizeof(intel_export_forms) / sizeof(intel_export_forms[0]);

	if (in->n > 0)
		return command_usage(in->cmd, "what is \"%s\"?", in->words[0]);
	if (in->edl != NULL)
		return intel_export_edl(in);
	if (in->format == NULL)
		return walk(in, in->json ? FORM_JSON : FORM_CSV, true, stdout);
	for (i = 0; i < n; i++)
		if (strcmp(intel_export_forms[i].name, in->format) == 0)
			return walk(
			    in, intel_export_forms[i].form, true, stdout);
	return command_usage(
	    in->cmd, "\"%s\" is no format: csv, json, plain, stix", in->format);
}
