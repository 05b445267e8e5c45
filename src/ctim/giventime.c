/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctim/giventime.h"

#define GIVEN_MAX 64   /* bytes of a time, with the NUL */
#define MILLI     1e11 /* numbers above are milliseconds */
#define MICRO     INT64_C(1000000)
#define DIGITS    6 /* of a fraction that is counted with */

/* Copies a time without blanks around it and at most one inside; false when it
 * is too long for one. */
static bool
given_trim(char out[GIVEN_MAX], const char *given)
{
	size_t n;

	given += strspn(given, " \t\r\n");
	n = strlen(given);
	while (n > 0 && strchr(" \t\r\n", given[n - 1]) != NULL)
		n--;
	/* Room for the minutes of a zone. */
	if (n == 0 || n > GIVEN_MAX - 3)
		return false;
	memcpy(out, given, n);
	out[n] = '\0';
	return true;
}

/* Writes a zone anew as RFC 3339 has it, in place; behind the time of day. */
static void
given_zone(char *zone)
{
	size_t blanks = strspn(zone, " ");

	if (zone[blanks] == '\0')
		return;
	memmove(zone, zone + blanks, strlen(zone + blanks) + 1);
	if (strcasecmp(zone, "UTC") == 0 || strcasecmp(zone, "GMT") == 0)
		memcpy(zone, "Z", 2);
	else if ((*zone == '+' || *zone == '-') && strlen(zone) == 3)
		memcpy(zone + 3, "00", 3);
}

/* Digits alone, perhaps with a fraction, as many as seconds or milliseconds since
 * 1970 have: a date without its hyphens has eight. */
static bool
given_is_number(const char *s)
{
	size_t n = strspn(s, "0123456789");
	const char *rest = s + n;

	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	return *rest == '\0' && (n == 9 || n == 10 || n == 12 || n == 13);
}

int
giventime_number(char out[RFC3339_MAX], double given)
{
	if (given > MILLI)
		given /= 1000;
	/* Not for what is no number either. */
	if (!(given >= 0 && given <= (double)RFC3339_LAST))
		return -1;
	rfc3339_text(out, (int64_t)given);
	return 0;
}

int
giventime_text(char out[RFC3339_MAX], const char *given)
{
	char text[GIVEN_MAX], *s;

	if (!given_trim(text, given))
		return -1;
	if (given_is_number(text))
		return giventime_number(out, strtod(text, NULL));
	/* 2020-04-16 has ten, and behind its T or blank is the time of day. */
	if (strlen(text) > 11) {
		s = text + 11 + strspn(text + 11, "0123456789:");
		if (*s == ',')
			*s = '.';
		if (*s == '.')
			s += 1 + strspn(s + 1, "0123456789");
		given_zone(s);
	}
	return rfc3339_again(out, text, -1);
}

int
giventime_end(char out[RFC3339_MAX], const char *given)
{
	char text[GIVEN_MAX];
	int i, year = 0;

	if (giventime_text(out, given) == 0)
		return 0;
	if (!given_trim(text, given))
		return -1;
	for (i = 0; i < 4 && isdigit((unsigned char)text[i]); i++)
		year = year * 10 + text[i] - '0';
	/* A leap year, too, in which any date may be. */
	memcpy(text, "2524", i == 4 ? 4 : 0);
	if (year < 2525 || giventime_text(out, text) == -1)
		return -1;
	rfc3339_text(out, RFC3339_LAST);
	return 0;
}

/* Millionths of a second of a time. */
static int64_t
given_fraction(const char *time)
{
	const char *s = strchr(time, '.');
	int64_t n = 0;
	int i;

	if (s == NULL)
		return 0;
	for (s++, i = 0; i < DIGITS; i++)
		n = n * 10 + (isdigit((unsigned char)*s) ? *s++ - '0' : 0);
	return n;
}

int
giventime_after(
    char out[RFC3339_MAX], const char *time, double days, double seconds)
{
	const double far = (double)RFC3339_LAST;
	double more = days * 86400 + seconds;
	int64_t micro;
	char *end;

	if (!(more < far && more > -far)) {
		rfc3339_text(out, RFC3339_LAST);
		return more > 0 ? 0 : -1;
	}
	micro = rfc3339_parse(time) * MICRO + given_fraction(time) +
	    (int64_t)(more * (double)MICRO + (more < 0 ? -0.5 : 0.5));
	if (micro < 0)
		return -1;
	if (micro > RFC3339_LAST * MICRO)
		micro = RFC3339_LAST * MICRO;
	rfc3339_text(out, micro / MICRO);
	if (strchr(time, '.') == NULL && micro % MICRO == 0)
		return 0;
	end = strchr(out, 'Z');
	(void)snprintf(end, (size_t)(out + RFC3339_MAX - end), ".%06dZ",
	    (int)(micro % MICRO));
	return 0;
}

int
giventime_compare(const char *a, const char *b)
{
	/* "2020-04-16T00:00:00" is the same in all; behind it a fraction or Z,
	 * which comes behind digits and the point. */
	int n = strncmp(a, b, 19);

	if (n != 0)
		return n;
	a += 19;
	b += 19;
	while (*a == *b && *a != '\0') {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	/* Where one has ended, the other goes on with digits: noughts may. */
	if (*a == 'Z' || *a == '\0')
		return b[strspn(b, ".0")] == 'Z' ? 0 : -1;
	if (*b == 'Z' || *b == '\0')
		return a[strspn(a, ".0")] == 'Z' ? 0 : 1;
	return *a < *b ? -1 : 1;
}
