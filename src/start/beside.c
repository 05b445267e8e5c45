/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/savedtext.h"
#include "net/network.h"
#include "os/object.h"
#include "start/beside.h"

#define SELF            "/proc/self/exe"
#define BESIDE_LINE_MAX (PATH_MAX + 8) /* a mark, a path, a line end */

struct besidelook {
	struct beside *b;
	bool good;
};

__attribute__((format(printf, 4, 5))) static void
beside_tell(struct besidelook *l, enum beside_kind kind, const char *path,
    const char *format, ...)
{
	char text[BESIDE_TEXT];
	struct beside_finding f = { .kind = kind, .path = path, .text = text };
	int n = snprintf(text, sizeof(text), "%s: ", path);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	l->good = false;
	l->b->each(l->b->arg, &f);
}

/* --- whose ---------------------------------------------------------------- */

/* A folder may be root's, who may change everything in any case. */
static void
beside_judge(struct besidelook *l, const char *path, const struct stat *st)
{
	bool root = S_ISDIR(st->st_mode) && st->st_uid == 0;

	if (st->st_uid != l->b->uid && !root)
		beside_tell(l, BESIDE_OWNER, path,
		    "belongs to user %ld, but the program runs as user %ld; "
		    "both must be one (suexec)",
		    (long)st->st_uid, (long)l->b->uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		beside_tell(l, BESIDE_WRITABLE, path,
		    "others than its owner may write it (mode %04o); chmod "
		    "go-w",
		    (unsigned)st->st_mode & 07777);
}

/* Judges a file in the folder of the program; one that is not there is good. */
static void
beside_judge_in(
    struct besidelook *l, int folder, const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (fstatat(folder, name, &st, 0) == 0 &&
	    (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) <
		sizeof(path))
		beside_judge(l, path, &st);
}

static void
beside_judge_program(struct besidelook *l, int folder, const char *dir)
{
	const char *program = l->b->program != NULL ? l->b->program : SELF;
	char path[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstat(folder, &st) == 0)
		beside_judge(l, dir, &st);
	/* What runs is judged, whatever is at its path by now. */
	n = l->b->program != NULL ?
	    snprintf(path, sizeof(path), "%s", program) :
	    readlink(SELF, path, sizeof(path) - 1);
	path[n > 0 && n < PATH_MAX ? n : 0] = '\0';
	if (stat(program, &st) == 0)
		beside_judge(l, path, &st);
	beside_judge_in(l, folder, dir, NETWORK_FILE);
	beside_judge_in(l, folder, dir, OBJECT_PGSQL);
	beside_judge_in(l, folder, dir, OBJECT_REDIS);
}

/* --- where ---------------------------------------------------------------- */

/* Whether path is in the folder root; both from the root on, without links. */
static bool
beside_within(const char *path, const char *root)
{
	size_t n = strlen(root);

	while (n > 0 && root[n - 1] == '/')
		n--;
	return strncmp(path, root, n) == 0 && path[n] == '/';
}

static void
beside_outside(struct besidelook *l, const char *path)
{
	char real[PATH_MAX];
	const char *root;
	size_t i;

	for (i = 0; i < BESIDE_ROOTS; i++) {
		if ((root = l->b->roots[i]) == NULL || *root != '/')
			continue;
		/* One that we may not pass is compared as it is written. */
		if (!beside_within(
			path, realpath(root, real) != NULL ? real : root))
			continue;
		beside_tell(l, BESIDE_INSIDE, path,
		    "is inside of %s, which the web server hands out; move "
		    "it out",
		    root);
		return;
	}
}

/* Judges a file with secrets: the configuration, and each in conf.d. */
static void
beside_judge_secret(struct besidelook *l, const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (realpath(path, real) == NULL || stat(real, &st) == -1) {
		beside_tell(l, BESIDE_MISSING, path, "%s", strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		beside_tell(l, BESIDE_LINK, path, "is no file");
		return;
	}
	beside_outside(l, real);
	beside_judge(l, real, &st);
	if ((st.st_mode & (S_IRGRP | S_IROTH)) != 0)
		beside_tell(l, BESIDE_READABLE, real,
		    "others than its owner may read it (mode %04o); chmod 600",
		    (unsigned)st.st_mode & 07777);
}

/* Judges the folder of the configuration, and what would be read of conf.d in
 * it.  conf.d is read by its path again: nobody else may write that. */
static void
beside_judge_folder(struct besidelook *l, const char *conf)
{
	char dir[PATH_MAX], sub[PATH_MAX], path[PATH_MAX];
	int len = (int)(strrchr(conf, '/') - conf);
	struct dirent *e;
	struct stat st;
	DIR *d;

	snprintf(dir, sizeof(dir), "%.*s", len == 0 ? 1 : len, conf);
	if (stat(dir, &st) == 0)
		beside_judge(l, dir, &st);
	if ((size_t)snprintf(sub, sizeof(sub), "%.*s/conf.d", len, conf) >=
		sizeof(sub) ||
	    (d = opendir(sub)) == NULL)
		return;
	if (fstat(dirfd(d), &st) == 0)
		beside_judge(l, sub, &st);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && strlen(e->d_name) > 5 &&
		    strcmp(e->d_name + strlen(e->d_name) - 5, ".conf") == 0 &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", sub,
			e->d_name) < sizeof(path))
			beside_judge_secret(l, path);
	(void)closedir(d);
}

static void
beside_configuration(struct besidelook *l, const char *named)
{
	char real[PATH_MAX];

	beside_judge_secret(l, named);
	if (realpath(named, real) == NULL)
		return;
	beside_judge_folder(l, real);
	memcpy(l->b->conf, real, sizeof(real));
}

/* --- what ----------------------------------------------------------------- */

/* Takes the path out of what an editor, or an upload in text mode, made of the
 * file.  Returns NULL, or what is wrong. */
static const char *
beside_path(char *text, size_t n, char why[SAVEDTEXT_WHY])
{
	if (savedtext_is_utf16(text, n))
		return "is in UTF-16; save it as UTF-8";
	if (n == BESIDE_LINE_MAX || memchr(text, '\0', n) != NULL)
		return "is no line with a path";
	n = savedtext_trim(text, n);
	if (n == 0)
		return "is empty; its one line is the configuration's path";
	if (savedtext_plain(text, false, why) == -1)
		return why;
	return *text != '/' || n >= PATH_MAX ?
	    "its line is no path that begins with a slash" :
	    NULL;
}

static void
beside_read(struct besidelook *l, int fd)
{
	char text[BESIDE_LINE_MAX + 1], why[SAVEDTEXT_WHY];
	const char *file = l->b->file, *what;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		beside_tell(l, BESIDE_LINK, file, "is no file");
		return;
	}
	beside_judge(l, file, &st);
	/* A regular file gives all of so few bytes at once: read(2). */
	if ((n = read(fd, text, BESIDE_LINE_MAX)) == -1) {
		beside_tell(l, BESIDE_MISSING, file, "%s", strerror(errno));
		return;
	}
	if ((what = beside_path(text, (size_t)n, why)) != NULL)
		beside_tell(l, BESIDE_LINE, file, "%s", what);
	else
		beside_configuration(l, text);
}

/* The folder of the program, opened; its path goes to dir.  -1: not known. */
static int
beside_folder(const struct beside *b, char dir[PATH_MAX])
{
	ssize_t n;
	char *slash;

	if (b->program != NULL)
		n = snprintf(dir, PATH_MAX, "%s", b->program);
	else
		n = readlink(SELF, dir, PATH_MAX - 1);
	if (n <= 0 || n >= PATH_MAX)
		return -1;
	dir[n] = '\0';
	if ((slash = strrchr(dir, '/')) == NULL)
		return -1;
	slash[slash == dir] = '\0';
	return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

bool
beside_look(struct beside *b)
{
	struct besidelook l = { .b = b, .good = true };
	char dir[PATH_MAX];
	int folder, fd, error;

	b->good = false;
	b->conf[0] = '\0';
	b->file[0] = '\0';
	if ((folder = beside_folder(b, dir)) == -1)
		return false;
	(void)snprintf(b->file, sizeof(b->file), "%.*s/" BESIDE_FILE,
	    (int)(sizeof(b->file) - sizeof("/" BESIDE_FILE)), dir);
	fd = openat(folder, BESIDE_FILE,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	error = errno;
	if (fd == -1 && (error == ENOENT || error == ENOTDIR)) {
		(void)close(folder);
		return false;
	}
	beside_judge_program(&l, folder, dir);
	if (fd == -1)
		beside_tell(&l, error == ELOOP ? BESIDE_LINK : BESIDE_OWNER,
		    b->file, "%s",
		    error == ELOOP ? "is a link, not a file" : strerror(error));
	else
		beside_read(&l, fd);
	if (fd != -1)
		(void)close(fd);
	(void)close(folder);
	b->good = l.good;
	return true;
}
