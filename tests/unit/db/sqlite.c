/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <string.h>

#include "db/sqlite.h"
#include "tests/unit/unit.h"

static const char *const ends[] = { "", "-wal", "-shm", "-journal" };

static char folder[64], path[128], beside[160];

static void
begin(const char *end)
{
	snprintf(folder, sizeof(folder), "/tmp/ctim-sqlite.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/it.db", folder);
	snprintf(beside, sizeof(beside), "%s%s", path, end);
}

static void
end(void)
{
	char name[160];
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)remove(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

/* Makes a database, in WAL mode where that is said. */
static void
make(bool wal)
{
	struct sqlite s = { .handle = NULL };

	close(open(path, O_RDWR | O_CREAT, 0600));
	ck_assert_int_eq(sqlite_open(&s, path, true), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite_exec(&s,
		wal ? "PRAGMA journal_mode = WAL; CREATE TABLE t(a)" :
		      "CREATE TABLE t(a)"),
	    SQLITE_OK);
	sqlite_close(&s);
}

/* Whether the database can be opened, read and, where that is said, written. */
static bool
works(bool write)
{
	struct sqlite s = { .handle = NULL };
	int code = sqlite_open(&s, path, write);

	if (code == SQLITE_OK)
		code = sqlite_exec(
		    &s, write ? "INSERT INTO t VALUES(1)" : "SELECT * FROM t");
	sqlite_close(&s);
	return code == SQLITE_OK;
}

/* As when the pipe takes the place of the file after a caller looked at it. */
START_TEST(a_named_pipe_is_not_waited_for)
{
	size_t i;
	int wal, write;

	for (i = 0; i < COUNT(ends); i++)
		for (wal = 0; wal < 2; wal++)
			for (write = 0; write < 2; write++) {
				begin(ends[i]);
				make(wal != 0);
				ck_assert(works(write != 0));
				(void)unlink(beside);
				ck_assert_int_eq(mkfifo(beside, 0600), 0);
				/* It returns: whether the file is in use at
				 * all, SQLite decides. */
				(void)works(write != 0);
				if (ends[i][0] == '\0')
					ck_assert(!works(write != 0));
				end();
			}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_named_pipe_is_not_waited_for };

	return unit_run("sqlite", tests, COUNT(tests));
}
