/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the gateway (t_memory.py): memory runs out at an allocation of
 * the test's choice.  CTIM_NOMEM names a file of five 64-bit numbers, mapped
 * here and by the test:
 *   0  armed: allocations count; 1: but those of a process's first thread
 *   1  how many there were since
 *   2  the one that fails, from 1 on; 0: none
 *   3  whether all after it fail, too
 *   4  how many have failed
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static _Atomic uint64_t *word;

__attribute__((constructor)) static void
attach(void)
{
	const char *name = getenv("CTIM_NOMEM");
	int fd = name == NULL ? -1 : open(name, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd == -1)
		return;
	p = mmap(
	    NULL, 5 * sizeof(*word), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		word = p;
}

static int
fails(void)
{
	uint64_t n, at;

	if (word == NULL || word[0] == 0 ||
	    (word[0] == 1 && syscall(SYS_gettid) == getpid()))
		return 0;
	n = atomic_fetch_add(&word[1], 1) + 1;
	at = word[2];
	if (at == 0 || n < at || (n > at && word[3] == 0))
		return 0;
	atomic_fetch_add(&word[4], 1);
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}
