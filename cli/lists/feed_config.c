/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/feed/feed_reader.h"
#include "cli/lists/feed_config.h"
#include "cli/lists/lists.h"
#include "ctim/indicator.h"

#define HEAD    (64U << 10)
#define WORDS   256  /* of a line */
#define LINE    8192 /* bytes of a line that is more than a value */
#define VALUES  0x1  /* what a word of a form means */
#define IS_NAME 0x2

/* A line, cut into words, and what the words of the form that fits are. */
struct config_words {
	char text[LINE];
	char *word[WORDS];
	unsigned char means[WORDS];
	size_t n;
};

struct config {
	const struct config_program *program;
	const struct feed_sink *sink;
	const char *refused; /* why the file is; NULL: it is not */
	char reason[512];
	char last[INDICATOR_MAX + 1]; /* what was taken with all below it */
};

/* Whether a word of n bytes in a form, with its alternatives, is the word. */
static bool
config_literal(const char *form, size_t n, const char *word)
{
	size_t k, len = strlen(word);

	for (;; form += k + 1, n -= k + 1) {
		for (k = 0; k < n && form[k] != '|'; k++)
			;
		if (k == len && strncasecmp(form, word, k) == 0)
			return true;
		if (k == n)
			return false;
	}
}

static bool
config_is_address(const char *word)
{
	char normal[INDICATOR_MAX + 1];
	enum observable_type type = indicator_detect(word, normal);

	return type == OBSERVABLE_IP || type == OBSERVABLE_IPV6;
}

/* Whether one word of a form, n bytes, is the word; *means is what it is. */
static bool
config_word(const char *form, size_t n, const char *word, unsigned char *means)
{
	*means = 0;
	if (n == 1 && *form == 'V') {
		*means = VALUES;
		return true;
	}
	if (n == 1 && *form == 'N') {
		*means = IS_NAME;
		return true;
	}
	if (n == 1 && *form == '*')
		return true;
	if (n == 4 && memcmp(form, "SINK", 4) == 0)
		return lists_is_sink(word) || strcmp(word, "#") == 0;
	if (n == 4 && memcmp(form, "ADDR", 4) == 0)
		return config_is_address(word) || lists_is_sink(word) ||
		    strcmp(word, "#") == 0;
	return config_literal(form, n, word);
}

/* Whether the words from i on fit the rest of a form. */
static bool
config_fits(const char *form, struct config_words *w, size_t i)
{
	size_t n = strcspn(form, " ");
	const char *next = form + n + (form[n] == ' ');

	if (*form == '\0')
		return i == w->n;
	if (n == 3 && memcmp(form, "...", 3) == 0) {
		if (*next == '\0')
			return true;
		for (; i < w->n; i++)
			if (config_fits(next, w, i))
				return true;
		return false;
	}
	if (i == w->n)
		return false;
	if (n == 2 && memcmp(form, "V+", 2) == 0) {
		w->means[i] = VALUES;
		if (config_fits(form, w, i + 1) || config_fits(next, w, i + 1))
			return true;
		w->means[i] = 0;
		return false;
	}
	return config_word(form, n, w->word[i], &w->means[i]) &&
	    config_fits(next, w, i + 1);
}

/* The form of the program that fits; NULL: none. */
static const struct config_form *
config_form(const struct config_program *p, struct config_words *w)
{
	const struct config_form *f;

	for (f = p->forms; f->form != NULL; f++) {
		memset(w->means, 0, sizeof(w->means));
		if (config_fits(f->form, w, 0))
			return f;
	}
	return NULL;
}

/* Cuts a line into words; false: there are too many, or its end lacks. */
static bool
config_cut(
    const struct config_program *p, struct config_words *w, const char *s)
{
	size_t len = strlen(s);
	char *word, *at = NULL;

	w->n = 0;
	if (len >= LINE || (p->end != 0 && (len == 0 || s[len - 1] != p->end)))
		return false;
	memcpy(w->text, s, len + 1);
	if (p->end != 0)
		w->text[len - 1] = '\0';
	for (word = strtok_r(w->text, p->between, &at); word != NULL;
	     word = strtok_r(NULL, p->between, &at)) {
		if (w->n == WORDS)
			return false;
		if (w->n > 0 || strcmp(word, "-") != 0) /* a list in YAML */
			w->word[w->n++] = word;
	}
	return w->n > 0;
}

static bool
config_is_comment(const struct config_program *p, const char *s)
{
	return *s == '\0' || strchr(p->comments, *s) != NULL;
}

/* Counts the lines of the head that fit the program's forms into ours. */
static void
config_count(
    const struct config_program *p, char *head, size_t *ours, size_t *all)
{
	struct config_words w;
	const struct config_form *f;
	char *s, *at = NULL, *line;

	*ours = *all = 0;
	for (line = strtok_r(head, "\n", &at); line != NULL;
	     line = strtok_r(NULL, "\n", &at)) {
		s = lists_trim(line);
		if (config_is_comment(p, s))
			continue;
		f = config_cut(p, &w, s) ? config_form(p, &w) : NULL;
		*ours += f != NULL && f->does != CONFIG_IGNORE;
		*all += f == NULL || f->does != CONFIG_IGNORE;
	}
}

/* The program whose forms fit more than half of the lines; NULL: none. */
static const struct config_program *
config_find(const char *head, size_t n)
{
	const struct config_program *p;
	char *copy = malloc(n + 1), *end;
	size_t ours = 0, all = 0;

	if (copy == NULL)
		return NULL;
	for (p = config_programs; p->name != NULL; p++) {
		memcpy(copy, head, n);
		copy[n] = '\0';
		/* The last line may be cut. */
		if ((end = strrchr(copy, '\n')) != NULL)
			*end = '\0';
		config_count(p, copy, &ours, &all);
		if (ours * 2 > all)
			break;
	}
	free(copy);
	return p->name == NULL ? NULL : p;
}

bool
feed_config_looks(const char *head, size_t n, const struct feed_options *o)
{
	(void)o;
	return config_find(head, n) != NULL;
}

/* Whether the name of a list says that what it lists may pass. */
static bool
config_allows(const struct config_words *w)
{
	static const char *const words[] = { "white", "allow", "permit",
		"trust", "accept", "safe", "good" };
	size_t i, k;

	for (i = 0; i < w->n; i++)
		for (k = 0; k < sizeof(words) / sizeof(words[0]) &&
		     (w->means[i] & IS_NAME) != 0;
		     k++)
			if (strcasestr(w->word[i], words[k]) != NULL)
				return true;
	return false;
}

/* What a line says of its value: the word behind "comment". */
static const char *
config_reason(struct config *c, const struct config_words *w, const char *s)
{
	const char *at = strcasestr(s, "comment"), *quote;
	size_t i, n;

	if (at == NULL || (quote = strchr(at, '"')) == NULL) {
		for (i = 0; i + 1 < w->n; i++)
			if (strcasecmp(w->word[i], "--comment") == 0 ||
			    (strcasecmp(w->word[i], "comment") == 0 &&
				strncmp(w->word[i + 1], "--", 2) != 0))
				return w->word[i + 1];
		return NULL;
	}
	n = strcspn(quote + 1, "\"");
	if (n >= sizeof(c->reason))
		n = sizeof(c->reason) - 1;
	memcpy(c->reason, quote + 1, n);
	c->reason[n] = '\0';
	return c->reason;
}

/* Takes the values of a line; each may be a list with commas, and in a set have
 * a port behind one. */
static int
config_take(struct config *c, struct config_words *w, bool below,
    const char *reason, uint64_t line)
{
	char *part, *at;
	size_t i;
	int r = 0;

	for (i = 0; i < w->n && r == 0; i++) {
		if ((w->means[i] & VALUES) == 0)
			continue;
		for (part = strtok_r(w->word[i], ",", &at);
		     part != NULL && r == 0; part = strtok_r(NULL, ",", &at)) {
			if (strncmp(part, "tcp:", 4) == 0 ||
			    strncmp(part, "udp:", 4) == 0)
				continue;
			if (below)
				snprintf(c->last, sizeof(c->last), "%s", part);
			else if (strcasecmp(part, c->last) == 0)
				continue; /* it is taken with all below it */
			r = lists_emit(part, below, reason, line, c->sink);
		}
	}
	return r;
}

static int
config_line(void *arg, char *s, uint64_t line)
{
	struct config *c = arg;
	struct config_words w;
	const struct config_form *f;

	s = lists_trim(s);
	if (config_is_comment(c->program, s))
		return 0;
	f = config_cut(c->program, &w, s) ? config_form(c->program, &w) : NULL;
	if (f == NULL)
		return feed_skip(c->sink, line,
		    "a line that lists nothing to block",
		    "\"%.60s\" lists nothing to block", s);
	if (f->does == CONFIG_REFUSE) {
		c->refused = f->why;
		return 1;
	}
	if (f->does == CONFIG_IGNORE)
		return 0;
	if (f->does == CONFIG_SKIP)
		return feed_skip(c->sink, line, f->why, NULL);
	if (config_allows(&w))
		return feed_skip(c->sink, line,
		    "in a list whose name says that it lets pass", NULL);
	return config_take(
	    c, &w, f->does == CONFIG_BELOW, config_reason(c, &w, s), line);
}

int
feed_config(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct config c = { .sink = sink };
	size_t n = feed_reader_fill(r, HEAD);
	int stop;

	(void)o;
	c.program = config_find(r->data + r->at, n < HEAD ? n : HEAD);
	if (c.program == NULL) {
		snprintf(error, FEED_ERROR_MAX,
		    "it is no configuration of a program that is known here");
		return -1;
	}
	feed_note(
	    sink, "it was read as a configuration of %s", c.program->name);
	stop = lists_read(r, sink, config_line, &c);
	if (c.refused == NULL)
		return stop;
	snprintf(error, FEED_ERROR_MAX, "%s", c.refused);
	return -1;
}
