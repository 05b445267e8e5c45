/* SPDX-License-Identifier: MIT */
/* nginx: words, ended by ";" or by a block in braces. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "cli/webconf/webconf.h"

struct reader {
	struct webconf_at *at;
	const char *p;
	struct buf name, args;
	struct webconf_node *floor; /* the block of the include */
};

static void
skip_blank(struct reader *r)
{
	for (; *r->p != '\0'; r->p++) {
		if (*r->p == '#')
			r->p += strcspn(r->p, "\n");
		if (*r->p == '\n')
			r->at->line++;
		else if (!isspace((unsigned char)*r->p))
			return;
		if (*r->p == '\0')
			return;
	}
}

/* Takes a word up to its end; a brace behind "$" belongs to a variable. */
static void
webconf_nginx_take_word(struct reader *r, struct buf *out)
{
	char quote = '\0', last = '\0';

	if (*r->p == '"' || *r->p == '\'')
		quote = *r->p++;
	for (; *r->p != '\0'; last = *r->p++) {
		if (*r->p == '\n')
			r->at->line++;
		if (*r->p == '\\' && r->p[1] != '\0')
			r->p++;
		else if (quote != '\0' ? *r->p == quote :
					 isspace((unsigned char)*r->p) ||
			    *r->p == ';' || (*r->p == '{' && last != '$'))
			break;
		(void)buf_addc(out, *r->p);
	}
	if (quote != '\0' && *r->p == quote)
		r->p++;
}

/* Ends a directive: adds it, or reads the files that it includes. */
static void
end_directive(struct reader *r, bool block)
{
	struct webconf_node *node;

	if (r->name.len > 0 && strcmp(r->name.data, "include") == 0) {
		webconf_include(r->at, r->args.data);
	} else if (r->name.len > 0 || block) {
		node = webconf_add(r->at, r->name.data, r->args.data);
		if (block && node != NULL)
			r->at->parent = node;
	}
	buf_reset(&r->name);
	buf_reset(&r->args);
}

static void
webconf_nginx_take(struct reader *r)
{
	if (*r->p == ';' || *r->p == '{') {
		end_directive(r, *r->p++ == '{');
	} else if (*r->p == '}') {
		r->p++;
		if (r->at->parent != r->floor && r->at->parent != NULL)
			r->at->parent = r->at->parent->parent;
	} else if (r->name.len == 0) {
		webconf_nginx_take_word(r, &r->name);
	} else {
		if (r->args.len > 0)
			(void)buf_addc(&r->args, ' ');
		webconf_nginx_take_word(r, &r->args);
	}
}

void
webconf_nginx(struct webconf_at *at, const char *text)
{
	struct reader r = { .at = at, .p = text, .floor = at->parent };

	buf_init(&r.name, WEBCONF_WORDS);
	buf_init(&r.args, WEBCONF_WORDS);
	for (skip_blank(&r); *r.p != '\0'; skip_blank(&r))
		webconf_nginx_take(&r);
	buf_free(&r.name);
	buf_free(&r.args);
}
