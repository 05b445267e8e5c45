/* SPDX-License-Identifier: MIT */
/* Shared hosting: the folder with ctim-relay.cgi, as `make cgi-bundle` makes
 * it. */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "hook/program.h"
#include "start/beside.h"

#define CGI_PROGRAM "ctim-relay.cgi"
#define LOADER_TIME 5000 /* ms */

/* How hosts call what their web server hands out. */
static const char *const cgi_roots[] = { "public_html", "www", "htdocs",
	"httpdocs", "html", "web", NULL };

/* What has to stand in .htaccess: any directive of a set whose arguments hold
 * the word. */
static const struct cgi_line {
	const char *directive, *word, *or_directive;
	const char *without, *mend;
} cgi_lines[] = {
	{ "CGIPassAuth", "on", "SetEnvIf",
	    "Apache keeps Authorization from the program", "CGIPassAuth On" },
	{ "RewriteEngine", "on", NULL,
	    "no path but the program's own leads to the gateway",
	    "RewriteEngine On" },
	{ "RewriteRule", CGI_PROGRAM, NULL,
	    "no path but the program's own leads to the gateway, and other "
	    "files of the folder are handed out",
	    "RewriteRule ^(?!ctim-relay\\.cgi(?:/|$))(.*)$ ctim-relay.cgi/$1 "
	    "[END]" },
};

/* --- where ---------------------------------------------------------------- */

bool
doctor_cgi_path(const struct doctor *d, const char *name, char path[PATH_MAX])
{
	return (size_t)snprintf(path, PATH_MAX, "%s/%s", d->cgi, name) <
	    PATH_MAX;
}

/* The folder of this program, when it is that of a bundle. */
static bool
doctor_cgi_here(struct doctor *d)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return false;
	path[n] = '\0';
	doctor_directory(path, d->cgi_folder);
	d->cgi = d->cgi_folder;
	if (doctor_cgi_path(d, CGI_PROGRAM, path) && access(path, F_OK) == 0)
		return true;
	d->cgi = NULL;
	return false;
}

/* The upmost folder on the way that hosts hand out, else the bundle's own. */
static void
doctor_cgi_root(const struct doctor *d, char root[PATH_MAX])
{
	char *p;
	size_t i, n;

	if (realpath(d->cgi, root) == NULL)
		(void)snprintf(root, PATH_MAX, "%s", d->cgi);
	for (p = root; (p = strchr(p, '/')) != NULL; p++)
		for (i = 0; cgi_roots[i] != NULL; i++) {
			n = strlen(cgi_roots[i]);
			if (strncmp(p + 1, cgi_roots[i], n) == 0 &&
			    (p[n + 1] == '/' || p[n + 1] == '\0')) {
				p[n + 1] = '\0';
				return;
			}
		}
}

/* Looks at the file of the bundle.  Returns whether it is there. */
static bool
doctor_cgi_look(struct doctor *d, struct beside *b,
    void (*each)(void *, const struct beside_finding *))
{
	char program[PATH_MAX], root[PATH_MAX];
	struct stat st;

	*b = (struct beside){
		.uid = geteuid(), .program = program, .each = each, .arg = d
	};
	if (!doctor_cgi_path(d, CGI_PROGRAM, program))
		return false;
	/* root looks for the user as whom suexec runs the program. */
	if (b->uid == 0 && stat(program, &st) == 0)
		b->uid = st.st_uid;
	doctor_cgi_root(d, root);
	b->roots[0] = root;
	return beside_look(b);
}

static void
doctor_cgi_ignore(void *arg, const struct beside_finding *f)
{
	(void)arg;
	(void)f;
}

void
doctor_cgi_find(struct doctor *d)
{
	const char *said = getenv("CTIM_RELAY_CONF");
	struct beside b;

	if (d->config != NULL && d->cgi == NULL)
		return;
	if (d->cgi == NULL &&
	    ((said != NULL && *said != '\0') || !doctor_cgi_here(d)))
		return;
	if (d->config == NULL && doctor_cgi_look(d, &b, doctor_cgi_ignore) &&
	    b.conf[0] != '\0') {
		memcpy(d->cgi_conf, b.conf, sizeof(b.conf));
		d->config = d->cgi_conf;
	}
}

/* --- the file --------------------------------------------------------------- */

static void
doctor_cgi_say(void *arg, const struct beside_finding *f)
{
	struct doctor *d = arg;

	doctor_say(d, DOCTOR_FAIL, "%s", f->text);
	switch (f->kind) {
	case BESIDE_WRITABLE:
		doctor_mend_mode(d, f->path, "go-w");
		break;
	case BESIDE_READABLE:
		doctor_mend_mode(d, f->path, "0600");
		break;
	case BESIDE_LINE:
		doctor_mend(d, "${EDITOR:-vi} %s", doctor_path_of(d, f->path));
		break;
	case BESIDE_INSIDE:
		doctor_mend(d,
		    "mkdir -p -m 0700 ~/ctim-relay && mv -nT %s "
		    "~/ctim-relay/ctim-relay.conf",
		    doctor_path_of(d, f->path));
		doctor_note(d, "then that path is the line of " BESIDE_FILE);
		break;
	case BESIDE_OWNER:
	case BESIDE_LINK:
	case BESIDE_MISSING:
		doctor_mend(d, "ls -ld %s", doctor_path_of(d, f->path));
		doctor_note(d, "upload it as the user of the web space");
		break;
	}
}

static void
doctor_cgi_file(struct doctor *d)
{
	struct beside b;

	if (!doctor_cgi_look(d, &b, doctor_cgi_say)) {
		doctor_say(d, DOCTOR_FAIL,
		    "%s/" BESIDE_FILE " is not there, so that the program "
		    "does not find its configuration",
		    d->cgi);
		doctor_mend(d, "echo ~/ctim-relay/ctim-relay.conf >>%s",
		    doctor_path_of(d, b.file[0] != '\0' ? b.file : "FILE"));
	} else if (b.good) {
		doctor_say(d, DOCTOR_OK, "%s names %s", b.file, b.conf);
	}
}

/* --- the program ------------------------------------------------------------ */

/* Keeps the lines of the loader that tell of a fault. */
static void
doctor_cgi_line(void *arg, const char *line)
{
	char *why = arg;
	size_t n = strlen(why);

	while (*line == '\t' || *line == ' ')
		line++;
	if (strstr(line, "not found") != NULL ||
	    strstr(line, "error while loading") != NULL)
		(void)snprintf(why + n, DOCTOR_WHY - n, "%s\n", line);
}

/* With that variable the loader lists what it loads, and nothing else runs.
 * Source: ld.so(8). */
static int
doctor_cgi_load(void *arg, char why[DOCTOR_WHY])
{
	char variable[] = "LD_TRACE_LOADED_OBJECTS=1";
	char *const trace[] = { variable, NULL };
	struct program p = { .path = arg,
		.env = trace,
		.most = LOADER_TIME,
		.line = doctor_cgi_line,
		.arg = why };
	struct program_end end;

	end = program_run(&p);
	if (*why != '\0')
		return -1;
	if (end.how == PROGRAM_ENDED && end.value == 0)
		return 0;
	(void)snprintf(why, DOCTOR_WHY, "%s: %s",
	    end.how == PROGRAM_FAILED ? "cannot be started" : "does not load",
	    end.how == PROGRAM_FAILED ? strerror(end.value) :
					"the loader says no more");
	return -1;
}

static void
doctor_cgi_program(struct doctor *d)
{
	char path[PATH_MAX], why[DOCTOR_WHY], *line, *end;
	struct stat st;

	if (!doctor_cgi_path(d, CGI_PROGRAM, path) || stat(path, &st) == -1) {
		doctor_say(d, DOCTOR_FAIL, "%s is not there", path);
		doctor_mend(d, "ls -la %s", doctor_path_of(d, d->cgi));
		return;
	}
	if ((st.st_mode & 0111) != 0111) {
		doctor_say(d, DOCTOR_FAIL, "%s cannot be run (mode %04o)", path,
		    (unsigned)st.st_mode & 07777);
		doctor_mend_mode(d, path, "0755");
		return;
	}
	if (d->conf == NULL && geteuid() == 0) {
		doctor_say(d, DOCTOR_SKIPPED,
		    "%s: as whom it runs is not known", path);
		return;
	}
	if (doctor_as(d, doctor_cgi_load, path, why) == 0) {
		doctor_say(d, DOCTOR_OK, "%s has all of its libraries", path);
		return;
	}
	for (line = why; *line != '\0'; line = end + (*end != '\0')) {
		end = line + strcspn(line, "\n");
		doctor_say(d, DOCTOR_FAIL,
		    "%s: %.*s: each answer is a bare 500", path,
		    (int)(end - line), line);
		doctor_mend(d, "ldd %s", doctor_path_of(d, path));
		doctor_note(d,
		    strncmp(line, path, strlen(path)) == 0 ||
			    strstr(line, "GLIBC") != NULL ?
			"build on the release of this host, or in a chroot of "
			"it" :
			"upload the bundle's lib again, in binary mode");
	}
}

/* --- .htaccess -------------------------------------------------------------- */

static bool
doctor_cgi_has(const struct webconf *w, const struct cgi_line *l)
{
	const struct webconf_node *n;

	for (n = w->first; n != NULL; n = n->next)
		if ((strcasecmp(n->name, l->directive) == 0 &&
			strcasestr(n->args, l->word) != NULL) ||
		    (l->or_directive != NULL &&
			strcasecmp(n->name, l->or_directive) == 0 &&
			strstr(n->args, "HTTP_AUTHORIZATION") != NULL))
			return true;
	return false;
}

static void
doctor_cgi_htaccess(struct doctor *d)
{
	char path[PATH_MAX], why[WEBCONF_WHY];
	struct webconf *w;
	bool good = true;
	size_t i;

	if (!doctor_cgi_path(d, ".htaccess", path) ||
	    (w = webconf_read(path, WEBCONF_APACHE, why)) == NULL) {
		doctor_say(d, DOCTOR_FAIL,
		    "%s/.htaccess cannot be read: the web server hands the "
		    "files of this folder out, and hides Authorization",
		    d->cgi);
		doctor_mend(d, "ls -la %s", doctor_path_of(d, d->cgi));
		doctor_note(d, "upload it from the bundle");
		return;
	}
	for (i = 0; i < sizeof(cgi_lines) / sizeof(cgi_lines[0]); i++) {
		if (doctor_cgi_has(w, &cgi_lines[i]))
			continue;
		good = false;
		doctor_say(d, DOCTOR_FAIL, "%s has no %s: %s", path,
		    cgi_lines[i].directive, cgi_lines[i].without);
		doctor_mend(d, "%s", cgi_lines[i].mend);
		doctor_note(d, "a line of %s", path);
	}
	webconf_free(w);
	if (good)
		doctor_say(d, DOCTOR_OK,
		    "%s lets Authorization through and leads to the program",
		    path);
}

void
doctor_cgi(struct doctor *d)
{
	/* As with --url: nobody asked. */
	if (d->cgi == NULL)
		return;
	doctor_cgi_file(d);
	doctor_cgi_program(d);
	doctor_cgi_htaccess(d);
}
