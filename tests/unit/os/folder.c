/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "os/folder.h"
#include "tests/unit/unit.h"

static char top[64], path[128];

static void
begin(void)
{
	snprintf(top, sizeof(top), "/tmp/ctim-folder.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/it", top);
}

static void
end(void)
{
	(void)remove(path);
	ck_assert_int_eq(rmdir(top), 0);
}

START_TEST(the_folder_of_a_path)
{
	static const struct {
		const char *path, *folder;
	} rows[] = { { "/a/b/c", "/a/b" }, { "/a", "/" }, { "/", "/" },
		{ "a", "." }, { "", "." }, { "a/b", "a" }, { "a/", "a" },
		{ "./a", "." }, { "/a//b", "/a/" } };
	char out[PATH_MAX], whole[PATH_MAX + 16];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(folder_of(rows[i].path, out), 0);
		ck_assert_str_eq(out, rows[i].folder);
		snprintf(out, sizeof(out), "%s", rows[i].path);
		ck_assert_int_eq(folder_of(out, out), 0);
		ck_assert_str_eq(out, rows[i].folder);
	}
	memset(whole, 'a', sizeof(whole));
	memcpy(whole + PATH_MAX - 1, "/b", 3);
	ck_assert_int_eq(folder_of(whole, out), 0);
	ck_assert_uint_eq(strlen(out), PATH_MAX - 1);
	whole[PATH_MAX - 1] = 'a';
	memcpy(whole + PATH_MAX, "/b", 3);
	ck_assert_int_eq(folder_of(whole, out), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

START_TEST(the_mode_is_the_one_asked_for)
{
	const struct folder_owner me = { geteuid(), getegid() };
	struct stat st;
	mode_t before = umask(077);

	begin();
	ck_assert_int_eq(folder_make(path, 02770, NULL), 0);
	(void)umask(before);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 02770);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(folder_make(path, 02750, &me), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 02750);
	ck_assert_uint_eq(st.st_uid, me.uid);
	ck_assert_uint_eq(st.st_gid, me.gid);
	end();
}
END_TEST

START_TEST(root_gives_it_away)
{
	const struct folder_owner other = { 65534, 65533 };
	struct stat st;

	if (geteuid() != 0)
		SKIP("needs root");
	begin();
	ck_assert_int_eq(folder_make(path, 02770, &other), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, other.uid);
	ck_assert_uint_eq(st.st_gid, other.gid);
	ck_assert_uint_eq(st.st_mode & 07777, 02770);
	end();
}
END_TEST

/* The name is taken: what is there keeps its kind and its mode. */
static void
taken(mode_t kind)
{
	struct stat st;
	mode_t mode;

	ck_assert_int_eq(lstat(path, &st), 0);
	mode = st.st_mode;
	ck_assert_uint_eq(mode & S_IFMT, kind);
	errno = 0;
	ck_assert_int_eq(folder_make(path, 02777, NULL), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, mode);
}

START_TEST(a_name_that_is_taken_is_left_alone)
{
	struct stat st;

	begin();
	close(open(path, O_RDWR | O_CREAT, 0600));
	taken(S_IFREG);
	end();
	begin();
	ck_assert_int_eq(mkdir(path, 0700), 0);
	taken(S_IFDIR);
	end();
	/* A link, to a folder and to nothing, is not followed. */
	begin();
	ck_assert_int_eq(symlink(".", path), 0);
	taken(S_IFLNK);
	ck_assert_int_eq(stat(top, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	end();
	begin();
	ck_assert_int_eq(symlink("nowhere", path), 0);
	taken(S_IFLNK);
	end();
}
END_TEST

START_TEST(nothing_above_it_is_made)
{
	char below[160];

	begin();
	snprintf(below, sizeof(below), "%s/below", path);
	ck_assert_int_eq(folder_make(below, 0700, NULL), -1);
	ck_assert_int_eq(errno, ENOENT);
	close(open(path, O_RDWR | O_CREAT, 0600));
	ck_assert_int_eq(folder_make(below, 0700, NULL), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_folder_of_a_path,
		the_mode_is_the_one_asked_for, root_gives_it_away,
		a_name_that_is_taken_is_left_alone, nothing_above_it_is_made };

	return unit_run("folder", tests, COUNT(tests));
}
