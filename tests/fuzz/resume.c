/* SPDX-License-Identifier: MIT */
/* The file of a query that goes on: all of it, or, by the first byte, what is
 * behind its first line. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/query/resume.h"
#include "cli/terms/terms.h"
#include "os/writeall.h"
#include "tests/fuzz/fuzz.h"

#define LIST     20
#define HEAD_MAX 4096

static const struct command command = { "fuzz", "", "try", NULL };
static struct terms asked;
static struct resume_key key = { "relay", "observe", &asked };
static char folder[] = "/tmp/ctim-fuzz-XXXXXX", path[64];
static char head[HEAD_MAX];
static ssize_t head_len;

struct seen {
	size_t n;
	bool done[LIST];
};

static int
take(void *arg, size_t from, size_t to, struct json_object *answer)
{
	struct seen *s = arg;

	HOLDS(from < to && to <= LIST && answer != NULL);
	for (; from < to; from++) {
		HOLDS(!s->done[from]); /* shown once */
		s->n++;
		s->done[from] = true;
	}
	return CMD_OK;
}

static void
clean(void)
{
	(void)unlink(path);
	(void)rmdir(folder);
}

/* A list, a folder, and the first line that a file about the list has. */
static void
begin(void)
{
	struct seen s = { .n = 0 };
	char value[32];
	int i, fd;

	for (i = 0; i < LIST; i++) {
		snprintf(value, sizeof(value), "192.0.2.%d", i);
		HOLDS(terms_append(&command, &asked, OBSERVABLE_IP, value, 0) ==
		    CMD_OK);
	}
	HOLDS(mkdtemp(folder) != NULL && atexit(clean) == 0);
	snprintf(path, sizeof(path), "%s/state", folder);
	HOLDS(resume_close(resume_open(&command, path, &key, take, &s)) == 0);
	HOLDS((fd = open(path, O_RDONLY | O_CLOEXEC)) != -1);
	head_len = read(fd, head, sizeof(head));
	HOLDS(head_len > 0 && head[head_len - 1] == '\n');
	(void)close(fd);
}

static void
put(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	HOLDS(fd != -1);
	if (data[0] % 2 == 0)
		HOLDS(writeall(fd, head, (size_t)head_len) == 0);
	HOLDS(writeall(fd, data + 1, size - 1) == 0);
	(void)close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = { .n = 0 }, again = { .n = 0 };
	struct resume *state;
	size_t from = 0, to, open_ones = 0;

	if (size < 1)
		return 0;
	if (head_len == 0)
		begin();
	put(data, size);
	if ((state = resume_open(&command, path, &key, take, &s)) == NULL)
		return 0;
	HOLDS(resume_done(state) == s.n);
	/* What is added stands behind lines that are whole. */
	for (; resume_next(state, &from, &to); from = to) {
		HOLDS(from < to && to <= LIST);
		open_ones += to - from;
		HOLDS(resume_add(state, from, to, true, "{}", 2) == 0);
	}
	HOLDS(open_ones + s.n == LIST);
	HOLDS(resume_close(state) == 0);
	state = resume_open(&command, path, &key, take, &again);
	HOLDS(state != NULL && resume_done(state) == LIST);
	HOLDS(resume_close(state) == 0);
	return 0;
}
