/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "egress/egress_scan.h"
#include "net/nameset.h"
#include "net/netset.h"
#include "net/network.h"
#include "net/url.h"

#define EGRESS_RUN     1024 /* bytes at the end of a word that are looked at */
#define EGRESS_LETTERS 512  /* bytes of a name in its own letters */
#define EGRESS_ALNUM   "abcdefghijklmnopqrstuvwxyz0123456789"
#define EGRESS_WORD    EGRESS_ALNUM "-_."

struct egress_words {
	const struct conf_egress *lists;
	const char *text;
	bool host;
};

/* --- addresses ----------------------------------------------------------- */

static bool
egress_address_held(const struct conf_egress *e, const struct netset_address *a)
{
	return (e->private && netset_private(a)) ||
	    (e->networks != NULL && netset_has(e->networks, a));
}

static bool
egress_four_held(const struct conf_egress *e, const void *four)
{
	struct netset_address a = { 0 };

	memcpy(a.byte, four, 4);
	return egress_address_held(e, &a);
}

/* Reads four decimal numbers, zeros in front or not: most readers take
 * "010.0.0.1" so, and inet_aton(3) as octal. */
static bool
egress_decimal(const char *s, unsigned char four[4])
{
	unsigned long n;
	char *end;
	int i;

	for (i = 0; i < 4; i++) {
		if (*s < '0' || *s > '9' || (n = strtoul(s, &end, 10)) > 255)
			return false;
		four[i] = (unsigned char)n;
		if (*end != (i < 3 ? '.' : '\0'))
			return false;
		s = end + 1;
	}
	return true;
}

/* Looks at n bytes as an IPv4 address.  any: also as one of fewer than four
 * numbers. */
static bool
egress_number_held(
    const struct egress_words *w, const char *s, size_t n, bool any)
{
	char text[64], *at;
	unsigned char four[4];
	struct in_addr in;
	int dots = 0;

	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	for (at = text; (at = strchr(at, '.')) != NULL; at++)
		dots++;
	if ((any || dots == 3) && inet_aton(text, &in) != 0 &&
	    egress_four_held(w->lists, &in.s_addr))
		return true;
	return egress_decimal(text, four) && egress_four_held(w->lists, four);
}

/* Looks at the parts between hyphens and underscores: "10.0.0.1-10.0.0.9" is a range. */
static bool
egress_range_held(const struct egress_words *w, const char *word)
{
	size_t n;

	for (; *word != '\0'; word += n + (word[n] != '\0')) {
		n = strcspn(word, "-_");
		if (egress_number_held(w, word, n, false))
			return true;
	}
	return false;
}

/* Looks at n bytes as an IPv6 address. */
static bool
egress_six_held(const struct egress_words *w, const char *s, size_t n)
{
	char text[INET6_ADDRSTRLEN];
	struct netset_address a = { .six = true };

	while (n > 0 && s[n - 1] == '.')
		n--;
	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, a.byte) == 1 &&
	    egress_address_held(w->lists, &a);
}

/* Looks at n bytes that may hold an IPv6 address, with what stands beside it.
 * within: a word ends in them, as in "IPv6:2001:db8::1". */
static bool
egress_colons_held(
    const struct egress_words *w, const char *s, size_t n, bool within)
{
	const char *colon = memchr(s, ':', n);

	if (colon == NULL)
		return false;
	if (within) {
		n -= (size_t)(colon + 1 - s);
		return n > 0 && strncmp(s, "::", 2) != 0 &&
		    egress_six_held(w, colon + 1, n);
	}
	return egress_six_held(w, s, n) ||
	    (*s == ':' && egress_six_held(w, s + 1, n - 1)) ||
	    (s[n - 1] == ':' && egress_six_held(w, s, n - 1));
}

/* Looks at every IPv6 address of the text.  Letters behind one make it another
 * word, as in "std::abs". */
static bool
egress_sixes_held(const struct egress_words *w)
{
	static const char letters[] = EGRESS_ALNUM "_";
	const char *s = w->text;
	size_t n, skip;
	bool within;

	for (; *s != '\0'; s += n > 0 ? n : skip) {
		n = strspn(s, "0123456789abcdef:.");
		skip = strspn(s, letters);
		skip = skip == 0 ? 1 : skip;
		within = s > w->text && strchr(letters, s[-1]) != NULL;
		if ((s[n] == '\0' || strchr(letters, s[n]) == NULL) &&
		    egress_colons_held(w, s, n, within))
			return true;
	}
	return false;
}

/* --- names --------------------------------------------------------------- */

/* The labels of a name that ends in the suffix, from the right, as the bytes of
 * an address: digits of the base, each worth so many bits.  A zone above that of
 * an address is the network.  Returns whether there was any. */
static bool
egress_reverse(const char *name, const char *suffix, int base, int bits,
    unsigned char *out, int size)
{
	size_t n = strlen(name), k = strlen(suffix);
	const char *end, *label;
	unsigned long value;
	char *stop;
	int at = 0;

	if (n <= k || strcmp(name + n - k, suffix) != 0)
		return false;
	for (end = name + n - k; end > name && at < size * 8; end = label - 1) {
		for (label = end; label > name && label[-1] != '.'; label--)
			;
		value = strtoul(label, &stop, base);
		if (stop != end || value >= 1UL << bits)
			break;
		out[at / 8] |= (unsigned char)(value << (8 - bits - at % 8));
		at += bits;
		if (label == name)
			break;
	}
	return at > 0;
}

/* Whether it is the name of an address, as DNS is asked for that of one. */
static bool
egress_pointer_held(const struct egress_words *w, const char *name)
{
	struct netset_address four = { 0 }, six = { .six = true };

	return (egress_reverse(name, ".in-addr.arpa", 10, 8, four.byte, 4) &&
		   egress_address_held(w->lists, &four)) ||
	    (egress_reverse(name, ".ip6.arpa", 16, 4, six.byte, 16) &&
		egress_address_held(w->lists, &six));
}

static bool
egress_name_held(const struct egress_words *w, const char *name, bool host)
{
	const char *last = strrchr(name, '.');

	if (w->lists->private && host &&
	    strcmp(last == NULL ? name : last + 1, "localhost") == 0)
		return true;
	return egress_pointer_held(w, name) ||
	    (w->lists->domains != NULL &&
		nameset_has(w->lists->domains, name, strlen(name)));
}

/* --- words --------------------------------------------------------------- */

/* Whether a host stands at s: behind "//", or the "@" of a user behind that, or
 * at the beginning of the text or behind its "@" where the text may be one. */
static bool
egress_is_host(const struct egress_words *w, const char *s)
{
	const char *at = s;

	if (s > w->text && strchr("@/\\", s[-1]) == NULL)
		return false;
	while (at > w->text && strchr("/\\?#", at[-1]) == NULL)
		at--;
	if (at == w->text)
		return w->host;
	return at - w->text >= 2 && strchr("/\\", at[-1]) != NULL &&
	    strchr("/\\:", at[-2]) != NULL && (at == s || s[-1] == '@');
}

/* Copies a word without dots, hyphens and underscores around it and between
 * dots.  Returns its length. */
static size_t
egress_copy(char out[EGRESS_RUN + 1], const char *s, size_t n)
{
	size_t i, k = 0;

	if (n > EGRESS_RUN) {
		s += n - EGRESS_RUN;
		n = EGRESS_RUN;
	}
	for (i = 0; i < n; i++) {
		if (strchr("-_.", s[i]) != NULL &&
		    (k == 0 || (s[i] == '.' && out[k - 1] == '.')))
			continue;
		out[k++] = s[i];
	}
	while (k > 0 && strchr("-_.", out[k - 1]) != NULL)
		k--;
	out[k] = '\0';
	return k;
}

/* host: the word stands where a host does. */
static bool
egress_plain_held(const struct egress_words *w, const char *word, bool host)
{
	size_t n = strlen(word);

	return egress_number_held(w, word, n, host) ||
	    egress_range_held(w, word) || egress_name_held(w, word, host);
}

/* Looks at a word as the host that its letters mean: IDNA reads letters and digits
 * of many sets as those of ASCII.  A word that is too long as a whole may end in
 * a host. */
static bool
egress_foreign_held(const struct egress_words *w, const char *word, bool host)
{
	char plain[NAMESET_NAME + 3];
	const char *label = word;

	/* Without libcurl nothing can be compared. */
	if (network_get() == NULL)
		return true;
	for (; label != NULL; label = strchr(label, '.')) {
		label += *label == '.';
		if (strlen(label) <= EGRESS_LETTERS &&
		    url_punycode(label, plain, sizeof(plain)) == 0)
			return egress_plain_held(w, plain, host);
	}
	return false;
}

static bool
egress_word_held(const struct egress_words *w, const char *s, size_t n)
{
	char word[EGRESS_RUN + 1];
	bool host = egress_is_host(w, s);
	size_t i, len = egress_copy(word, s, n);

	if (len == 0)
		return false;
	if (egress_plain_held(w, word, host))
		return true;
	for (i = 0; i < len; i++)
		if ((unsigned char)word[i] >= 0x80)
			return egress_foreign_held(w, word, host);
	return false;
}

/* Bytes of the word that s begins with; what is not ASCII may be a letter. */
static size_t
egress_word_length(const char *s)
{
	size_t n = 0;

	while ((unsigned char)s[n] >= 0x80 ||
	    (s[n] != '\0' && strchr(EGRESS_WORD, s[n]) != NULL))
		n++;
	return n;
}

bool
egress_scan(const struct conf_egress *lists, const char *text, bool host)
{
	const struct egress_words w = { lists, text, host };
	size_t n;

	for (; *text != '\0'; text += n) {
		if ((n = egress_word_length(text)) == 0)
			n = 1;
		else if (egress_word_held(&w, text, n))
			return true;
	}
	return egress_sixes_held(&w);
}
