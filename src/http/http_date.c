/* SPDX-License-Identifier: MIT */
/* What stands in header fields: dates, the time to wait, safe text. */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "http/http.h"

static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday",
	"Thursday", "Friday", "Saturday" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const int month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30,
	31 };

/*
 * The three forms of RFC 9110, 5.6.7.  a, A: name of the day, short and whole;
 * d: day in two digits; e: with a blank for the first; b: month; Y: year; y:
 * its last two digits; H, M, S: time.  Anything else stands for itself.
 */
static const char *const http_date_forms[] = { "a, d b Y H:M:S GMT",
	"A, d-b-y H:M:S GMT", "a b e H:M:S Y" };

/* n digits as a number, -1 when they are not there. */
static int
http_date_digits(const char **text, int n)
{
	int value = 0;

	for (; n > 0; n--, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

/* Which of the names text begins with (len characters, 0: all), -1: none. */
static int
http_date_name(const char **text, const char *const *names, int n, size_t len)
{
	size_t k;
	int i;

	for (i = 0; i < n; i++) {
		k = len == 0 ? strlen(names[i]) : len;
		if (strncmp(*text, names[i], k) == 0) {
			*text += k;
			return i;
		}
	}
	return -1;
}

/* The year whose last digits are there: not more than 50 years ahead. */
static int
short_year(const char **text, int64_t now)
{
	struct tm tm;
	time_t t = (time_t)now;
	int year = http_date_digits(text, 2), this_year;

	if (year == -1 || gmtime_r(&t, &tm) == NULL)
		return -1;
	this_year = tm.tm_year + 1900;
	year += this_year - this_year % 100;
	if (year > this_year + 50)
		return year - 100;
	return year <= this_year - 50 ? year + 100 : year;
}

/* Two digits, the first of which may be a blank. */
static int
padded(const char **text)
{
	if (**text != ' ')
		return http_date_digits(text, 2);
	(*text)++;
	return http_date_digits(text, 1);
}

/* Reads what a letter of a form stands for; -1 when it is not there. */
static int
http_date_field(char letter, const char **text, struct tm *tm, int64_t now)
{
	switch (letter) {
	case 'a':
		return http_date_name(text, days, 7, 3);
	case 'A':
		return http_date_name(text, days, 7, 0);
	case 'd':
		return tm->tm_mday = http_date_digits(text, 2);
	case 'e':
		return tm->tm_mday = padded(text);
	case 'b':
		return tm->tm_mon = http_date_name(text, months, 12, 3);
	case 'Y':
		return tm->tm_year = http_date_digits(text, 4);
	case 'y':
		return tm->tm_year = short_year(text, now);
	case 'H':
		return tm->tm_hour = http_date_digits(text, 2);
	case 'M':
		return tm->tm_min = http_date_digits(text, 2);
	case 'S':
		return tm->tm_sec = http_date_digits(text, 2);
	default:
		return *(*text)++ == letter ? 0 : -1;
	}
}

/* Whether there is such a time; a minute may have a leap second. */
static bool
possible(const struct tm *tm)
{
	return tm->tm_mday >= 1 && tm->tm_mday <= month_days[tm->tm_mon] &&
	    tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec <= 60;
}

/* A date of one form in seconds since 1970; false when it is none. */
static bool
date(const char *form, const char *text, int64_t now, int64_t *seconds)
{
	struct tm tm = { 0 };

	/* "GMT" stands for itself, though M alone is minutes. */
	for (; *form != '\0' && strcmp(form, "GMT") != 0; form++)
		if (http_date_field(*form, &text, &tm, now) == -1)
			return false;
	if (strcmp(text, form) != 0 || !possible(&tm))
		return false;
	tm.tm_year -= 1900;
	*seconds = (int64_t)timegm(&tm);
	return true;
}

/* Seconds from now to milliseconds; what is past is 0. */
static int64_t
milliseconds(int64_t seconds)
{
	if (seconds > HTTP_RETRY_MAX / 1000)
		return HTTP_RETRY_MAX;
	return seconds > 0 ? seconds * 1000 : 0;
}

/* A number of seconds; -1 when text is none. */
static int64_t
delay(const char *text)
{
	int64_t n = 0;

	for (; isdigit((unsigned char)*text); text++)
		if (n < HTTP_RETRY_MAX)
			n = n * 10 + (*text - '0');
	return *text == '\0' ? n : -1;
}

int64_t
http_retry_after(const char *text, int64_t now)
{
	char trimmed[64];
	int64_t seconds;
	size_t n, i;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	if (n == 0 || n >= sizeof(trimmed))
		return -1;
	memcpy(trimmed, text, n);
	trimmed[n] = '\0';
	if ((seconds = delay(trimmed)) != -1)
		return milliseconds(seconds);
	for (i = 0; i < sizeof(http_date_forms) / sizeof(http_date_forms[0]);
	     i++)
		if (date(http_date_forms[i], trimmed, now, &seconds))
			return milliseconds(seconds - now);
	return -1;
}

bool
http_header_safe(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}
