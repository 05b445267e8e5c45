#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/feed/extract.h"
#include "cli/feed/feed_reader.h"
#include "ctim/indicator.h"

#define WORD_MAX INDICATOR_MAX /* bytes of a word */

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

/* A search in a text. */
struct search {
	int (*each)(void *, enum observable_type, const char *);
	void *arg;
	int stop; /* what it returned */
};

static bool
is_ending(const char *label)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcasecmp(label, endings[i]) == 0)
			return true;
	return false;
}

/* Whether a domain (word: as written) is meant as one.  "end.The" is the end of
 * a sentence; "e.g" and "1.5b" are no domains either. */
static bool
meant_as_domain(const char *word, const char *normal, bool defanged)
{
	const char *label = strrchr(normal, '.') + 1;
	const char *written = strrchr(word, '.');
	size_t letters = 0;

	while (islower((unsigned char)label[letters]))
		letters++;
	if (strncmp(label, "xn--", 4) != 0 &&
	    (letters < 2 || label[letters] != '\0'))
		return false;
	if (defanged)
		return true;
	return !is_ending(label) &&
	    (written == NULL || !isupper((unsigned char)written[1]) ||
		!islower((unsigned char)written[2]));
}

/* RFC 5322, 3.2.3: the characters of a local part without quotes. */
static bool
meant_as_email(const char *normal)
{
	for (; *normal != '@'; normal++)
		if (!isalnum((unsigned char)*normal) &&
		    strchr("!#$%&'*+-/=?^_`{|}~.", *normal) == NULL)
			return false;
	return true;
}

static bool
is_defanged(const char *word)
{
	const char *mended;

	for (; *word != '\0'; word++)
		if (indicator_defanged(word, &mended) > 0)
			return true;
	return false;
}

static bool
meant(enum observable_type type, const char *word, const char *normal)
{
	char host[INDICATOR_MAX + 1];

	switch (type) {
	case OBSERVABLE_DOMAIN:
		return meant_as_domain(word, normal, is_defanged(word));
	case OBSERVABLE_EMAIL:
		return meant_as_email(normal);
	case OBSERVABLE_IPV6:
		/* "::" belongs to a programming language more often. */
		return strlen(normal) >= 4 &&
		    strpbrk(normal, "0123456789") != NULL;
	case OBSERVABLE_URL:
		return indicator_url_host(normal, host) != OBSERVABLE_UNKNOWN;
	default:
		return type != OBSERVABLE_UNKNOWN;
	}
}

/* Hands a word over when it is an observable; returns whether it is one. */
static bool
extract_take(struct search *s, const char *word)
{
	char normal[INDICATOR_MAX + 1];
	enum observable_type type = indicator_detect(word, normal);

	if (!meant(type, word, normal))
		return false;
	s->stop = s->each(s->arg, type, normal);
	return true;
}

static bool
is_closer_alone(const char *word, size_t len)
{
	static const char pairs[][2] = { { '(', ')' }, { '[', ']' },
		{ '{', '}' } };
	int depth = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (word[len - 1] != pairs[i][1])
			continue;
		for (size_t k = 0; k < len; k++)
			depth +=
			    (word[k] == pairs[i][0]) - (word[k] == pairs[i][1]);
		return depth < 0;
	}
	return false;
}

/* Takes the punctuation around a word off; returns the beginning of the
 * word. */
static char *
strip(char *word)
{
	size_t len;

	while (*word != '\0' && strchr("([{*_-.,:;!?#~/=@&+\\", *word) != NULL)
		word++;
	len = strlen(word);
	while (len > 0 &&
	    (strchr(".,:;!?*'~\\", word[len - 1]) != NULL ||
		is_closer_alone(word, len)))
		len--;
	word[len] = '\0';
	return word;
}

/* Takes the host before a port or a path: "192.0.2.1:443",
 * "bad.example/path". */
static bool
take_host(struct search *s, char *word)
{
	size_t n = strcspn(word, "/?#");
	char *colon, kept;
	bool taken;

	if (n == 0 || strchr("/?#", word[0]) != NULL)
		return false;
	kept = word[n];
	word[n] = '\0';
	taken = kept != '\0' && extract_take(s, word);
	colon = strrchr(word, ':');
	if (!taken && colon != NULL && colon[1] != '\0' &&
	    strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
		*colon = '\0';
		taken = extract_take(s, word);
		*colon = ':';
	}
	word[n] = kept;
	return taken;
}

/* Takes a piece without brackets and lists: "md5:...", "mailto:...", a host. */
static bool
take_piece(struct search *s, char *piece)
{
	char *word = strip(piece);

	if (*word == '\0')
		return false;
	if (extract_take(s, word) || take_host(s, word))
		return true;
	while ((word = strchr(word, ':')) != NULL) {
		word = strip(word);
		if (extract_take(s, word) || take_host(s, word))
			return true;
	}
	return false;
}

static void
take_pieces(struct search *s, char *word)
{
	const char *mended;
	char *piece = word;
	size_t n;

	while (s->stop == 0 && *word != '\0') {
		if ((n = indicator_defanged(word, &mended)) > 0)
			word += n;
		else if (strchr("|,;=()[]{}\\", *word) != NULL) {
			*word = '\0';
			(void)take_piece(s, piece);
			piece = ++word;
		} else
			word++;
	}
	if (s->stop == 0)
		(void)take_piece(s, piece);
}

/* Whether a URL begins here. */
static bool
begins_url(const char *s)
{
	static const char *const schemes[] = { "http", "hxxp", "ftp:", "fxp:" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncasecmp(s, schemes[i], 4) == 0)
			return true;
	return false;
}

/* Takes a word without lists of URLs; a URL may follow other text in it, as in
 * "src=http://..." and "[here](http://...)". */
static void
take_part(struct search *s, char *word)
{
	char *url = strip(word);

	word = url;
	if (*word == '\0' || extract_take(s, word))
		return;
	while (*++url != '\0')
		if (begins_url(url) && !isalnum((unsigned char)url[-1])) {
			url[-1] = '\0';
			take_pieces(s, word);
			if (s->stop != 0 || extract_take(s, strip(url)))
				return;
			word = url;
		}
	take_pieces(s, word);
}

/* Takes a word between blanks, which may be a list of several URLs. */
static void
extract_take_word(struct search *s, char *word)
{
	char *next;

	for (; word != NULL && s->stop == 0; word = next) {
		next = word;
		while ((next = strpbrk(next, ",;|")) != NULL &&
		    !begins_url(next + 1))
			next++;
		if (next != NULL)
			*next++ = '\0';
		take_part(s, word);
	}
}

/* Whether a byte separates words; the punctuation of UTF-8 (U+2000 to U+203F)
 * shows in its first two bytes. */
static bool
extract_is_between(struct feed_reader *r, int c)
{
	if (c == 0xe2 && feed_reader_peek(r) == 0x80) {
		(void)feed_reader_byte(r);
		(void)feed_reader_byte(r);
		return true;
	}
	return c <= ' ' || c == 0x7f || strchr("\"<>`", c) != NULL;
}

int
extract_read(struct feed_reader *r,
    int (*each)(void *, enum observable_type, const char *), void *arg)
{
	struct search s = { each, arg, 0 };
	char word[WORD_MAX + 1];
	size_t n = 0;
	int c;

	do {
		c = feed_reader_byte(r);
		if (c != EOF && !extract_is_between(r, c)) {
			if (n < WORD_MAX)
				word[n] = (char)c;
			n++;
			continue;
		}
		if (n > 0 && n <= WORD_MAX) {
			word[n] = '\0';
			extract_take_word(&s, word);
		}
		n = 0;
	} while (c != EOF && s.stop == 0);
	return s.stop;
}
