/* SPDX-License-Identifier: MIT */
/*
 * What the files of the web server on this machine say about the gateway.
 *
 * Whether an answer is passed on as it comes, and how long the web server waits
 * for one, shows from outside only while a service is slow; its files tell it at
 * any time.
 */
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/doctor/doctor.h"
#include "cli/webconf/webconf.h"
#include "conf/conf.h"

#define SPARE \
	5 /* s that the web server must wait longer than
				 * our deadline */
#define PROGRAM "ctim-relay.fcgi"

static const struct {
	const char *file;
	enum webconf_kind kind;
} usual[DOCTOR_WEBS] = { { "/etc/nginx/nginx.conf", WEBCONF_NGINX },
	{ "/usr/local/nginx/conf/nginx.conf", WEBCONF_NGINX },
	{ "/etc/apache2/apache2.conf", WEBCONF_APACHE },
	{ "/etc/httpd/conf/httpd.conf", WEBCONF_APACHE } };

/* A way to the gateway in those files; all zeros: before the first. */
struct way {
	size_t file; /* number in d->webs */
	const struct webconf_node
	    *at; /* the directive that leads to the gateway */
	const struct webconf *w;
	const struct webconf_node *node; /* where directives are looked up */
	const struct kind *kind;
};

/* The four kinds of a way, and where they differ.  NULL: there is no such
 * thing. */
struct kind {
	const char *name;
	/* Seconds that the web server waits: the first of these that is set.  A
	 * name that ends in "=" is a part of the arguments. */
	const char *waits[4];
	int wait; /* seconds when none of them is set */
	/* The directive that must have this value for answers to stream. */
	const char *stream, *streams;
	const char *limit; /* bytes of a body; 0 is no limit */
	unsigned long long limit_unset;
	const char *end; /* of a directive */
};

static const struct kind nginx = { "nginx", { "fastcgi_read_timeout" }, 60,
	"fastcgi_buffering", "off", "client_max_body_size", 1 << 20, ";" };
static const struct kind proxy = { "mod_proxy_fcgi",
	{ "timeout=", "ProxyTimeout", "Timeout" }, 60, "flushpackets=", "on",
	NULL, 0, "" };
static const struct kind fcgid = { "mod_fcgid", { "FcgidIOTimeout" }, 40,
	"FcgidOutputBufferSize", "0", "FcgidMaxRequestLen", 131072, "" };
static const struct kind cgi = { "CGI", { "CGIDScriptTimeout", "Timeout" }, 60,
	NULL, NULL, "LimitRequestBody", 1 << 30, "" };

/* Puts the value of a directive, or of a part of the arguments, into out. */
static bool
value_of(const struct way *way, const char *name, char *out, size_t size)
{
	const char *value;
	size_t n = strlen(name);

	if (n > 0 && name[n - 1] == '=') {
		value = strstr(way->node->args, name);
		value = value == NULL ? NULL : value + n;
	} else {
		value = webconf_value(way->w, way->node, name);
	}
	if (value == NULL)
		return false;
	snprintf(out, size, "%.*s", (int)strcspn(value, " "), value);
	return true;
}

/* Returns the seconds of "30", "30s", "2m" or "500ms", rounded down. */
static long
doctor_web_seconds(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (strcmp(end, "ms") == 0)
		return n / 1000;
	return *end == 'm' ? n * 60 : *end == 'h' ? n * 3600 : n;
}

/* Returns the bytes of "2m", "512k" or "0". */
static unsigned long long
doctor_web_bytes(const char *text)
{
	static const char units[] = "kKmMgG";
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	const char *unit = *end == '\0' ? NULL : strchr(units, *end);

	return unit == NULL ? n : n << 10 * ((unit - units) / 2 + 1);
}

/* The mend is the line that sets a value: "name value;" or "name=value". */
static void
doctor_web_mend(struct doctor *d, const struct way *way, const char *name,
    const char *value)
{
	bool part = name[strlen(name) - 1] == '=';

	doctor_mend(
	    d, "%s%s%s%s", name, part ? "" : " ", value, way->kind->end);
	doctor_note(d, "%s %s:%u", part ? "in the ProxyPass of" : "beside",
	    way->node->file, way->node->line);
}

/* Goes to the outer one of two ways where the inner location inherits from the
 * outer: both are mended there, and the finding is said once. */
static void
doctor_web_outer(struct way *way, const char *name)
{
	const struct webconf_node *n, *up;
	const char *value;

	if (name == NULL || name[strlen(name) - 1] == '=')
		return;
	value = webconf_value(way->w, way->node, name);
	for (n = way->w->first; n != NULL; n = n->next) {
		if (strcmp(n->name, way->node->name) != 0 ||
		    strcmp(n->args, way->node->args) != 0)
			continue;
		up = way->node->parent;
		while (up != NULL && up->parent != n->parent)
			up = up->parent;
		if (up != NULL && up->parent == n->parent &&
		    webconf_value(way->w, n, name) == value) {
			way->node = n;
			return;
		}
	}
}

/* --- judges -------------------------------------------------------------- */

static void
judge_streaming(struct doctor *d, struct way *way)
{
	const struct kind *k = way->kind;
	char value[64] = "";

	doctor_web_outer(way, k->stream);
	if (k->stream == NULL ||
	    (value_of(way, k->stream, value, sizeof(value)) &&
		strcasecmp(value, k->streams) == 0)) {
		doctor_say(d, DOCTOR_OK,
		    "%s passes answers on as they come (%s:%u)", k->name,
		    way->node->file, way->node->line);
		return;
	}
	doctor_say(d, DOCTOR_WARN,
	    "%s holds answers back until there is more of them (%s:%u)",
	    k->name, way->node->file, way->node->line);
	doctor_web_mend(d, way, k->stream, k->streams);
}

static void
judge_timeout(struct doctor *d, struct way *way)
{
	const struct kind *k = way->kind;
	char value[64];
	long wait = k->wait;
	int deadline = d->conf->deadline;
	size_t i;

	for (i = 0; k->waits[i] != NULL; i++)
		if (value_of(way, k->waits[i], value, sizeof(value))) {
			wait = doctor_web_seconds(value);
			break;
		}
	doctor_web_outer(way, k->waits[k->waits[i] == NULL ? 0 : i]);
	if (wait >= deadline + SPARE) {
		doctor_say(d, DOCTOR_OK,
		    "%s waits %ld s, and the deadline is %d s (%s:%u)", k->name,
		    wait, deadline, way->node->file, way->node->line);
		return;
	}
	doctor_say(d, wait <= deadline ? DOCTOR_FAIL : DOCTOR_WARN,
	    "%s waits %ld s; the deadline of %d s and %d more are needed "
	    "(%s:%u)",
	    k->name, wait, deadline, SPARE, way->node->file, way->node->line);
	snprintf(value, sizeof(value), "%d%s", deadline + SPARE,
	    k == &nginx ? "s" : "");
	doctor_web_mend(d, way, k->waits[0], value);
}

static void
judge_limit(struct doctor *d, struct way *way)
{
	const struct kind *k = way->kind;
	unsigned long long limit = k->limit_unset;
	size_t most = d->conf->max_body;
	char value[64];

	doctor_web_outer(way, k->limit);
	if (k->limit != NULL && value_of(way, k->limit, value, sizeof(value)))
		limit = doctor_web_bytes(value);
	if (k->limit == NULL || limit == 0 || limit >= most) {
		doctor_say(d, DOCTOR_OK,
		    "%s lets max_body, %zu bytes, through (%s:%u)", k->name,
		    most, way->node->file, way->node->line);
		return;
	}
	doctor_say(d, DOCTOR_FAIL,
	    "%s refuses bodies above %llu bytes, and max_body is %zu (%s:%u)",
	    k->name, limit, most, way->node->file, way->node->line);
	snprintf(value, sizeof(value), "%zu", ((most >> 20) + 1) << 20);
	doctor_web_mend(d, way, k->limit, value);
}

/* --- ways ---------------------------------------------------------------- */

/* Whether the text begins with the address, and the address ends there. */
static bool
begins(const char *text, const char *address)
{
	size_t n = strlen(address);

	return strncmp(text, address, n) == 0 &&
	    (text[n] == '\0' || strchr(" :|/", text[n]) != NULL);
}

/* Whether fastcgi_pass leads to the socket, directly or by an upstream. */
static bool
nginx_leads(const struct webconf *w, const char *target, const char *address)
{
	const struct webconf_node *n;

	if (begins(target, address))
		return true;
	for (n = w->first; n != NULL; n = n->next)
		if (strcmp(n->name, "server") == 0 && n->parent != NULL &&
		    strcmp(n->parent->name, "upstream") == 0 &&
		    strcmp(n->parent->args, target) == 0 &&
		    begins(n->args, address))
			return true;
	return false;
}

/* Returns by which kind of way a directive leads to the gateway; NULL: it does
 * not. */
static const struct kind *
kind_of(const struct doctor *d, const struct webconf *w,
    const struct webconf_node *n)
{
	const char *address = d->conf->listen, *at;
	char tcp[512];

	if (w->kind == WEBCONF_NGINX)
		return strcmp(n->name, "fastcgi_pass") == 0 &&
			nginx_leads(w, n->args, address) ?
		    &nginx :
		    NULL;
	snprintf(tcp, sizeof(tcp), "%s%s",
	    strncmp(address, "unix:", 5) == 0 ? "" : "fcgi://", address);
	if (strncasecmp(n->name, "ProxyPass", 9) == 0 &&
	    (at = strstr(n->args, tcp)) != NULL && begins(at, tcp))
		return &proxy;
	if (strcasecmp(n->name, "FcgidWrapper") == 0 &&
	    strstr(n->args, PROGRAM) != NULL)
		return &fcgid;
	if (strcasecmp(n->name, "ScriptAlias") == 0 &&
	    strstr(n->args, PROGRAM) != NULL)
		return &cgi;
	return NULL;
}

/* Returns where directives are looked up.  Those for a CGI program stand in the
 * <Location> beside its ScriptAlias. */
static const struct webconf_node *
doctor_web_place_of(const struct webconf *w, const struct webconf_node *way,
    const struct kind *kind)
{
	const struct webconf_node *n;
	size_t len = strcspn(way->args, " ");

	if (kind != &cgi)
		return way;
	for (n = w->first; n != NULL; n = n->next)
		if (n->parent != NULL && n->parent->parent == way->parent &&
		    strcasecmp(n->parent->name, "Location") == 0 &&
		    strlen(n->parent->args) == len &&
		    strncmp(n->parent->args, way->args, len) == 0)
			return n;
	return way;
}

static enum webconf_kind
kind_of_file(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base == NULL ? path : base + 1;
	return strstr(base, "apache") != NULL || strstr(base, "httpd") != NULL ?
	    WEBCONF_APACHE :
	    WEBCONF_NGINX;
}

/* Reads the files, once: that of --web, or the usual ones that exist. */
static void
doctor_web_read(struct doctor *d)
{
	size_t i;

	if (d->webs_read)
		return;
	d->webs_read = true;
	if (d->web != NULL)
		d->webs[0] =
		    webconf_read(d->web, kind_of_file(d->web), d->web_why);
	for (i = 0; d->web == NULL && i < DOCTOR_WEBS; i++)
		d->webs[i] =
		    webconf_read(usual[i].file, usual[i].kind, d->web_why);
}

void
doctor_web_free(struct doctor *d)
{
	size_t i;

	for (i = 0; i < DOCTOR_WEBS; i++)
		webconf_free(d->webs[i]);
}

/* Goes on to the next way.  Returns false when there is none. */
static bool
doctor_web_next(struct doctor *d, struct way *way)
{
	const struct webconf_node *n;

	doctor_web_read(d);
	for (; way->file < DOCTOR_WEBS; way->file++, way->at = NULL) {
		if ((way->w = d->webs[way->file]) == NULL)
			continue;
		n = way->at == NULL ? way->w->first : way->at->next;
		while (n != NULL && (way->kind = kind_of(d, way->w, n)) == NULL)
			n = n->next;
		if ((way->at = n) != NULL) {
			way->node = doctor_web_place_of(way->w, n, way->kind);
			return true;
		}
	}
	return false;
}

/* Has every way judged, or says that there is none. */
static void
doctor_web_each(struct doctor *d, void (*judge)(struct doctor *, struct way *))
{
	struct way way = { .file = 0 };
	bool found = false;

	for (; doctor_web_next(d, &way); found = true)
		judge(d, &way);
	if (found)
		return;
	if (d->web == NULL) {
		doctor_say(d, DOCTOR_SKIPPED,
		    "it shows in the web server's files alone, and none that "
		    "could be read here leads to %s; --web names others",
		    d->conf->listen);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "%s: %s", d->web,
	    d->webs[0] == NULL ?
		d->web_why :
		"nothing in it leads to this gateway's socket");
	doctor_mend(d, "%s",
	    kind_of_file(d->web) == WEBCONF_APACHE ?
		"Include " CTIM_DATADIR "/apache/ctim-relay-proxy_fcgi.conf" :
		"include " CTIM_DATADIR "/nginx/ctim-relay-location.conf;");
	doctor_note(d, "in %s; [server] listen is %s", d->web, d->conf->listen);
}

void
doctor_streaming(struct doctor *d)
{
	doctor_web_each(d, judge_streaming);
}

void
doctor_timeout(struct doctor *d)
{
	doctor_web_each(d, judge_timeout);
}

void
doctor_limit(struct doctor *d)
{
	doctor_web_each(d, judge_limit);
}

/* --- who starts the gateway, and serves it ---------------------------------- */

const char *
doctor_web_starts(struct doctor *d)
{
	struct way way = { .file = 0 };
	const char *how = NULL;

	if (d->cgi != NULL)
		return "the web server starts the gateway, as CGI";
	while (doctor_web_next(d, &way))
		if (way.kind == &cgi)
			how = "Apache starts the gateway itself, as CGI";
		else if (way.kind != &fcgid)
			return NULL;
		else if (how == NULL)
			how =
			    "Apache starts the gateway itself, with mod_fcgid";
	return how;
}

const char *const doctor_web_users[] = { "www-data", "nginx", "apache", "httpd",
	"http", "www", "wwwrun", "caddy", "lighttpd", NULL };

/* Returns the number of "#NUMBER"; (id_t)-1, which nobody has, for any other
 * text. */
static id_t
doctor_web_id(const char *text)
{
	char *end;
	unsigned long n = strtoul(text + 1, &end, 10);

	return *end != '\0' || n > UINT32_MAX ? (id_t)-1 : (id_t)n;
}

/* Reads "user USER [GROUP]" of nginx, or User and Group of Apache, where "#"
 * begins a number.  Returns false when there is no such user here, or it is
 * root. */
static bool
doctor_web_named(const struct webconf *w, struct doctor_who *who)
{
	static const struct webconf_node top = { .parent = NULL };
	bool both = w->kind == WEBCONF_NGINX;
	const char *args = webconf_value(w, &top, "user"), *group;
	const struct passwd *pw;
	const struct group *gr;
	char user[64];

	if (args == NULL)
		return false;
	snprintf(user, sizeof(user), "%.*s", (int)strcspn(args, " "), args);
	pw = user[0] == '#' ? getpwuid(doctor_web_id(user)) : getpwnam(user);
	if (pw == NULL || pw->pw_uid == 0)
		return false;
	who->uid = pw->pw_uid;
	who->gid = pw->pw_gid;
	group = both ? strchr(args, ' ') : webconf_value(w, &top, "Group");
	if (group == NULL)
		return true;
	group += both;
	if (group[0] == '#' && doctor_web_id(group) != (gid_t)-1)
		who->gid = doctor_web_id(group);
	else if ((gr = getgrnam(group)) != NULL)
		who->gid = gr->gr_gid;
	return true;
}

bool
doctor_web_user(struct doctor *d, struct doctor_who *who)
{
	struct way way = { .file = 0 };
	bool found = false;
	size_t i;

	/* The first file that leads to the gateway counts, else the first of
	 * all. */
	while (doctor_web_next(d, &way))
		if (doctor_web_named(way.w, who))
			return true;
	for (i = 0; !found && i < DOCTOR_WEBS; i++)
		found = d->webs[i] != NULL && doctor_web_named(d->webs[i], who);
	return found;
}
