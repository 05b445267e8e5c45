/* SPDX-License-Identifier: MIT */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "egress/egress_log.h"
#include "fcgi/master/binary.h"
#include "fcgi/master/handover.h"
#include "fcgi/master/master.h"
#include "fcgi/master/master_own.h"
#include "fcgi/master/notify.h"
#include "fcgi/master/reload.h"
#include "fcgi/master/upgrade.h"
#include "fcgi/metrics/metrics.h"
#include "log/log.h"
#include "os/clock.h"
#include "shared/shared.h"

/* Bytes of what a check says: all warnings that it may have; and of those that
 * are told. */
#define SAID_MAX   (128 * 1024)
#define TELL_MAX   8192
#define LISTEN_MAX 64 /* reads at a time */

bool
upgrade_runs(const struct upgrade *u)
{
	return u->pid != 0 || u->passed;
}

void
upgrade_end(struct upgrade *u)
{
	if (u->pid != 0) {
		(void)kill(u->pid, SIGKILL);
		(void)close(u->out);
	}
	u->pid = 0;
	u->passed = false;
	buf_free(&u->said);
}

/* The one that is under way came to nothing; why: a line for people. */
static void
upgrade_refuse(struct master *m, const char *why)
{
	char line[512];

	(void)snprintf(line, sizeof(line),
	    "the new binary is refused, the old one serves on: %.400s", why);
	m->refused++;
	log_error("upgrade: %s", line);
	reload_fail(m, line);
	upgrade_end(&m->upgrade);
}

/* --- the check ----------------------------------------------------------- */

/* In the new process: the program with --check in front of its arguments, as if
 * somebody had typed it. */
static void
upgrade_exec_check(const struct binary *b, int out)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;
	char **argv;
	size_t n = 0;

	while (b->argv[n] != NULL)
		n++;
	argv = calloc(n + 3, sizeof(*argv));
	if (argv == NULL || null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1 || dup2(out, STDERR_FILENO) == -1)
		_exit(1);
	argv[0] = b->argv[0];
	argv[1] = (char[]){ "--check" };
	memcpy(argv + 2, b->argv + 1, n * sizeof(*argv));
	(void)unsetenv("GATEWAY_INTERFACE");
	(void)unsetenv("NOTIFY_SOCKET");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execv(b->path, argv);
	(void)fprintf(stderr, "%s: %s\n", b->path, strerror(errno));
	_exit(127);
}

/* Starts it.  Returns 0, or -1 with errno. */
static int
upgrade_check(struct upgrade *u, const struct binary *b)
{
	int end[2], error;

	if (pipe2(end, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	u->pid = fork();
	if (u->pid == 0) {
		/* What it prints may wait for who reads. */
		(void)fcntl(end[1], F_SETFL, 0);
		upgrade_exec_check(b, end[1]);
	}
	error = errno;
	(void)close(end[1]);
	u->out = end[0];
	if (u->pid != -1)
		return 0;
	u->pid = 0;
	(void)close(end[0]);
	errno = error;
	return -1;
}

void
upgrade_begin(struct master *m, const char *file)
{
	const struct binary *b = m->setup->binary;
	struct upgrade *u = &m->upgrade;

	m->force = false;
	buf_init(&u->said, SAID_MAX);
	u->until = clock_ms() + UPGRADE_TIME;
	u->late = false;
	u->file = binary_seen(b->path);
	if (file != NULL)
		log_info("upgrade: %s is another file now", file);
	else
		log_info("upgrade: asked for");
	notify_tell(&m->notify, "STATUS=checks the new binary");
	if (b->path[0] == '\0')
		upgrade_refuse(m, "the path of this program is not known");
	else if (upgrade_check(u, b) == -1)
		upgrade_refuse(m, strerror(errno));
}

/* What it has said so far; more than there is room for is lost.  One that never
 * ceases does not hold us. */
static void
upgrade_listen(struct upgrade *u)
{
	char some[4096];
	ssize_t n;
	int i;

	for (i = 0;
	     i < LISTEN_MAX && (n = read(u->out, some, sizeof(some))) > 0; i++)
		if (!u->said.failed)
			(void)buf_add(&u->said, some, (size_t)n);
}

/* Tells what a check said that found something. */
static void
upgrade_tell(struct master *m)
{
	char *line = m->upgrade.said.data, *end, *last;

	last = line + m->upgrade.said.len;
	if (last - line > TELL_MAX)
		last = line + TELL_MAX;
	for (; line < last && *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end == '\n')
			*end++ = '\0';
		reload_complain(m, true, line);
	}
	if (line < m->upgrade.said.data + m->upgrade.said.len)
		reload_complain(m, true, "the check said more than that");
}

static void
upgrade_judge(struct master *m, int status)
{
	struct upgrade *u = &m->upgrade;
	char why[128];

	if (u->late)
		(void)snprintf(why, sizeof(why),
		    "its check did not end within %d s", UPGRADE_TIME / 1000);
	else if (WIFSIGNALED(status))
		(void)snprintf(why, sizeof(why),
		    "its check was ended by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		(void)snprintf(why, sizeof(why),
		    "its check ended with status %d", WEXITSTATUS(status));
	else if (u->said.len == 0 || strstr(u->said.data, UPGRADE_WORD) == NULL)
		(void)snprintf(why, sizeof(why),
		    "it does not say that it can take over from this one");
	else {
		u->passed = true;
		return;
	}
	upgrade_tell(m);
	upgrade_refuse(m, why);
}

bool
upgrade_buried(struct master *m, pid_t pid, int status)
{
	struct upgrade *u = &m->upgrade;

	if (u->pid != pid)
		return false;
	upgrade_listen(u);
	(void)close(u->out);
	u->pid = 0;
	upgrade_judge(m, status);
	return true;
}

/* --- the execution ------------------------------------------------------- */

/* Whom it leaves.  Returns 0, or -1 when memory runs out. */
static int
upgrade_workers(const struct master *m, struct handover *h)
{
	const struct child *c;
	int i;

	h->worker = calloc((size_t)m->top + 1, sizeof(*h->worker));
	if (h->worker == NULL)
		return -1;
	for (i = 0; i < m->top; i++) {
		c = &m->child[i];
		if (c->pid != 0)
			h->worker[h->workers++] =
			    (struct handover_worker){ c->pid, i, c->told,
				    c->blind };
	}
	return 0;
}

/* The workers that are there look at their counts themselves from now on; or not
 * after all. */
static void
upgrade_counts(struct master *m, bool left)
{
	struct shared *s = m->setup->outside;

	/* What has no descriptor is lost for the new binary. */
	if (m->share->memory == -1)
		atomic_store(&m->share->left, left);
	if (!left) {
		atomic_store(&s->left, 0);
		return;
	}
	hook_look(&m->changes, master_conf(m), s);
	hook_hand_over(&m->changes, s);
	m->ledger.next = 0;
	(void)ledger_look(&m->ledger, master_conf(m), s, clock_ms());
	atomic_store(&s->left, 1);
}

/* Becomes the new binary; returns when that fails, with errno. */
static void
upgrade_exec(struct master *m)
{
	const struct master_setup *setup = m->setup;
	struct handover h = { .listener = *setup->listener,
		.control = setup->control,
		.metrics = setup->metrics,
		.share = m->share,
		.log = log_keep(),
		.egress = egress_log_keep(),
		.turn = m->turn,
		.again = m->reload,
		.upgrade = m->force,
		.deadline = m->deadline };
	int text, error;

	if (upgrade_workers(m, &h) == -1)
		return;
	upgrade_counts(m, true);
	metrics_rest(setup->metrics);
	text = handover_leave(&h);
	if (text != -1)
		(void)execv(setup->binary->path, setup->binary->argv);
	error = errno;
	handover_undo(&h, text);
	upgrade_counts(m, false);
	handover_free(&h);
	errno = error;
}

void
upgrade_look(struct master *m)
{
	const char *path = m->setup->binary->path;
	struct upgrade *u = &m->upgrade;

	if (u->pid != 0) {
		upgrade_listen(u);
		if (clock_ms() >= u->until && !u->late) {
			u->late = true;
			(void)kill(u->pid, SIGKILL);
		}
	}
	if (!u->passed)
		return;
	/* Who asks something has the answer first, others that of the new
	 * binary. */
	control_hold(m->setup->control, true);
	if (control_talks(m->setup->control))
		return;
	if (binary_is_other(&u->file, path)) {
		/* What was not checked is not executed. */
		upgrade_end(u);
		upgrade_begin(m, path);
	} else {
		log_info("upgrade: the check is passed, the new binary takes "
			 "over");
		upgrade_exec(m);
		upgrade_refuse(m, strerror(errno));
	}
	control_hold(m->setup->control, false);
}
