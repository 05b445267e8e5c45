#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/rfc3339.h"
#include "base/utf8.h"
#include "cli/feed/feed_row.h"
#include "ctim/ctim.h"
#include "ctim/indicator.h"
#include "store/store_write.h"

#define SHOWN    60 /* code points of a value in a reason */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct feed_name feed_names[] = { { "value", FEED_VALUE, 0 },
	{ "indicator", FEED_VALUE, 0 }, { "ioc", FEED_VALUE, 0 },
	{ "ioc_value", FEED_VALUE, 0 }, { "observable", FEED_VALUE, 0 },
	{ "url", FEED_VALUE, 1 }, { "domain", FEED_VALUE, 2 },
	{ "host", FEED_VALUE, 2 }, { "hostname", FEED_VALUE, 2 },
	{ "fqdn", FEED_VALUE, 2 }, { "ip", FEED_VALUE, 3 },
	{ "ip_address", FEED_VALUE, 3 }, { "ipaddress", FEED_VALUE, 3 },
	{ "dst_ip", FEED_VALUE, 3 }, { "dstip", FEED_VALUE, 3 },
	{ "src_ip", FEED_VALUE, 3 }, { "ipv4", FEED_VALUE, 3 },
	{ "ipv6", FEED_VALUE, 3 }, { "cidr", FEED_VALUE, 3 },
	{ "network", FEED_VALUE, 3 }, { "sha256", FEED_VALUE, 4 },
	{ "sha256_hash", FEED_VALUE, 4 }, { "sha1", FEED_VALUE, 4 },
	{ "sha1_hash", FEED_VALUE, 4 }, { "md5", FEED_VALUE, 4 },
	{ "md5_hash", FEED_VALUE, 4 }, { "hash", FEED_VALUE, 4 },
	{ "email", FEED_VALUE, 5 }, { "email_address", FEED_VALUE, 5 },
	{ "type", FEED_TYPE, 0 }, { "ioc_type", FEED_TYPE, 0 },
	{ "indicator_type", FEED_TYPE, 0 }, { "observable_type", FEED_TYPE, 0 },
	{ "disposition", FEED_DISPOSITION, 0 },
	{ "disposition_name", FEED_DISPOSITION, 0 },
	{ "severity", FEED_SEVERITY, 0 }, { "confidence", FEED_CONFIDENCE, 0 },
	{ "confidence_level", FEED_CONFIDENCE, 0 }, { "tlp", FEED_TLP, 0 },
	{ "priority", FEED_PRIORITY, 0 }, { "reason", FEED_REASON, 0 },
	{ "comment", FEED_REASON, 0 }, { "description", FEED_REASON, 0 },
	{ "malware_printable", FEED_REASON, 0 }, { "malware", FEED_REASON, 0 },
	{ "signature", FEED_REASON, 0 }, { "threat", FEED_REASON, 0 },
	{ "threat_type", FEED_REASON, 0 }, { "listingreason", FEED_REASON, 0 },
	{ "tags", FEED_REASON, 0 }, { "first_seen", FEED_FIRST_SEEN, 0 },
	{ "first_seen_utc", FEED_FIRST_SEEN, 0 },
	{ "firstseen", FEED_FIRST_SEEN, 0 },
	{ "dateadded", FEED_FIRST_SEEN, 0 },
	{ "date_added", FEED_FIRST_SEEN, 0 },
	{ "listingdate", FEED_FIRST_SEEN, 0 },
	{ "last_seen", FEED_LAST_SEEN, 0 },
	{ "last_seen_utc", FEED_LAST_SEEN, 0 },
	{ "lastseen", FEED_LAST_SEEN, 0 }, { "last_online", FEED_LAST_SEEN, 0 },
	{ "count", FEED_COUNT, 0 }, { "sightings", FEED_COUNT, 0 },
	{ "hits", FEED_COUNT, 0 }, { "expires", FEED_EXPIRES, 0 },
	{ "expiration", FEED_EXPIRES, 0 }, { "valid_until", FEED_EXPIRES, 0 },
	{ NULL, FEED_FIELDS, 0 } };

/* The names of the types in feeds, beside those of CTIM.  The second type is
 * tried when the value is not of the first: "ip" is often both families. */
static const struct {
	const char *name;
	enum observable_type type, other;
	bool port; /* cut a ":443" behind the value off */
} type_names[] = { { "domain", OBSERVABLE_DOMAIN, OBSERVABLE_DOMAIN, false },
	{ "domain-name", OBSERVABLE_DOMAIN, OBSERVABLE_DOMAIN, false },
	{ "hostname", OBSERVABLE_DOMAIN, OBSERVABLE_DOMAIN, false },
	{ "host", OBSERVABLE_DOMAIN, OBSERVABLE_IP, false },
	{ "fqdn", OBSERVABLE_DOMAIN, OBSERVABLE_DOMAIN, false },
	{ "email", OBSERVABLE_EMAIL, OBSERVABLE_EMAIL, false },
	{ "email-addr", OBSERVABLE_EMAIL, OBSERVABLE_EMAIL, false },
	{ "email-src", OBSERVABLE_EMAIL, OBSERVABLE_EMAIL, false },
	{ "ip", OBSERVABLE_IP, OBSERVABLE_IPV6, false },
	{ "ipv4", OBSERVABLE_IP, OBSERVABLE_IP, false },
	{ "ipv4-addr", OBSERVABLE_IP, OBSERVABLE_IP, false },
	{ "ip-src", OBSERVABLE_IP, OBSERVABLE_IPV6, false },
	{ "ip-dst", OBSERVABLE_IP, OBSERVABLE_IPV6, false },
	{ "ip:port", OBSERVABLE_IP, OBSERVABLE_IP, true },
	{ "cidr", OBSERVABLE_IP, OBSERVABLE_IPV6, false },
	{ "network", OBSERVABLE_IP, OBSERVABLE_IPV6, false },
	{ "ipv6", OBSERVABLE_IPV6, OBSERVABLE_IPV6, false },
	{ "ipv6-addr", OBSERVABLE_IPV6, OBSERVABLE_IPV6, false },
	{ "md5", OBSERVABLE_MD5, OBSERVABLE_MD5, false },
	{ "md5_hash", OBSERVABLE_MD5, OBSERVABLE_MD5, false },
	{ "filehash-md5", OBSERVABLE_MD5, OBSERVABLE_MD5, false },
	{ "sha1", OBSERVABLE_SHA1, OBSERVABLE_SHA1, false },
	{ "sha1_hash", OBSERVABLE_SHA1, OBSERVABLE_SHA1, false },
	{ "filehash-sha1", OBSERVABLE_SHA1, OBSERVABLE_SHA1, false },
	{ "sha256", OBSERVABLE_SHA256, OBSERVABLE_SHA256, false },
	{ "sha256_hash", OBSERVABLE_SHA256, OBSERVABLE_SHA256, false },
	{ "filehash-sha256", OBSERVABLE_SHA256, OBSERVABLE_SHA256, false },
	{ "url", OBSERVABLE_URL, OBSERVABLE_URL, false },
	{ "uri", OBSERVABLE_URL, OBSERVABLE_URL, false } };

int
feed_skip(const struct feed_sink *sink, uint64_t line, const char *reason,
    const char *format, ...)
{
	char why[512];
	va_list ap;

	if (format == NULL)
		return sink->skipped(sink->arg, line, reason, reason);
	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	return sink->skipped(sink->arg, line, reason, why);
}

void
feed_note(const struct feed_sink *sink, const char *format, ...)
{
	char text[512];
	va_list ap;

	if (sink->note == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	sink->note(sink->arg, text);
}

int
feed_name_is(const char *column, size_t n, const char *usual)
{
	size_t i;
	char c;

	if (strlen(usual) != n)
		return 0;
	for (i = 0; i < n; i++) {
		c = column[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == ' ' || c == '-')
			c = '_';
		if (c != usual[i])
			return 0;
	}
	return 1;
}

int
feed_field(const char *name)
{
	static const char *const names[FEED_FIELDS] = { [FEED_VALUE] = "value",
		[FEED_TYPE] = "type",
		[FEED_DISPOSITION] = "disposition",
		[FEED_SEVERITY] = "severity",
		[FEED_CONFIDENCE] = "confidence",
		[FEED_TLP] = "tlp",
		[FEED_PRIORITY] = "priority",
		[FEED_REASON] = "reason",
		[FEED_FIRST_SEEN] = "first_seen",
		[FEED_LAST_SEEN] = "last_seen",
		[FEED_COUNT] = "count",
		[FEED_EXPIRES] = "expires" };
	int i;

	for (i = 0; i < FEED_FIELDS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
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

static int64_t
feed_row_disposition(const char *s)
{
	int64_t n = whole(s);

	return n >= CTIM_CLEAN && n <= CTIM_UNKNOWN ? n : ctim_disposition(s);
}

static int64_t
feed_row_severity(const char *s)
{
	return ctim_severity(s);
}

/* Reads a name, or 0 to 100 by STIX 2.1 appendix A ("None / Low / Med /
 * High"). */
static int64_t
confidence(const char *s)
{
	int64_t n = whole(s);

	if (n == -1 || n > 100)
		return strcasecmp(s, "Med") == 0 ? CTIM_SEVERITY_MEDIUM :
						   ctim_confidence(s);
	return n == 0 ? CTIM_SEVERITY_NONE :
	    n < 30    ? CTIM_SEVERITY_LOW :
	    n < 70    ? CTIM_SEVERITY_MEDIUM :
			CTIM_SEVERITY_HIGH;
}

static int64_t
tlp(const char *s)
{
	if (strncasecmp(s, "tlp:", 4) == 0)
		s += 4;
	return ctim_tlp_given(s);
}

static int64_t
priority(const char *s)
{
	int64_t n = whole(s);

	return n <= STORE_PRIORITY ? n : -1;
}

/* Reads a time as text, or as seconds or milliseconds since 1970. */
static int64_t
when(const char *s)
{
	int64_t n = whole(s);

	if (n == -1)
		return rfc3339_parse(s);
	if (n > RFC3339_LAST)
		n /= 1000;
	return n <= RFC3339_LAST ? n : -1;
}

/* Reads "never", or a time.  The beginning of time is neither: feeds write it
 * for "not known", too, which must not become never, nor remove the entry. */
static int64_t
feed_row_expiry(const char *s)
{
	int64_t n;

	if (strcasecmp(s, "never") == 0)
		return 0;
	return (n = when(s)) == 0 ? -1 : n;
}

/*
 * The readers of the fields but value, type and reason.  An entry with a
 * judgement that we cannot read is skipped; one with times that we cannot read
 * is better kept without them.
 */
static const struct {
	enum feed_field field;
	int64_t (*read)(const char *);
	const char *must; /* the error; NULL: the field is left away */
} readers[] = { { FEED_DISPOSITION, feed_row_disposition,
		    "disposition is not Clean, Malicious, Suspicious, Common "
		    "or Unknown" },
	{ FEED_SEVERITY, feed_row_severity,
	    "severity is not Unknown, None, Info, Low, Medium, High or "
	    "Critical" },
	{ FEED_CONFIDENCE, confidence,
	    "confidence is not Unknown, None, Info, Low, Medium, High or 0 to "
	    "100" },
	{ FEED_TLP, tlp, "tlp is not white, green, amber or red" },
	{ FEED_PRIORITY, priority, "priority is not 0 to 100" },
	{ FEED_FIRST_SEEN, when, NULL }, { FEED_LAST_SEEN, when, NULL },
	{ FEED_COUNT, whole, NULL },
	{ FEED_EXPIRES, feed_row_expiry,
	    "expires is no time after 1970-01-01T00:00:00Z, nor never" } };

/* Reads the fields into n[].  Returns NULL, or the reason why not. */
static const char *
read_fields(const struct feed_row *row, int64_t n[FEED_FIELDS])
{
	const char *text;
	size_t i;

	for (i = 0; i < FEED_FIELDS; i++)
		n[i] = -1;
	for (i = 0; i < COUNT(readers); i++) {
		text = row->text[readers[i].field];
		if (text == NULL || *text == '\0')
			continue;
		n[readers[i].field] = readers[i].read(text);
		if (n[readers[i].field] == -1 && readers[i].must != NULL)
			return readers[i].must;
	}
	return NULL;
}

/* Writes the reason as one line of bounded length; returns NULL when nothing is
 * left. */
static const char *
read_reason(const char *text, char out[STORE_REASON * 4 + 1])
{
	size_t n;

	if (text == NULL || *text == '\0')
		return NULL;
	n = utf8_cut(text, STORE_REASON);
	memcpy(out, text, n);
	out = utf8_line(out, n);
	return *out == '\0' ? NULL : out;
}

/* Writes the normal form of the value, and returns its type: that of the feed,
 * or the one that the value shows.  Returns OBSERVABLE_UNKNOWN when the value
 * is not of the type. */
static enum observable_type
read_value(const char *value, const char *type, char out[INDICATOR_MAX + 1])
{
	char host[INDICATOR_MAX + 1];
	size_t i, n;

	if (type == NULL || *type == '\0')
		return indicator_detect(value, out);
	for (i = 0; i < COUNT(type_names); i++)
		if (strcasecmp(type_names[i].name, type) == 0)
			break;
	if (i == COUNT(type_names))
		return OBSERVABLE_UNKNOWN;
	if (type_names[i].port) {
		n = strcspn(value, ":");
		if (n > INDICATOR_MAX)
			return OBSERVABLE_UNKNOWN;
		memcpy(host, value, n);
		host[n] = '\0';
		value = host;
	}
	if (indicator_normalise(type_names[i].type, value, out) == 0)
		return type_names[i].type;
	if (indicator_normalise(type_names[i].other, value, out) == 0)
		return type_names[i].other;
	return OBSERVABLE_UNKNOWN;
}

static int
skip_value(const struct feed_sink *sink, uint64_t line, const char *value,
    const char *type)
{
	int n = (int)utf8_cut(value, SHOWN);

	if (type == NULL || *type == '\0')
		return feed_skip(sink, line, "it is no indicator",
		    "\"%.*s\"%s is no indicator", n, value,
		    value[n] == '\0' ? "" : "…");
	return feed_skip(sink, line, "it is no indicator of its type",
	    "\"%.*s\"%s is no indicator of type \"%.*s\"", n, value,
	    value[n] == '\0' ? "" : "…", (int)utf8_cut(type, SHOWN), type);
}

static bool
all_utf8(const struct feed_row *row)
{
	size_t i;

	for (i = 0; i < row->n_values; i++)
		if (!utf8_valid(row->values[i], strlen(row->values[i])))
			return false;
	for (i = 0; i < FEED_FIELDS; i++)
		if (row->text[i] != NULL &&
		    !utf8_valid(row->text[i], strlen(row->text[i])))
			return false;
	return true;
}

int
feed_row_emit(
    const struct feed_row *row, uint64_t line, const struct feed_sink *sink)
{
	struct feed_entry e;
	int64_t n[FEED_FIELDS];
	char value[INDICATOR_MAX + 1];
	char reason[STORE_REASON * 4 + 1];
	const char *why, *type = row->text[FEED_TYPE];
	size_t i, values = 0;
	int r = 0;

	if (!all_utf8(row))
		return feed_skip(sink, line, "it is not UTF-8", NULL);
	if ((why = read_fields(row, n)) != NULL)
		return feed_skip(sink, line, why, NULL);
	e = (struct feed_entry){ .reason = read_reason(
				     row->text[FEED_REASON], reason),
		.disposition = (int)n[FEED_DISPOSITION],
		.severity = (int)n[FEED_SEVERITY],
		.confidence = (int)n[FEED_CONFIDENCE],
		.tlp = (int)n[FEED_TLP],
		.priority = (int)n[FEED_PRIORITY],
		.first_seen = n[FEED_FIRST_SEEN] == -1 ? 0 : n[FEED_FIRST_SEEN],
		.last_seen = n[FEED_LAST_SEEN] == -1 ? 0 : n[FEED_LAST_SEEN],
		.count = n[FEED_COUNT] == -1 ? 0 : n[FEED_COUNT],
		.expires = n[FEED_EXPIRES] };
	for (i = 0; i < row->n_values && r == 0; i++) {
		if (row->values[i][0] == '\0')
			continue;
		values++;
		e.type = read_value(row->values[i], type, value);
		e.value = value;
		r = e.type == OBSERVABLE_UNKNOWN ?
		    skip_value(sink, line, row->values[i], type) :
		    sink->entry(sink->arg, line, &e);
	}
	return values == 0 ? feed_skip(sink, line, "it has no value", NULL) : r;
}
