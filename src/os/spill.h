/* SPDX-License-Identifier: MIT */
/*
 * spill: holds bytes in memory up to a limit that several spills may share,
 * then in a temporary file that has no name, so that a crash leaves nothing
 * behind.
 */
#ifndef CTIM_SPILL_H
#define CTIM_SPILL_H

#include <stddef.h>

#include "base/buf.h"

struct spill {
	struct buf memory;
	size_t *room;   /* bytes of memory left to all that share it */
	int fd;         /* -1: no file yet */
	size_t in_file; /* bytes in it */
	int error;      /* errno of what failed last, or 0 */
};

/* *room belongs to the caller; the spill subtracts from it what it takes. */
void spill_init(struct spill *, size_t *room);
void spill_free(struct spill *);
/* Returns 0, or -1 when neither memory nor file can take the bytes. */
int spill_add(struct spill *, const void *, size_t);
/* The folder of the files: TMPDIR, else /tmp. */
const char *spill_folder(void);
/* Opens such a file: one without a name or, where the file system cannot make
 * one, with a name that is removed at once.  The descriptor, or -1 with errno. */
int spill_file(void);
size_t spill_len(const struct spill *);
/* Calls each with all bytes, in order, until it returns -1.  0, or -1. */
int spill_read(
    struct spill *, int (*each)(void *arg, const void *, size_t), void *arg);

#endif
