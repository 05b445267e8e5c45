/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/rfc3339.h"
#include "cli/feed/feed_cell.h"
#include "ctim/ctim.h"
#include "store/store_write.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBER_MAX 40 /* bytes of a number with a fraction */

/* Words of feeds that can mean one thing only. */
static const struct word {
	const char *word;
	int64_t n;
} cell_dispositions[] = { { "benign", CTIM_CLEAN }, { "goodware", CTIM_CLEAN },
	{ "harmless", CTIM_CLEAN }, { "legitimate", CTIM_CLEAN },
	{ "safe", CTIM_CLEAN }, { "trusted", CTIM_CLEAN },
	{ "allow", CTIM_CLEAN }, { "allowed", CTIM_CLEAN },
	{ "allowlist", CTIM_CLEAN }, { "allowlisted", CTIM_CLEAN },
	{ "whitelist", CTIM_CLEAN }, { "whitelisted", CTIM_CLEAN },
	{ "block", CTIM_MALICIOUS }, { "blocked", CTIM_MALICIOUS },
	{ "blocklist", CTIM_MALICIOUS }, { "blocklisted", CTIM_MALICIOUS },
	{ "blacklist", CTIM_MALICIOUS }, { "blacklisted", CTIM_MALICIOUS },
	{ "suspect", CTIM_SUSPICIOUS }, { "undetermined", CTIM_UNKNOWN },
	/* What security products write for what they do, and know. */
	{ "good", CTIM_CLEAN }, { "known good", CTIM_CLEAN },
	{ "known trusted", CTIM_CLEAN }, { "most likely trusted", CTIM_CLEAN },
	{ "might be trusted", CTIM_CLEAN }, { "permit", CTIM_CLEAN },
	{ "permitted", CTIM_CLEAN }, { "bad", CTIM_MALICIOUS },
	{ "known bad", CTIM_MALICIOUS }, { "known malicious", CTIM_MALICIOUS },
	{ "most likely malicious", CTIM_MALICIOUS },
	{ "might be malicious", CTIM_SUSPICIOUS },
	{ "prevent", CTIM_MALICIOUS }, { "deny", CTIM_MALICIOUS },
	{ "denylist", CTIM_MALICIOUS }, { "drop", CTIM_MALICIOUS },
	{ "reject", CTIM_MALICIOUS }, { "quarantine", CTIM_MALICIOUS },
	{ "blockandremediate", CTIM_MALICIOUS }, { "detect", CTIM_SUSPICIOUS },
	{ "warn", CTIM_SUSPICIOUS }, { "audit", CTIM_SUSPICIOUS },
	{ "alert", CTIM_SUSPICIOUS }, { "monitor", CTIM_SUSPICIOUS } };
static const struct word cell_severities[] = {
	{ "informational", CTIM_SEVERITY_INFO },
	{ "information", CTIM_SEVERITY_INFO }, { "med", CTIM_SEVERITY_MEDIUM },
	{ "moderate", CTIM_SEVERITY_MEDIUM },
	{ "very-high", CTIM_SEVERITY_CRITICAL },
	{ "very high", CTIM_SEVERITY_CRITICAL },
	{ "very-low", CTIM_SEVERITY_INFO }, { "very low", CTIM_SEVERITY_INFO }
};

static int64_t
cell_word(const struct word *words, size_t n, const char *cell)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcasecmp(words[i].word, cell) == 0)
			return words[i].n;
	return -1;
}

/* Returns a whole number that is not negative, or -1.  10.0 is one: table
 * software writes numbers so in a column with a gap. */
static int64_t
whole(const char *s)
{
	int64_t n = 0;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (n > INT64_MAX / 10 - 1)
			return -1;
		n = n * 10 + (*s - '0');
	}
	if (s[0] == '.' && s[1] == '0')
		s += 1 + strspn(s + 1, "0");
	return *s == '\0' ? n : -1;
}

bool
feed_cell_number(const char *cell, double *n)
{
	size_t digits = strspn(cell, "0123456789"), len = digits;

	if (cell[len] == '.')
		len += 1 + strspn(cell + len + 1, "0123456789");
	if (digits == 0 || len >= NUMBER_MAX || cell[len] != '\0')
		return false;
	*n = strtod(cell, NULL);
	return true;
}

static int64_t
cell_disposition(const char *s, const struct feed_cell_form *form)
{
	int64_t n = whole(s);

	(void)form;
	if (n >= CTIM_CLEAN && n <= CTIM_UNKNOWN)
		return n;
	n = ctim_disposition(s);
	return n != -1 ?
	    n :
	    cell_word(cell_dispositions, COUNT(cell_dispositions), s);
}

static int64_t
cell_severity(const char *s, const struct feed_cell_form *form)
{
	int64_t n = ctim_severity(s);

	(void)form;
	return n != -1 ? n :
			 cell_word(cell_severities, COUNT(cell_severities), s);
}

/* Reads a name, or 0 to 100 by STIX 2.1 appendix A ("None / Low / Med /
 * High"), where 0 says that nobody knows. */
static int64_t
cell_confidence(const char *s, const struct feed_cell_form *form)
{
	size_t len = strlen(s);
	char number[NUMBER_MAX];
	double n;

	if (len > 1 && len < sizeof(number) && s[len - 1] == '%') {
		memcpy(number, s, len - 1);
		number[len - 1] = '\0';
		s = number;
	}
	if (!feed_cell_number(s, &n)) {
		int64_t word = ctim_confidence(s);

		return word != -1 ?
		    word :
		    cell_word(cell_severities, COUNT(cell_severities), s);
	}
	if (form->hundredths)
		n *= 100;
	return n > 100 ? -1 :
	    n == 0     ? CTIM_SEVERITY_UNKNOWN :
	    n < 30     ? CTIM_SEVERITY_LOW :
	    n < 70     ? CTIM_SEVERITY_MEDIUM :
			 CTIM_SEVERITY_HIGH;
}

static int64_t
cell_tlp(const char *s, const struct feed_cell_form *form)
{
	(void)form;
	if (strncasecmp(s, "tlp:", 4) == 0)
		s += 4;
	return ctim_tlp_given(s + strspn(s, " "));
}

static int64_t
cell_priority(const char *s, const struct feed_cell_form *form)
{
	int64_t n = whole(s);

	(void)form;
	return n <= STORE_PRIORITY ? n : -1;
}

static int64_t
cell_count(const char *s, const struct feed_cell_form *form)
{
	(void)form;
	return whole(s);
}

/* Two digits, or -1. */
static int
cell_two(const char *s)
{
	return s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9' ?
	    (s[0] - '0') * 10 + (s[1] - '0') :
	    -1;
}

/* "31.12.2026" and "2026/12/31", each also with a time behind it, as ISO
 * 8601. */
static int64_t
cell_date(const char *s)
{
	char text[RFC3339_MAX + 16];
	size_t len = strlen(s);

	if (len < 10 || len >= sizeof(text))
		return -1;
	memcpy(text, s, len + 1);
	if (s[2] == '.' && s[5] == '.' && cell_two(s + 6) != -1) {
		memcpy(text, s + 6, 4);
		memcpy(text + 5, s + 3, 2);
		memcpy(text + 8, s, 2);
	} else if (s[4] != '/' || s[7] != '/')
		return -1;
	text[4] = text[7] = '-';
	return rfc3339_parse(text);
}

/* Reads a time as text, or as seconds or milliseconds since 1970. */
static int64_t
cell_time(const char *s, const struct feed_cell_form *form)
{
	int64_t n = whole(s);

	(void)form;
	if (n == -1)
		return (n = rfc3339_parse(s)) != -1 ? n : cell_date(s);
	if (n > RFC3339_LAST)
		n /= 1000;
	return n <= RFC3339_LAST ? n : -1;
}

/* Seconds of a duration, or -1. */
static int64_t
cell_duration(const char *s)
{
	static const struct word units[] = { { "ms", 0 }, { "s", 1 },
		{ "m", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 604800 } };
	double all = 0, n;
	size_t i, len;

	if (*s == '\0')
		return -1;
	while (*s != '\0') {
		char number[NUMBER_MAX];

		len = strspn(s, "0123456789.");
		if (len == 0 || len >= sizeof(number))
			return -1;
		memcpy(number, s, len);
		number[len] = '\0';
		if (!feed_cell_number(number, &n))
			return -1;
		s += len;
		len = strspn(s, "mshdw");
		for (i = 0; i < COUNT(units); i++)
			if (strlen(units[i].word) == len &&
			    memcmp(units[i].word, s, len) == 0)
				break;
		if (i == COUNT(units))
			return -1;
		all += n * (double)units[i].n;
		s += len;
	}
	return all <= (double)RFC3339_LAST ? (int64_t)all : -1;
}

bool
feed_cell_is_duration(const char *cell)
{
	return cell_duration(cell) != -1;
}

/* Reads "never", a time, or one from now.  The beginning of time is neither:
 * feeds write it for "not known", too, which must not become never, nor remove
 * the entry. */
static int64_t
cell_expiry(const char *s, const struct feed_cell_form *form)
{
	int64_t n;

	/* The last year that can be written is how databases write never. */
	if (strcasecmp(s, "never") == 0 || strncmp(s, "9999-", 5) == 0)
		return 0;
	if ((n = cell_duration(s)) != -1)
		return form->now + n;
	return (n = cell_time(s, form)) == 0 ? -1 : n;
}

/* Reads yes or no. */
static int64_t
cell_yes(const char *s, const struct feed_cell_form *form)
{
	static const struct word words[] = { { "true", 1 }, { "false", 0 },
		{ "yes", 1 }, { "no", 0 }, { "1", 1 }, { "0", 0 } };
	size_t i;

	(void)form;
	for (i = 0; i < COUNT(words); i++)
		if (strcasecmp(words[i].word, s) == 0)
			return words[i].n;
	return -1;
}

/*
 * The readers of the fields that are no texts.  An entry with a
 * judgement or an end that we cannot read is skipped; of others the cell is
 * lost, which costs less than the entry.
 */
static const struct {
	int64_t (*read)(const char *, const struct feed_cell_form *);
	const char *must;
} cell_readers[FEED_FIELDS] = {
	[FEED_DISPOSITION] = { cell_disposition,
	    "disposition is not Clean, Malicious, Suspicious, Common or "
	    "Unknown" },
	[FEED_SEVERITY] = { cell_severity, NULL },
	[FEED_CONFIDENCE] = { cell_confidence, NULL },
	[FEED_TLP] = { cell_tlp, NULL },
	[FEED_PRIORITY] = { cell_priority, NULL },
	[FEED_FIRST_SEEN] = { cell_time, NULL },
	[FEED_LAST_SEEN] = { cell_time, NULL },
	[FEED_COUNT] = { cell_count, NULL },
	[FEED_BELOW] = { cell_yes, NULL },
	[FEED_SOURCE_SUBDOMAINS] = { cell_yes, NULL },
	[FEED_EXPIRES] = { cell_expiry,
	    "expires is no time after 1970-01-01T00:00:00Z, nor never" }
};

bool
feed_cell_is_text(enum feed_field field)
{
	return cell_readers[field].read == NULL;
}

int64_t
feed_cell_read(
    enum feed_field field, const char *cell, const struct feed_cell_form *form)
{
	return cell_readers[field].read == NULL ?
	    -1 :
	    cell_readers[field].read(cell, form);
}

const char *
feed_cell_must(enum feed_field field)
{
	return cell_readers[field].must;
}
