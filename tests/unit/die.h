/* SPDX-License-Identifier: MIT */
/*
 * die: other processes for tests of shared memory.
 */
#ifndef CTIM_DIE_H
#define CTIM_DIE_H

#include <sys/types.h>
#include <sys/wait.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "os/robustlock.h"
#include "tests/unit/unit.h"

/* Runs f(arg) in a process of its own. */
static inline pid_t
die_start(int (*f)(void *), void *arg)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit(f(arg));
	return pid;
}

/* What f() returned there; -1 when a signal ended it. */
static inline int
die_wait(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int
die_in_it(void *lock)
{
	(void)robustlock_take(lock);
	(void)kill(getpid(), SIGKILL);
	return 0;
}

/* Another process is killed while it holds the lock. */
static inline void
die_holding(pthread_mutex_t *lock)
{
	ck_assert_int_eq(die_wait(die_start(die_in_it, lock)), -1);
}

#endif
