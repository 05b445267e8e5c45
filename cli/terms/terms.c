/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "cli/base/command.h"
#include "cli/terms/terms.h"
#include "ctim/indicator.h"
#include "json/jsonout.h"

#define TYPE_MAX   32  /* bytes of the longest type's name, and a NUL */
#define COMPLAINTS 5   /* words left out that are reported; the others count */
#define SHOWN      100 /* bytes of such a word */

/* Returns the type before the first colon and, in *value, the text behind
 * it. */
static enum observable_type
named_type(const char *word, const char **value)
{
	const char *colon = strchr(word, ':');
	char name[TYPE_MAX];
	size_t len;

	if (colon == NULL || (len = (size_t)(colon - word)) >= sizeof(name))
		return OBSERVABLE_UNKNOWN;
	memcpy(name, word, len);
	name[len] = '\0';
	*value = colon + 1;
	return observable_type(name);
}

/* Reads a word as an observable; OBSERVABLE_UNKNOWN when it is none.  *value
 * points into the word or is normal. */
static enum observable_type
understand(const char *word, char normal[INDICATOR_MAX + 1], const char **value)
{
	enum observable_type type = named_type(word, value);

	if (type != OBSERVABLE_UNKNOWN)
		return **value == '\0' ? OBSERVABLE_UNKNOWN : type;
	*value = normal;
	return indicator_detect(word, normal);
}

enum observable_type
terms_normal(const char *word, char normal[INDICATOR_MAX + 1])
{
	const char *value;
	enum observable_type type = understand(word, normal, &value);

	/* With a named type, the value is as it was written. */
	if (type != OBSERVABLE_UNKNOWN && value != normal &&
	    indicator_normalise(type, value, normal) == -1)
		return OBSERVABLE_UNKNOWN;
	return type;
}

/* Reports a value that is left out, and counts it; after the first few it only
 * counts. */
static int
terms_leave(const struct command *cmd, struct terms *asked, const char *word,
    uint64_t line, const char *why)
{
	char where[40] = "";

	if (line != 0)
		(void)snprintf(
		    where, sizeof(where), "line %" PRIu64 ": ", line);
	if (asked->left_out++ < COMPLAINTS)
		(void)command_fail(cmd, CMD_OK, "%s\"%.*s\" is left out: %s",
		    where, SHOWN, word, why);
	return CMD_OK;
}

/* Whether a request can hold an observable. */
static bool
terms_fits(const struct terms *asked, enum observable_type type, char *value)
{
	struct term one = { type, value };
	const struct terms alone = { .list = &one, .n = 1 };
	struct buf body;
	bool fits;

	/* Escapes make a value six times as long at most. */
	if (asked->max == 0 || strlen(value) * 6 + 64 <= asked->max)
		return true;
	buf_init(&body, asked->max);
	fits = terms_body(&alone, 0, 1, asked->max, &body) == 1;
	buf_free(&body);
	return fits;
}

/* Makes room for one more observable. */
static int
terms_grow(struct terms *asked)
{
	size_t room = asked->room == 0 ? 64 : asked->room * 2;
	struct term *list;

	if (asked->n < asked->room)
		return 0;
	list = reallocarray(asked->list, room, sizeof(*list));
	if (list == NULL)
		return -1;
	asked->list = list;
	asked->room = room;
	return 0;
}

int
terms_append(const struct command *cmd, struct terms *asked,
    enum observable_type type, const char *value, uint64_t line)
{
	struct hash h = hash_bytes(value, strlen(value));
	bool before = false;
	char *copy;

	if (terms_grow(asked) == -1 || (copy = strdup(value)) == NULL)
		return command_fail(cmd, CMD_FAILED, "no memory left");
	if (!terms_fits(asked, type, copy)) {
		free(copy);
		return terms_leave(cmd, asked, value, line,
		    "it is longer than a request may be");
	}
	h.a += type;
	if (set_add(&asked->seen, h, &before) == -1 || before) {
		free(copy);
		return before ? CMD_OK :
				command_fail(cmd, CMD_FAILED, "no memory left");
	}
	asked->list[asked->n++] = (struct term){ type, copy };
	return CMD_OK;
}

/* Takes blanks off both ends; returns the beginning of the text. */
static char *
trim(char *line)
{
	static const char blanks[] = " \t\r\n";
	size_t len;

	line += strspn(line, blanks);
	len = strlen(line);
	while (len > 0 && strchr(blanks, line[len - 1]) != NULL)
		len--;
	line[len] = '\0';
	return line;
}

int
terms_place(
    const struct command *cmd, struct terms *asked, char *text, uint64_t line)
{
	char normal[INDICATOR_MAX + 1];
	const char *word = trim(text), *value;
	enum observable_type type;

	if (*word == '\0' && line != 0)
		return CMD_OK;
	if (!utf8_valid(word, strlen(word)))
		return terms_leave(cmd, asked, word, line, "it is no UTF-8");
	type = understand(word, normal, &value);
	if (type != OBSERVABLE_UNKNOWN)
		return terms_append(cmd, asked, type, value, line);
	return terms_leave(
	    cmd, asked, word, line, "no observable that is known by its looks");
}

void
terms_left_out(const struct command *cmd, const struct terms *asked)
{
	struct buf types;
	enum observable_type t;

	if (asked->left_out == 0)
		return;
	buf_init(&types, 4096);
	for (t = 0; t < OBSERVABLE_TYPES; t++)
		buf_addf(&types, "%s%s", t == 0 ? "" : " ", observable_name(t));
	(void)command_fail(cmd, CMD_OK,
	    "%zu left out, which nobody is asked about; write TYPE:VALUE with "
	    "one of the types %s",
	    asked->left_out, types.data);
	buf_free(&types);
}

int
terms_lines(const struct command *cmd, struct terms *asked, FILE *f)
{
	static const char mark[] = "\xef\xbb\xbf"; /* UTF-8's */
	char *line = NULL, *text;
	size_t size = 0;
	uint64_t number = 0;
	ssize_t n;
	int status = CMD_OK;

	while (status == CMD_OK && (n = getline(&line, &size, f)) != -1) {
		text = line;
		if (number++ == 0 && strncmp(text, mark, 3) == 0)
			text += 3;
		if (strlen(line) != (size_t)n)
			status = terms_leave(
			    cmd, asked, text, number, "it has a NUL byte");
		else if (text[strspn(text, " \t")] != '#')
			status = terms_place(cmd, asked, text, number);
	}
	free(line);
	if (status == CMD_OK && ferror(f))
		status = command_fail(cmd, CMD_FAILED,
		    "cannot read standard input: %s", strerror(errno));
	return status;
}

size_t
terms_body(const struct terms *asked, size_t from, size_t n, size_t max,
    struct buf *out)
{
	struct jsonout j;
	size_t i;

	jsonout_init(&j, out);
	jsonout_array(&j);
	for (i = from; i < asked->n && i - from < n; i++) {
		const struct term *one = &asked->list[i];

		/* Escapes make it six times as long at most. */
		if (i > from &&
		    jsonout_size(&j) + strlen(one->value) * 6 + 64 > max)
			break;
		jsonout_object(&j);
		jsonout_kstring(&j, "type", observable_name(one->type));
		jsonout_kstring(&j, "value", one->value);
		jsonout_end_object(&j);
	}
	jsonout_end_array(&j);
	return jsonout_done(&j) == -1 ? from : i;
}

static int
digest(const struct terms *asked, EVP_MD_CTX *ctx, unsigned char *md)
{
	const char *name;

	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
		return -1;
	for (size_t i = 0; i < asked->n; i++) {
		name = observable_name(asked->list[i].type);
		/* Hashes the NULs, too, so that no two lists are the same
		 * text. */
		if (EVP_DigestUpdate(ctx, name, strlen(name) + 1) != 1 ||
		    EVP_DigestUpdate(ctx, asked->list[i].value,
			strlen(asked->list[i].value) + 1) != 1)
			return -1;
	}
	return EVP_DigestFinal_ex(ctx, md, NULL) == 1 ? 0 : -1;
}

int
terms_id(const struct terms *asked, char id[TERMS_ID])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = ctx == NULL ? -1 : digest(asked, ctx, md);

	EVP_MD_CTX_free(ctx);
	for (size_t i = 0; r == 0 && i < (TERMS_ID - 1) / 2; i++)
		snprintf(id + i * 2, 3, "%02x", md[i]);
	return r;
}

void
terms_free(struct terms *asked)
{
	for (size_t i = 0; i < asked->n; i++)
		free(asked->list[i].value);
	free(asked->list);
	set_free(&asked->seen);
	*asked = (struct terms){ .n = 0 };
}
