/* SPDX-License-Identifier: MIT */
/*
 * fuzz: what every fuzz target has: bytes from outside go in, and nothing may
 * break.  A target is one file with this function, built with libFuzzer
 * (--enable-fuzzers) or with replay.c, which shows it the files of
 * seeds/TARGET.
 * Source: https://llvm.org/docs/LibFuzzer.html.
 */
#ifndef CTIM_FUZZ_H
#define CTIM_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What must hold, whatever the input is. */
#define HOLDS(condition)                                                   \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
			    #condition);                                   \
			abort();                                           \
		}                                                          \
	} while (0)

#endif
