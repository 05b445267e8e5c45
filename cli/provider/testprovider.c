/* SPDX-License-Identifier: MIT */
/* ctim-relay provider test: the cases of described providers, without the
 * network. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/played/alone.h"
#include "cli/played/played.h"
#include "cli/provider/providercmd.h"
#include "cli/provider/testcase.h"

struct testing {
	const struct providercmd *p;
	struct alone alone;
	size_t passed, failed;
};

static int
testing_no_dot(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
testing_case(struct testing *t, const char *name)
{
	struct testcase c = {
		.cmd = t->p->cmd, .alone = &t->alone, .accept = t->p->accept
	};
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/cases/%s", t->alone.dir, name) >=
	    (int)sizeof(path)) {
		alone_say(&t->alone, "", strerror(ENAMETOOLONG));
		t->failed++;
		return;
	}
	/* A README is no case. */
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return;
	c.dir = path;
	if (testcase_run(&c))
		t->passed++;
	else
		t->failed++;
}

static void
testing_cases(struct testing *t)
{
	struct dirent **names = NULL;
	const size_t before = t->passed + t->failed;
	char path[PATH_MAX];
	int i, n = -1;

	if (snprintf(path, sizeof(path), "%s/cases", t->alone.dir) <
	    (int)sizeof(path))
		n = scandir(path, &names, testing_no_dot, alphasort);
	if (n == -1 && errno != ENOENT) {
		alone_say(&t->alone, "", strerror(errno));
		t->failed++;
	}
	for (i = 0; i < n; i++) {
		testing_case(t, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (t->passed + t->failed == before)
		alone_say(&t->alone, "warning: ", "there are no cases");
}

static void
testing_directory(struct testing *t, const char *dir)
{
	if (!alone_open(&t->alone, dir)) {
		t->failed++;
		return;
	}
	testing_cases(t);
	alone_close(&t->alone);
}

int
testprovider(const struct providercmd *p)
{
	struct testing t = { .p = p };
	char why[NETWORK_WHY];
	int i;

	if (p->n == 0)
		return command_usage(p->cmd, "no directory named");
	if (played_begin(why) == -1)
		return command_fail(p->cmd, CMD_FAILED, "%s", why);
	for (i = 0; i < p->n; i++)
		testing_directory(&t, p->words[i]);
	printf("%zu passed, %zu failed\n", t.passed, t.failed);
	return t.failed == 0 ? CMD_OK : CMD_FAILED;
}
