/* SPDX-License-Identifier: MIT */
/*
 * writeall: a write(2) that goes on until everything is written.
 */
#ifndef CTIM_WRITEALL_H
#define CTIM_WRITEALL_H

#include <stddef.h>

/* 0 when all n bytes at p are written to fd, or -1 with errno. */
int writeall(int fd, const void *p, size_t n);

#endif
