/* SPDX-License-Identifier: MIT */
/* The setters of the configuration table: text in, checked value out. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/duration.h"
#include "conf/conf.h"
#include "net/url.h"

static void *
conf_key_field(void *base, const struct conf_key *key)
{
	return (char *)base + key->offset;
}

static int __attribute__((format(printf, 2, 3)))
conf_key_refuse(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, CONF_ERROR_MAX, format, ap);
	va_end(ap);
	return -1;
}

int
conf_set_string(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	char **at = conf_key_field(base, key), *copy;

	if ((copy = strdup(value)) == NULL)
		return conf_key_refuse(why, "no memory left");
	free(*at);
	*at = copy;
	return 0;
}

int
conf_set_path(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	if (value[0] != '/')
		return conf_key_refuse(
		    why, "must be an absolute path, as in /var/…");
	return conf_set_string(base, key, value, why);
}

/* A whole number of digits (and a sign), in the range of the row. */
static int
conf_key_number(const struct conf_key *key, const char *value, long long *n,
    char **end, char *why)
{
	errno = 0;
	*n = strtoll(value, end, 10);
	if (*end == value || errno != 0 || value[0] == ' ')
		return conf_key_refuse(why,
		    "must be a number from %lld to %lld", key->min, key->max);
	return 0;
}

static int
conf_key_in_range(
    const struct conf_key *key, long long n, const char *end, char *why)
{
	if (*end != '\0' || n < key->min || n > key->max)
		return conf_key_refuse(why,
		    "must be a number from %lld to %lld", key->min, key->max);
	return 0;
}

int
conf_set_int(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	long long n;
	char *end;

	if (conf_key_number(key, value, &n, &end, why) == -1 ||
	    conf_key_in_range(key, n, end, why) == -1)
		return -1;
	*(int *)conf_key_field(base, key) = (int)n;
	return 0;
}

int
conf_set_size(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	static const char units[] = "KMG";
	const char *unit;
	long long n, factor = 1;
	char *end;

	if (conf_key_number(key, value, &n, &end, why) == -1)
		return -1;
	if (isalpha((unsigned char)*end) &&
	    (unit = strchr(units, *end & ~0x20)) != NULL) {
		factor = 1LL << (10 * (unit - units + 1));
		end++;
	}
	if (n < 0 || n > key->max / factor)
		return conf_key_refuse(why,
		    "must be a size from %lld to %lld bytes, as "
		    "in 64K or 1M",
		    key->min, key->max);
	if (conf_key_in_range(key, n * factor, end, why) == -1)
		return -1;
	*(size_t *)conf_key_field(base, key) = (size_t)(n * factor);
	return 0;
}

int
conf_set_bool(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false",
		"true", "0", "1" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(value, words[i]) == 0) {
			*(bool *)conf_key_field(base, key) = i % 2 == 1;
			return 0;
		}
	return conf_key_refuse(why, "must be yes or no");
}

int
conf_set_duration(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	int64_t seconds = 0;

	if (strcmp(value, "never") != 0 &&
	    ((seconds = duration_parse(value)) < key->min ||
		seconds > key->max))
		return conf_key_refuse(
		    why, "must be " DURATION_FORMS ", or never");
	*(int64_t *)conf_key_field(base, key) = seconds;
	return 0;
}

bool
conf_rate_parse(struct conf_rate *r, const char *text)
{
	static const struct {
		const char *name;
		int seconds;
	} units[] = { { "", 1 }, { "/second", 1 }, { "/minute", 60 },
		{ "/hour", 3600 }, { "/day", 86400 } };
	size_t i = 0;
	char *end;
	long n;

	if (!isdigit((unsigned char)text[0]))
		return false;
	n = strtol(text, &end, 10);
	while (i < sizeof(units) / sizeof(units[0]) &&
	    strcmp(end, units[i].name) != 0)
		i++;
	if (n > CONF_RATE_MOST || i == sizeof(units) / sizeof(units[0]))
		return false;
	*r = (struct conf_rate){ (int)n, units[i].seconds };
	return true;
}

int
conf_set_rate(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	struct conf_rate rate = { -1, 1 };

	if (strcmp(value, "-1") != 0 && !conf_rate_parse(&rate, value))
		return conf_key_refuse(why,
		    "must be a number from %lld to %lld, alone or with "
		    "/second, /minute, /hour or /day",
		    key->min, key->max);
	*(struct conf_rate *)conf_key_field(base, key) = rate;
	return 0;
}

int
conf_set_mode(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	size_t n = strlen(value);

	if (n < 3 || n > 4 || strspn(value, "01234567") != n ||
	    (n == 4 && value[0] != '0'))
		return conf_key_refuse(
		    why, "must be a file mode in octal, as in 0660");
	*(mode_t *)conf_key_field(base, key) = (mode_t)strtoul(value, NULL, 8);
	return 0;
}

int
conf_set_choice(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	int i, n;

	for (i = 0; key->choices[i] != NULL; i++)
		if (strcasecmp(key->choices[i], value) == 0) {
			*(int *)conf_key_field(base, key) = i;
			return 0;
		}
	n = snprintf(why, CONF_ERROR_MAX, "must be one of");
	for (i = 0; key->choices[i] != NULL && n > 0 && n < CONF_ERROR_MAX; i++)
		n += snprintf(why + n, CONF_ERROR_MAX - (size_t)n, "%s %s",
		    i == 0 ? "" : ",", key->choices[i]);
	return -1;
}

int
conf_set_list(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	static const char between[] = ", \t\r\n";
	char ***at = conf_key_field(base, key), **list;
	size_t n = 0, len;

	/* Words and blanks alternate: at most half the characters, and one. */
	if ((list = calloc(strlen(value) / 2 + 2, sizeof(*list))) == NULL)
		return conf_key_refuse(why, "no memory left");
	for (value += strspn(value, between); *value != '\0';
	     value += strspn(value, between)) {
		len = strcspn(value, between);
		if ((list[n++] = strndup(value, len)) == NULL) {
			conf_release_list(&list);
			return conf_key_refuse(why, "no memory left");
		}
		value += len;
	}
	conf_release_list(at);
	*at = list;
	return 0;
}

int
conf_set_hosts(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	char **list, url[300];
	size_t i;
	int n;

	if (conf_set_list(base, key, value, why) == -1)
		return -1;
	list = *(char ***)conf_key_field(base, key);
	for (i = 0; list[i] != NULL; i++) {
		n = snprintf(url, sizeof(url), "https://%s", list[i]);
		if (n >= (int)sizeof(url) || strchr(list[i], '/') != NULL ||
		    !url_is_base(url)) {
			snprintf(why, CONF_ERROR_MAX,
			    "\"%.100s\" is no HOST "
			    "or HOST:PORT",
			    list[i]);
			return -1;
		}
	}
	return 0;
}

int
conf_set_url(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	size_t n = strlen(value);

	if (!url_is_base(value))
		return conf_key_refuse(why,
		    "must be a URL as in https://host/path, "
		    "without user, query or fragment");
	if (conf_set_string(base, key, value, why) == -1)
		return -1;
	while (n > 0 && value[n - 1] == '/')
		n--;
	(*(char **)conf_key_field(base, key))[n] = '\0';
	return 0;
}

void
conf_release_string(void *at)
{
	char **s = at;

	free(*s);
	*s = NULL;
}

void
conf_release_list(void *at)
{
	char ***list = at;
	size_t i;

	for (i = 0; *list != NULL && (*list)[i] != NULL; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
}
