/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_setting.h"

const char *
conf_path(void)
{
	const char *path = getenv("CTIM_RELAY_CONF");

	if (path != NULL && *path != '\0')
		return path;
	return CTIM_SYSCONFDIR "/ctim-relay/ctim-relay.conf";
}

struct conf *
conf_load(const char *path, const struct conf_lists *lists,
    void (*complain)(void *, bool, const char *), void *arg)
{
	bool good;
	struct conf *c = conf_load_rest(path, lists, complain, arg, &good);

	if (good)
		return c;
	conf_free(c);
	return NULL;
}

static void
conf_release(const struct conf_key *key, const char *section, void *base)
{
	for (; key != NULL && key->name != NULL; key++)
		if (key->release != NULL &&
		    (strcmp(key->section, "relay") == 0) ==
			(strcmp(section, "relay") == 0))
			key->release((char *)base + key->offset);
}

void
conf_free(struct conf *c)
{
	struct whole *w = (struct whole *)c;
	struct relay_conf *r;
	struct conf_held *h;

	if (c == NULL)
		return;
	while ((r = c->relays) != NULL) {
		c->relays = r->next;
		if (r->own != NULL)
			conf_release(r->own_keys, "relay", r->own);
		conf_release(conf_keys(), "relay", r);
		free(r->own);
		free(r->name);
		free(r->file);
		free(r);
	}
	while ((h = c->held) != NULL) {
		c->held = h->next;
		h->release(h->what);
		free(h);
	}
	settings_free(w->settings);
	conf_release(conf_keys(), "", c);
	free(c->file);
	free(w);
}

const struct relay_conf *
conf_relay(const struct conf *c, const char *name, size_t len)
{
	const struct relay_conf *r;

	for (r = c->relays; r != NULL; r = r->next)
		if (strlen(r->name) == len && memcmp(r->name, name, len) == 0)
			return r;
	return NULL;
}

bool
conf_is_secret(const struct conf_key *key, const char *value)
{
	return key->secret || (key->secret_user && strchr(value, '@') != NULL);
}

void
conf_each(const struct conf *c,
    void (*each)(void *, const char *, const struct conf_key *, const char *),
    void *arg)
{
	const struct whole *w = (const struct whole *)c;
	const struct setting *s;
	struct conf_key key;
	bool shown;

	for (s = w->settings; s != NULL; s = s->next) {
		if (s->key == NULL)
			continue;
		/* env:NAME and file:PATH name the place of a secret alone. */
		shown = !conf_is_secret(s->key, s->text) ||
		    strncmp(s->text, "env:", 4) == 0 ||
		    strncmp(s->text, "file:", 5) == 0;
		key = *s->key;
		key.name = s->name;
		each(arg, s->section, &key, shown ? s->text : "********");
	}
}
