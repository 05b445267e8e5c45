/* SPDX-License-Identifier: MIT */
/* What described providers are tried with before a request does: their cases, in a
 * process of its own, and the lock of the processes that run their maps. */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/set.h"
#include "call/provider.h"
#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "describe/described.h"
#include "json/jsonin.h"
#include "mapping/map.h"
#include "os/clock.h"
#include "os/pollone.h"

#define CASES_TIME 60000 /* ms for the cases of one provider */
#define LAST_LINE  256   /* bytes kept of what is printed about them */

/* --- cases ----------------------------------------------------------------- */

/* How the cases of a directory ended. */
struct doctor_cases {
	pid_t pid;
	int fd;               /* what it prints */
	char last[LAST_LINE]; /* the end of that */
	bool late;
};

static void
doctor_cases_exec(const char *dir, int out)
{
	static char program[] = "ctim-relay", command[] = "provider",
		    test[] = "test";
	char *argv[] = { program, command, test, strdup(dir), NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (argv[3] != NULL && null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    dup2(null, STDERR_FILENO) != -1 && dup2(out, STDOUT_FILENO) != -1)
		(void)execv("/proc/self/exe", argv);
	_exit(127);
}

/* Returns 0, or -1 with errno. */
static int
doctor_cases_begin(struct doctor_cases *c, const char *dir)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) == -1)
		return -1;
	c->fd = pair[0];
	if ((c->pid = fork()) == 0)
		doctor_cases_exec(dir, pair[1]);
	(void)close(pair[1]);
	if (c->pid != -1)
		return 0;
	(void)close(pair[0]);
	return -1;
}

/* Keeps the end of what is read, until there is no more or it is late. */
static void
doctor_cases_read(struct doctor_cases *c, int64_t until)
{
	size_t len = 0, half = LAST_LINE / 2;
	ssize_t n = 1;

	while (n > 0 && !c->late) {
		if (pollone(c->fd, POLLIN, until) <= 0) {
			c->late = true;
			break;
		}
		if (len > half) {
			memmove(c->last, c->last + len - half, half);
			len = half;
		}
		n = read(c->fd, c->last + len, LAST_LINE - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	c->last[len] = '\0';
}

/* Runs them; returns what its process ended with, or -1. */
static int
doctor_cases_run(struct doctor_cases *c, const char *dir)
{
	int status = -1;

	if (doctor_cases_begin(c, dir) == -1)
		return -1;
	doctor_cases_read(c, clock_ms() + CASES_TIME);
	(void)close(c->fd);
	if (c->late)
		(void)kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* "9 passed, 1 failed", the last line. */
static bool
doctor_cases_counts(
    const struct doctor_cases *c, unsigned *passed, unsigned *failed)
{
	size_t n = strlen(c->last);

	if (n == 0)
		return false;
	for (n--; n > 0 && c->last[n - 1] != '\n'; n--)
		;
	return sscanf(c->last + n, "%u passed, %u failed", passed, failed) == 2;
}

static void
doctor_described_cases(struct doctor *d, const struct relay_conf *r)
{
	const char *dir = described_dir(described_of(r->provider));
	struct doctor_cases c = { .fd = -1 };
	int status = doctor_cases_run(&c, dir);
	unsigned passed = 0, failed = 0;

	if (!c.late && status != -1 &&
	    doctor_cases_counts(&c, &passed, &failed) && failed == 0) {
		if (passed == 0)
			doctor_say(d, DOCTOR_SKIPPED,
			    "relay %s: there are no cases in %s", r->name, dir);
		else
			doctor_say(d, DOCTOR_OK,
			    "relay %s: all %u cases in %s pass", r->name,
			    passed, dir);
		return;
	}
	if (c.late)
		doctor_say(d, DOCTOR_FAIL,
		    "relay %s: the cases in %s take longer than %d s", r->name,
		    dir, CASES_TIME / 1000);
	else if (failed > 0)
		doctor_say(d, DOCTOR_FAIL,
		    "relay %s: %u of %u cases in %s fail", r->name, failed,
		    passed + failed, dir);
	else
		doctor_say(d, DOCTOR_FAIL,
		    "relay %s: the cases in %s cannot be run", r->name, dir);
	doctor_mend(d, "%s provider test %s", d->program, doctor_quote(d, dir));
	doctor_note(d, "shows which, and the first difference of each");
}

/* --- the lock -------------------------------------------------------------- */

/* A number behind a name in /proc/PID/status; -1: none. */
static int
doctor_map_status(pid_t pid, const char *name)
{
	char path[64], line[256];
	size_t n = strlen(name);
	int value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return -1;
	while (value == -1 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, n) == 0 && line[n] == ':')
			value = (int)strtol(line + n + 1, NULL, 10);
	(void)fclose(f);
	return value;
}

/* The only child of a map master; 0: it cannot be told. */
static pid_t
doctor_map_child(pid_t master)
{
	char path[96], line[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)master,
	    (int)master);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	(void)fclose(f);
	return (pid_t)strtol(line, NULL, 10);
}

/* Says of a map worker that has answered whether it is locked. */
static void
doctor_map_look(struct doctor *d, pid_t worker)
{
	int filter = worker == 0 ? -1 : doctor_map_status(worker, "Seccomp");

	if (worker == 0) {
		doctor_say(d, DOCTOR_SKIPPED,
		    "the lock of " MAP_NAME
		    ": /proc does not tell which process it is");
		return;
	}
	if (filter == 2) {
		doctor_say(
		    d, DOCTOR_OK, MAP_NAME " is locked where it runs maps");
		return;
	}
	doctor_say(d, DOCTOR_FAIL,
	    MAP_NAME " runs maps without its lock (Seccomp: %d)", filter);
	doctor_sudo(d, "make install");
	doctor_note(d,
	    "in the folder that the gateway was built in, and built without "
	    "sanitizers: these cannot live with the lock");
}

static void
doctor_map_failed(struct doctor *d, const char *why)
{
	doctor_say(d, DOCTOR_FAIL, "maps cannot be run: %s", why);
	doctor_mend(d, "grep Seccomp /proc/self/status");
	doctor_note(d,
	    "the kernel must know filters of seccomp, and " MAP_NAME
	    " must be beside this program or installed with it");
}

static void
doctor_map_ask(struct doctor *d, struct map_master *m, struct map_worker *w)
{
	struct json_object *entities = NULL;
	char why[MAP_WHY] = "its process ended";
	enum map_result result;
	struct buf question;

	buf_init(&question, 64);
	(void)buf_adds(&question, "{\"answers\":null}");
	result = map_ask(w, 0, &question, clock_ms() + MAP_TIME, &entities, why,
	    sizeof(why));
	if (result == MAP_DONE || result == MAP_ERROR)
		doctor_map_look(d, doctor_map_child(map_master_pid(m)));
	else
		doctor_map_failed(d, why);
	json_object_put(entities);
	buf_free(&question);
}

static void
doctor_described_lock(struct doctor *d)
{
	static const struct map_program program = { "doctor", "empty" };
	char why[MAP_WHY] = "no memory left";
	struct map_master *m = map_master_later(&program, 1, why, sizeof(why));
	struct map_worker *w = m == NULL ? NULL : map_worker_new(m);

	if (w != NULL)
		doctor_map_ask(d, m, w);
	else
		doctor_map_failed(d, why);
	map_worker_free(w);
	map_master_stop(m);
}

void
doctor_described(struct doctor *d)
{
	const struct relay_conf *r;
	struct set seen = { .used = 0 };
	const char *dir;
	bool mapped = false;

	for (r = d->conf->relays; r != NULL; r = r->next) {
		if (described_of(r->provider) == NULL)
			continue;
		dir = described_dir(described_of(r->provider));
		mapped = mapped || r->provider->programs != NULL;
		if (set_new(&seen, dir, strlen(dir)))
			doctor_described_cases(d, r);
	}
	set_free(&seen);
	if (mapped)
		doctor_described_lock(d);
}
