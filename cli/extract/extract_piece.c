/* SPDX-License-Identifier: MIT */
/* What a piece of a word is, when it is no URL: a name, an address, a range, a
 * hash, with what may stand around it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/extract/extract_part.h"
#include "cli/extract/tld.h"
#include "ctim/indicator.h"

#define HEX "0123456789abcdefABCDEF"

/* Endings of file names.  Those that are top-level domains as well (com, sh,
 * py, zip) are not here. */
static const char *const endings[] = { "aspx", "bak", "bat", "bin", "bmp",
	"cab", "cfg", "class", "cmd", "conf", "config", "cpp", "css", "csv",
	"dat", "db", "dll", "dmg", "doc", "docm", "docx", "elf", "eml", "exe",
	"gif", "gz", "hta", "htm", "html", "hxx", "ico", "img", "ini", "iso",
	"jar", "java", "jpeg", "jpg", "js", "json", "jsp", "lnk", "log", "lua",
	"msg", "msi", "ocx", "pcap", "pdb", "pdf", "php", "plist", "png", "ppt",
	"pptx", "ps1", "rar", "reg", "rpm", "rtf", "scr", "sql", "svg", "swf",
	"sys", "tar", "tgz", "tmp", "txt", "vbe", "vbs", "wsf", "xls", "xlsm",
	"xlsx", "xml", "yaml", "yara", "yml" };

/* How sure it is that a name is meant as one. */
enum defanged {
	DEFANGED_NO,
	DEFANGED_HALF, /* with what may be punctuation or a pattern */
	DEFANGED_YES   /* with brackets around a mark */
};

static bool
is_ending(const char *label)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcasecmp(label, endings[i]) == 0)
			return true;
	return false;
}

static enum defanged
piece_defanged(const char *word)
{
	enum defanged how = DEFANGED_NO;
	const char *mended;
	size_t n;

	for (; *word != '\0'; word += n > 0 ? n : 1) {
		n = indicator_defanged(word, &mended);
		if (n > 2)
			return DEFANGED_YES;
		if (n > 0)
			how = DEFANGED_HALF;
	}
	return how;
}

/* Whether a domain (word: as written) is meant as one; attached: a port or a
 * path stands behind it.  "end.The" is the end of a sentence; "e.g" and "1.5b"
 * are no domains either. */
static bool
meant_as_domain(
    const struct search *s, const char *word, const char *normal, bool attached)
{
	const char *label = strrchr(normal, '.') + 1;
	const char *written = strrchr(word, '.');
	enum defanged how = piece_defanged(word);
	size_t letters = 0;

	while (islower((unsigned char)label[letters]))
		letters++;
	if (strncmp(label, "xn--", 4) != 0 &&
	    (letters < 2 || label[letters] != '\0'))
		return false;
	if (how == DEFANGED_YES)
		return true;
	if (how == DEFANGED_NO && written != NULL &&
	    isupper((unsigned char)written[1]) &&
	    islower((unsigned char)written[2]))
		return false;
	return (attached && !is_ending(label)) || tld_known(s->tld, normal);
}

/* RFC 5322, 3.2.3: the characters of a local part without quotes.  "x@2x.png" is
 * a picture. */
static bool
meant_as_email(const struct search *s, const char *normal)
{
	for (; *normal != '@'; normal++)
		if (!isalnum((unsigned char)*normal) &&
		    strchr("!#$%&'*+-/=?^_`{|}~.", *normal) == NULL)
			return false;
	return !is_ending(strrchr(normal, '.') + 1) ||
	    tld_known(s->tld, normal + 1);
}

/* Whether all groups between colons have two digits, as those of a fingerprint
 * or of a card's address. */
static bool
is_fingerprint(const char *word)
{
	size_t n;

	for (;; word += 3) {
		n = strspn(word, HEX);
		if (n != 2 || (word[2] != ':' && word[2] != '\0'))
			return false;
		if (word[2] == '\0')
			return true;
	}
}

static bool
meant_as_ipv6(const char *word, const char *normal)
{
	size_t first = strspn(normal, HEX);

	/* "::" belongs to a programming language more often, as in "a1::b2". */
	if (strlen(normal) < 4 || strpbrk(normal, "0123456789") == NULL ||
	    (first > 0 && first < 3 && strstr(normal, "::") != NULL &&
		strncmp(normal, "64:ff9b:", 8) != 0))
		return false;
	return !is_fingerprint(word);
}

static bool
meant(const struct search *s, enum observable_type type, const char *word,
    const char *normal, bool attached)
{
	switch (type) {
	case OBSERVABLE_DOMAIN:
		return meant_as_domain(s, word, normal, attached);
	case OBSERVABLE_EMAIL:
		return meant_as_email(s, normal);
	case OBSERVABLE_IPV6:
		return meant_as_ipv6(word, normal);
	default:
		return type != OBSERVABLE_UNKNOWN && type != OBSERVABLE_URL;
	}
}

/* Hands a word over when it is an observable; returns whether it is one. */
static bool
piece_give(struct search *s, const char *word, bool attached)
{
	char normal[INDICATOR_MAX + 1];
	enum observable_type type = indicator_detect(word, normal);

	if (!meant(s, type, word, normal, attached))
		return false;
	s->stop = s->each(s->arg, type, normal);
	return true;
}

static int
piece_network(void *arg, const char *network)
{
	struct search *s = arg;

	s->stop = s->each(s->arg,
	    strchr(network, ':') == NULL ? OBSERVABLE_IP : OBSERVABLE_IPV6,
	    network);
	return s->stop != 0;
}

static enum observable_type
piece_address(const char *word)
{
	char normal[INDICATOR_MAX + 1];
	enum observable_type type = indicator_detect(word, normal);

	return (type == OBSERVABLE_IP || type == OBSERVABLE_IPV6) &&
		indicator_prefix(normal) == -1 ?
	    type :
	    OBSERVABLE_UNKNOWN;
}

/* Takes "a-b" and "net/mask".  A range that takes too many networks is taken for
 * its two addresses. */
static bool
piece_range(struct search *s, char *word)
{
	char network[INDICATOR_MAX + 1];
	char *mark = word + strcspn(word, "-/");
	char *last = mark + 1, kept = *mark;
	enum observable_type type;
	bool found = false;

	if (kept == '\0')
		return false;
	*mark = '\0';
	type = piece_address(word);
	if (type != OBSERVABLE_UNKNOWN && type == piece_address(last)) {
		found = true;
		if (kept == '/') {
			if (indicator_masked(type, word, last, network) == 0)
				(void)piece_network(s, network);
			else
				found = false;
		} else if (indicator_range(type, word, last, piece_network, s) <
		    0) {
			(void)(piece_give(s, word, true) && s->stop == 0 &&
			    piece_give(s, last, true));
		}
	}
	*mark = kept;
	return found;
}

/* Whether a word begins with a hash behind "0x". */
static bool
piece_number(struct search *s, const char *word)
{
	return word[0] == '0' && (word[1] == 'x' || word[1] == 'X') &&
	    word[2 + strspn(word + 2, HEX)] == '\0' &&
	    piece_give(s, word + 2, false);
}

/* Takes the punctuation around a word off; returns the beginning of the word.
 * Two colons are part of an address. */
static char *
piece_strip(char *word)
{
	size_t len = strlen(word);
	bool under = false;

	while (len > 0 && strchr(".,:;!?*'~\\_-", word[len - 1]) != NULL &&
	    !(len > 2 && word[len - 1] == ':' && word[len - 2] == ':' &&
		isxdigit((unsigned char)word[len - 3]))) {
		under = under || word[len - 1] == '_';
		len--;
	}
	word[len] = '\0';
	while (*word != '\0' && strchr("*_-.,:;!?#~/@+\\$%^", *word) != NULL &&
	    !(word[0] == ':' && word[1] == ':' &&
		isxdigit((unsigned char)word[2])) &&
	    (*word != '_' || under || word[1] == '_'))
		word++;
	return word;
}

/* Takes what stands before a port: "192.0.2.1:443". */
static bool
piece_port(struct search *s, char *word)
{
	char *colon = strrchr(word, ':');
	bool taken;

	if (colon == NULL || colon[1] == '\0' ||
	    colon[1 + strspn(colon + 1, "0123456789")] != '\0')
		return false;
	*colon = '\0';
	taken = piece_give(s, word, true);
	*colon = ':';
	return taken;
}

/* Takes the host before a port or a path: "bad.example/path". */
static bool
piece_host(struct search *s, char *word)
{
	char *end = word + strcspn(word, "/?#");
	char kept = *end;
	bool taken;

	if (kept == '\0')
		return piece_port(s, word);
	*end = '\0';
	taken = piece_give(s, word, true) || piece_port(s, word);
	*end = kept;
	return taken;
}

/* Whether a word is groups of digits between colons, three at least. */
static bool
is_colon_hex(const char *word)
{
	const char *colon = strchr(word, ':');

	return colon != NULL && strchr(colon + 1, ':') != NULL &&
	    word[strspn(word, HEX ":.")] == '\0';
}

/* Takes "joe@bad.example:file", of which the name ends at the colon. */
static bool
piece_before_colon(struct search *s, char *word)
{
	char *colon = strchr(word, ':');
	bool taken = false;

	if (colon == NULL)
		return false;
	*colon = '\0';
	if (strchr(word, '@') != NULL)
		taken = piece_give(s, word, true);
	*colon = ':';
	return taken;
}

/* Takes the two sides of "a.example(at)b" that is no address. */
static bool
piece_sides(struct search *s, char *word)
{
	const char *mended;
	size_t n;
	char *at;
	bool left;

	for (at = word; *at != '\0'; at += n > 0 ? n : 1) {
		n = indicator_defanged(at, &mended);
		if (n < 3 || *mended != '@')
			continue;
		*at = '\0';
		left = piece_give(s, piece_strip(word), false);
		return (s->stop == 0 &&
			   piece_give(s, piece_strip(at + n), false)) ||
		    left;
	}
	return false;
}

/* Takes a piece of one script: "md5:...", "mailto:...", a host. */
static void
piece_take(struct search *s, char *piece)
{
	char *word = piece_strip(piece);

	while (*word != '\0') {
		if (piece_number(s, word) || piece_range(s, word) ||
		    piece_give(s, word, false))
			return;
		/* Of a serial number no part is an address. */
		if (is_colon_hex(word))
			return;
		if (piece_host(s, word) || piece_before_colon(s, word))
			return;
		if (strchr(word, ':') == NULL) {
			(void)piece_sides(s, word);
			return;
		}
		word = piece_strip(strchr(word, ':') + 1);
	}
}

void
extract_piece(struct search *s, char *piece)
{
	size_t n = strlen(piece), at;
	char kept;

	if (strchr(piece, '%') != NULL && extract_url_encoded(s, piece))
		return;
	for (at = 1; at < n && s->stop == 0; at++) {
		if (!extract_mark_touches(piece, at, n))
			continue;
		kept = piece[at];
		piece[at] = '\0';
		piece_take(s, piece);
		piece[at] = kept;
		piece += at;
		n -= at;
		at = 0;
	}
	if (s->stop == 0)
		piece_take(s, piece);
}
