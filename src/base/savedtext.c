/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/savedtext.h"

size_t
savedtext_trim(char *text, size_t len)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };

	if (len >= sizeof(mark) && memcmp(text, mark, sizeof(mark)) == 0) {
		len -= sizeof(mark);
		memmove(text, text + sizeof(mark), len);
	}
	if (len > 0 && text[len - 1] == '\n') {
		len--;
		if (len > 0 && text[len - 1] == '\r')
			len--;
	}
	text[len] = '\0';
	return len;
}

bool
savedtext_is_utf16(const char *text, size_t len)
{
	return len >= 2 &&
	    (memcmp(text, "\xff\xfe", 2) == 0 ||
		memcmp(text, "\xfe\xff", 2) == 0);
}

int
savedtext_plain(const char *text, bool lines, char why[SAVEDTEXT_WHY])
{
	const unsigned char *p = (const unsigned char *)text;
	size_t line = 1;

	for (; *p != '\0'; p++) {
		if (*p == '\n')
			line++;
		if ((*p >= 0x20 && *p != 0x7f) ||
		    (lines && (*p == '\n' || *p == '\r' || *p == '\t')))
			continue;
		if (*p == '\n' || (p[0] == '\r' && p[1] == '\n'))
			snprintf(why, SAVEDTEXT_WHY, "more than one line");
		else
			snprintf(why, SAVEDTEXT_WHY,
			    "a control character "
			    "(0x%02x) in line %zu",
			    *p, line);
		return -1;
	}
	return 0;
}
