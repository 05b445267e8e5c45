/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/spill.h"
#include "os/writeall.h"

#define CHUNK 65536 /* bytes read back at a time */

void
spill_init(struct spill *s, size_t *room)
{
	buf_init(&s->memory, *room);
	s->room = room;
	s->fd = -1;
	s->in_file = 0;
	s->error = 0;
}

void
spill_free(struct spill *s)
{
	buf_free(&s->memory);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

const char *
spill_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder == NULL || *folder != '/' ? "/tmp" : folder;
}

int
spill_file(void)
{
	const char *folder = spill_folder();
	char *path;
	int fd;

	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd != -1 || asprintf(&path, "%s/ctim-relay.XXXXXX", folder) == -1)
		return fd;
	if ((fd = mkostemp(path, O_CLOEXEC)) != -1)
		unlink(path);
	free(path);
	return fd;
}

static int
spill_failed(struct spill *s)
{
	s->error = errno;
	return -1;
}

int
spill_add(struct spill *s, const void *p, size_t n)
{
	/* Once there is a file, all that follows goes there, to keep the
	 * order. */
	if (s->fd == -1 && n <= *s->room && buf_add(&s->memory, p, n) == 0) {
		*s->room -= n;
		return 0;
	}
	if (s->fd == -1 && (s->fd = spill_file()) == -1)
		return spill_failed(s);
	if (writeall(s->fd, p, n) == -1)
		return spill_failed(s);
	s->in_file += n;
	return 0;
}

size_t
spill_len(const struct spill *s)
{
	return s->memory.len + s->in_file;
}

int
spill_read(
    struct spill *s, int (*each)(void *, const void *, size_t), void *arg)
{
	char *chunk;
	size_t left = s->in_file;
	ssize_t n;
	off_t at = 0;
	int r = 0;

	if (s->memory.len > 0 && each(arg, s->memory.data, s->memory.len) == -1)
		return -1;
	if (left == 0)
		return 0;
	if ((chunk = malloc(CHUNK)) == NULL)
		return spill_failed(s);
	while (left > 0 && r == 0) {
		n = pread(s->fd, chunk, left < CHUNK ? left : CHUNK, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = spill_failed(s);
			break;
		}
		r = each(arg, chunk, (size_t)n);
		at += n;
		left -= (size_t)n;
	}
	free(chunk);
	return r;
}
