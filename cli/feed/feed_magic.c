/* SPDX-License-Identifier: MIT */
/* What a feed is not: files that are named and refused. */
#include <ctype.h>
#include <string.h>

#include "cli/feed/feed_row.h"

#define BLANKS   " \t\r\n"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* First bytes of files that are no text. */
static const struct {
	const char *bytes;
	size_t n;
	const char *what;
} feed_magics[] = { { "\x1f\x8b", 2,
			"it is compressed twice; unpack it with gunzip" },
	{ "\x1f\x9d", 2, "it is compressed; unpack it with uncompress" },
	{ "PK\3\4", 4,
	    "it is a zip archive (or a workbook, which is one); "
	    "unpack it, or save the sheet as CSV" },
	{ "PK\5\6", 4, "it is an empty zip archive" },
	{ "\xfd"
	  "7zXZ",
	    5, "it is compressed; unpack it with unxz" },
	{ "BZh", 3, "it is compressed; unpack it with bunzip2" },
	{ "\x28\xb5\x2f\xfd", 4, "it is compressed; unpack it with unzstd" },
	{ "\x04\x22\x4d\x18", 4, "it is compressed; unpack it with unlz4" },
	{ "LZIP", 4, "it is compressed; unpack it with lzip -d" },
	{ "7z\xbc\xaf\x27\x1c", 6, "it is a 7z archive; unpack it" },
	{ "Rar!\x1a\x07", 6, "it is a rar archive; unpack it" },
	{ "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8,
	    "it is a workbook or document of an old office program; save it "
	    "as CSV or text" },
	{ "{\\rtf", 5, "it is an RTF document; save it as text" },
	{ "%PDF", 4, "it is a PDF document" },
	{ "%!PS", 4, "it is a PostScript document" },
	{ "\x89PNG", 4, "it is a picture" },
	{ "\xff\xd8\xff", 3, "it is a picture" },
	{ "\x7f"
	  "ELF",
	    4, "it is a program" },
	{ "PAR1", 4, "it is a Parquet file; export it as CSV" },
	{ "SQLite format 3", 15, "it is a database" } };

static const char feed_page[] =
    "it is HTML, a page and no feed: perhaps its address is another, or one "
    "must sign in";

/* Where a tar archive has its mark.  Source: tar(5). */
#define TAR_AT 257

/* What markup is, by what is in its head; the first that fits. */
static const struct {
	const char *has, *what;
} feed_markups[] = {
	{ "schemas.mandiant.com",
	    "it is OpenIOC, in XML, which is not read; write its values as "
	    "text, one a line" },
	{ "openioc",
	    "it is OpenIOC, in XML, which is not read; write its values as "
	    "text, one a line" },
	{ "stix.mitre.org",
	    "it is STIX 1, in XML, which is not read; a converter makes STIX "
	    "2.1 of it" },
	{ "<rss", "it is RSS, a news feed and no list" },
	{ "http://www.w3.org/2005/atom",
	    "it is Atom, a news feed and no list" },
	{ "urn:schemas-microsoft-com:office",
	    "it is a workbook in XML; save the sheet as CSV" },
	/* What a portal or an error page answers in place of a feed. */
	{ "<html", feed_page }, { "<!doctype html", feed_page },
	{ "<body", feed_page }, { "<head", feed_page }, { "<pre", feed_page },
	{ "", "it is XML, which is no format of a feed here" }
};

/* NULL: the string is no markup. */
static const char *
feed_markup(const char *head)
{
	size_t i;

	head += strspn(head, BLANKS);
	if (*head != '<' ||
	    (head[1] != '!' && head[1] != '?' &&
		!isalpha((unsigned char)head[1])))
		return NULL;
	for (i = 0; strcasestr(head, feed_markups[i].has) == NULL; i++)
		;
	return feed_markups[i].what;
}

/* Rules of programs that look into files and logs, whose values mean nothing
 * without the rest: each has lines that begin with these words. */
static const struct {
	const char *words[3], *what;
} feed_rules[] = { { { "rule ", "strings:", "condition:" },
		       "it has YARA rules, which look into files, and is no "
		       "list of indicators" },
	{ { "logsource:", "detection:", "condition:" },
	    "it is a Sigma rule, which looks into logs, and is no list of "
	    "indicators" } };

/* Whether a line begins with the word. */
static bool
feed_has_line(const char *head, const char *word)
{
	const char *s;

	for (s = head; s != NULL; s = strchr(s, '\n')) {
		s += strspn(s, BLANKS);
		if (strncmp(s, word, strlen(word)) == 0)
			return true;
	}
	return false;
}

/* NULL: the text is none of such rules. */
static const char *
feed_rule(const char *head)
{
	size_t i, k;

	for (i = 0; i < COUNT(feed_rules); i++) {
		for (k = 0; k < 3; k++)
			if (!feed_has_line(head, feed_rules[i].words[k]))
				break;
		if (k == 3)
			return feed_rules[i].what;
	}
	return NULL;
}

const char *
feed_no_text(const char *head, size_t n)
{
	const char *what;
	size_t i;

	for (i = 0; i < COUNT(feed_magics); i++)
		if (n >= feed_magics[i].n &&
		    memcmp(head, feed_magics[i].bytes, feed_magics[i].n) == 0)
			return feed_magics[i].what;
	if (n >= TAR_AT + 5 && memcmp(head + TAR_AT, "ustar", 5) == 0)
		return "it is a tar archive; unpack it";
	if ((what = feed_markup(head)) != NULL)
		return what;
	return feed_rule(head);
}
