/* SPDX-License-Identifier: MIT */
/* The sections of a description that say what it is and who asks. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "conf/conf.h"
#include "describe/described_reader.h"
#include "net/url.h"

#define TITLE_MAX 100 /* characters of a title */

/* --- [claim NAME] -------------------------------------------------------- */

static const char *const claim_kinds[] = { [KIND_TEXT] = "text",
	[KIND_PASSWORD] = "password",
	[KIND_API_KEY] = "api_key",
	[KIND_NUMBER] = "number",
	[KIND_YESNO] = "yesno",
	[KIND_HOST] = "host",
	NULL };

bool
described_is_host(const char *s)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-:[]_";
	char url[300], origin[400];
	const size_t n = strlen(s);

	if (n == 0 || n > 255 || strspn(s, letters) != n)
		return false;
	(void)snprintf(url, sizeof(url), "https://%s/", s);
	return url_origin(url, origin, sizeof(origin)) == 0;
}

static void
reader_fallback(struct reader *r, const struct description_part *part,
    struct described_claim *c)
{
	unsigned line;
	const char *value = reader_value(part, "default", &line);

	if (value == NULL)
		return;
	if (c->kind == KIND_PASSWORD || c->kind == KIND_API_KEY)
		ini_error(r->text, line, "default: a secret has none");
	else if (described_wrong_of_kind(c->kind, value) != NULL)
		ini_error(r->text, line, "default: %s is no %s", value,
		    claim_kinds[c->kind]);
	else
		c->fallback = reader_copy(r, value);
}

static void
reader_claim_part(struct reader *r, const struct description_part *part)
{
	struct described *d = r->d;
	struct described_claim *c = &d->claims[d->n_claims];
	unsigned line = part->line;
	const char *label = reader_value(part, "label", NULL);
	const char *kind = reader_value(part, "kind", &line);
	const char *help = reader_value(part, "help", NULL);
	int k = KIND_TEXT;

	if (d->n_claims == DESCRIBED_CLAIMS) {
		ini_error(r->text, part->line, "there are more than %d claims",
		    DESCRIBED_CLAIMS);
		return;
	}
	if (reader_is_variable(part->name))
		ini_error(r->text, part->line,
		    "[claim %s]: a variable has this name", part->name);
	if (label == NULL)
		ini_error(r->text, part->line,
		    "[claim %s] wants a label, what people see", part->name);
	if (kind != NULL &&
	    (k = reader_choice(r, line, "kind", kind, claim_kinds)) == -1)
		k = KIND_TEXT;
	*c = (struct described_claim){ .line = part->line,
		.kind = (enum described_kind)k };
	c->name = reader_copy(r, part->name);
	c->label = reader_copy(r, label == NULL ? "" : label);
	c->help = reader_copy(r, help == NULL ? "" : help);
	reader_fallback(r, part, c);
	c->needed = reader_yes(r, part, "needed", c->fallback == NULL);
	if (c->name != NULL && c->label != NULL && c->help != NULL)
		d->n_claims++;
}

/* The lists that struct provider has of them. */
static void
list_claims(struct described *d)
{
	static const enum provider_field_kind kinds[] = { [KIND_TEXT] =
							      FIELD_TEXT,
		[KIND_PASSWORD] = FIELD_PASSWORD,
		[KIND_API_KEY] = FIELD_API_KEY,
		[KIND_NUMBER] = FIELD_TEXT,
		[KIND_YESNO] = FIELD_TEXT,
		[KIND_HOST] = FIELD_TEXT };
	const struct described_claim *c;
	size_t i, needed = 0, hosts = 0;

	for (i = 0; i < d->n_claims; i++) {
		c = &d->claims[i];
		if (c->needed)
			d->needed[needed++] = c->name;
		if (c->kind == KIND_HOST)
			d->hosts[hosts++] = c->name;
		d->fields[i] = (struct provider_field){ c->name, kinds[c->kind],
			c->label, c->help };
	}
	if (needed > 0)
		d->provider.claims = d->needed;
	if (hosts > 0)
		d->provider.hosts = d->hosts;
	if (d->n_claims > 0)
		d->provider.fields = d->fields;
}

void
reader_claims(struct reader *r)
{
	const struct description_part *part = NULL;

	while ((part = description_part(r->text, SECTION_CLAIM, part)) != NULL)
		reader_claim_part(r, part);
	list_claims(r->d);
}

/* --- [provider] ---------------------------------------------------------- */

static char *
reader_needed(struct reader *r, const struct description_part *part,
    const char *name, size_t max)
{
	unsigned line;
	const char *value = reader_value(part, name, &line);

	if (value == NULL) {
		ini_error(r->text, part->line, "[provider] wants a %s", name);
		return NULL;
	}
	if (utf8_cut(value, max) < strlen(value)) {
		ini_error(
		    r->text, line, "%s: at most %zu characters", name, max);
		return NULL;
	}
	return reader_copy(r, value);
}

static void
reader_rate(struct reader *r, const struct description_part *part)
{
	unsigned line;
	const char *value = reader_value(part, "rate", &line);
	struct conf_rate rate;

	if (value == NULL)
		return;
	if (!conf_rate_parse(&rate, value)) {
		ini_error(r->text, line,
		    "rate: %s is no number from 0 to %d, alone or with "
		    "/second, /minute, /hour or /day",
		    value, CONF_RATE_MOST);
		return;
	}
	r->d->provider.rate = rate.calls;
	r->d->provider.rate_seconds = rate.seconds;
}

/* Checks that none but claims that are hosts stand in scheme and host. */
static bool
host_claims(struct reader *r, const char *name, unsigned line,
    const struct placeholders *p)
{
	const struct placeholder *one;
	size_t i;
	int claim;

	for (i = 0; i < placeholders_count(p); i++) {
		one = placeholders_at(p, i);
		claim = one->name == NULL ?
		    -1 :
		    reader_claim(r, one->name, strlen(one->name));
		if (claim != -1 && r->d->claims[claim].kind == KIND_HOST &&
		    one->n_pipes == 0)
			continue;
		ini_error(r->text, line,
		    "%s: only claims with kind = host may stand in the host, "
		    "as they are",
		    name);
		return false;
	}
	return true;
}

const char *
reader_origin(struct reader *r, const char *name, unsigned line,
    const char *url, struct described_origin *o)
{
	const char *host = strstr(url, "://");
	size_t n;

	if ((strncmp(url, "https://", 8) != 0 &&
		strncmp(url, "http://", 7) != 0) ||
	    strchr("/?#", host[3]) != NULL) {
		ini_error(r->text, line, "%s: %s is no https URL", name, url);
		return NULL;
	}
	n = (size_t)(host + 3 - url) + strcspn(host + 3, "/?#");
	if (memchr(url, '@', n) != NULL) {
		ini_error(r->text, line,
		    "%s: no user may stand before the host", name);
		return NULL;
	}
	if ((o->text = reader_copy(r, url)) == NULL)
		return NULL;
	o->text[n] = '\0';
	o->host = reader_template(r, line, o->text, PLACE_TEXT, MAY_CLAIM);
	return o->host != NULL && host_claims(r, name, line, o->host) ?
	    url + n :
	    NULL;
}

static void
provider_url(struct reader *r, unsigned line, const char *value)
{
	struct described *d = r->d;
	const char *rest = reader_origin(r, "url", line, value, &d->origin);

	if (rest == NULL)
		return;
	if (value[strlen(value) - 1] == '/')
		ini_error(r->text, line, "url: it ends with a slash");
	else if (strpbrk(rest, "?#") != NULL)
		ini_error(r->text, line,
		    "url: nothing but a path may stand behind the host");
	else if (*rest != '\0')
		d->base = reader_template(r, line, rest, PLACE_URL, MAY_CLAIM);
}

static void
reader_url(struct reader *r, const struct description_part *part)
{
	static const enum description_kind calls[] = { SECTION_CALL,
		SECTION_HEALTH, SECTION_SIGN_IN };
	const struct description_key *k = description_find(part, "url", NULL);
	char *text;
	size_t i;

	for (i = 0; k == NULL && i < sizeof(calls) / sizeof(calls[0]); i++)
		if (description_part(r->text, calls[i], NULL) != NULL) {
			ini_error(r->text, part->line,
			    "[provider] wants a url, as there are calls");
			break;
		}
	if (k == NULL)
		return;
	if ((text = reader_text(r, k, ".txt", DESCRIPTION_TEXT)) != NULL)
		provider_url(r, k->line, text);
	free(text);
}

void
reader_provider(struct reader *r)
{
	const struct description_part *part =
	    description_part(r->text, SECTION_PROVIDER, NULL);
	const struct description_key *k;
	struct described *d = r->d;

	if (part == NULL) {
		ini_error(r->text, 0, "there is no section [provider]");
		return;
	}
	d->title = reader_needed(r, part, "title", TITLE_MAX);
	d->description = reader_needed(r, part, "description", 1000);
	if ((k = description_find(part, "types", NULL)) == NULL)
		ini_error(r->text, part->line, "[provider] wants types");
	else
		reader_types(r, k, NULL, d->takes);
	if ((k = description_find(part, "routes", NULL)) == NULL)
		ini_error(r->text, part->line, "[provider] wants routes");
	else
		d->provider.routes = reader_routes(r, k,
		    PROVIDER_DELIBERATE | PROVIDER_OBSERVE | PROVIDER_REFER);
	reader_rate(r, part);
	reader_url(r, part);
}

/* --- [auth] -------------------------------------------------------------- */

/* "name=template": the name, kept, and what is behind it. */
static char *
split(struct reader *r, const struct description_key *k, const char **rest)
{
	const char *equals = strchr(k->value, '=');
	char *name;

	if (equals == NULL || equals == k->value) {
		ini_error(r->text, k->line,
		    "%s: name=value is wanted, there is no =", k->name);
		return NULL;
	}
	*rest = equals + 1;
	if ((name = reader_copy(r, k->value)) != NULL)
		name[equals - k->value] = '\0';
	return name;
}

static void
auth_body(struct reader *r, const struct description_key *k)
{
	struct described *d = r->d;
	const char *rest;

	if ((d->body_name = split(r, k, &rest)) == NULL)
		return;
	d->auth_body =
	    reader_template(r, k->line, rest, PLACE_TEXT, MAY_SECRET);
	d->auth_form =
	    reader_template(r, k->line, k->value, PLACE_FORM, MAY_SECRET);
}

static void
auth_query(struct reader *r, const struct description_key *k)
{
	struct description_key whole = *k;
	char *text = reader_text(r, k, ".txt", DESCRIPTION_TEXT);
	const char *rest;

	whole.value = text;
	if (text != NULL && split(r, &whole, &rest) != NULL)
		r->d->auth_query =
		    reader_template(r, k->line, text, PLACE_FORM, MAY_SECRET);
	free(text);
}

static void
auth_basic(struct reader *r, const struct description_key *k)
{
	if (strchr(k->value, ':') == NULL)
		ini_error(r->text, k->line,
		    "basic: user:password is wanted, there is no colon");
	else
		r->d->basic = reader_template(
		    r, k->line, k->value, PLACE_TEXT, MAY_SECRET);
}

void
reader_auth(struct reader *r)
{
	const struct description_part *part =
	    description_part(r->text, SECTION_AUTH, NULL);
	const struct description_key *k;
	struct described *d = r->d;

	for (k = part == NULL ? NULL : part->keys; k != NULL; k = k->next) {
		if (strcmp(k->name, "header") == 0)
			d->n_auth += reader_header(
			    r, k, MAY_SECRET, &d->auth[d->n_auth]);
		else if (strcmp(k->name, "query") == 0)
			auth_query(r, k);
		else if (strcmp(k->name, "basic") == 0)
			auth_basic(r, k);
		else if (strcmp(k->name, "bearer") == 0)
			d->bearer = reader_template(
			    r, k->line, k->value, PLACE_HEADER, MAY_SECRET);
		else if (strcmp(k->name, "body") == 0)
			auth_body(r, k);
	}
	if ((k = description_find(part, "bearer", NULL)) != NULL &&
	    (d->basic != NULL ||
		description_part(r->text, SECTION_SIGN_IN, NULL) != NULL))
		ini_error(r->text, k->line,
		    "bearer: not together with basic or [sign-in]");
	if (part != NULL)
		reader_sign(r, part);
}
