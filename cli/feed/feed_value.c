/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "cli/feed/feed_value.h"

#define BLANKS   " \t\r\n\v\f"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Types that a value may have, of a name in feeds. */
enum {
	DOMAIN = OBSERVABLE_BIT(OBSERVABLE_DOMAIN),
	EMAIL = OBSERVABLE_BIT(OBSERVABLE_EMAIL),
	IP4 = OBSERVABLE_BIT(OBSERVABLE_IP),
	IP6 = OBSERVABLE_BIT(OBSERVABLE_IPV6),
	MD5 = OBSERVABLE_BIT(OBSERVABLE_MD5),
	SHA1 = OBSERVABLE_BIT(OBSERVABLE_SHA1),
	SHA256 = OBSERVABLE_BIT(OBSERVABLE_SHA256),
	URL = OBSERVABLE_BIT(OBSERVABLE_URL),
	FOREIGN = 0 /* a type whose values are not kept */
};

/* In lower case, without '_', '-' and blanks: OTX, MISP, STIX, ThreatFox,
 * CrowdSec, and tables that people keep. */
static const struct {
	const char *name;
	unsigned types;
} value_types[] = { { "domain", DOMAIN }, { "domainname", DOMAIN },
	{ "hostname", DOMAIN }, { "fqdn", DOMAIN }, { "dns", DOMAIN },
	{ "host", DOMAIN | IP4 | IP6 }, { "email", EMAIL },
	{ "emailaddr", EMAIL }, { "emailaddress", EMAIL }, { "mail", EMAIL },
	{ "emailsrc", EMAIL }, { "emaildst", EMAIL }, { "emailreplyto", EMAIL },
	{ "sender", EMAIL }, { "ip", IP4 | IP6 }, { "ipaddr", IP4 | IP6 },
	{ "ipaddress", IP4 | IP6 }, { "address", IP4 | IP6 },
	{ "ipsrc", IP4 | IP6 }, { "ipdst", IP4 | IP6 }, { "srcip", IP4 | IP6 },
	{ "dstip", IP4 | IP6 }, { "ip:port", IP4 | IP6 },
	{ "ipport", IP4 | IP6 }, { "cidr", IP4 | IP6 },
	{ "network", IP4 | IP6 }, { "netblock", IP4 | IP6 },
	{ "subnet", IP4 | IP6 }, { "range", IP4 | IP6 },
	{ "iprange", IP4 | IP6 }, { "ipv4", IP4 }, { "ip4", IP4 },
	{ "ipv4addr", IP4 }, { "ipv4address", IP4 }, { "ipv4:port", IP4 },
	{ "ipv4cidr", IP4 }, { "ipv4network", IP4 }, { "ipv4net", IP4 },
	{ "ipv6", IP6 }, { "ip6", IP6 }, { "ipv6addr", IP6 },
	{ "ipv6address", IP6 }, { "ipv6:port", IP6 }, { "ipv6cidr", IP6 },
	{ "ipv6network", IP6 }, { "ipv6net", IP6 }, { "md5", MD5 },
	{ "md5hash", MD5 }, { "hashmd5", MD5 }, { "filehashmd5", MD5 },
	{ "filemd5", MD5 }, { "sha1", SHA1 }, { "sha1hash", SHA1 },
	{ "hashsha1", SHA1 }, { "filehashsha1", SHA1 }, { "filesha1", SHA1 },
	{ "sha256", SHA256 }, { "sha256hash", SHA256 },
	{ "hashsha256", SHA256 }, { "filehashsha256", SHA256 },
	{ "filesha256", SHA256 }, { "hash", MD5 | SHA1 | SHA256 },
	{ "filehash", MD5 | SHA1 | SHA256 }, { "file", MD5 | SHA1 | SHA256 },
	{ "url", URL }, { "uri", URL },
	/* https://docs.zeek.org/en/master/frameworks/intel.html */
	{ "intel::addr", IP4 | IP6 }, { "intel::subnet", IP4 | IP6 },
	{ "intel::domain", DOMAIN }, { "intel::email", EMAIL },
	{ "intel::url", URL }, { "intel::filehash", MD5 | SHA1 | SHA256 },
	{ "intel::certhash", FOREIGN }, { "intel::pubkeyhash", FOREIGN },
	{ "intel::filename", FOREIGN }, { "intel::software", FOREIGN },
	{ "intel::username", FOREIGN }, { "filename", FOREIGN },
	{ "malwaresample", FOREIGN }, { "filepath", FOREIGN },
	{ "mutex", FOREIGN }, { "mutant", FOREIGN }, { "regkey", FOREIGN },
	{ "registry", FOREIGN }, { "registrykey", FOREIGN },
	{ "windowsregistrykey", FOREIGN }, { "cve", FOREIGN },
	{ "vulnerability", FOREIGN }, { "imphash", FOREIGN },
	{ "filehashimphash", FOREIGN }, { "pehash", FOREIGN },
	{ "filehashpehash", FOREIGN }, { "ssdeep", FOREIGN },
	{ "tlsh", FOREIGN }, { "ja3", FOREIGN },
	{ "ja3fingerprintmd5", FOREIGN }, { "ja3s", FOREIGN },
	{ "ja4", FOREIGN }, { "jarm", FOREIGN }, { "jarmfingerprint", FOREIGN },
	{ "asn", FOREIGN }, { "as", FOREIGN }, { "autonomoussystem", FOREIGN },
	{ "btc", FOREIGN }, { "bitcoinaddress", FOREIGN },
	{ "cryptocurrency", FOREIGN }, { "useragent", FOREIGN },
	{ "httpuseragent", FOREIGN }, { "sha512", FOREIGN },
	{ "sha384", FOREIGN }, { "sha224", FOREIGN },
	{ "filehashsha512", FOREIGN }, { "yara", FOREIGN },
	{ "snort", FOREIGN }, { "sigma", FOREIGN },
	{ "x509fingerprintsha1", FOREIGN }, { "x509fingerprintmd5", FOREIGN },
	{ "x509fingerprintsha256", FOREIGN }, { "x509certificate", FOREIGN },
	{ "sslcert", FOREIGN }, { "sslcertfingerprint", FOREIGN },
	{ "phonenumber", FOREIGN }, { "namedpipe", FOREIGN },
	{ "process", FOREIGN }, { "processname", FOREIGN },
	{ "windowsservicename", FOREIGN }, { "attachment", FOREIGN },
	{ "emailsubject", FOREIGN }, { "emailattachment", FOREIGN },
	{ "macaddress", FOREIGN }, { "macaddr", FOREIGN },
	{ "country", FOREIGN } };

/* Returns the row of n bytes of a name, or -1. */
static int
value_type_row(const char *name, size_t n)
{
	char word[FEED_TYPE_MAX];
	size_t i, k = 0;
	char c;

	for (i = 0; i < n; i++) {
		c = name[i];
		if (c == ' ' || c == '_' || c == '-')
			continue;
		if (k + 1 == sizeof(word))
			return -1;
		word[k++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	word[k] = '\0';
	for (i = 0; i < COUNT(value_types); i++)
		if (strcmp(value_types[i].name, word) == 0)
			return (int)i;
	return -1;
}

bool
feed_value_is_type(const char *word)
{
	size_t n = strcspn(word, "|");

	return value_type_row(word, n) != -1 ||
	    (word[n] == '|' && feed_value_is_type(word + n + 1));
}

bool
feed_value_composite(const char *type, struct feed_composite *parts)
{
	const char *bar = strrchr(type, '|');
	size_t n;

	/* What MISP calls a file with its content. */
	if (strcasecmp(type, "malware-sample") == 0) {
		*parts = (struct feed_composite){ "filename", "md5" };
		return true;
	}
	n = bar == NULL ? sizeof(parts->left) : (size_t)(bar - type);
	if (n >= sizeof(parts->left))
		return false;
	memcpy(parts->left, type, n);
	parts->left[n] = '\0';
	parts->right = bar + 1;
	return true;
}

unsigned
feed_value_types(const char *type)
{
	struct feed_composite parts;
	int row;

	if (feed_value_composite(type, &parts))
		return feed_value_types(parts.left) |
		    feed_value_types(parts.right);
	row = value_type_row(type, strlen(type));
	return row == -1 ? FOREIGN : value_types[row].types;
}

bool
feed_value_is_empty(const char *cell)
{
	static const char *const words[] = { "", "-", "n/a", "null" };
	size_t i;

	for (i = 0; i < COUNT(words); i++)
		if (strcasecmp(cell, words[i]) == 0)
			return true;
	return false;
}

/* Reads text that is a value and nothing more; types: 0 for any. */
static bool
value_plain(struct feed_value *v, const char *text, unsigned types)
{
	int type;

	v->below = false;
	if (types == 0) {
		v->type = indicator_detect(text, v->text);
		return v->type != OBSERVABLE_UNKNOWN;
	}
	for (type = 0; type < OBSERVABLE_TYPES; type++) {
		v->type = (enum observable_type)type;
		if ((types & OBSERVABLE_BIT(type)) != 0 &&
		    indicator_normalise(v->type, text, v->text) == 0)
			return true;
	}
	return false;
}

/* Reads a name of which all below it is meant. */
static bool
value_below(struct feed_value *v, const char *text, unsigned types)
{
	const char *mended = ".";
	size_t dot;

	text += *text == '*';
	dot = *text == '.' ? 1 : indicator_defanged(text, &mended);
	if (dot == 0 || strcmp(mended, ".") != 0 ||
	    (types != 0 && (types & DOMAIN) == 0) ||
	    !value_plain(v, text + dot, DOMAIN))
		return false;
	v->below = true;
	return true;
}

/* Cuts a port off, and the brackets before it; false when there is none. */
static bool
value_cut_port(char **text)
{
	char *colon = strrchr(*text, ':'), *port, *end;
	size_t digits;

	if (colon == NULL || colon == *text)
		return false;
	/* "192.0.2.1[:]443" is defanged. */
	end = colon[-1] == '[' && colon[1] == ']' ? colon - 1 : colon;
	port = end == colon ? colon + 1 : colon + 2;
	digits = strspn(port, "0123456789");
	if (digits == 0 || digits > 5 || port[digits] != '\0' || end == *text)
		return false;
	if (**text == '[' && end[-1] == ']') {
		(*text)++;
		end--;
	} else if (memchr(*text, ':', (size_t)(end - *text)) != NULL)
		return false;
	*end = '\0';
	return true;
}

/* Takes quotes off both ends, when they are there; the text may be written
 * to. */
static char *
value_unquote(char *text)
{
	size_t n;

	text += strspn(text, BLANKS);
	n = strlen(text);
	while (n > 0 && strchr(BLANKS, text[n - 1]) != NULL)
		text[--n] = '\0';
	if (n >= 2 && (*text == '"' || *text == '\'' || *text == '`') &&
	    text[n - 1] == *text) {
		text[n - 1] = '\0';
		text++;
	}
	return text;
}

/* Takes the brackets off an IPv6 address that is written as in a URL. */
static char *
value_unbracket(char *text)
{
	size_t n = strlen(text);

	if (n > 2 && *text == '[' && text[n - 1] == ']' &&
	    strcspn(text + 1, "[]") == n - 2 && strchr(text, ':') != NULL) {
		text[n - 1] = '\0';
		text++;
	}
	return text;
}

/* The types that a word before a colon names ("Ip:192.0.2.1"); moves behind the
 * colon.  0: there is none. */
static unsigned
value_prefix(char **text)
{
	size_t n = strcspn(*text, ":");
	int row;

	if ((*text)[n] == '\0' || (row = value_type_row(*text, n)) == -1)
		return 0;
	*text += n + 1;
	return value_types[row].types;
}

static bool
value_forms(struct feed_value *v, char *text, unsigned types)
{
	unsigned named;
	size_t n;

	text = value_unbracket(value_unquote(text));
	/* "evil.example/": all of a host, in lists of firewalls. */
	n = strlen(text);
	if (n > 1 && strchr(text, '/') == text + n - 1)
		text[n - 1] = '\0';
	if (value_plain(v, text, types) || value_below(v, text, types))
		return true;
	if ((named = value_prefix(&text)) != 0) {
		if (types != 0)
			named &= types;
		return named != 0 && value_plain(v, text, named);
	}
	/* What has a port is an address or a name. */
	return value_cut_port(&text) &&
	    value_plain(
		v, text, (types == 0 ? ~0U : types) & (IP4 | IP6 | DOMAIN));
}

bool
feed_value_read(struct feed_value *v, const char *text, const char *type)
{
	char copy[INDICATOR_MAX + 64];
	unsigned types = 0;
	size_t n;
	int row;

	if (type != NULL && *type != '\0') {
		row = value_type_row(type, strlen(type));
		if (row == -1 || (types = value_types[row].types) == FOREIGN)
			return false;
	}
	if (value_plain(v, text, types))
		return true;
	if ((n = strlen(text)) >= sizeof(copy))
		return false;
	memcpy(copy, text, n + 1);
	return value_forms(v, copy, types);
}
