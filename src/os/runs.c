/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/runs.h"
#include "os/spill.h"
#include "os/writeall.h"

#define CHUNK (64U << 10) /* bytes written or read at a time */

/* A record is in the file behind its length. */
typedef uint16_t runs_length;

_Static_assert(
    RUNS_RECORD <= UINT16_MAX && RUNS_RECORD + sizeof(runs_length) <= CHUNK,
    "a record has a length, and a chunk holds it");

/* A run on its way through the merge. */
struct run {
	off_t at, end; /* in the file: what is not read yet */
	char *chunk;
	size_t from, to; /* in the chunk: the present record and on */
};

struct runs {
	int fd;
	off_t closed; /* where the last closed run ends */
	off_t len;    /* what is in the file */
	struct run *run;
	size_t n;
	char chunk[CHUNK]; /* to be written */
	size_t used;
};

struct runs *
runs_new(void)
{
	struct runs *r = calloc(1, sizeof(*r));

	if (r != NULL && (r->fd = spill_file()) == -1) {
		free(r);
		return NULL;
	}
	return r;
}

/* Forgets all runs. */
static void
runs_clear(struct runs *r)
{
	while (r->n > 0)
		free(r->run[--r->n].chunk);
	free(r->run);
	r->run = NULL;
	r->closed = r->len = 0;
	r->used = 0;
}

void
runs_free(struct runs *r)
{
	if (r == NULL)
		return;
	runs_clear(r);
	(void)close(r->fd);
	free(r);
}

/* Takes the open run back. */
static int
runs_failed(struct runs *r)
{
	int error = errno;

	r->used = 0;
	r->len = r->closed;
	if (lseek(r->fd, r->len, SEEK_SET) == -1 ||
	    ftruncate(r->fd, r->len) == -1)
		return -1;
	errno = error;
	return -1;
}

static int
runs_write(struct runs *r)
{
	if (writeall(r->fd, r->chunk, r->used) == -1)
		return runs_failed(r);
	r->len += (off_t)r->used;
	r->used = 0;
	return 0;
}

int
runs_add(struct runs *r, const void *record, size_t n)
{
	runs_length length = (runs_length)n;

	assert(n <= RUNS_RECORD);
	if (r->used + sizeof(length) + n > CHUNK && runs_write(r) == -1)
		return -1;
	memcpy(r->chunk + r->used, &length, sizeof(length));
	memcpy(r->chunk + r->used + sizeof(length), record, n);
	r->used += sizeof(length) + n;
	return 0;
}

int
runs_close(struct runs *r)
{
	struct run *run = reallocarray(r->run, r->n + 1, sizeof(*run));

	if (run == NULL)
		return runs_failed(r);
	r->run = run;
	if (runs_write(r) == -1)
		return -1;
	r->run[r->n++] = (struct run){ .at = r->closed, .end = r->len };
	r->closed = r->len;
	return 0;
}

static size_t
runs_length_at(const struct run *run)
{
	runs_length length;

	memcpy(&length, run->chunk + run->from, sizeof(length));
	return sizeof(length) + length;
}

/* Reads on behind what the chunk still holds.  Returns 0, or -1 with errno. */
static int
runs_read(int fd, struct run *run)
{
	size_t want;
	ssize_t n;

	run->to -= run->from;
	memmove(run->chunk, run->chunk + run->from, run->to);
	run->from = 0;
	while (run->at < run->end && run->to < CHUNK) {
		want = CHUNK - run->to;
		if ((off_t)want > run->end - run->at)
			want = (size_t)(run->end - run->at);
		n = pread(fd, run->chunk + run->to, want, run->at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return -1;
		}
		run->to += (size_t)n;
		run->at += n;
	}
	return 0;
}

/* Has the present record of a run in its chunk: 1, 0 when there is none any
 * more, or -1 with errno. */
static int
runs_has(int fd, struct run *run)
{
	size_t left = run->to - run->from;

	if ((left < sizeof(runs_length) || left < runs_length_at(run)) &&
	    runs_read(fd, run) == -1)
		return -1;
	return run->from < run->to;
}

/* What a merge compares: runs by their present records, the older run first. */
struct merge {
	int (*compare)(const void *, const void *);
	struct run **heap; /* the first run comes first */
	size_t n;
};

static const void *
runs_record(const struct run *run)
{
	return run->chunk + run->from + sizeof(runs_length);
}

static int
runs_before(const struct merge *m, const struct run *a, const struct run *b)
{
	int d = m->compare(runs_record(a), runs_record(b));

	return d != 0 ? d < 0 : a < b;
}

/* Lets the run at a place of the heap sink to where it belongs. */
static void
runs_sink(struct merge *m, size_t at)
{
	struct run *run = m->heap[at];
	size_t below;

	while ((below = 2 * at + 1) < m->n) {
		if (below + 1 < m->n &&
		    runs_before(m, m->heap[below + 1], m->heap[below]))
			below++;
		if (!runs_before(m, m->heap[below], run))
			break;
		m->heap[at] = m->heap[below];
		at = below;
	}
	m->heap[at] = run;
}

/* Puts all runs in the heap.  Returns 0, or -1 with errno. */
static int
runs_begin(struct runs *r, struct merge *m)
{
	size_t i;
	int has;

	for (i = 0; i < r->n; i++) {
		if ((r->run[i].chunk = malloc(CHUNK)) == NULL ||
		    (has = runs_has(r->fd, &r->run[i])) == -1)
			return -1;
		if (has == 1)
			m->heap[m->n++] = &r->run[i];
	}
	for (i = m->n; i-- > 0;)
		runs_sink(m, i);
	return 0;
}

int
runs_merge(struct runs *r, int (*compare)(const void *, const void *),
    int (*each)(void *, const void *), void *arg)
{
	struct merge m = { compare, calloc(r->n + 1, sizeof(*m.heap)), 0 };
	struct run *run;
	int code = m.heap == NULL ? -1 : runs_begin(r, &m), has;

	while (code == 0 && m.n > 0) {
		run = m.heap[0];
		if ((code = each(arg, runs_record(run))) != 0)
			break;
		run->from += runs_length_at(run);
		if ((has = runs_has(r->fd, run)) == -1) {
			/* Its present record is not whole: not compared. */
			code = -1;
			break;
		}
		if (has == 0)
			m.heap[0] = m.heap[--m.n];
		if (m.n > 0)
			runs_sink(&m, 0);
	}
	free(m.heap);
	runs_clear(r);
	(void)runs_failed(r); /* gives the disk back */
	return code;
}
