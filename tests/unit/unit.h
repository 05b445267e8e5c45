/* SPDX-License-Identifier: MIT */
/*
 * unit: what every Check program here begins and ends with.
 */
#ifndef CTIM_UNIT_H
#define CTIM_UNIT_H

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Ends a test that cannot run here; tests/run.py reads that line. */
#define SKIP(why)                                                   \
	do {                                                        \
		fprintf(stderr, "skipped %s: %s\n", __func__, why); \
		return;                                             \
	} while (0)

/* Whether a terminal can be made. */
static inline bool
unit_terminals(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

#define NEEDS_TERMINAL()                                      \
	do {                                                  \
		if (!unit_terminals())                        \
			SKIP("no terminal can be made here: " \
			     "is /dev/pts mounted?");         \
	} while (0)

/* Runs a suite of one case; what main() returns. */
static inline int
unit_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;
	size_t i;

	tcase_set_timeout(tcase, 60);
	for (i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
