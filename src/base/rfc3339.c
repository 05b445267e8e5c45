/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/rfc3339.h"

static void
put_two(char *at, unsigned n)
{
	assert(n < 100);
	at[0] = (char)('0' + n / 10);
	at[1] = (char)('0' + n % 10);
}

void
rfc3339_text(char text[RFC3339_MAX], int64_t seconds)
{
	int64_t era, year;
	unsigned day_of_era, year_of_era, day, month, n;

	if (seconds < 0)
		seconds = 0;
	if (seconds > RFC3339_LAST)
		seconds = RFC3339_LAST;
	/*
	 * Days to a date in the Gregorian calendar, counted in eras of 400
	 * years that begin on the first of March, so that leap days come last.
	 * gmtime_r(3) takes a lock for all threads, and an answer can hold
	 * thousands of times.
	 */
	day = (unsigned)(seconds / 86400) + 719468;
	era = day / 146097;
	day_of_era = day % 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			  day_of_era / 146096) /
	    365;
	day = day_of_era -
	    (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	month = month < 10 ? month + 3 : month - 9;
	year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
	n = (unsigned)(seconds % 86400);
	memcpy(text, "0000-00-00T00:00:00Z", 21);
	put_two(text, (unsigned)year / 100);
	put_two(text + 2, (unsigned)year % 100);
	put_two(text + 5, month);
	put_two(text + 8, day + 1);
	put_two(text + 11, n / 3600);
	put_two(text + 14, n / 60 % 60);
	put_two(text + 17, n % 60);
}

int
rfc3339_milli(char text[RFC3339_MAX], int64_t ms)
{
	if (ms < 0 || ms > RFC3339_LAST * 1000)
		return -1;
	rfc3339_text(text, ms / 1000);
	snprintf(
	    strchr(text, 'Z'), sizeof(".000Z"), ".%03dZ", (int)(ms % 1000));
	return 0;
}

/* Two digits at *s, moved on; -1 when there are none. */
static int
two(const char **s)
{
	int n;

	if ((*s)[0] < '0' || (*s)[0] > '9' || (*s)[1] < '0' || (*s)[1] > '9')
		return -1;
	n = ((*s)[0] - '0') * 10 + (*s)[1] - '0';
	*s += 2;
	return n;
}

/* "Z", "+02:00", "+0200" or nothing: seconds east of UTC; -1 in *ok if bad. */
static long
zone(const char **s, int *ok)
{
	int sign, hours, minutes;

	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		return 0;
	}
	if (**s != '+' && **s != '-')
		return 0;
	sign = *(*s)++ == '-' ? -1 : 1;
	hours = two(s);
	if (**s == ':')
		(*s)++;
	minutes = two(s);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		*ok = -1;
	return sign * (hours * 3600L + minutes * 60L);
}

int
rfc3339_again(char text[RFC3339_MAX], const char *given, int digits)
{
	int64_t seconds = rfc3339_parse(given);
	const char *fraction = strchr(given, '.');
	int there = 0, i;
	char *p;

	if (seconds == -1)
		return -1;
	rfc3339_text(text, seconds);
	if (fraction != NULL)
		there = (int)strspn(++fraction, "0123456789");
	if (digits == -1)
		digits = there > 9 ? 9 : there;
	if (digits > 0) {
		p = strchr(text, 'Z');
		*p++ = '.';
		for (i = 0; i < digits; i++)
			*p++ = i < there ? fraction[i] : '0';
		*p++ = 'Z';
		*p = '\0';
	}
	return 0;
}

int64_t
rfc3339_parse(const char *s)
{
	struct tm tm = { 0 };
	int century, year, month, ok = 0;
	long east = 0;
	time_t t;

	century = two(&s);
	if (century < 0 || (year = two(&s)) < 0 || *s++ != '-' ||
	    (month = two(&s)) < 1 || month > 12 || *s++ != '-' ||
	    (tm.tm_mday = two(&s)) < 1 || tm.tm_mday > 31)
		return -1;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon = month - 1;
	if (*s == 'T' || *s == 't' || *s == ' ') {
		s++;
		if ((tm.tm_hour = two(&s)) < 0 || tm.tm_hour > 23 ||
		    *s++ != ':' || (tm.tm_min = two(&s)) < 0 || tm.tm_min > 59)
			return -1;
		if (*s == ':') {
			s++;
			if ((tm.tm_sec = two(&s)) < 0 || tm.tm_sec > 60)
				return -1;
		}
		if (*s == '.')
			s += 1 + strspn(s + 1, "0123456789");
		east = zone(&s, &ok);
	}
	/* "… UTC", as abuse.ch's feeds end their times. */
	if (strcasecmp(s, " UTC") == 0)
		s += strlen(s);
	if (ok == -1 || *s != '\0')
		return -1;
	if (tm.tm_sec == 60) /* a leap second; POSIX time has none */
		tm.tm_sec = 59;
	month = tm.tm_mon;
	if ((t = timegm(&tm)) == -1 || tm.tm_mon != month)
		return -1; /* the 31st of a month that has 30 days */
	t -= east;
	return t < 0 || (int64_t)t > RFC3339_LAST ? -1 : (int64_t)t;
}
