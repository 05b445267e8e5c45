#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "spill.h"
#include "writeall.h"

#define CHUNK	65536	/* bytes read back at a time */

void
spill_init(struct spill *s, size_t *room)
{
	buf_init(&s->memory, *room);
	s->room = room;
	s->fd = -1;
	s->in_file = 0;
}

void
spill_free(struct spill *s)
{
	buf_free(&s->memory);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

/* A file without a name; where the file system cannot make one, a name that is
 * removed at once. */
static int
open_file(void)
{
	const char	*folder = getenv("TMPDIR");
	char		*path;
	int		 fd;

	if (folder == NULL || *folder != '/')
		folder = "/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd != -1 || asprintf(&path, "%s/ctim-relay.XXXXXX", folder) == -1)
		return fd;
	if ((fd = mkostemp(path, O_CLOEXEC)) != -1)
		unlink(path);
	free(path);
	return fd;
}

int
spill_add(struct spill *s, const void *p, size_t n)
{
	/* Once there is a file all that follows goes there: order is kept. */
	if (s->fd == -1 && n <= *s->room && buf_add(&s->memory, p, n) == 0) {
		*s->room -= n;
		return 0;
	}
	if (s->fd == -1 && (s->fd = open_file()) == -1)
		return -1;
	if (writeall(s->fd, p, n) == -1)
		return -1;
	s->in_file += n;
	return 0;
}

size_t
spill_len(const struct spill *s)
{
	return s->memory.len + s->in_file;
}

int
spill_read(struct spill *s, int (*each)(void *, const void *, size_t),
    void *arg)
{
	char	*chunk;
	size_t	 left = s->in_file;
	ssize_t	 n;
	off_t	 at = 0;
	int	 r = 0;

	if (s->memory.len > 0 && each(arg, s->memory.data, s->memory.len) == -1)
		return -1;
	if (left == 0)
		return 0;
	if ((chunk = malloc(CHUNK)) == NULL)
		return -1;
	while (left > 0 && r == 0) {
		n = pread(s->fd, chunk, left < CHUNK ? left : CHUNK, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = -1;
			break;
		}
		r = each(arg, chunk, (size_t)n);
		at += n;
		left -= (size_t)n;
	}
	free(chunk);
	return r;
}
