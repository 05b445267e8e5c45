/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/table/heading.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define HEADING_MAX 64 /* bytes */
/* What is in an object that is called "indicators". */
#define HEADING_WITHIN "indicators."

#define VALUES(kind)   HEADING_##kind, FEED_VALUE, 0
#define GROUP(kind, n) HEADING_##kind, FEED_VALUE, n
#define FIELD(field)   HEADING_FIELD, FEED_##field, 0
#define WORDS(field)   HEADING_WORDS, FEED_##field, 0
#define PASS           HEADING_PASS, FEED_VALUE, 0

static const struct heading headings[] = { { "indicator", VALUES(ANY) },
	{ "ioc", VALUES(ANY) }, { "iocvalue", VALUES(ANY) },
	{ "value", VALUES(ANY) }, { "observable", VALUES(ANY) },
	{ "indicatorvalue", VALUES(ANY) }, { "observablevalue", VALUES(ANY) },
	{ "indicators", VALUES(ANY) }, { "iocs", VALUES(ANY) },
	{ "observables", VALUES(ANY) }, { "artifact", VALUES(ANY) },
	{ "entity", VALUES(ANY) }, { "iocname", VALUES(ANY) },
	{ HEADING_WITHIN, GROUP(ANY, 3) }, { "sha256", GROUP(HASH, 1) },
	{ "sha256hash", GROUP(HASH, 1) }, { "hashsha256", GROUP(HASH, 1) },
	{ "filehashsha256", GROUP(HASH, 1) }, { "filesha256", GROUP(HASH, 1) },
	{ "sha256sum", GROUP(HASH, 1) }, { "sha1", GROUP(HASH, 1) },
	{ "sha1hash", GROUP(HASH, 1) }, { "hashsha1", GROUP(HASH, 1) },
	{ "filehashsha1", GROUP(HASH, 1) }, { "filesha1", GROUP(HASH, 1) },
	{ "sha1sum", GROUP(HASH, 1) }, { "md5", GROUP(HASH, 1) },
	{ "md5hash", GROUP(HASH, 1) }, { "hashmd5", GROUP(HASH, 1) },
	{ "filehashmd5", GROUP(HASH, 1) }, { "filemd5", GROUP(HASH, 1) },
	{ "md5sum", GROUP(HASH, 1) }, { "hash", GROUP(HASH, 1) },
	{ "filehash", GROUP(HASH, 1) }, { "hashes", GROUP(HASH, 1) },
	{ "samplehash", GROUP(HASH, 1) }, { "url", VALUES(URL) },
	{ "uri", VALUES(URL) }, { "urls", VALUES(URL) },
	{ "fullurl", VALUES(URL) }, { "origin", VALUES(URL) },
	{ "maliciousurl", VALUES(URL) }, { "phishurl", VALUES(URL) },
	{ "phishingurl", VALUES(URL) }, { "ip", VALUES(ADDRESS) },
	{ "ipaddress", VALUES(ADDRESS) }, { "ipaddr", VALUES(ADDRESS) },
	{ "ips", VALUES(ADDRESS) }, { "dstip", VALUES(ADDRESS) },
	{ "destip", VALUES(ADDRESS) }, { "destinationip", VALUES(ADDRESS) },
	{ "destinationaddress", VALUES(ADDRESS) },
	{ "dstaddr", VALUES(ADDRESS) }, { "ipdst", VALUES(ADDRESS) },
	{ "srcip", VALUES(ADDRESS) }, { "sourceip", VALUES(ADDRESS) },
	{ "sourceaddress", VALUES(ADDRESS) },
	{ "sourceipaddress", VALUES(ADDRESS) }, { "srcaddr", VALUES(ADDRESS) },
	{ "ipsrc", VALUES(ADDRESS) }, { "remoteip", VALUES(ADDRESS) },
	{ "remoteaddress", VALUES(ADDRESS) }, { "attackerip", VALUES(ADDRESS) },
	{ "maliciousip", VALUES(ADDRESS) }, { "hostip", VALUES(ADDRESS) },
	{ "serverip", VALUES(ADDRESS) }, { "ipv4", GROUP(ADDRESS, 2) },
	{ "ipv4address", GROUP(ADDRESS, 2) }, { "ipv4addr", GROUP(ADDRESS, 2) },
	{ "ipv6", GROUP(ADDRESS, 2) }, { "ipv6address", GROUP(ADDRESS, 2) },
	{ "ipv6addr", GROUP(ADDRESS, 2) }, { "ipprefix", GROUP(ADDRESS, 2) },
	{ "ipv4prefix", GROUP(ADDRESS, 2) },
	{ "ipv6prefix", GROUP(ADDRESS, 2) }, { "ipv4cidrs", GROUP(ADDRESS, 2) },
	{ "ipv6cidrs", GROUP(ADDRESS, 2) },
	{ "addressprefixes", VALUES(ADDRESS) }, { "ipstr", VALUES(ADDRESS) },
	{ "attacker", VALUES(ADDRESS) }, { "cidr", VALUES(ADDRESS) },
	{ "ipcidr", VALUES(ADDRESS) }, { "network", VALUES(ADDRESS) },
	{ "networks", VALUES(ADDRESS) }, { "netblock", VALUES(ADDRESS) },
	{ "subnet", VALUES(ADDRESS) }, { "prefix", VALUES(ADDRESS) },
	{ "range", VALUES(ADDRESS) }, { "iprange", VALUES(ADDRESS) },
	{ "address", VALUES(ADDRESS) }, { "addr", VALUES(ADDRESS) },
	{ "id", VALUES(ADDRESS) }, { "email", VALUES(EMAIL) },
	{ "emailaddress", VALUES(EMAIL) }, { "sender", VALUES(EMAIL) },
	{ "mail", VALUES(EMAIL) }, { "emailsrc", VALUES(EMAIL) },
	{ "senderaddress", VALUES(EMAIL) }, { "senderemail", VALUES(EMAIL) },
	{ "emails", VALUES(EMAIL) }, { "domain", VALUES(NAME) },
	{ "domainname", VALUES(NAME) }, { "host", VALUES(NAME) },
	{ "hostname", VALUES(NAME) }, { "fqdn", VALUES(NAME) },
	{ "dnsname", VALUES(NAME) }, { "maliciousdomain", VALUES(NAME) },
	{ "domains", VALUES(NAME) }, { "hostnames", VALUES(NAME) },
	{ "site", VALUES(NAME) }, { "website", VALUES(NAME) },
	{ "reference", VALUES(REFERENCE) }, { "references", VALUES(REFERENCE) },
	{ "referenceurl", VALUES(REFERENCE) }, { "link", VALUES(REFERENCE) },
	{ "links", VALUES(REFERENCE) }, { "report", VALUES(REFERENCE) },
	{ "reporturl", VALUES(REFERENCE) }, { "reportlink", VALUES(REFERENCE) },
	{ "detailurl", VALUES(REFERENCE) }, { "detailsurl", VALUES(REFERENCE) },
	{ "phishdetailurl", VALUES(REFERENCE) },
	{ "urlhausreference", VALUES(REFERENCE) },
	{ "urlhauslink", VALUES(REFERENCE) },
	{ "permalink", VALUES(REFERENCE) }, { "sourceurl", VALUES(REFERENCE) },
	{ "infourl", VALUES(REFERENCE) }, { "moreinfo", VALUES(REFERENCE) },
	{ "externalurl", VALUES(REFERENCE) }, { "ref", VALUES(REFERENCE) },
	{ "refurl", VALUES(REFERENCE) }, { "virustotal", VALUES(REFERENCE) },
	{ "vtlink", VALUES(REFERENCE) }, { "blog", VALUES(REFERENCE) },
	{ "blogurl", VALUES(REFERENCE) }, { "article", VALUES(REFERENCE) },
	{ "tweet", VALUES(REFERENCE) }, { "source", VALUES(REFERENCE) },
	{ "type", FIELD(TYPE) }, { "ioctype", FIELD(TYPE) },
	{ "indicatortype", FIELD(TYPE) }, { "observabletype", FIELD(TYPE) },
	{ "valuetype", FIELD(TYPE) }, { "datatype", FIELD(TYPE) },
	{ "kind", FIELD(TYPE) }, { "scope", FIELD(TYPE) },
	{ "disposition", FIELD(DISPOSITION) },
	{ "dispositionname", FIELD(DISPOSITION) },
	{ "verdict", WORDS(DISPOSITION) }, { "judgement", WORDS(DISPOSITION) },
	{ "judgment", WORDS(DISPOSITION) },
	{ "classification", WORDS(DISPOSITION) },
	{ "reputation", WORDS(DISPOSITION) },
	{ "listtype", WORDS(DISPOSITION) }, { "list", WORDS(DISPOSITION) },
	{ "action", WORDS(DISPOSITION) }, { "status", WORDS(DISPOSITION) },
	{ "severity", FIELD(SEVERITY) }, { "severitylevel", WORDS(SEVERITY) },
	{ "threatlevel", WORDS(SEVERITY) },
	{ "threatseverity", WORDS(SEVERITY) }, { "risklevel", WORDS(SEVERITY) },
	{ "risk", WORDS(SEVERITY) }, { "confidence", FIELD(CONFIDENCE) },
	{ "confidencelevel", FIELD(CONFIDENCE) },
	{ "confidencescore", WORDS(CONFIDENCE) },
	{ "abuseconfidencescore", WORDS(CONFIDENCE) }, { "tlp", FIELD(TLP) },
	{ "tlpmarking", WORDS(TLP) }, { "tlplevel", WORDS(TLP) },
	{ "marking", WORDS(TLP) }, { "trafficlightprotocol", WORDS(TLP) },
	{ "priority", FIELD(PRIORITY) }, { "reason", FIELD(REASON) },
	{ "comment", FIELD(REASON) }, { "description", FIELD(REASON) },
	{ "malwareprintable", FIELD(REASON) }, { "malware", FIELD(REASON) },
	{ "signature", FIELD(REASON) }, { "threat", FIELD(REASON) },
	{ "threattype", FIELD(REASON) }, { "listingreason", FIELD(REASON) },
	{ "tags", FIELD(REASON) }, { "malwarefamily", FIELD(REASON) },
	{ "family", FIELD(REASON) }, { "threatname", FIELD(REASON) },
	{ "scenario", FIELD(REASON) }, { "comments", FIELD(REASON) },
	{ "notes", FIELD(REASON) }, { "note", FIELD(REASON) },
	{ "tag", FIELD(REASON) }, { "category", FIELD(REASON) },
	{ "categories", FIELD(REASON) }, { "label", FIELD(REASON) },
	{ "labels", FIELD(REASON) }, { "campaign", FIELD(REASON) },
	{ "actor", FIELD(REASON) }, { "target", FIELD(REASON) },
	{ "firstseen", FIELD(FIRST_SEEN) },
	{ "firstseenutc", FIELD(FIRST_SEEN) },
	{ "firstseenat", FIELD(FIRST_SEEN) },
	{ "datefirst", FIELD(FIRST_SEEN) }, { "datelast", FIELD(LAST_SEEN) },
	{ "dateadded", FIELD(FIRST_SEEN) },
	{ "listingdate", FIELD(FIRST_SEEN) },
	{ "validfrom", FIELD(FIRST_SEEN) },
	{ "submissiontime", FIELD(FIRST_SEEN) },
	{ "createdat", FIELD(FIRST_SEEN) }, { "created", FIELD(FIRST_SEEN) },
	{ "creationdate", FIELD(FIRST_SEEN) }, { "added", FIELD(FIRST_SEEN) },
	{ "addedat", FIELD(FIRST_SEEN) }, { "discovered", FIELD(FIRST_SEEN) },
	{ "date", WORDS(FIRST_SEEN) }, { "datetime", WORDS(FIRST_SEEN) },
	{ "timestamp", WORDS(FIRST_SEEN) }, { "lastseen", FIELD(LAST_SEEN) },
	{ "lastseenutc", FIELD(LAST_SEEN) }, { "lastseenat", FIELD(LAST_SEEN) },
	{ "lastonline", FIELD(LAST_SEEN) },
	{ "lastreportedat", FIELD(LAST_SEEN) },
	{ "lastreported", FIELD(LAST_SEEN) }, { "count", FIELD(COUNT) },
	{ "sightings", FIELD(COUNT) }, { "hits", FIELD(COUNT) },
	{ "attacks", FIELD(COUNT) }, { "reports", FIELD(COUNT) },
	{ "totalreports", FIELD(COUNT) }, { "eventscount", FIELD(COUNT) },
	{ "expires", FIELD(EXPIRES) }, { "expiration", FIELD(EXPIRES) },
	{ "validuntil", FIELD(EXPIRES) }, { "expiry", FIELD(EXPIRES) },
	{ "expiresat", FIELD(EXPIRES) }, { "expirationdate", FIELD(EXPIRES) },
	{ "expirydate", FIELD(EXPIRES) }, { "expirationts", FIELD(EXPIRES) },
	{ "expirets", FIELD(EXPIRES) }, { "duration", WORDS(EXPIRES) },
	{ "below", FIELD(BELOW) }, { "sourcetitle", FIELD(SOURCE_TITLE) },
	{ "sourcelookup", FIELD(SOURCE_LOOKUP) },
	{ "sourcesubdomains", FIELD(SOURCE_SUBDOMAINS) },
	{ "toids", HEADING_TO_IDS, FEED_VALUE, 0 }, { "whitelist", PASS },
	{ "whitelisted", PASS }, { "iswhitelisted", PASS },
	{ "allowlist", PASS }, { "allowlisted", PASS },
	{ "isallowlisted", PASS }, { "falsepositive", PASS },
	{ "isfalsepositive", PASS }, { "deleted", PASS }, { "revoked", PASS } };

/* Parts of headings of what is no indicator, though it looks like one. */
static const char *const nevers[] = { "imphash", "ja3", "ja4", "jarm", "ssdeep",
	"tlsh", "pehash", "vhash", "authentihash", "telfhash", "gimphash",
	"icondhash", "richhash", "permhash", "fuzzy", "fingerprint",
	"thumbprint", "cert", "x509", "serial", "registrar", "nameserver",
	"whois", "reporter", "etag", "reversedns", "rdns", "uuid", "guid",
	"transaction" };

const struct heading_pair heading_pairs[] = { { "start", "end", false },
	{ "startip", "endip", false }, { "ipstart", "ipend", false },
	{ "startipaddress", "endipaddress", false },
	{ "startaddress", "endaddress", false },
	{ "rangestart", "rangeend", false },
	{ "rangebegin", "rangeend", false }, { "ipfrom", "ipto", false },
	{ "fromip", "toip", false }, { "from", "to", false },
	{ "firstip", "lastip", false }, { "first", "last", false },
	{ "beginip", "endip", false }, { "begin", "end", false },
	{ "firstaddress", "lastaddress", false },
	{ "network", "netmask", true }, { "network", "mask", true },
	{ "network", "subnetmask", true }, { "network", "prefix", true },
	{ "network", "prefixlength", true }, { "network", "bits", true },
	{ "network", "cidr", true }, { "subnet", "netmask", true },
	{ "subnet", "mask", true }, { "ip", "netmask", true },
	{ "ip", "mask", true }, { "ip", "subnetmask", true },
	{ "ip", "prefix", true }, { "ip", "cidr", true },
	{ "ipaddress", "netmask", true }, { "ipaddress", "mask", true },
	{ "ipaddress", "subnetmask", true }, { "address", "netmask", true },
	{ "address", "mask", true }, { "address", "prefix", true },
	{ "address", "prefixlength", true }, { NULL, NULL, false } };

/* The next byte of a heading that counts, in lower case; 0 at its end. */
static char
heading_next(const char **s)
{
	char c;

	do
		c = *(*s)++;
	while (c == ' ' || c == '_' || c == '-' || c == '\t');
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
heading_same(const char *a, const char *b)
{
	char c;

	do
		if ((c = heading_next(&a)) != heading_next(&b))
			return false;
	while (c != '\0');
	return true;
}

const struct heading *
heading_of(const char *text)
{
	size_t i;

	for (i = 0; i < COUNT(headings); i++)
		if (heading_same(headings[i].name, text))
			return &headings[i];
	return NULL;
}

const struct heading *
heading_nested(const char *text)
{
	size_t n = strcspn(text, ".");
	char outer[HEADING_MAX];
	const struct heading *h;

	if (text[n] == '\0' || n >= sizeof(outer))
		return NULL;
	memcpy(outer, text, n);
	outer[n] = '\0';
	h = heading_of(outer);
	return h != NULL && h->kind == HEADING_ANY ?
	    heading_of(HEADING_WITHIN) :
	    heading_of(strrchr(text, '.') + 1);
}

size_t
heading_rank(const struct heading *h)
{
	return (size_t)(h - headings);
}

bool
heading_is_never(const char *text)
{
	char word[HEADING_MAX];
	size_t i, n = 0;

	while (n + 1 < sizeof(word) && (word[n] = heading_next(&text)) != '\0')
		n++;
	word[n] = '\0';
	for (i = 0; i < COUNT(nevers); i++)
		if (strstr(word, nevers[i]) != NULL)
			return true;
	return false;
}
