#include <string.h>

#include "base/buf.h"
#include "cli/terminal/csvout.h"

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
