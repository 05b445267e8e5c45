/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <libgen.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/master/binary.h"
#include "tests/unit/unit.h"

static char *words[] = { (char[]){ "program" }, NULL };

START_TEST(the_program_and_its_libraries_are_known)
{
	struct binary b;
	char real[PATH_MAX];
	size_t i, n, libc = 0;

	binary_find(&b, words);
	ck_assert_ptr_eq(b.argv, words);
	ck_assert_int_eq(b.path[0], '/');
	ck_assert_ptr_nonnull(realpath("/proc/self/exe", real));
	ck_assert_str_eq(basename(b.path), basename(real));
	binary_look(&b);
	n = b.n;
	ck_assert_str_eq(b.file[0].path, b.path);
	for (i = 0; i < n; i++)
		libc += strstr(b.file[i].path, "/libc.so") != NULL;
	ck_assert_uint_eq(libc, 1);
	/* Each is known once. */
	binary_look(&b);
	ck_assert_uint_eq(b.n, n);
	ck_assert_ptr_null(binary_changed(&b));
	binary_free(&b);
}
END_TEST

/* Stands in the place of the program's file. */
static void
binary_of(struct binary *b, char *path)
{
	binary_find(b, words);
	(void)snprintf(b->path, sizeof(b->path), "%s", path);
	binary_look(b);
	ck_assert_ptr_null(binary_changed(b));
}

START_TEST(what_is_another_file_has_changed)
{
	char path[] = "/tmp/binary-XXXXXX", other[] = "/tmp/binary-XXXXXX";
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	int fd = mkstemp(path), fd2 = mkstemp(other);
	struct binary b;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(fd2, -1);
	ck_assert_int_eq(futimens(fd, old), 0);
	ck_assert_int_eq(futimens(fd2, old), 0);
	binary_of(&b, path);
	/* Who may do what is no other file. */
	ck_assert_int_eq(fchmod(fd, 0755), 0);
	ck_assert_ptr_null(binary_changed(&b));
	ck_assert_int_eq(ftruncate(fd, 1), 0);
	ck_assert_int_eq(futimens(fd, old), 0);
	ck_assert_str_eq(binary_changed(&b), path); /* size */
	binary_free(&b);
	binary_of(&b, path);
	ck_assert_int_eq(futimens(fd, NULL), 0);
	ck_assert_str_eq(binary_changed(&b), path); /* time */
	binary_free(&b);
	ck_assert_int_eq(ftruncate(fd2, 1), 0);
	ck_assert_int_eq(futimens(fd, old), 0);
	ck_assert_int_eq(futimens(fd2, old), 0);
	binary_of(&b, path);
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_str_eq(binary_changed(&b), path); /* inode */
	binary_free(&b);
	binary_of(&b, path);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_str_eq(binary_changed(&b), path);
	binary_free(&b);
	close(fd);
	close(fd2);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_program_and_its_libraries_are_known,
		what_is_another_file_has_changed };

	return unit_run("binary", tests, COUNT(tests));
}
