/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/pool/tail_file.h"
#include "os/clock.h"

#define BLOCK        65536       /* bytes read at a time */
#define WINDOW_FIRST (256 << 10) /* bytes looked at for the end */
#define WINDOW_MORE  16          /* times so many when they do */
#define MOVED_FOR \
	1000 /* ms that a file which was moved away is
					 * still read: its writers go on until
					 * they open the new one */

int
tail_file_open(struct tail_file *t, const char *path)
{
	*t = (struct tail_file){ .path = path };
	buf_init(&t->line, TAIL_LINE_MAX);
	t->fd = strcmp(path, "-") == 0 ?
	    dup(STDIN_FILENO) :
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return t->fd == -1 ? -1 : 0;
}

void
tail_file_close(struct tail_file *t)
{
	if (t->fd != -1)
		(void)close(t->fd);
	t->fd = -1;
	buf_free(&t->line);
}

static void
line_over(struct tail_file *t)
{
	t->take(t->arg, t->line.data, t->line.len);
	buf_reset(&t->line);
}

static void
feed(struct tail_file *t, const char *p, size_t n)
{
	const char *end;
	size_t part, room;

	while (n > 0) {
		end = memchr(p, '\n', n);
		part = end == NULL ? n : (size_t)(end - p);
		room = TAIL_LINE_MAX - t->line.len;
		if (part > room) {
			(void)buf_add(&t->line, p, room);
			line_over(t);
			p += room;
			n -= room;
			continue;
		}
		if (buf_add(&t->line, p, part) == -1)
			buf_reset(&t->line);
		if (end != NULL) {
			line_over(t);
			part++;
		}
		p += part;
		n -= part;
	}
}

/* Reads up to `until` (-1: the end).  Returns 0, or -1 with errno. */
static int
read_to(struct tail_file *t, off_t until)
{
	char block[BLOCK];
	size_t want = sizeof(block);
	ssize_t n;

	for (;;) {
		if (until >= 0 && until - t->at < (off_t)sizeof(block))
			want = (size_t)(until - t->at);
		if (want == 0)
			return 0;
		n = read(t->fd, block, want);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		t->at += n;
		feed(t, block, (size_t)n);
	}
}

/* What a pass that counts needs. */
struct count {
	bool (*wanted)(void *, const char *, size_t);
	void *arg;
	uint64_t n;
};

static void
count_line(void *arg, const char *line, size_t len)
{
	struct count *c = arg;

	c->n += c->wanted(c->arg, line, len);
}

/* Goes to the first line that begins at start or after it. */
static int
seek_line(struct tail_file *t, off_t start)
{
	char c = '\n';
	ssize_t n = 1;

	buf_reset(&t->line);
	t->at = start;
	if (lseek(t->fd, start == 0 ? 0 : start - 1, SEEK_SET) == -1)
		return -1;
	if (start == 0)
		return 0;
	/* The byte before it tells whether a line begins there. */
	for (t->at--; (n = read(t->fd, &c, 1)) == 1;) {
		t->at++;
		if (c == '\n')
			return 0;
	}
	return (int)n;
}

int64_t
tail_file_back(struct tail_file *t, uint64_t n,
    bool (*wanted)(void *, const char *, size_t), void *arg)
{
	struct tail_file whole = *t;
	struct count c = { wanted, arg, 0 };
	struct stat st;
	off_t window = WINDOW_FIRST, start;

	if (fstat(t->fd, &st) == -1)
		return -1;
	/* A pipe or a terminal has no end to go to. */
	if (!S_ISREG(st.st_mode))
		return 0;
	t->take = count_line;
	t->arg = &c;
	do {
		start = st.st_size > window ? st.st_size - window : 0;
		c.n = 0;
		if (seek_line(t, start) == -1 || read_to(t, st.st_size) == -1)
			return -1;
		window *= WINDOW_MORE;
	} while (c.n < n && start > 0);
	t->take = whole.take;
	t->arg = whole.arg;
	if (seek_line(t, start) == -1)
		return -1;
	return c.n > n ? (int64_t)(c.n - n) : 0;
}

int
tail_file_read(struct tail_file *t)
{
	return read_to(t, -1);
}

void
tail_file_rest(struct tail_file *t)
{
	if (t->line.len > 0)
		line_over(t);
}

/* Goes from a file that was moved away to the one in its place. */
static int
tail_file_turn(struct tail_file *t)
{
	int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	tail_file_rest(t);
	(void)close(t->fd);
	t->fd = fd;
	t->at = t->moved = 0;
	return tail_file_read(t);
}

int
tail_file_follow(struct tail_file *t)
{
	struct stat named, opened;

	if (tail_file_read(t) == -1 || fstat(t->fd, &opened) == -1)
		return -1;
	if (S_ISREG(opened.st_mode) && opened.st_size < t->at) {
		buf_reset(&t->line);
		t->at = 0;
		if (lseek(t->fd, 0, SEEK_SET) == -1)
			return -1;
		return tail_file_read(t);
	}
	/* Moved away, and no new one yet: writers go on with the old one. */
	if (stat(t->path, &named) == -1)
		return errno == ENOENT ? 0 : -1;
	if (named.st_dev == opened.st_dev && named.st_ino == opened.st_ino) {
		t->moved = 0;
		return 0;
	}
	if (t->moved == 0)
		t->moved = clock_ms();
	return clock_ms() - t->moved < MOVED_FOR ? 0 : tail_file_turn(t);
}
