/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "ctim/indicator.h"
#include "ctim/indicator_part.h"
#include "net/url.h"

#define DOMAIN_MAX 253 /* bytes; RFC 1035 section 3.1, as text */
#define LABEL_MAX  63
#define LOCAL_MAX  64 /* of an e-mail address; RFC 5321 4.5.3.1.1 */

/* Whether a lower-case host is a domain: labels of letters, digits, hyphens
 * (not at their ends) and the underscores that DNS names have in practice, at
 * least two of them, and the last no number. */
static bool
is_domain(const char *s)
{
	size_t n, i;
	int labels = 0;
	bool number = true;

	if (strlen(s) > DOMAIN_MAX)
		return false;
	for (;; s += n + 1) {
		n = strcspn(s, ".");
		if (n == 0 || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-')
			return false;
		for (number = true, i = 0; i < n; i++) {
			if (!indicator_is_digit(s[i]))
				number = false;
			if (!indicator_is_digit(s[i]) &&
			    (s[i] < 'a' || s[i] > 'z') && s[i] != '-' &&
			    s[i] != '_')
				return false;
		}
		labels++;
		if (s[n] == '\0')
			return labels >= 2 && !number;
	}
}

static int
domain(const char *value, char out[INDICATOR_MAX + 1])
{
	size_t i, n = strlen(value);
	bool ascii = true;

	if (n > 1 && value[n - 1] == '.')
		n--;
	for (i = 0; i < n; i++) {
		out[i] = indicator_lower(value[i]);
		if ((unsigned char)value[i] >= 0x80)
			ascii = false;
	}
	out[n] = '\0';
	if (!ascii && url_punycode(value, out, INDICATOR_MAX + 1) == -1)
		return -1;
	return is_domain(out) ? 0 : -1;
}

static int
email(const char *value, char out[INDICATOR_MAX + 1])
{
	const char *at = strrchr(value, '@');
	char host[INDICATOR_MAX + 1];
	size_t n;

	if (at == NULL || at == value || at - value > LOCAL_MAX ||
	    memchr(value, '@', (size_t)(at - value)) != NULL ||
	    domain(at + 1, host) == -1)
		return -1;
	n = (size_t)(at + 1 - value);
	if (n + strlen(host) > INDICATOR_MAX)
		return -1;
	memcpy(out, value, n);
	memcpy(out + n, host, strlen(host) + 1);
	return 0;
}

static int
hash(const char *value, size_t digits, char out[INDICATOR_MAX + 1])
{
	size_t i;

	for (i = 0; i <= digits; i++) {
		out[i] = indicator_lower(value[i]);
		if (!indicator_is_digit(out[i]) &&
		    (out[i] < 'a' || out[i] > 'f'))
			break;
	}
	return i == digits && value[i] == '\0' ? 0 : -1;
}

static int
md5(const char *value, char out[INDICATOR_MAX + 1])
{
	return hash(value, 32, out);
}

static int
sha1(const char *value, char out[INDICATOR_MAX + 1])
{
	return hash(value, 40, out);
}

static int
sha256(const char *value, char out[INDICATOR_MAX + 1])
{
	return hash(value, 64, out);
}

/* The name of a machine need be no domain: only its case means nothing. */
static int
hostname(const char *value, char out[INDICATOR_MAX + 1])
{
	for (; *value != '\0'; value++)
		*out++ = indicator_lower(*value);
	*out = '\0';
	return 0;
}

/* Each takes a mended value; those of INDICATOR_TYPES have one. */
static int (*const normalisers[OBSERVABLE_TYPES])(
    const char *, char[INDICATOR_MAX + 1]) = { [OBSERVABLE_DOMAIN] = domain,
	[OBSERVABLE_EMAIL] = email,
	[OBSERVABLE_IP] = indicator_address_ip,
	[OBSERVABLE_IPV6] = indicator_address_ipv6,
	[OBSERVABLE_MD5] = md5,
	[OBSERVABLE_SHA1] = sha1,
	[OBSERVABLE_SHA256] = sha256,
	[OBSERVABLE_URL] = indicator_url,
	[OBSERVABLE_HOSTNAME] = hostname };

bool
indicator_type(int type)
{
	return type >= 0 && type < OBSERVABLE_TYPES &&
	    (INDICATOR_TYPES & OBSERVABLE_BIT(type)) != 0;
}

/* The one type that a mended value can be, from the characters it has. */
static enum observable_type
guess(const char *s)
{
	size_t n = strlen(s), hex;
	bool slash, colon;

	if (strstr(s, "://") != NULL)
		return OBSERVABLE_URL;
	if (strchr(s, '@') != NULL)
		return OBSERVABLE_EMAIL;
	slash = strchr(s, '/') != NULL;
	colon = strchr(s, ':') != NULL;
	if (colon)
		return OBSERVABLE_IPV6;
	if (slash || strspn(s, "0123456789.") == n)
		return OBSERVABLE_IP;
	hex = strspn(s, "0123456789abcdefABCDEF");
	if (hex == n && n == 32)
		return OBSERVABLE_MD5;
	if (hex == n && n == 40)
		return OBSERVABLE_SHA1;
	if (hex == n && n == 64)
		return OBSERVABLE_SHA256;
	return OBSERVABLE_DOMAIN;
}

enum observable_type
indicator_detect(const char *value, char out[INDICATOR_MAX + 1])
{
	char room[INDICATOR_MAX + 1];
	const char *mended = indicator_mend(value, room);
	enum observable_type type;

	if (mended == NULL)
		return OBSERVABLE_UNKNOWN;
	type = guess(mended);
	return normalisers[type](mended, out) == 0 ? type : OBSERVABLE_UNKNOWN;
}

/* The value of a type that has no normal form, without blanks around it: others
 * may be part of it. */
static int
indicator_as_is(const char *value, char out[INDICATOR_MAX + 1])
{
	size_t i, n;

	value += strspn(value, " ");
	for (n = strlen(value); n > 0 && value[n - 1] == ' ';)
		n--;
	if (n == 0 || n > INDICATOR_MAX || !utf8_valid(value, n))
		return -1;
	for (i = 0; i < n; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return -1;
	memcpy(out, value, n);
	out[n] = '\0';
	return 0;
}

int
indicator_normalise(
    enum observable_type type, const char *value, char out[INDICATOR_MAX + 1])
{
	char room[INDICATOR_MAX + 1];
	const char *mended;

	/* Most that is asked for; what follows comes to the same. */
	if (type == OBSERVABLE_IP && indicator_address_is_plain(value)) {
		(void)stpcpy(out, value);
		return 0;
	}
	if ((int)type < 0 || type >= OBSERVABLE_TYPES)
		return -1;
	if (!indicator_type((int)type))
		return indicator_as_is(value, out);
	if ((mended = indicator_mend(value, room)) == NULL)
		return -1;
	return normalisers[type](mended, out);
}

enum observable_type
indicator_url_host(const char *value, char out[INDICATOR_MAX + 1])
{
	char host[INDICATOR_MAX + 1];
	enum observable_type type;

	if (url_host(value, host, sizeof(host)) == -1)
		return OBSERVABLE_UNKNOWN;
	type = guess(host);
	switch (type) {
	case OBSERVABLE_DOMAIN:
	case OBSERVABLE_IP:
	case OBSERVABLE_IPV6:
		return normalisers[type](host, out) == 0 ? type :
							   OBSERVABLE_UNKNOWN;
	default:
		return OBSERVABLE_UNKNOWN;
	}
}

const char *
indicator_parent(const char *value)
{
	const char *dot = strchr(value, '.');

	return dot == NULL ? NULL : dot + 1;
}
