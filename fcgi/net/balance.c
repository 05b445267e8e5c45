/* SPDX-License-Identifier: MIT */
/*
 * The queue is of sockets that carry descriptors (SCM_RIGHTS), so that a free
 * thread of any worker gets a connection that another worker accepted, and a
 * worker that dies takes none of them with it.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "fcgi/net/balance.h"
#include "fcgi/net/connection.h"
#include "os/clock.h"

#define BEAT_LIMIT  1500      /* ms after which a worker is not counted */
#define LANE_BUFFER (1 << 20) /* bytes; the kernel gives what it may */

/* The name of the layout of the memory and of what is put into the queue.  The
 * number is of what sizes do not tell: it changes with the meaning of a member. */
static void
balance_layout(char name[BALANCE_NAME])
{
	memset(name, 0, BALANCE_NAME);
	(void)snprintf(name, BALANCE_NAME, "balance 1 %zu %zu",
	    sizeof(struct balance), sizeof(struct connection_note));
}

static struct balance *
balance_map(int memory, size_t size)
{
	void *p =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* The lanes of the queue.  Returns 0, or -1 with errno. */
static int
balance_open_lanes(struct balance *s)
{
	int i, size = LANE_BUFFER;

	for (i = 0; i < BALANCE_LANES; i++)
		s->lane[i][0] = s->lane[i][1] = -1;
	for (i = 0; i < BALANCE_LANES; i++)
		if (socketpair(AF_UNIX,
			SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			s->lane[i]) == -1 ||
		    setsockopt(s->lane[i][0], SOL_SOCKET, SO_SNDBUF, &size,
			sizeof(size)) == -1)
			return -1;
	return 0;
}

/* Memory in a file without a name, of which *memory is the descriptor.  Where the
 * size of files is limited, no other binary can have it: -1. */
static struct balance *
balance_make(int *memory)
{
	struct balance *s = NULL;

	*memory = memfd_create("balance", MFD_CLOEXEC);
	if (*memory != -1 && ftruncate(*memory, sizeof(*s)) == 0)
		s = balance_map(*memory, sizeof(*s));
	if (s != NULL)
		return s;
	if (*memory != -1)
		(void)close(*memory);
	*memory = -1;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return s == MAP_FAILED ? NULL : s;
}

struct balance *
balance_new(void)
{
	struct balance *s;
	int memory, error;

	if ((s = balance_make(&memory)) == NULL)
		return NULL;
	s->memory = memory;
	balance_layout(s->layout);
	hash_key(s->hash_key);
	if (balance_open_lanes(s) == 0 && slots_init(&s->paces.slots) == 0 &&
	    madvise(s, sizeof(*s), MADV_DONTDUMP) == 0)
		return s;
	error = errno;
	balance_free(s);
	errno = error;
	return NULL;
}

struct balance *
balance_adopt(int memory)
{
	char name[BALANCE_NAME];
	struct balance *s;
	struct stat st;
	size_t size;

	if (fstat(memory, &st) == -1)
		return NULL;
	size = (size_t)st.st_size;
	if (size < offsetof(struct balance, lane)) {
		errno = EINVAL;
		return NULL;
	}
	if ((s = balance_map(memory, size)) == NULL)
		return NULL;
	balance_layout(name);
	if (size == sizeof(*s) && memcmp(name, s->layout, sizeof(name)) == 0) {
		s->memory = memory;
		atomic_store(&s->dropped, 0);
		(void)madvise(s, size, MADV_DONTDUMP);
		hash_adopt(s->hash_key);
		return s;
	}
	atomic_store(&s->left, 1);
	(void)munmap(s, size);
	errno = 0;
	return NULL;
}

bool
balance_has(const struct balance *s, int fd)
{
	int i;

	for (i = 0; i < BALANCE_LANES * 2; i++)
		if (s->lane[i / 2][i % 2] == fd)
			return true;
	return s->memory == fd;
}

void
balance_free(struct balance *s)
{
	int i;

	if (s == NULL)
		return;
	for (i = 0; i < BALANCE_LANES * 2; i++)
		if (s->lane[i / 2][i % 2] != -1)
			(void)close(s->lane[i / 2][i % 2]);
	if (s->memory != -1)
		(void)close(s->memory);
	(void)munmap(s, sizeof(*s));
}

bool
balance_lives(const struct balance *s, int slot, int64_t now)
{
	return now - atomic_load(&s->slot[slot].beat) <= BEAT_LIMIT;
}

void
balance_count(
    struct balance *s, const struct balance_slot *self, int *idle, int *places)
{
	int64_t now = clock_ms();
	int i, top = atomic_load(&s->top);

	*idle = *places = 0;
	for (i = 0; i < top; i++) {
		if (&s->slot[i] != self && !balance_lives(s, i, now))
			continue;
		*idle += atomic_load(&s->slot[i].idle);
		*places += atomic_load(&s->slot[i].places);
	}
}

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(BALANCE_FDS * sizeof(int))];
};

int
balance_put(
    struct balance *s, const int fd[BALANCE_FDS], const void *note, size_t n)
{
	union control control = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)note, n };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	unsigned int lane = atomic_load(&s->in) % BALANCE_LANES;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(BALANCE_FDS * sizeof(int));
	memcpy(CMSG_DATA(c), fd, BALANCE_FDS * sizeof(int));
	/*
	 * Counted before it is there, and off after it was taken.  A worker
	 * that is killed in between leaves the number too high, which costs
	 * others a look; the other way round would hide a request.
	 */
	atomic_fetch_add(&s->queued, 1);
	if (sendmsg(s->lane[lane][0], &msg, MSG_NOSIGNAL) == -1) {
		atomic_fetch_sub(&s->queued, 1);
		return -1;
	}
	atomic_fetch_add(&s->in, 1);
	return 0;
}

/* Whether this process may have the descriptors of one more request: without,
 * those that are taken would be closed by the kernel. */
static bool
balance_has_room(const struct balance *s)
{
	int fd[BALANCE_FDS], n = 0;
	bool enough;

	while (n < BALANCE_FDS &&
	    (fd[n] = fcntl(s->lane[0][1], F_DUPFD_CLOEXEC, 0)) != -1)
		n++;
	enough = n == BALANCE_FDS;
	while (n > 0)
		(void)close(fd[--n]);
	return enough;
}

/* From one lane.  -1 with errno EAGAIN when it is empty. */
static int
balance_receive(int lane, int fd[BALANCE_FDS], void *note, size_t n)
{
	union control control;
	struct iovec iov = { note, n };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	size_t i, got;

	if (recvmsg(lane, &msg, MSG_CMSG_CLOEXEC) == -1)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	got = c == NULL || c->cmsg_type != SCM_RIGHTS ?
	    0 :
	    (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fd, c == NULL ? control.space : (char *)CMSG_DATA(c),
	    got * sizeof(int));
	if (got == BALANCE_FDS)
		return 0;
	/* Another thread got the last descriptor just now: the request is
	 * lost. */
	for (i = 0; i < got; i++)
		(void)close(fd[i]);
	errno = EMFILE;
	return -1;
}

int
balance_take(struct balance *s, int fd[BALANCE_FDS], void *note, size_t n)
{
	unsigned int i, first = atomic_load(&s->out);
	int result;

	if (atomic_load(&s->queued) <= 0 || !balance_has_room(s))
		return -1;
	for (i = 0; i < BALANCE_LANES; i++) {
		result = balance_receive(
		    s->lane[(first + i) % BALANCE_LANES][1], fd, note, n);
		if (result == -1 && errno == EAGAIN)
			continue;
		atomic_fetch_add(&s->out, 1);
		atomic_fetch_sub(&s->queued, 1);
		return result;
	}
	return -1;
}

int
balance_lane(const struct balance *s, int i)
{
	return s->lane[i][1];
}
