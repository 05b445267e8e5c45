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

/* Whether a scheme of n bytes is one whose URIs run in the page of who follows
 * them. */
static bool
scheme_runs(const char *scheme, size_t n)
{
	static const char *const running[] = { "javascript", "vbscript",
		"data" };
	size_t i;

	for (i = 0; i < sizeof(running) / sizeof(running[0]); i++)
		if (strlen(running[i]) == n &&
		    strncasecmp(scheme, running[i], n) == 0)
			return true;
	return false;
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
		if (strspn(text, scheme) != first || (text[0] | 0x20) < 'a' ||
		    scheme_runs(text, first))
			return false;
		rest = text + first + 1;
		if (*rest == '\0' || *rest == '#')
			return false;
	}
	s = strchr(text, '#');
	return strcmp(rest, "//") != 0 &&
	    (s == NULL || strchr(s + 1, '#') == NULL);
}

#define UUID_HERE 36 /* characters of a UUID */

/* Whether n characters are the path of an entity's URL behind its host and the
 * first slash: SEGMENT/…/ctia/TYPE/TYPE-UUID, without a segment or with some. */
static bool
ref_path(const char *path, size_t n)
{
	static const char low[] = "abcdefghijklmnopqrstuvwxyz-";
	static const char inner[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.";
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const char *at = path, *end = path + n, *part[3] = { path };
	size_t i, len;

	/* All segments but the last are words; the last three matter. */
	for (;; at += len + 1) {
		part[0] = part[1];
		part[1] = part[2];
		part[2] = at;
		len = strspn(at, inner);
		if (len == 0)
			return false;
		if (at + len == end)
			break;
		if (at[len] != '/')
			return false;
	}
	if (part[0] == NULL || strncmp(part[0], "ctia/", 5) != 0)
		return false;
	i = strspn(part[1], low);
	if (i < 2 || part[1][0] == '-' || part[1][i] != '/' ||
	    len < 3 + UUID_HERE)
		return false;
	len -= UUID_HERE;
	if (part[2][0] == '-' || strspn(part[2], low) < len ||
	    part[2][len - 1] != '-')
		return false;
	for (i = 0; i < UUID_HERE; i++)
		if (form[i] == '-' ?
			part[2][len + i] != '-' :
			strchr("0123456789abcdef", part[2][len + i]) == NULL)
			return false;
	return true;
}

bool
ctim_is_ref(const char *text)
{
	static const char host[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.";
	const char *s = text;
	size_t n;

	if (utf8_cut(text, CTIM_URI) != strlen(text))
		return false;
	if (strncmp(s, "transient:", 10) == 0)
		/* No end of a line: also U+0085, U+2028 and U+2029. */
		return strpbrk(s, "\r\n") == NULL &&
		    strstr(s, "\xc2\x85") == NULL &&
		    strstr(s, "\xe2\x80\xa8") == NULL &&
		    strstr(s, "\xe2\x80\xa9") == NULL;
	if (strncmp(s, "http", 4) != 0)
		return false;
	s += s[4] == 's' ? 5 : 4;
	if (strncmp(s, "://", 3) != 0 || s[3] == '.')
		return false;
	s += 3;
	n = strspn(s, host);
	if (n == 0)
		return false;
	s += n;
	if (*s == ':') {
		n = strspn(s + 1, "0123456789");
		if (n == 0)
			return false;
		s += 1 + n;
	}
	return *s == '/' && ref_path(s + 1, strlen(s + 1));
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
	return ctim_id_of_bytes(id, kind, name, strlen(name));
}

const char *
ctim_id_of_bytes(
    char id[CTIM_ID_MAX], enum ctim_kind kind, const char *name, size_t n)
{
	char text[UUID_STR_LEN];

	uuid5(text, name, n);
	return write_id(id, kind, text);
}
