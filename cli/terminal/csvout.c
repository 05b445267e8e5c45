/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "cli/terminal/csvout.h"
#include "cli/terminal/text.h"

void
csvout_field(struct buf *b, const char *text, const char *end)
{
	if (text == NULL)
		text = "";
	if (strpbrk(text, ",\"\r\n") == NULL && *text != ' ' && *text != '#')
		buf_adds(b, text);
	else {
		buf_addc(b, '"');
		for (; *text != '\0'; text++) {
			if (*text == '"')
				buf_addc(b, '"');
			buf_addc(b, *text);
		}
		buf_addc(b, '"');
	}
	buf_adds(b, end);
}

void
csvout_shown(struct buf *b, const char *text, const char *end)
{
	struct buf safe;

	if (text == NULL)
		text = "";
	buf_init(&safe, CSVOUT_SHOWN);
	if (*text != '\0' && text[1] != '\0' && strchr("=+-@", *text) != NULL)
		buf_addc(&safe, '\'');
	text_add(&safe, text, strlen(text));
	if (safe.failed)
		b->failed = true;
	else
		csvout_field(b, *text == '\0' ? "" : safe.data, end);
	buf_free(&safe);
}
