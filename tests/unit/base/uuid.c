/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/wait.h>

#include "base/uuid.h"
#include "tests/unit/unit.h"

#define MANY 1000

START_TEST(version_4_and_never_twice)
{
	static char texts[MANY][UUID_STR_LEN];
	size_t i, j;

	for (i = 0; i < MANY; i++) {
		uuid4(texts[i]);
		ck_assert_uint_eq(strlen(texts[i]), 36);
		ck_assert_int_eq(texts[i][14], '4');
		ck_assert_ptr_nonnull(strchr("89ab", texts[i][19]));
		for (j = 0; j < i; j++)
			ck_assert_str_ne(texts[i], texts[j]);
	}
}
END_TEST

/* libuuid's own is the reference. */
START_TEST(version_5_of_a_name)
{
	char name[200], text[UUID_STR_LEN], theirs[UUID_STR_LEN];
	uuid_t uuid;
	size_t n;

	for (n = 0; n < sizeof(name); n++) {
		memset(name, 'a' + (int)(n % 26), n);
		uuid_generate_sha1(uuid, *uuid_get_template("x500"), name, n);
		uuid_unparse_lower(uuid, theirs);
		uuid5(text, name, n);
		ck_assert_str_eq(text, theirs);
	}
}
END_TEST

/* Random bytes are drawn for several at a time; a child has its own. */
START_TEST(parent_and_child_make_others)
{
	char theirs[2][UUID_STR_LEN], ours[2][UUID_STR_LEN];
	int ends[2], status;
	size_t i, j;
	pid_t child;

	uuid4(ours[0]);
	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0) {
		uuid4(theirs[0]);
		uuid4(theirs[1]);
		_exit(write(ends[1], theirs, sizeof(theirs)) != sizeof(theirs));
	}
	ck_assert_int_eq(read(ends[0], theirs, sizeof(theirs)), sizeof(theirs));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	uuid4(ours[0]);
	uuid4(ours[1]);
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++)
			ck_assert_str_ne(ours[i], theirs[j]);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { version_4_and_never_twice,
		version_5_of_a_name, parent_and_child_make_others };

	return unit_run("uuid", tests, COUNT(tests));
}
