/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "describe/described_reader.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "json/jsonout.h"

/* bytes of data.json written anew: a number may get two quotation marks */
#define DATA_MAX (2 * DESCRIBED_FILE)

const struct conf_key described_keys[] = {
	{ "relay", "url", conf_set_url,
	    .offset = offsetof(struct described_conf, url),
	    .release = conf_release_string,
	    .help = "URL of the service, in place of the description's" },
	{ "relay", "hosts", conf_set_hosts,
	    .offset = offsetof(struct described_conf, hosts),
	    .release = conf_release_list,
	    .help = "hosts that a token may name, HOST or HOST:PORT" },
	{ .name = NULL }
};

bool
described_is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	const size_t n = strlen(name);

	return n > 0 && n <= DESCRIBED_NAME && strspn(name, letters) == n &&
	    name[0] != '_' && name[0] != '-';
}

/* The last part of a path, which is the name. */
static const char *
last_part(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return slash == NULL ? dir : slash + 1;
}

static struct described *
described_new(const char *dir)
{
	struct described *d = calloc(1, sizeof(*d));
	size_t n = strlen(dir);

	if (d == NULL)
		return NULL;
	while (n > 1 && dir[n - 1] == '/')
		n--;
	d->map = d->refer = d->sign_id = d->sign_key = -1;
	if ((d->dir = strndup(dir, n)) == NULL ||
	    (d->name = strdup(last_part(d->dir))) == NULL) {
		described_free(d);
		return NULL;
	}
	return d;
}

void
described_free(struct described *d)
{
	struct described_kept *k;

	if (d == NULL)
		return;
	while ((k = d->kept) != NULL) {
		d->kept = k->next;
		k->free(k->what);
		free(k);
	}
	free(d->dir);
	free(d->name);
	free(d);
}

/* --- programs and constants ---------------------------------------------- */

/* Adds a program where its file is there; its number, or -1. */
static int
read_program(struct reader *r, const char *file)
{
	struct described *d = r->d;
	struct map_program *p = d->programs;
	bool there;
	char *text = description_file(r->text, file, DESCRIBED_FILE, &there);
	char *label;
	int n = 0;

	if (text == NULL)
		return -1;
	while (p[n].label != NULL)
		n++;
	text = described_keep(d, text, free);
	if (text == NULL || asprintf(&label, "%s/%s", d->dir, file) == -1 ||
	    (label = described_keep(d, label, free)) == NULL) {
		description_error(r->text, file, 0, "no memory left");
		return -1;
	}
	p[n] = (struct map_program){ label, text };
	return n;
}

static void
read_programs(struct reader *r)
{
	struct described *d = r->d;
	const unsigned mapped = PROVIDER_DELIBERATE | PROVIDER_OBSERVE;

	d->map = read_program(r, "map.jq");
	d->refer = read_program(r, "refer.jq");
	if (d->map == -1 && (d->provider.routes & mapped) && r->text->good)
		description_error(r->text, "map.jq", 0,
		    "is not there, and deliberate and observe want it");
	if ((d->provider.routes & PROVIDER_REFER) && d->n_refers == 0 &&
	    d->refer == -1 && r->text->good)
		ini_error(r->text, 0,
		    "routes: refer wants a [refer ID] or a file refer.jq");
	if (d->n_calls > 0 && !(d->provider.routes & mapped) &&
	    d->refer == -1 && d->n_refers == 0 && r->text->good)
		ini_error(r->text, 0,
		    "there are calls, but neither a map.jq nor [refer ID]");
	if (d->map != -1 || d->refer != -1)
		d->provider.programs = d->programs;
}

/* A text for people; NULL where there is no such file. */
static const char *
read_text_file(struct reader *r, const char *file)
{
	bool there;

	return described_keep(r->d,
	    description_file(r->text, file, DESCRIBED_FILE, &there), free);
}

/* The constants as maps get them; null where there is no such file. */
static void
read_data(struct reader *r)
{
	struct json_object *value = NULL;
	const char *why = NULL;
	struct jsonout j;
	struct buf b;
	bool there;
	char *text =
	    description_file(r->text, "data.json", DESCRIBED_FILE, &there);

	if (text != NULL)
		value = jsonin_answer(text, strlen(text), &why);
	free(text);
	if (why != NULL)
		description_error(r->text, "data.json", 0, "%s", why);
	buf_init(&b, DATA_MAX);
	jsonout_init(&j, &b);
	jsoncopy_exact(&j, value);
	if (jsonout_done(&j) == 0)
		r->d->data = reader_copy(r, b.data);
	else
		description_error(r->text, "data.json", 0, "no memory left");
	json_object_put(value);
	buf_free(&b);
}

/* --- all of it ----------------------------------------------------------- */

/* The calls that the references name are made for them. */
static void
check_calls(struct reader *r)
{
	struct described *d = r->d;
	size_t i, j;
	bool any;

	for (i = 0; i < d->n_calls; i++) {
		for (j = 0, any = false; j < OBSERVABLE_TYPES; j++)
			any = any || d->calls[i].by[j].method != NULL;
		if (!any)
			ini_error(r->text, d->calls[i].line,
			    "[call %s] is made for no type", d->calls[i].name);
	}
}

static bool
names_claim(const struct placeholders *p, const char *claim)
{
	const struct placeholder *one;
	size_t i;

	for (i = 0; p != NULL && i < placeholders_count(p); i++) {
		one = placeholders_at(p, i);
		if ((one->kind == PLACEHOLDER_CLAIM ||
			one->kind == PLACEHOLDER_SECRET) &&
		    strcmp(one->name, claim) == 0)
			return true;
	}
	return false;
}

/* Whether a claim says who asks: what [auth] and [sign-in] send, and where. */
static bool
is_credential(const struct described *d, size_t claim)
{
	const struct described_claim *c = &d->claims[claim];
	const struct described_call *sign = d->sign_in;
	const struct placeholders *const in[] = { d->origin.host, d->base,
		d->sign_in_origin.host, d->auth_query, d->basic, d->bearer,
		d->auth_body, d->sign, d->sign_region, d->sign_service,
		sign == NULL ? NULL : sign->by[OBSERVABLE_TYPES].url,
		sign == NULL ? NULL : sign->by[OBSERVABLE_TYPES].body,
		sign == NULL ? NULL : sign->header.value };
	bool is = c->kind == KIND_PASSWORD || c->kind == KIND_API_KEY ||
	    c->kind == KIND_HOST || d->sign_key == (int)claim ||
	    d->sign_id == (int)claim;
	size_t i;

	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		is = is || names_claim(in[i], c->name);
	for (i = 0; i < d->n_auth; i++)
		is = is || names_claim(d->auth[i].value, c->name);
	return is;
}

static void
fill_provider(struct reader *r)
{
	struct described *d = r->d;
	struct provider *p = &d->provider;
	size_t i, options = 0;

	p->name = d->name;
	p->title = d->title;
	p->description = d->description;
	for (i = 0; i < d->n_claims; i++)
		if (!is_credential(d, i))
			d->options[options++] = d->claims[i].name;
	p->options = d->options;
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (d->takes[i])
			observable_set_add(&p->types, (enum observable_type)i);
	if (d->health != NULL || d->sign_in != NULL)
		p->routes |= PROVIDER_HEALTH;
	p->about = read_text_file(r, "about.md");
	p->tips = read_text_file(r, "tips.md");
	p->keys = described_keys;
	p->conf_size = sizeof(struct described_conf);
	p->request = described_request;
	p->reply = described_reply;
	if (d->sign_in != NULL)
		p->sign_in = described_sign_in;
	for (i = 0; i < d->n_calls; i++)
		if (d->calls[i].finally)
			p->finish = described_finish;
	p->map = described_map;
	p->answer = described_answer;
	p->refer = described_refer;
}

/* Reads what the text says, in an order in which names are known. */
static void
read_all(struct reader *r)
{
	reader_claims(r);
	reader_provider(r);
	reader_auth(r);
	reader_calls(r);
	reader_signed_fields(r);
	reader_refers(r);
	reader_errors(r);
	reader_quota(r);
	read_programs(r);
	read_data(r);
	if (r->text->good)
		check_calls(r);
	if (r->text->good)
		fill_provider(r);
}

struct described *
described_read(const char *dir, described_complain *complain, void *arg)
{
	struct described *d = described_new(dir);
	struct description *text = calloc(1, sizeof(*text));
	struct reader r = { d, text, 0 };
	bool good = false;

	if (d == NULL || text == NULL) {
		if (complain != NULL)
			complain(arg, true, "no memory left");
	} else {
		text->dir = d->dir;
		text->folder = -1;
		text->complain = complain;
		text->arg = arg;
		if (!described_is_name(d->name)) {
			ini_error(text, 0,
			    "\"%s\" cannot be the name of a provider: small "
			    "letters, digits, - and _, at most %d",
			    d->name, DESCRIBED_NAME);
		} else if (description_read(text)) {
			read_all(&r);
			good = text->good;
		}
		description_free(text);
	}
	free(text);
	if (good)
		return d;
	described_free(d);
	return NULL;
}

/* The title that a directory with an error has, where it can be read; an answer
 * names the provider by it. */
static void
broken_title(struct described *d)
{
	struct description *text = calloc(1, sizeof(*text));
	const struct description_part *part;
	const char *title = NULL;

	if (text != NULL) {
		text->dir = d->dir;
		text->folder = -1;
		(void)description_read(text);
		part = description_part(text, SECTION_PROVIDER, NULL);
		title = reader_value(part, "title", NULL);
	}
	d->title =
	    described_keep(d, strdup(title == NULL ? d->name : title), free);
	if (text != NULL)
		description_free(text);
	free(text);
}

static void
described_no_answer(struct answer *a, const struct query *q)
{
	(void)a;
	(void)q;
}

struct described *
described_broken(const char *dir)
{
	struct described *d = described_new(dir);

	if (d == NULL)
		return NULL;
	broken_title(d);
	if (d->title == NULL) {
		described_free(d);
		return NULL;
	}
	d->provider = (struct provider){ .name = d->name,
		.title = d->title,
		.description = "Its description has an error.",
		.broken = true,
		.types = observable_all,
		.routes = PROVIDER_DELIBERATE | PROVIDER_OBSERVE |
		    PROVIDER_REFER | PROVIDER_HEALTH,
		.keys = described_keys,
		.conf_size = sizeof(struct described_conf),
		.request = described_request,
		.answer = described_no_answer,
		.refer = described_no_answer };
	return d;
}

const struct provider *
described_provider(const struct described *d)
{
	return &d->provider;
}

const struct described *
described_of(const struct provider *p)
{
	return p->request == described_request ? (const struct described *)p :
						 NULL;
}

/* The text of scheme and host, unless a claim says a part of it. */
static const char *
origin_text(const struct described_origin *o)
{
	return o->host != NULL && placeholders_count(o->host) == 0 ? o->text :
								     NULL;
}

const char *
described_url(const struct described *d)
{
	return origin_text(&d->origin);
}

const char *
described_sign_in_url(const struct described *d)
{
	return origin_text(&d->sign_in_origin);
}

static bool
origin_has_tls(const struct described_origin *o)
{
	return o->text == NULL || strncmp(o->text, "https://", 8) == 0;
}

bool
described_has_tls(const struct described *d, bool elsewhere)
{
	return (elsewhere || origin_has_tls(&d->origin)) &&
	    origin_has_tls(&d->sign_in_origin);
}

const char *
described_dir(const struct described *d)
{
	return d->dir;
}

void
described_each_call(const struct described *d,
    void (*each)(
	void *arg, const char *call, const char *method, const char *types),
    void *arg)
{
	const struct described_call *c;
	const char *method;
	struct buf types;
	size_t i, j;

	buf_init(&types, DESCRIPTION_WHY);
	for (i = 0; i < d->n_calls; i++) {
		c = &d->calls[i];
		buf_reset(&types);
		for (j = 0, method = ""; j < OBSERVABLE_TYPES; j++) {
			if (c->by[j].method == NULL)
				continue;
			method = c->by[j].method;
			(void)buf_addf(&types, "%s%s", types.len > 0 ? " " : "",
			    observable_name((enum observable_type)j));
		}
		each(arg, c->name, method, types.data);
	}
	buf_free(&types);
}
