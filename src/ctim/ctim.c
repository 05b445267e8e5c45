/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/utf8.h"
#include "base/uuid.h"
#include "ctim/ctim.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name, *plural;
} ctim_kinds[CTIM_KINDS] = { [CTIM_SIGHTING] = { "sighting", "sightings" },
	[CTIM_INDICATOR] = { "indicator", "indicators" },
	[CTIM_JUDGEMENT] = { "judgement", "judgements" },
	[CTIM_VERDICT] = { "verdict", "verdicts" },
	[CTIM_RELATIONSHIP] = { "relationship", "relationships" } };

static const char *const dispositions[] = { [CTIM_CLEAN] = "Clean",
	[CTIM_MALICIOUS] = "Malicious",
	[CTIM_SUSPICIOUS] = "Suspicious",
	[CTIM_COMMON] = "Common",
	[CTIM_UNKNOWN] = "Unknown" };

static const char *const severities[] = { [CTIM_SEVERITY_UNKNOWN] = "Unknown",
	[CTIM_SEVERITY_NONE] = "None",
	[CTIM_SEVERITY_INFO] = "Info",
	[CTIM_SEVERITY_LOW] = "Low",
	[CTIM_SEVERITY_MEDIUM] = "Medium",
	[CTIM_SEVERITY_HIGH] = "High",
	[CTIM_SEVERITY_CRITICAL] = "Critical" };

static const char *const tlps[] = { [CTIM_WHITE] = "white",
	[CTIM_GREEN] = "green",
	[CTIM_AMBER] = "amber",
	[CTIM_RED] = "red" };

const char *
ctim_kind_name(enum ctim_kind kind)
{
	return ctim_kinds[kind].name;
}

const char *
ctim_kind_plural(enum ctim_kind kind)
{
	return ctim_kinds[kind].plural;
}

static const char *
ctim_name_of(const char *const *names, size_t n, int i)
{
	return i >= 0 && (size_t)i < n ? names[i] : NULL;
}

static int
number_of(const char *const *names, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (names[i] != NULL && strcasecmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

const char *
ctim_disposition_name(int i)
{
	return ctim_name_of(dispositions, COUNT(dispositions), i);
}

const char *
ctim_severity_name(int i)
{
	return ctim_name_of(severities, COUNT(severities), i);
}

const char *
ctim_tlp_name(int i)
{
	return ctim_name_of(tlps, COUNT(tlps), i);
}

int
ctim_disposition(const char *name)
{
	return number_of(dispositions, COUNT(dispositions), name);
}

int
ctim_severity(const char *name)
{
	return number_of(severities, COUNT(severities), name);
}

int
ctim_confidence(const char *name)
{
	return number_of(severities, CTIM_SEVERITY_CRITICAL, name);
}

int
ctim_tlp(const char *name)
{
	return number_of(tlps, COUNT(tlps), name);
}

int
ctim_tlp_given(const char *name)
{
	if (strcasecmp(name, "clear") == 0)
		return CTIM_WHITE;
	return strcasecmp(name, "amber+strict") == 0 ? CTIM_AMBER :
						       ctim_tlp(name);
}

/* Beyond ASCII, the controls and blanks that no URI of CTIM has. */
static const struct {
	int32_t low, high;
} ctim_blanks[] = { { 0x80, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a },
	{ 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f },
	{ 0x3000, 0x3000 } };

/* Bytes of the character beyond ASCII at s; 0 when it may not be in a URI. */
static size_t
beyond_ascii(const char *s)
{
	size_t n, i;
	int32_t c = utf8_next(s, strnlen(s, 4), &n);

	if (c == -1)
		return 0;
	for (i = 0; i < COUNT(ctim_blanks); i++)
		if (c >= ctim_blanks[i].low && c <= ctim_blanks[i].high)
			return 0;
	return n;
}

/* Bytes of the character at s, 0 when it may not be in a URI.  tail: it stands
 * behind the path, where brackets are taken. */
static size_t
uri_character(const char *s, bool tail)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	if (*s == '%')
		return s[1] != '\0' && strchr(hex, s[1]) != NULL &&
			s[2] != '\0' && strchr(hex, s[2]) != NULL ?
		    3 :
		    0;
	if ((unsigned char)*s >= 0x80)
		return beyond_ascii(s);
	return *s > ' ' && *s != 0x7f && strchr("\"<>\\^`{|}", *s) == NULL &&
		(tail || (*s != '[' && *s != ']')) ?
	    1 :
	    0;
}

/* RFC 3986 section 2 and appendix A, and characters beyond ASCII, as
 * java.net.URI and so CTIM takes them. */
bool
ctim_is_uri(const char *text)
{
	static const char scheme[] = "0123456789+-."
				     "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *s, *rest = text;
	size_t first = strcspn(text, ":/?#"), n, units = 0;
	bool tail = false;

	/* A character of four bytes is two of UTF-16. */
	for (s = text; *s != '\0' && units <= CTIM_URI; s += n) {
		tail = tail || *s == '?' || *s == '#';
		if ((n = uri_character(s, tail)) == 0)
			return false;
		units += *s == '%' ? 3 : n == 4 ? 2 : 1;
	}
	if (s == text || units > CTIM_URI)
		return false;
	/* A colon in the first segment ends a scheme. */
	if (text[first] == ':') {
		if (strspn(text, scheme) != first || (text[0] | 0x20) < 'a')
			return false;
		rest = text + first + 1;
		if (*rest == '\0' || *rest == '#')
			return false;
	}
	s = strchr(text, '#');
	return strcmp(rest, "//") != 0 &&
	    (s == NULL || strchr(s + 1, '#') == NULL);
}

static const char *
write_id(
    char id[CTIM_ID_MAX], enum ctim_kind kind, const char text[UUID_STR_LEN])
{
	char *end = stpcpy(stpcpy(id, "transient:"), ctim_kinds[kind].name);

	*end++ = '-';
	memcpy(end, text, UUID_STR_LEN);
	return id;
}

const char *
ctim_id(char id[CTIM_ID_MAX], enum ctim_kind kind)
{
	char text[UUID_STR_LEN];

	uuid4(text);
	return write_id(id, kind, text);
}

const char *
ctim_id_of(char id[CTIM_ID_MAX], enum ctim_kind kind, const char *name)
{
	char text[UUID_STR_LEN];

	uuid5(text, name, strlen(name));
	return write_id(id, kind, text);
}
