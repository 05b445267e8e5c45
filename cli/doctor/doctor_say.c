/* SPDX-License-Identifier: MIT */
/* What a check found, for people and for programs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/doctor/doctor.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "os/clock.h"

#define OUTPUT_MAX      (1U << 20)
#define LINE_MAX_LEN    4096
#define DOCTOR_MEND_MAX 65536 /* all DOCTOR_QUOTES, and words */
#define NAME_WIDTH      13    /* of the longest name of a check */

static const struct {
	const char *people, *programs;
	enum table_colour colour;
} results[DOCTOR_RESULTS] = { [DOCTOR_OK] = { "ok", "ok", TABLE_GREEN },
	[DOCTOR_SKIPPED] = { "-", "not checked", TABLE_DIM },
	[DOCTOR_WARN] = { "warn", "warn", TABLE_YELLOW },
	[DOCTOR_FAIL] = { "FAIL", "fail", TABLE_RED } };

void
doctor_begin(struct doctor *d)
{
	buf_init(&d->out, OUTPUT_MAX);
	jsonout_init(&d->j, &d->out);
	jsonout_object(&d->j);
	jsonout_key(&d->j, "checks");
	jsonout_array(&d->j);
}

void
doctor_say(struct doctor *d, enum doctor_result result, const char *format, ...)
{
	bool colours = table_colours(stdout);
	char line[LINE_MAX_LEN], key[LINE_MAX_LEN + 32];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	snprintf(key, sizeof(key), "%s\n%d\n%s", d->row->name, result, line);
	d->muted = !set_new(&d->said, key, strlen(key));
	if (d->muted)
		return;
	d->count[result]++;
	if (result == DOCTOR_WARN || result == DOCTOR_FAIL)
		d->bad |= 1U << d->place;
	if (d->json) {
		if (d->open)
			jsonout_end_object(&d->j);
		jsonout_object(&d->j);
		jsonout_kstring(&d->j, "check", d->row->name);
		jsonout_kstring(&d->j, "result", results[result].programs);
		jsonout_kstring(&d->j, "text", line);
		d->open = true;
		return;
	}
	printf("%s%-4s%s  %-*s  %s", table_sgr(results[result].colour, colours),
	    results[result].people, table_sgr(TABLE_PLAIN, colours), NAME_WIDTH,
	    d->row->name, result == DOCTOR_SKIPPED ? "not checked: " : "");
	(void)text_print(stdout, line);
	putchar('\n');
	/* The next check may take seconds. */
	fflush(stdout);
}

static void doctor_say_below(struct doctor *, const char *, const char *,
    const char *, const char *, const char *, va_list)
    __attribute__((format(printf, 6, 0)));

/* Prints a line below the last finding: first, then the formatted text.  name
 * is its member in JSON; for people, before and after stand around the line. */
static void
doctor_say_below(struct doctor *d, const char *name, const char *before,
    const char *after, const char *first, const char *format, va_list ap)
{
	char line[DOCTOR_MEND_MAX];
	int n = snprintf(line, sizeof(line), "%s", first);

	if (d->muted)
		return;
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, ap);
	if (d->json) {
		jsonout_kstring(&d->j, name, line);
		return;
	}
	printf("%*s%s", NAME_WIDTH + 8, "", before);
	(void)text_print(stdout, line);
	puts(after);
}

void
doctor_mend(struct doctor *d, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	doctor_say_below(d, "mend", "-> ", "", "", format, ap);
	va_end(ap);
}

void
doctor_sudo(struct doctor *d, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	doctor_say_below(d, "mend", "-> ", "", d->sudo, format, ap);
	va_end(ap);
}

void
doctor_note(struct doctor *d, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	doctor_say_below(d, "note", "   (", ")", "", format, ap);
	va_end(ap);
}

void
doctor_mend_conf(struct doctor *d, const char *section, const char *more,
    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	doctor_say_below(d, "mend", "-> ", "", "", format, ap);
	va_end(ap);
	doctor_note(d, "in %s of %s%s%s", section, d->whole,
	    more == NULL ? "" : "; ", more == NULL ? "" : more);
}

static int
doctor_say_print_json(struct doctor *d, bool whole)
{
	int r = -1;

	if (whole)
		r = text_print_json(stdout, d->out.data, d->out.len);
	putchar('\n');
	return r == 0 ? CMD_OK :
			command_fail(d->cmd, CMD_FAILED, "no memory left");
}

int
doctor_end(struct doctor *d)
{
	int status = CMD_OK;
	bool whole;

	if (d->open)
		jsonout_end_object(&d->j);
	jsonout_end_array(&d->j);
	jsonout_kint(&d->j, "failed", d->count[DOCTOR_FAIL]);
	jsonout_kint(&d->j, "warnings", d->count[DOCTOR_WARN]);
	jsonout_end_object(&d->j);
	whole = jsonout_done(&d->j) == 0;
	if (d->json)
		status = doctor_say_print_json(d, whole);
	else
		printf("\n%u failed, %u warning%s, %u good, %u not checked\n",
		    d->count[DOCTOR_FAIL], d->count[DOCTOR_WARN],
		    d->count[DOCTOR_WARN] == 1 ? "" : "s", d->count[DOCTOR_OK],
		    d->count[DOCTOR_SKIPPED]);
	buf_free(&d->out);
	return d->count[DOCTOR_FAIL] > 0 ? CMD_FAILED : status;
}

const char *
doctor_quote(struct doctor *d, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
				    "QRSTUVWXYZ0123456789_-./:,+@%=";
	char **slot = &d->quoted[d->quotes++ % DOCTOR_QUOTES];
	bool quotes = *word == '\0' || word[strspn(word, plain)] != '\0';
	struct buf b;

	buf_init(&b, LINE_MAX_LEN);
	if (quotes)
		buf_addc(&b, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_adds(&b, "'\\''");
		else
			buf_addc(&b, *word);
	}
	if (quotes)
		buf_addc(&b, '\'');
	free(*slot);
	*slot = b.failed ? NULL : strdup(b.data);
	buf_free(&b);
	return *slot == NULL ? "FILE" : *slot;
}

int64_t
doctor_left(const struct doctor *d, int64_t wanted)
{
	int64_t left = d->until - clock_ms();

	return left <= 0 ? 0 : left < wanted ? left : wanted;
}
