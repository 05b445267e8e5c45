/* SPDX-License-Identifier: MIT */
/*
 * The secret key: whoever guesses it makes tokens.
 *
 * Whether a text is random cannot be seen, but what people type instead can: few
 * different characters, something repeated, a row of the alphabet or of the
 * keyboard, words.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/jwt/keyfile.h"
#include "conf/conf.h"

#define DIFFERENT \
	10 /* characters of a random key of 32 hex digits;
				 * fewer come once in 10,000 */
#define REST \
	16                /* characters that must be left without words
				 * and rows */
#define RUN           4   /* a row of so many is no chance */
#define GOOD          64  /* characters of the keys that we make */
#define KEY_SHOWN_MAX 256 /* characters that are looked at */

static const char *const doctor_key_words[] = { "password", "passwort",
	"passw0rd", "passphrase", "secret", "changeme", "change", "please",
	"default", "example", "sample", "demo", "admin", "administrator",
	"root", "user", "welcome", "letmein", "master", "private", "token",
	"cisco", "securex", "threat", "response", "relay", "ctim", "jwt",
	"test", "testing", "security", "company", "summer", "winter", "spring",
	"autumn", "monkey", "dragon", "correct", "horse", "battery", "staple",
	"server", "production", "super", "very", "long", "this", "that",
	"should", "random", "string", "some", "your", "with", "key", "my",
	"the", "is", "abc", "foo", "bar", "baz" };

static const char *const doctor_key_rows[] = { "abcdefghijklmnopqrstuvwxyz",
	"01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop",
	"yxcvbnm" };

#define ROWS (sizeof(doctor_key_rows) / sizeof(doctor_key_rows[0]))

/* Returns how many characters from s on go along a row, back or forth; 0 for
 * fewer than RUN, which may be chance. */
static size_t
along(const char *s, bool back)
{
	size_t n = 1, i;
	const char *at;

	for (i = 0; i < ROWS && s[n] != '\0';) {
		at = strchr(doctor_key_rows[i], s[back ? n : n - 1]);
		if (at != NULL && at[1] != '\0' &&
		    at[1] == s[back ? n - 1 : n]) {
			n++;
			i = 0;
		} else {
			i++;
		}
	}
	return n < RUN ? 0 : n;
}

/* Returns how many characters from s on are a row or a word. */
static size_t
guessed(const char *s)
{
	size_t best = along(s, false), n = along(s, true), i;

	if (n > best)
		best = n;
	for (i = 0; i < sizeof(doctor_key_words) / sizeof(doctor_key_words[0]);
	     i++) {
		n = strlen(doctor_key_words[i]);
		if (n > best && strncmp(s, doctor_key_words[i], n) == 0)
			best = n;
	}
	return best;
}

/* Counts the characters that are left when words and rows are taken out. */
static size_t
rest(const char *key)
{
	char small[KEY_SHOWN_MAX];
	size_t i, n, left = 0;

	snprintf(small, sizeof(small), "%s", key);
	for (i = 0; small[i] != '\0'; i++)
		small[i] = (char)tolower((unsigned char)small[i]);
	for (i = 0; small[i] != '\0'; i += n == 0 ? 1 : n) {
		n = guessed(small + i);
		left += n == 0 && isalnum((unsigned char)small[i]);
	}
	return left;
}

/* Returns what is wrong with a key; NULL: nothing. */
static const char *
weakness(const char *key)
{
	size_t n = strlen(key), i, different = 0;

	/* The whole key is its beginning again and again. */
	for (i = 1; i <= n / 2; i++)
		if (memcmp(key, key + i, n - i) == 0)
			return "is the same again and again";
	for (i = 0; i < n; i++)
		different += memchr(key, key[i], i) == NULL;
	if (different < DIFFERENT)
		return "has few different characters";
	if (rest(key) < REST)
		return "is made of words, or of rows of the keyboard";
	return NULL;
}

/* Where the configuration takes a key from. */
struct source {
	const char *key;
	const char *path; /* PATH of file:PATH, else NULL */
};

static void
note_source(void *arg, const char *section, const struct conf_key *key,
    const char *text)
{
	struct source *s = arg;

	if (strcmp(section, "auth") == 0 && strcmp(key->name, s->key) == 0 &&
	    strncmp(text, "file:", 5) == 0)
		s->path = text + 5;
}

/* The mend shows the lines with the previous key, which should go. */
static void
doctor_key_previous(struct doctor *d)
{
	char dir[PATH_MAX];

	doctor_directory(d->whole, dir);
	doctor_sudo(d, "grep -n '^secret_key_previous' -r %s/conf.d %s",
	    doctor_quote(d, dir), doctor_quote(d, d->whole));
	doctor_note(d,
	    "leave that line out, once the platform has tokens of secret_key");
}

/* The mend makes a new key in a new file, for those who can read the old one.
 * The old key is kept: as secret_key_previous it keeps tokens good until the
 * platform has new ones. */
static void
doctor_key_new(struct doctor *d, const char *name)
{
	struct source s = { .key = name };
	char beside[PATH_MAX], file[PATH_MAX];
	const char *old, *new;
	struct stat st;
	mode_t mode;

	conf_each(d->conf, note_source, &s);
	doctor_key_file(d, beside);
	keyfile_new_name(s.path != NULL ? s.path : beside, file);
	old = s.path != NULL ? s.path : d->whole;
	/* A configuration without secrets may be for everybody. */
	mode = stat(old, &st) == -1 ? 0600 : 0600 | (st.st_mode & S_IRGRP);
	old = doctor_quote(d, old);
	new = doctor_quote(d, file);
	doctor_sudo(d,
	    "%s jwt --key-file %s && %schown -h --reference=%s %s && %schmod "
	    "%04o %s",
	    d->program, new, d->sudo, old, new, d->sudo, (unsigned)mode, new);
	doctor_note(d,
	    "then in [auth] of %s: secret_key = file:%s, and what stands there "
	    "as secret_key_previous until the platform has new tokens",
	    d->whole, file);
}

static void
doctor_key_look_at(struct doctor *d, const char *name, const char *key)
{
	const char *weak = weakness(key);

	if (weak != NULL)
		doctor_say(
		    d, DOCTOR_FAIL, "%s %s: it can be guessed", name, weak);
	else if (strlen(key) < GOOD)
		doctor_say(d, DOCTOR_WARN,
		    "%s has %zu characters; %d is what ctim-relay makes", name,
		    strlen(key), GOOD);
	else
		doctor_say(d, DOCTOR_OK, "%s has %zu characters and no pattern",
		    name, strlen(key));
	if (weak == NULL && strlen(key) >= GOOD)
		return;
	if (strcmp(name, "secret_key_previous") == 0)
		doctor_key_previous(d);
	else
		doctor_key_new(d, name);
}

void
doctor_key(struct doctor *d)
{
	if (d->conf->secret_key == NULL) {
		doctor_say(d, DOCTOR_SKIPPED, "there is no secret_key");
		return;
	}
	doctor_key_look_at(d, "secret_key", d->conf->secret_key);
	if (d->conf->secret_key_previous != NULL)
		doctor_key_look_at(
		    d, "secret_key_previous", d->conf->secret_key_previous);
}
