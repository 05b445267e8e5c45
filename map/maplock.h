/* SPDX-License-Identifier: MIT */
/*
 * maplock: what a map worker may still do: compute, and read and write one
 * descriptor.
 * Source: seccomp(2), prctl(2), setrlimit(2).
 */
#ifndef CTIM_MAPLOCK_H
#define CTIM_MAPLOCK_H

#include <sys/types.h>

#define MAPLOCK_FD     0            /* the one descriptor */
#define MAPLOCK_MEMORY (256U << 20) /* bytes of addresses */
#define MAPLOCK_STACK  (8U << 20)   /* of them for the stack, at most */

/* The sanitizers want addresses and system calls of their own: a build with them
 * has no limit on memory and no filter of system calls. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAPLOCK_WHOLE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MAPLOCK_WHOLE 0
#endif
#endif
#ifndef MAPLOCK_WHOLE
#define MAPLOCK_WHOLE 1
#endif

/* Closes all descriptors but MAPLOCK_FD; with sanitizers standard error stays, as
 * they have something to say.  0, or -1 with errno. */
int maplock_close(void);
/* For the map master too: its memory can be read by nobody but root, no core is
 * written, no program that it executed could have more rights.  0, or -1 with
 * errno. */
int maplock_begin(void);
/* Has glibc do, once and before the lock, what it does at a first call of a
 * function and the lock forbids.  For the map master: its workers inherit it. */
void maplock_warm(void);
/*
 * Locks this process for good.  parent: the map master, with which it ends.  Any
 * descriptor but MAPLOCK_FD is closed; a system call that is not needed kills the
 * process.  0, or -1: then the process must not go on.
 */
int maplock(pid_t parent);

#endif
