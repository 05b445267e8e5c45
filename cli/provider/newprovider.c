/* SPDX-License-Identifier: MIT */
/* ctim-relay provider new: the first files of a described provider. */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "call/provider.h"
#include "cli/provider/newfiles.h"
#include "cli/provider/providercmd.h"
#include "cli/terminal/prompt.h"
#include "cli/terminal/text.h"
#include "ctim/observable.h"
#include "net/url.h"

#define NAME_MAX_LEN 41 /* letters of a provider's name */
#define TITLE_MAX    100
#define WHY          1024 /* bytes of a reason */

#define LOWER_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"
/* What a name in a query has (RFC 3986 section 2.3). */
#define UNRESERVED                                                       \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"-._~"
/* What a header's name has (RFC 9110 section 5.6.2). */
#define TOKEN                                                            \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"!#$%&'*+-.^_`|~"

/* Each puts an answer into its place of n, or says in why what is wrong. */
static void
new_title(struct newfiles *n, const char *answer, char *why)
{
	if (*answer == '\0' || utf8_cut(answer, TITLE_MAX) < strlen(answer))
		snprintf(why, WHY, "a title has 1 to %d characters", TITLE_MAX);
	else
		snprintf(n->title, sizeof(n->title), "%s", answer);
}

static void
new_known_types(char *why, const char *word)
{
	struct buf b;
	unsigned i;

	buf_fixed(&b, why, WHY);
	if (*word != '\0')
		buf_addf(&b, "%s is no type; ", word);
	buf_addf(&b, "%s", "the types are");
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		buf_addf(&b, "%s %s", i == 0 ? "" : ",",
		    observable_name((enum observable_type)i));
}

/* Whether the word is among the types so far. */
static bool
new_has_type(const struct newfiles *n, const char *word)
{
	const char *p = n->types;
	size_t len;

	for (; *p != '\0'; p += len + (p[len] == ' ')) {
		len = strcspn(p, " ");
		if (strlen(word) == len && memcmp(p, word, len) == 0)
			return true;
	}
	return false;
}

/* In small letters: people write IP. */
static void
new_lower(char *word)
{
	for (; *word != '\0'; word++)
		if (*word >= 'A' && *word <= 'Z')
			*word = (char)(*word - 'A' + 'a');
}

static void
new_types(struct newfiles *n, const char *answer, char *why)
{
	char words[NEWFILES_ANSWER], *word, *rest;
	struct buf b;

	snprintf(words, sizeof(words), "%s", answer);
	buf_fixed(&b, n->types, sizeof(n->types));
	for (word = strtok_r(words, ", ", &rest); word != NULL;
	     word = strtok_r(NULL, ", ", &rest)) {
		new_lower(word);
		if (observable_type(word) == OBSERVABLE_UNKNOWN) {
			new_known_types(why, word);
			return;
		}
		if (!new_has_type(n, word))
			buf_addf(&b, "%s%s", b.len == 0 ? "" : " ", word);
	}
	if (b.len == 0)
		new_known_types(why, "");
}

static void
new_url(struct newfiles *n, const char *answer, char *why)
{
	size_t len = strlen(answer);

	while (len > 0 && answer[len - 1] == '/')
		len--;
	snprintf(n->url, sizeof(n->url), "%.*s", (int)len, answer);
	if (strncmp(n->url, "https://", 8) != 0 || !url_is_base(n->url) ||
	    strpbrk(n->url, " {}") != NULL)
		snprintf(why, WHY,
		    "a URL is https://HOST or https://HOST/PATH, without user, "
		    "query or fragment");
}

static void
new_header(struct newfiles *n, const char *answer, char *why)
{
	size_t name = strspn(answer, TOKEN);
	const char *template = answer + name + 1;

	*n->header = '\0';
	if (*answer == '\0')
		return;
	if (*answer == '?') {
		name = strspn(answer + 1, UNRESERVED);
		if (name == 0 ||
		    (answer[1 + name] != '\0' && answer[1 + name] != '='))
			snprintf(why, WHY,
			    "what carries the key in the URL is ?NAME");
		else
			snprintf(n->header, sizeof(n->header), "%.*s",
			    (int)name + 1, answer);
		return;
	}
	if (name == 0 || (answer[name] != '\0' && answer[name] != ':')) {
		snprintf(why, WHY,
		    "a header is NAME, or NAME: TEXT with {key} in the text; "
		    "?NAME stands for a key in the URL");
		return;
	}
	if (answer[name] == '\0') {
		snprintf(n->header, sizeof(n->header), "%.*s: {key}",
		    NEWFILES_ANSWER - 8, answer);
		return;
	}
	template += strspn(template, " ");
	newfiles_look_header(template, why, WHY);
	if (*why == '\0' && strstr(template, "{key") == NULL)
		snprintf(why, WHY,
		    "the text of the header lacks {key}, which stands "
		    "for the key");
	snprintf(n->header, sizeof(n->header), "%.*s: %s", (int)name, answer,
	    template);
}

static void
new_path(struct newfiles *n, const char *answer, char *why)
{
	size_t url = strlen(n->url);

	/* A whole URL was copied. */
	if (strncmp(answer, n->url, url) == 0)
		answer += url;
	if (*answer != '/')
		snprintf(why, WHY, "a path begins with a /");
	else
		newfiles_look_path(answer, why, WHY);
	if (*why == '\0' && strstr(answer, "{value") == NULL)
		snprintf(why, WHY,
		    "the path lacks {value}, which stands for what is asked "
		    "about");
	snprintf(n->path, sizeof(n->path), "%s", answer);
}

static const struct {
	const char *question;
	void (*take)(struct newfiles *, const char *answer, char *why);
} new_questions[] = { { "What people call the service: ", new_title },
	{ "Types that it knows, as in ip domain url: ", new_types },
	{ "URL of its API, as in https://api.example.com/v1: ", new_url },
	{ "Header that carries the key, as in X-API-Key, or Authorization: "
	  "Bearer {key}; ?NAME in the URL (empty: none): ",
	    new_header },
	{ "Path to ask for, as in /search?q={value}: ", new_path } };
#define QUESTIONS (sizeof(new_questions) / sizeof(*new_questions))

/* What no line of provider.ini can hold. */
static void
new_look(const char *answer, char *why)
{
	size_t n = strlen(answer), i;

	if (!utf8_valid(answer, n))
		snprintf(why, WHY, "that is no UTF-8");
	for (i = 0; i < n; i++)
		if (utf8_control(answer + i, n - i) != 0)
			snprintf(why, WHY, "that holds a control character");
	if (strstr(answer, " ;") != NULL)
		snprintf(why, WHY, "\" ;\" would begin a comment");
}

static int
new_no_answer(const struct providercmd *p)
{
	if (errno == ENODATA)
		return command_fail(
		    p->cmd, CMD_FAILED, "no answer; nothing was written");
	if (errno == ENXIO || errno == ENOTTY)
		return command_fail(p->cmd, CMD_FAILED,
		    "there is no terminal to ask on; the directories of "
		    "providers that are there can be copied");
	return command_fail(
	    p->cmd, CMD_FAILED, "the terminal: %s", strerror(errno));
}

/* Asks until the answer is one. */
static int
new_ask(const struct providercmd *p, size_t i, struct newfiles *n)
{
	char answer[NEWFILES_ANSWER], why[WHY], *text;
	ssize_t len;

	for (;;) {
		*why = '\0';
		len = prompt_ask(
		    new_questions[i].question, true, answer, sizeof(answer));
		if (len == -1 && errno != E2BIG)
			return new_no_answer(p);
		if (len == -1) {
			snprintf(why, sizeof(why), "at most %d bytes",
			    NEWFILES_ANSWER - 1);
		} else {
			new_look(answer, why);
			text = answer + strspn(answer, " ");
			len = (ssize_t)strlen(text);
			while (len > 0 && text[len - 1] == ' ')
				text[--len] = '\0';
			if (*why == '\0')
				new_questions[i].take(n, text, why);
		}
		if (*why == '\0')
			return CMD_OK;
		(void)text_print(stderr, why);
		putc('\n', stderr);
	}
}

/* The directory without slashes at its end, whose last part must be a name. */
static int
new_directory(const struct providercmd *p, char dir[PATH_MAX])
{
	size_t len = strlen(p->words[0]);
	const char *name;
	struct stat st;

	while (len > 1 && p->words[0][len - 1] == '/')
		len--;
	if (len >= PATH_MAX)
		return command_fail(p->cmd, CMD_FAILED, "%s: %s", p->words[0],
		    strerror(ENAMETOOLONG));
	snprintf(dir, PATH_MAX, "%.*s", (int)len, p->words[0]);
	name = strrchr(dir, '/') == NULL ? dir : strrchr(dir, '/') + 1;
	len = strlen(name);
	if (len == 0 || len > NAME_MAX_LEN || strspn(name, LOWER_DIGITS) == 0 ||
	    strspn(name, LOWER_DIGITS "_-") < len)
		return command_usage(p->cmd,
		    "the directory's last part is the name of the provider: "
		    "small letters, digits, _ and -, at most %d; \"%s\" is "
		    "none",
		    NAME_MAX_LEN, name);
	if (provider_find(name) != NULL)
		return command_fail(p->cmd, CMD_FAILED,
		    "%s is a provider of the gateway itself; another name is "
		    "needed",
		    name);
	/* Before anybody answers questions. */
	if (lstat(dir, &st) == 0)
		return command_fail(
		    p->cmd, CMD_FAILED, "%s: there is something already", dir);
	return CMD_OK;
}

int
newprovider(const struct providercmd *p)
{
	struct newfiles n = { .title = "" };
	char dir[PATH_MAX];
	int status;
	size_t i;

	if (p->n != 1)
		return command_usage(p->cmd,
		    p->n == 0 ? "no directory named" :
				"one directory can be made at a time");
	if ((status = new_directory(p, dir)) != CMD_OK)
		return status;
	for (i = 0; i < QUESTIONS && status == CMD_OK; i++)
		status = new_ask(p, i, &n);
	if (status == CMD_OK)
		status = newfiles_write(p->cmd, &n, dir);
	if (status != CMD_OK)
		return status;
	printf("written: provider.ini, map.jq and cases/nothing in ");
	(void)text_print(stdout, dir);
	printf("\nnext: ctim-relay provider try ");
	(void)text_print(stdout, dir);
	printf(" VALUE shows what the service answers and what map.jq makes "
	       "of it;\n      man ctim-relay-describe says what both files can "
	       "have\n");
	return CMD_OK;
}
