/* SPDX-License-Identifier: MIT */
/*
 * answers: see answers.h.
 */
#include <ctype.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

#define RECORDS      30   /* breach records of an email */
#define FIRST_SOURCE 1000 /* number of a catalog entry */

/* What is asked of OTX, as the bench asks the relay. */
static const struct observable {
	const char *category; /* in the path; NULL: not asked of OTX */
	const char *type;     /* OTX's name */
	const char *value;
} observables[ANSWERS_OBSERVABLES] = {
	{ "domain", "domain", "jsebnawkndwandawd.sh" },
	{ NULL, "email", "msalem@webalo.com" },
	{ "file", "FileHash-MD5", "d8414d743778cae103c15461200ec64d" },
	{ "file", "FileHash-SHA1", "4f79d1a01b9b5cb3cb65a9911db2a02ea3bb7c45" },
	{ "file", "FileHash-SHA256",
	    "efdd3ee0f816eba8ab1cba3643e42b40"
	    "aaa16654d5120c67169d1b002e7f714d" },
	{ "IPv4", "IPv4", "99.85.80.169" },
	{ "IPv6", "IPv6", "2001:14ba:1f00:0:1117:e76e:843d:f803" },
	{ "url", "URL", "http://blockchains.pk/nw_NIHbAj35.bin" },
};

static FILE *
begin(struct answer *body)
{
	FILE *f = open_memstream(&body->text, &body->len);

	if (f == NULL)
		err(1, "open_memstream");
	return f;
}

static void
end(FILE *f)
{
	if (fclose(f) != 0)
		err(1, "a body");
}

/* Puts the header in front of a body that begin() and end() made. */
static void
head(struct answer *a, const char *status)
{
	struct answer body = *a;
	FILE *f = begin(a);

	fprintf(f,
	    "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    status, body.len);
	fwrite(body.text, 1, body.len, f);
	free(body.text);
	end(f);
}

/* As a segment of a path: what the relay leaves as it is stays. */
static char *
general_path(const struct observable *o)
{
	struct answer path;
	FILE *f = begin(&path);
	const char *p;

	fprintf(f, "%s/", o->category);
	for (p = o->value; *p != '\0'; p++)
		fprintf(f,
		    isalnum((unsigned char)*p) || strchr("-._~@:", *p) != NULL ?
			"%c" :
			"%%%02X",
		    (unsigned char)*p);
	fprintf(f, "/general");
	end(f);
	return path.text;
}

/* Each observable has pulses of its own, so that no two URLs are the same. */
static void
pulse(FILE *f, size_t observable, size_t i)
{
	fprintf(f,
	    "%s{\"id\":\"5f%02zx%020zx\",\"name\":\"Pulse %zu of %zu\","
	    "\"description\":\"Infrastructure of a campaign, seen by sensors "
	    "and confirmed by hand.\",\"modified\":\"2020-05-02T08:00:00\","
	    "\"created\":\"2020-04-29T12:34:56.789000\","
	    "\"tags\":[\"phishing\",\"botnet\",\"dropper\"],"
	    "\"references\":[\"https://example.com/report/%zu\"],\"public\":1,"
	    "\"adversary\":\"\",\"targeted_countries\":[],"
	    "\"malware_families\":[],\"attack_ids\":[],\"industries\":[],"
	    "\"TLP\":\"white\",\"cloned_from\":null,\"export_count\":17,"
	    "\"author\":{\"username\":\"analyst%zu\",\"id\":\"%zu\","
	    "\"avatar_url\":\"https://example.com/a.png\"},"
	    "\"indicator_type_counts\":{\"domain\":300,\"FileHash-MD5\":100,"
	    "\"FileHash-SHA1\":100,\"FileHash-SHA256\":400,\"IPv4\":600,"
	    "\"IPv6\":100,\"URL\":400}}",
	    i > 0 ? "," : "", observable, i, i, observable, i, i, i);
}

static void
make_general(struct answer *a, size_t observable, size_t pulses)
{
	const struct observable *o = &observables[observable];
	FILE *f = begin(a);
	size_t i;

	fprintf(f,
	    "{\"indicator\":\"%s\",\"type\":\"%s\",\"type_title\":"
	    "\"%s\",\"base_indicator\":{\"id\":%zu,\"indicator\":\"%s\","
	    "\"type\":\"%s\",\"title\":\"\",\"description\":\"\","
	    "\"content\":\"\",\"access_type\":\"public\",\"access_reason\":"
	    "\"\"},\"pulse_info\":{\"count\":%zu,\"pulses\":[",
	    o->value, o->type, o->type, observable + 1, o->value, o->type,
	    pulses);
	for (i = 0; i < pulses; i++)
		pulse(f, observable, i);
	fprintf(f,
	    "],\"references\":[],\"related\":{}},\"false_positive\":[],"
	    "\"validation\":[],\"sections\":[\"general\"]}");
	end(f);
	head(a, "200 OK");
}

static void
entry(FILE *f, size_t id, const char *type, const char *value)
{
	fprintf(f,
	    "{\"id\":%zu,\"indicator\":\"%s\",\"type\":\"%s\","
	    "\"created\":\"2020-04-%02zuT10:22:%02zu\",\"content\":\"\","
	    "\"title\":\"\",\"description\":\"\",\"expiration\":null,"
	    "\"is_active\":1,\"role\":null}",
	    2900000000 + id, value, type, 1 + id % 28, id % 60);
}

/* An entry that matches nothing that is asked. */
static void
other_entry(FILE *f, size_t i)
{
	char value[128];

	switch (i % 4) {
	case 0:
		(void)snprintf(
		    value, sizeof(value), "198.51.%zu.%zu", i / 250, i % 250);
		entry(f, i, "IPv4", value);
		break;
	case 1:
		(void)snprintf(value, sizeof(value), "host%zu.example.com", i);
		entry(f, i, "hostname", value);
		break;
	case 2:
		(void)snprintf(value, sizeof(value), "%016zx%048zx",
		    i * 0x9e3779b97f4a7c15, i);
		entry(f, i, "FileHash-SHA256", value);
		break;
	default:
		(void)snprintf(value, sizeof(value),
		    "http://host%zu.example.net/gate/%zu.php?id=%zu", i, i, i);
		entry(f, i, "URL", value);
	}
}

static void
make_page(struct answers *a)
{
	FILE *f = begin(&a->page);
	size_t i, k, at = SIZE_MAX;

	if (a->at >= 0)
		at = a->entries * (size_t)a->at / 100;
	fprintf(f,
	    "{\"count\":%zu,\"next\":null,\"previous\":null,"
	    "\"results\":[",
	    a->entries);
	for (i = 0; i < a->entries; i++) {
		if (i > 0)
			fputc(',', f);
		k = i - at;
		if (i >= at && k < ANSWERS_OBSERVABLES)
			entry(f, i, observables[k].type, observables[k].value);
		else
			other_entry(f, i);
	}
	fprintf(f, "]}");
	end(f);
	head(&a->page, "200 OK");
}

static void
make_records(struct answer *a)
{
	FILE *f = begin(a);
	size_t i;

	fprintf(f, "{\"cursor\":\"\",\"hits\":%d,\"results\":[", RECORDS);
	for (i = 0; i < RECORDS; i++)
		fprintf(f,
		    "%s{\"document_id\":\"00000000-0000-4000-8000-"
		    "%012zu\",\"source_id\":%zu,\"spycloud_publish_date\":"
		    "\"2020-%02zu-%02zuT00:00:00Z\",\"severity\":%d,"
		    "\"sighting\":%zu,\"email\":\"msalem@webalo.com\","
		    "\"email_domain\":\"webalo.com\",\"email_username\":"
		    "\"msalem\",\"domain\":\"webalo.com\",\"username\":\"m%"
		    "zu\","
		    "\"password\":\"hunter%zu\",\"password_plaintext\":"
		    "\"hunter%zu\",\"password_type\":\"plaintext\"}",
		    i > 0 ? "," : "", i, FIRST_SOURCE + i % ANSWERS_SOURCES,
		    1 + i % 12, 1 + i % 28, i % 3 == 0 ? 20 : 5, 1 + i % 4, i,
		    i, i);
	fprintf(f, "]}");
	end(f);
	head(a, "200 OK");
}

static void
make_catalog(struct answer *a, size_t i)
{
	FILE *f = begin(a);

	fprintf(f,
	    "{\"cursor\":\"\",\"hits\":1,\"results\":[{\"id\":%zu,"
	    "\"uuid\":\"10000000-0000-4000-8000-%012zu\",\"title\":\"Breach "
	    "%zu\",\"description\":\"What was taken from service %zu.\","
	    "\"site\":\"service%zu.example.com\",\"site_description\":\"A "
	    "service.\",\"confidence\":%zu,\"spycloud_publish_date\":"
	    "\"2019-%02zu-01T00:00:00Z\",\"assets\":{\"email\":%zu,"
	    "\"password\":%zu},\"combo_list_flag\":\"NO\",\"type\":"
	    "\"PUBLIC\"}]}",
	    FIRST_SOURCE + i, i, i, i, i, 1 + i % 3, 1 + i % 12, 1000 * i,
	    900 * i);
	end(f);
	head(a, "200 OK");
}

static void
make_text(struct answer *a, const char *status, const char *body)
{
	FILE *f = begin(a);

	fputs(body, f);
	end(f);
	head(a, status);
}

void
answers_make(struct answers *a)
{
	size_t i;

	for (i = 0; i < ANSWERS_OBSERVABLES; i++)
		if (observables[i].category != NULL) {
			a->paths[i] = general_path(&observables[i]);
			make_general(&a->general[i], i, a->pulses);
		}
	make_page(a);
	make_records(&a->records);
	for (i = 0; i < ANSWERS_SOURCES; i++)
		make_catalog(&a->catalog[i], i);
	make_text(&a->ok, "200 OK", "{\"results\":[]}");
	make_text(&a->nothing, "404 Not Found", "{\"detail\":\"not found\"}");
}

void
answers_free(struct answers *a)
{
	size_t i;

	for (i = 0; i < ANSWERS_OBSERVABLES; i++) {
		free(a->paths[i]);
		free(a->general[i].text);
	}
	for (i = 0; i < ANSWERS_SOURCES; i++)
		free(a->catalog[i].text);
	free(a->page.text);
	free(a->records.text);
	free(a->ok.text);
	free(a->nothing.text);
}

const struct answer *
answers_general(const struct answers *a, const char *path)
{
	size_t i;

	for (i = 0; i < ANSWERS_OBSERVABLES; i++)
		if (a->paths[i] != NULL && strcmp(a->paths[i], path) == 0)
			return &a->general[i];
	return &a->nothing;
}

const struct answer *
answers_catalog(const struct answers *a, const char *id)
{
	unsigned long n = strtoul(id, NULL, 10);

	if (n < FIRST_SOURCE || n - FIRST_SOURCE >= ANSWERS_SOURCES)
		return &a->nothing;
	return &a->catalog[n - FIRST_SOURCE];
}
