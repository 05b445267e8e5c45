/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "call/provider.h"
#include "cli/base/secret.h"
#include "conf/conf.h"
#include "os/regular.h"
#include "packaging/container/arrange.h"
#include "packaging/container/envconf.h"
#include "packaging/container/nginxconf.h"
#include "relay/lists.h"
#include "store/store.h"
#include "token/auth.h"

#define ARRANGE_CONF_MAX  (1U << 20) /* bytes of the configuration */
#define ARRANGE_VALUE_MAX (4U << 20) /* bytes of a file of _FILE */
#define ARRANGE_LINE      2048
#define ARRANGE_NAMES     1000 /* bytes of names in a warning */

extern char **environ;

/* What is said while a configuration is looked at. */
struct arrange_look {
	struct envconf env;
	const char *path; /* of the configuration */
};

void
arrange_say(const char *line)
{
	(void)fprintf(stderr, "ctim-relay-container: %s\n", line);
}

static void __attribute__((format(printf, 1, 2)))
arrange_sayf(const char *format, ...)
{
	char line[ARRANGE_LINE];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	arrange_say(line);
}

/* FOLDER/NAME; false when it is too long, which has been said. */
static bool
arrange_path(char out[PATH_MAX], const char *folder, const char *name)
{
	if (snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return true;
	arrange_sayf("%s: the path is too long", folder);
	return false;
}

/* --- files --------------------------------------------------------------- */

static bool
arrange_folder(const char *path)
{
	if (mkdir(path, S_IRWXU) == 0 || errno == EEXIST)
		return true;
	arrange_sayf("%s cannot be made: %s; give the container a file system "
		     "in memory: --tmpfs /run:mode=1777",
	    path, strerror(errno));
	return false;
}

/* Puts a new file of ours in the place of another; false: it has been said. */
static bool
arrange_put(const char *path, const char *bytes, size_t n)
{
	char new[PATH_MAX];

	if (snprintf(new, sizeof(new), "%s.new", path) < (int)sizeof(new)) {
		(void)unlink(new);
		if (secret_make(new, bytes, n) == 1 && rename(new, path) == 0)
			return true;
		(void)unlink(new);
	} else {
		errno = ENAMETOOLONG;
	}
	arrange_sayf("%s cannot be written: %s", path, strerror(errno));
	return false;
}

/* --- the environment ----------------------------------------------------- */

static void
arrange_tell(void *arg, bool error, const char *line)
{
	(void)arg;
	arrange_sayf("%s%s", error ? "" : "warning: ", line);
}

/* What is said of a line that came from a variable is said of the variable.  The
 * pool says the warnings itself. */
static void
arrange_complain(void *arg, bool error, const char *line)
{
	const struct arrange_look *look = arg;
	const size_t n = strlen(look->path);
	const struct envconf_row *row = NULL;
	char *end = NULL;

	if (!error)
		return;
	if (strncmp(line, look->path, n) == 0 && line[n] == ':')
		row = envconf_at(
		    &look->env, (unsigned)strtoul(line + n + 1, &end, 10));
	if (row != NULL && *end == ':')
		arrange_sayf("%s%s", row->variable, end);
	else
		arrange_say(line);
}

/* Copies what a variable with _FILE names to where the pool takes it: a secret
 * of an engine is mostly one that all users of the container may read. */
static bool
arrange_value(const struct arrange *a, struct envconf_row *row)
{
	char name[CONF_SECTION_MAX + 64], path[PATH_MAX], part[4096];
	struct buf bytes;
	const char *what;
	struct stat st;
	ssize_t n;
	bool good;
	int fd = regular_open(row->value, O_RDONLY, &st, &what);

	if (fd == -1) {
		arrange_sayf("%s: %s: %s (for user %d, who serves here)",
		    row->variable, row->value, what, (int)geteuid());
		return false;
	}
	buf_init(&bytes, ARRANGE_VALUE_MAX);
	while ((n = read(fd, part, sizeof(part))) > 0)
		(void)buf_add(&bytes, part, (size_t)n);
	(void)close(fd);
	explicit_bzero(part, sizeof(part));
	if (!(good = n == 0 && !bytes.failed))
		arrange_sayf("%s: %s cannot be read whole: %u bytes at most",
		    row->variable, row->value, ARRANGE_VALUE_MAX);
	(void)snprintf(
	    name, sizeof(name), "values/%s.%s", row->section, row->key->name);
	good = good && arrange_path(path, a->run, name) &&
	    arrange_put(path, bytes.data, bytes.len) &&
	    asprintf(&row->text, "file:%s", path) != -1;
	secret_free(&bytes);
	return good;
}

static bool
arrange_values(const struct arrange *a, struct envconf *env)
{
	char folder[PATH_MAX];
	bool good =
	    arrange_path(folder, a->run, "values") && arrange_folder(folder);
	size_t i;

	for (i = 0; i < env->n; i++)
		if (env->row[i].file && !arrange_value(a, &env->row[i]))
			good = false;
	return good;
}

/* --- what is there without a setting ------------------------------------- */

/* Makes a key that is kept.  Returns whether there is one. */
static bool
arrange_key(const struct arrange *a, const char *path)
{
	char key[65];
	int r = auth_new_key(key);

	key[64] = '\n';
	if (r == 0)
		r = secret_make(path, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	if (r == -1)
		arrange_sayf("warning: no secret key is set, and none can be "
			     "made in %s: %s; until there is one, every token "
			     "is refused: set CTIM_RELAY_AUTH_SECRET_KEY_FILE, "
			     "or mount a volume there",
		    a->state, strerror(errno));
	if (r == -1 || !a->serves || a->guided)
		return r != -1;
	if (r == 1)
		arrange_sayf("no secret key is set "
			     "(CTIM_RELAY_AUTH_SECRET_KEY_FILE): a new one is "
			     "in %s",
		    path);
	else
		arrange_sayf("no secret key is set "
			     "(CTIM_RELAY_AUTH_SECRET_KEY_FILE): taking that "
			     "of an earlier start, %s",
		    path);
	return true;
}

static void
arrange_guide(struct arrange *a, bool relay, bool key)
{
	if (!a->serves || a->guided)
		return;
	if (relay)
		arrange_sayf("no relay is set "
			     "(CTIM_RELAY_RELAY_OTX__PROVIDER=otx would be "
			     "one): serving local, from the store in %s",
		    a->state);
	if (relay && key)
		arrange_say("a first answer: docker exec CONTAINER ctim-relay "
			    "query local 192.0.2.1; a token for the platform: "
			    "docker exec CONTAINER ctim-relay jwt --relay "
			    "local");
	a->guided = true;
}

/* Adds what no variable has set. */
static bool
arrange_defaults(struct arrange *a, struct envconf *env)
{
	char path[PATH_MAX], text[PATH_MAX + 8];
	const char *key = getenv("SECRET_KEY");
	bool relay, made = false;

	(void)snprintf(text, sizeof(text), "unix:%s", a->socket);
	envconf_default(env, "server", "listen", text);
	if (!arrange_path(path, a->run, "control.sock"))
		return false;
	envconf_default(env, "server", "control", path);
	if ((relay = !envconf_has(env, "relay ", NULL)))
		envconf_default(env, "relay local", "provider", "local");
	if (!envconf_has(env, "auth", "secret_key") &&
	    (key == NULL || *key == '\0') &&
	    arrange_path(path, a->state, "secret.key") &&
	    (made = arrange_key(a, path))) {
		(void)snprintf(text, sizeof(text), "file:%s", path);
		envconf_default(env, "auth", "secret_key", text);
	}
	arrange_guide(a, relay, made);
	return env->good;
}

/* --- the configuration --------------------------------------------------- */

static struct conf *
arrange_load(const char *path, struct arrange_look *look)
{
	look->path = path;
	return conf_load(path, &relay_lists, arrange_complain, look);
}

static struct conf *
arrange_written(struct arrange *a, struct arrange_look *look)
{
	struct conf *conf = NULL;
	char new[PATH_MAX];
	struct buf out;

	if (!arrange_path(a->conf, a->run, "ctim-relay.conf") ||
	    !arrange_path(new, a->run, "ctim-relay.next") || !look->env.good ||
	    !arrange_values(a, &look->env))
		return NULL;
	envconf_express(&look->env);
	if (!look->env.good || !arrange_defaults(a, &look->env))
		return NULL;
	buf_init(&out, ARRANGE_CONF_MAX);
	if (envconf_write(&look->env, &out) == -1)
		arrange_say("the configuration is larger than 1 MB");
	else if (arrange_put(new, out.data, out.len))
		conf = arrange_load(new, look);
	secret_free(&out);
	if (conf == NULL || rename(new, a->conf) == -1) {
		(void)unlink(new);
		conf_free(conf);
		return NULL;
	}
	return conf;
}

/* Whether a configuration is mounted, or named in the environment; in a->conf
 * then. */
static bool
arrange_is_mounted(struct arrange *a)
{
	const char *said = getenv("CTIM_RELAY_CONF");
	char ours[PATH_MAX];

	if (!arrange_path(ours, a->run, "ctim-relay.conf") ||
	    !arrange_path(a->conf, a->etc, "ctim-relay.conf"))
		return false;
	if (said == NULL || *said == '\0' || strcmp(said, ours) == 0)
		return access(a->conf, F_OK) == 0;
	(void)snprintf(a->conf, sizeof(a->conf), "%s", said);
	return true;
}

/* Makes a link in the folder of what is written, where a command that is run in
 * the container looks. */
static bool
arrange_link(const struct arrange *a, const char *name, const char *to)
{
	char path[PATH_MAX];

	if (!arrange_path(path, a->run, name))
		return false;
	(void)unlink(path);
	if (to == NULL || access(to, F_OK) == -1 || symlink(to, path) == 0)
		return true;
	arrange_sayf("%s cannot be made: %s", path, strerror(errno));
	return false;
}

static struct conf *
arrange_mounted(struct arrange *a, struct arrange_look *look)
{
	char names[ARRANGE_NAMES], folder[PATH_MAX];
	const char *slash = strrchr(a->conf, '/');
	struct buf b;
	size_t i;

	buf_fixed(&b, names, sizeof(names));
	for (i = 0; i < look->env.n; i++)
		(void)buf_addf(
		    &b, "%s%s", i == 0 ? "" : ", ", look->env.row[i].variable);
	if (look->env.n > 0)
		arrange_sayf("warning: %s%s: not used, as the configuration "
			     "is that in %s",
		    names, b.failed ? " and others" : "", a->conf);
	if (*a->conf != '/') {
		arrange_sayf("%s: the path of the configuration must begin "
			     "with a slash",
		    a->conf);
		return NULL;
	}
	if (!arrange_path(folder, a->conf, ""))
		return NULL;
	(void)snprintf(folder + (slash - a->conf),
	    sizeof(folder) - (size_t)(slash - a->conf), "/conf.d");
	if (!arrange_link(a, "ctim-relay.conf", a->conf) ||
	    !arrange_link(a, "conf.d", folder))
		return NULL;
	return arrange_load(a->conf, look);
}

/* A folder of parts beside a configuration that is not there. */
static void
arrange_parts_alone(const struct arrange *a)
{
	char parts[PATH_MAX];

	if (arrange_path(parts, a->etc, "conf.d") && access(parts, F_OK) == 0)
		arrange_sayf("warning: %s is not read, as there is no "
			     "ctim-relay.conf beside it",
		    parts);
}

/* --- nginx --------------------------------------------------------------- */

/* Whether nginx can open standard output by its name: not where it is another
 * user's pipe. */
static bool
arrange_output(void)
{
	int fd = open("/dev/stdout", O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd != -1)
		(void)close(fd);
	else
		arrange_sayf("warning: nginx cannot open /dev/stdout: %s; its "
			     "requests are not logged there, only by the pool",
		    strerror(errno));
	return fd != -1;
}

static bool
arrange_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd != -1)
		(void)close(fd);
	return fd != -1;
}

static bool
arrange_nginx(struct arrange *a, const struct conf *conf)
{
	struct nginxconf c = { .run = a->run,
		.port = a->port,
		.ipv6 = arrange_has_ipv6(),
		.log = arrange_output(),
		.deadline = conf->deadline,
		.max_body = conf->max_body };
	char template[PATH_MAX], location[PATH_MAX], why[NGINXCONF_WHY];
	struct buf in, part, out;
	bool good;

	if (!arrange_path(a->nginx, a->run, "nginx.conf") ||
	    !arrange_path(template, a->share, "container/nginx.conf") ||
	    !arrange_path(location, a->share, "nginx/ctim-relay-location.conf"))
		return false;
	buf_init(&in, NGINXCONF_MAX);
	buf_init(&part, NGINXCONF_MAX);
	buf_init(&out, 2 * NGINXCONF_MAX);
	good = nginxconf_read(template, &in, why) == 0 &&
	    nginxconf_read(location, &part, why) == 0;
	c.location = part.data;
	good = good && nginxconf_fill(&c, in.data, &out, why) == 0;
	if (!good)
		arrange_sayf("nginx's configuration: %s", why);
	good = good && arrange_put(a->nginx, out.data, out.len);
	buf_free(&in);
	buf_free(&part);
	buf_free(&out);
	return good;
}

/* nginx looks for the pool where we say, which listens there. */
static void
arrange_look_at_listen(const struct arrange *a, const struct conf *conf)
{
	if (strncmp(conf->listen, "unix:", 5) != 0 ||
	    strcmp(conf->listen + 5, a->socket) != 0)
		arrange_sayf("warning: [server] listen is not used here: nginx "
			     "finds the pool at unix:%s",
		    a->socket);
}

/* A store that is not there yet is made: an empty one knows nothing, a missing one
 * is an error to everybody who asks. */
static void
arrange_stores(const struct conf *conf)
{
	char error[STORE_ERROR_MAX];
	const struct relay_conf *r;
	struct store *store;
	const char *path;

	for (r = conf->relays; r != NULL; r = r->next) {
		if (r->provider->store == NULL ||
		    !store_missing(path = r->provider->store(r->own)))
			continue;
		if ((store = store_open(path, STORE_WRITE, error)) == NULL)
			arrange_sayf("warning: [relay %s]: %s", r->name, error);
		else
			arrange_sayf("[relay %s] an empty store is made: %s",
			    r->name, path);
		store_close(store);
	}
}

struct conf *
arrange_all(struct arrange *a)
{
	struct arrange_look look = { .env.tell = arrange_tell };
	struct conf *conf = NULL;

	if (!arrange_folder(a->run) ||
	    !arrange_path(a->socket, a->run, "ctim-relay.sock"))
		return NULL;
	envconf_take(&look.env, environ, &relay_lists);
	if ((a->mounted = arrange_is_mounted(a))) {
		conf = arrange_mounted(a, &look);
	} else {
		arrange_parts_alone(a);
		(void)arrange_link(a, "conf.d", NULL);
		conf = arrange_written(a, &look);
	}
	envconf_free(&look.env);
	if (conf != NULL && a->serves && !arrange_nginx(a, conf)) {
		conf_free(conf);
		conf = NULL;
	}
	if (conf != NULL && a->serves) {
		arrange_look_at_listen(a, conf);
		arrange_stores(conf);
	}
	return conf;
}
