/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/import/import_summary.h"
#include "cli/terminal/text.h"
#include "json/jsonout.h"

#define LINE_REASONS 3 /* reasons in a line */
#define OUTPUT_MAX   (256U << 10)

void
import_summary_free(struct import_summary *s)
{
	size_t i;

	for (i = 0; i < s->n_reasons; i++)
		free(s->reasons[i].reason);
	for (i = 0; i < IMPORT_FIRST; i++) {
		free(s->first[i].file);
		free(s->first[i].why);
	}
	for (i = 0; i < IMPORT_NOTES; i++)
		free(s->notes[i]);
}

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : strdup(text);
}

/* The text, which may be missing where memory ran out. */
static const char *
text_of(const char *text)
{
	return text == NULL ? "" : text;
}

static void
count_reason(struct import_summary *s, const char *reason)
{
	size_t i;

	for (i = 0; i < s->n_reasons; i++)
		if (strcmp(text_of(s->reasons[i].reason), reason) == 0)
			break;
	if (i == IMPORT_REASONS)
		i--;
	else if (i == s->n_reasons)
		s->reasons[s->n_reasons++].reason =
		    strdup(i == IMPORT_REASONS - 1 ? "other reasons" : reason);
	s->reasons[i].n++;
}

void
import_summary_skip(struct import_summary *s, const char *file, uint64_t line,
    const char *reason, const char *why)
{
	count_reason(s, reason);
	if (s->skipped < IMPORT_FIRST) {
		s->first[s->skipped].file = copy_of(file);
		s->first[s->skipped].line = line;
		s->first[s->skipped].why = strdup(why);
	}
	s->skipped++;
}

void
import_summary_note(
    struct import_summary *s, const char *file, const char *text)
{
	struct buf note;
	size_t i;

	buf_init(&note, 1024);
	if (file != NULL)
		buf_addf(&note, "%s: ", file);
	buf_adds(&note, text);
	for (i = 0; i < s->n_notes && i < IMPORT_NOTES; i++)
		if (strcmp(text_of(s->notes[i]), note.data) == 0)
			break;
	if (i == s->n_notes && i < IMPORT_NOTES)
		s->notes[i] = strdup(note.data);
	if (i == s->n_notes || i == IMPORT_NOTES)
		s->n_notes++;
	buf_free(&note);
}

bool
import_summary_mostly_skipped(const struct import_summary *s)
{
	return s->skipped > s->read - s->skipped;
}

/* The place of the i-th most frequent reason. */
static size_t
frequent(const struct import_summary *s, size_t i)
{
	size_t k, m, before;

	for (k = 0; k < s->n_reasons; k++) {
		for (before = 0, m = 0; m < s->n_reasons; m++)
			before += s->reasons[m].n > s->reasons[k].n ||
			    (s->reasons[m].n == s->reasons[k].n && m < k);
		if (before == i)
			break;
	}
	return k;
}

static void
summary_line(struct buf *b, const char *text)
{
	text_add(b, text_of(text), strlen(text_of(text)));
	buf_addc(b, '\n');
}

void
import_summary_skips(const struct import_summary *s, FILE *to)
{
	struct buf b;
	size_t i, k;

	buf_init(&b, OUTPUT_MAX);
	for (i = 0; i < s->n_reasons; i++) {
		k = frequent(s, i);
		buf_addf(&b, "  %" PRIu64 " skipped: ", s->reasons[k].n);
		summary_line(&b, s->reasons[k].reason);
	}
	for (i = 0; i < s->skipped && i < IMPORT_FIRST; i++) {
		buf_adds(&b, "  ");
		if (s->first[i].file != NULL) {
			text_add(
			    &b, s->first[i].file, strlen(s->first[i].file));
			buf_adds(&b, ", ");
		}
		buf_addf(&b, "line %" PRIu64 ": ", s->first[i].line);
		summary_line(&b, s->first[i].why);
	}
	if (s->skipped > IMPORT_FIRST)
		buf_addf(
		    &b, "  and %" PRIu64 " more\n", s->skipped - IMPORT_FIRST);
	for (i = 0; i < s->n_notes && i < IMPORT_NOTES; i++) {
		buf_adds(&b, "  note: ");
		summary_line(&b, s->notes[i]);
	}
	if (s->n_notes > IMPORT_NOTES)
		buf_addf(
		    &b, "  and %zu more notes\n", s->n_notes - IMPORT_NOTES);
	fputs(b.data, to);
	buf_free(&b);
}

void
import_summary_reasons(const struct import_summary *s, struct buf *b)
{
	size_t i, k;

	for (i = 0; i < s->n_reasons && i < LINE_REASONS; i++) {
		k = frequent(s, i);
		buf_addf(
		    b, "%s%" PRIu64 " ", i == 0 ? " (" : ", ", s->reasons[k].n);
		text_add(b, text_of(s->reasons[k].reason),
		    strlen(text_of(s->reasons[k].reason)));
	}
	if (i > 0)
		buf_adds(b, s->n_reasons > i ? ", and others)" : ")");
}

void
import_summary_print(const struct import_summary *s)
{
	printf("%s%s: read %" PRIu64 ", added %" PRIu64 ", updated %" PRIu64
	       ", unchanged %" PRIu64 ", ",
	    s->source, s->dry ? " (dry run: nothing is changed)" : "", s->read,
	    s->counts.added, s->counts.updated, s->counts.unchanged);
	if (s->replace)
		printf("removed %" PRIu64 ", ", s->counts.removed);
	printf("skipped %" PRIu64 "\n", s->skipped);
	import_summary_skips(s, stdout);
}

static void
json_skips(struct jsonout *out, const struct import_summary *s)
{
	size_t i, k;

	jsonout_key(out, "skipped_by_reason");
	jsonout_array(out);
	for (i = 0; i < s->n_reasons; i++) {
		k = frequent(s, i);
		jsonout_object(out);
		jsonout_kstring(out, "reason", text_of(s->reasons[k].reason));
		jsonout_kint(out, "count", (int64_t)s->reasons[k].n);
		jsonout_end_object(out);
	}
	jsonout_end_array(out);
	jsonout_key(out, "reasons");
	jsonout_array(out);
	for (i = 0; i < s->skipped && i < IMPORT_FIRST; i++) {
		jsonout_object(out);
		jsonout_kstring(out, "file", s->first[i].file);
		jsonout_kint(out, "line", (int64_t)s->first[i].line);
		jsonout_kstring(out, "reason", text_of(s->first[i].why));
		jsonout_end_object(out);
	}
	jsonout_end_array(out);
}

void
import_summary_members(const struct import_summary *s, struct jsonout *out)
{
	size_t i;

	jsonout_kbool(out, "dry_run", s->dry);
	jsonout_kint(out, "read", (int64_t)s->read);
	jsonout_kint(out, "added", (int64_t)s->counts.added);
	jsonout_kint(out, "updated", (int64_t)s->counts.updated);
	jsonout_kint(out, "unchanged", (int64_t)s->counts.unchanged);
	jsonout_kint(out, "removed", (int64_t)s->counts.removed);
	jsonout_kint(out, "skipped", (int64_t)s->skipped);
	json_skips(out, s);
	jsonout_key(out, "notes");
	jsonout_array(out);
	for (i = 0; i < s->n_notes && i < IMPORT_NOTES; i++)
		jsonout_string(out, text_of(s->notes[i]));
	jsonout_end_array(out);
}

void
import_summary_json(const struct import_summary *s)
{
	struct jsonout out;
	struct buf text;

	buf_init(&text, OUTPUT_MAX);
	jsonout_init(&out, &text);
	jsonout_object(&out);
	jsonout_kstring(&out, "source", s->source);
	import_summary_members(s, &out);
	jsonout_end_object(&out);
	if (jsonout_done(&out) == 0)
		(void)text_print_json(stdout, text.data, text.len);
	putchar('\n');
	buf_free(&text);
}
