/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/dbfile.h"
#include "store/store_write.h"
#include "tests/unit/store_drive.h"
#include "tests/unit/unit.h"

#define NOBODY 65534

/* Runs SQL on the store behind its back. */
static void
run_sql(const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Whether neither way opens, and the error has the word in it. */
static void
refused(const char *word)
{
	enum store_mode modes[] = { STORE_READ, STORE_WRITE };
	size_t i;

	for (i = 0; i < COUNT(modes); i++) {
		ck_assert_ptr_null(store_open(path, modes[i], error));
		ck_assert_msg(strstr(error, word) != NULL, "%s", error);
		ck_assert_ptr_null(strchr(error, '\n'));
	}
}

START_TEST(files_that_are_no_store)
{
	struct store *s;
	FILE *f;

	begin();
	ck_assert_ptr_null(store_open(path, STORE_READ, error));
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
	ck_assert_ptr_nonnull(strstr(error, "intel import"));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "%4000s", "no database");
	fclose(f);
	refused("no store");
	unlink(path);
	run_sql("CREATE TABLE t(a)");
	refused("another program");
	unlink(path);
	s = must_open(STORE_WRITE);
	store_close(s);
	run_sql("PRAGMA user_version = 999");
	refused("(format 999; this is " CTIM_VERSION);
	run_sql("DROP TABLE meta");
	refused("made by a newer ctim-relay (format 999");
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refused("it is a directory, not a file");
	rmdir(path);
	end();
}
END_TEST

START_TEST(an_empty_file_is_an_empty_store)
{
	struct store *s;
	int fd;

	begin();
	ck_assert_int_ne(fd = open(path, O_CREAT | O_WRONLY, 0600), -1);
	close(fd);
	ck_assert_ptr_null(store_open(path, STORE_READ, error));
	ck_assert_ptr_nonnull(strstr(error, "the store is empty"));
	s = must_open(STORE_WRITE);
	ck_assert_uint_eq(records(s), 0);
	store_close(s);
	end();
}
END_TEST

/* A store that is cut short is an error, opened before or after, and never the
 * end of the process. */
START_TEST(a_truncated_store)
{
	const struct observable o = { .type = OBSERVABLE_IP,
		.value = "10.1.134.7" };
	const struct source source = { .name = "s" };
	const struct record *r;
	struct store_counts n;
	struct store *s, *w;
	char value[32];
	unsigned i;

	begin();
	w = must_open(STORE_WRITE);
	ck_assert_int_eq(store_import_begin(w, &source, 0, NOW, error), 0);
	for (i = 0; i < 100000; i++) {
		snprintf(value, sizeof(value), "10.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		ck_assert_int_eq(add(w, OBSERVABLE_IP, value), 0);
	}
	ck_assert_int_eq(store_import_end(w, false, &n, error), 0);
	store_close(w);
	s = must_open(STORE_READ);
	ck_assert_int_eq(truncate(path, 3 * 4096 + 100), 0);
	ck_assert_int_eq(store_match(s, &o, NOW, &r, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "damaged"));
	store_close(s);
	if ((s = store_open(path, STORE_READ, error)) != NULL)
		ck_assert_int_eq(store_match(s, &o, NOW, &r, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "damaged"));
	store_close(s);
	ck_assert_int_eq(truncate(path, 50), 0);
	refused("import again");
	end();
}
END_TEST

START_TEST(a_store_that_was_taken_away)
{
	struct store *s;

	begin();
	store_close(must_open(STORE_WRITE));
	s = must_open(STORE_READ);
	ck_assert_int_eq(store_check(s, error), 0);
	unlink(path);
	ck_assert_int_eq(store_check(s, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "removed or replaced"));
	store_close(s);
	end();
}
END_TEST

static mode_t
mode_of(const char *suffix)
{
	struct stat st;
	char name[256];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	ck_assert_int_eq(stat(name, &st), 0);
	return st.st_mode & 07777;
}

/* Whatever the umask: the service and the command line share these. */
START_TEST(modes_and_owners)
{
	char above[128];
	struct stat st;
	struct store *s;
	mode_t before = umask(0077);

	begin();
	if (geteuid() == 0)
		ck_assert_int_eq(chown(folder, NOBODY, NOBODY), 0);
	snprintf(above, sizeof(above), "%s/a", folder);
	snprintf(path, sizeof(path), "%s/a/b/intel.db", folder);
	s = must_open(STORE_WRITE);
	import(s, "s", false, false, OBSERVABLE_IP, VALUES("192.0.2.1"));
	ck_assert_int_eq(mode_of(""), 0660);
	ck_assert_int_eq(mode_of("-wal"), 0660);
	ck_assert_int_eq(mode_of("-shm"), 0660);
	store_close(s);
	/* They stay for those who may read, but not make them. */
	ck_assert_int_eq(mode_of("-wal"), 0660);
	ck_assert_int_eq(mode_of("-shm"), 0660);
	ck_assert_int_eq(stat(path, &st), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(st.st_uid, NOBODY);
		ck_assert_int_eq(st.st_gid, NOBODY);
	}
	snprintf(above + strlen(above), 8, "/b");
	ck_assert_int_eq(stat(above, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 02770);
	if (geteuid() == 0)
		ck_assert_int_eq(st.st_uid, NOBODY);
	snprintf(above, sizeof(above), "rm -r %s/a", folder);
	ck_assert_int_eq(system(above), 0);
	umask(before);
	end();
}
END_TEST

/* The owner of a directory may not have root write to a file of root's. */
START_TEST(links_that_root_follows)
{
	char file[sizeof(path)], name[sizeof(path)];

	begin();
	store_close(must_open(STORE_WRITE));
	memcpy(file, path, sizeof(file));
	snprintf(name, sizeof(name), "%s/link", folder);
	ck_assert_int_eq(symlink(file, name), 0);
	/* Root's own one, or anybody's own one. */
	memcpy(path, name, sizeof(path));
	store_close(must_open(STORE_WRITE));
	if (geteuid() == 0) {
		ck_assert_int_eq(lchown(name, NOBODY, NOBODY), 0);
		ck_assert_ptr_null(store_open(name, STORE_WRITE, error));
		ck_assert_ptr_nonnull(strstr(error,
		    "link: is another user's "
		    "symbolic link"));
		ck_assert_ptr_nonnull(strstr(error, "; name the file itself"));
		/* One that was there for a moment only. */
		ck_assert_int_eq(dbfile_opened(file, "/etc/passwd", error), -1);
		ck_assert_int_eq(dbfile_opened(file, file, error), 0);
	}
	ck_assert_int_eq(unlink(name), 0);
	memcpy(path, file, sizeof(path));
	store_close(must_open(STORE_WRITE));
	end();
}
END_TEST

/* In a process of an ordinary user: 0 when the store opens and answers, 1 when
 * the error has the word in it. */
static int
as_nobody(enum store_mode mode, const char *word)
{
	struct store *s;
	pid_t pid;
	int status, code = 2;

	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		if (geteuid() == 0 &&
		    (setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
			_exit(3);
		if ((s = store_open(path, mode, error)) != NULL)
			code = *match(s, OBSERVABLE_IP, "192.0.2.1") != '\0' ?
			    0 :
			    4;
		else if (word != NULL && strstr(error, word) != NULL)
			code = 1;
		else
			fprintf(stderr, "%s\n", error);
		_exit(code);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(users_who_may_only_read)
{
	char wal[256], shm[256];

	begin();
	snprintf(wal, sizeof(wal), "%s-wal", path);
	snprintf(shm, sizeof(shm), "%s-shm", path);
	{
		struct store *s = must_open(STORE_WRITE);

		import(
		    s, "s", false, false, OBSERVABLE_IP, VALUES("192.0.2.1"));
		store_close(s);
	}
	/* A folder and files to read, not to write. */
	chmod(path, 0444);
	chmod(wal, 0444);
	chmod(shm, 0444);
	chmod(folder, 0555);
	ck_assert_int_eq(as_nobody(STORE_READ, NULL), 0);
	ck_assert_int_eq(as_nobody(STORE_WRITE, "cannot be written"), 1);
	/* Without the two files beside it, it is said which one is missing. */
	chmod(folder, 0755);
	unlink(wal);
	unlink(shm);
	chmod(folder, 0555);
	ck_assert_int_eq(as_nobody(STORE_READ,
			     "-wal: this file beside the "
			     "store cannot be read or made"),
	    1);
	/* Not even to read. */
	chmod(path, 0);
	ck_assert_int_eq(as_nobody(STORE_READ, "cannot be read"), 1);
	chmod(folder, 0);
	ck_assert_int_eq(as_nobody(STORE_READ, "cannot be opened"), 1);
	chmod(folder, 0755);
	unlink(path);
	chmod(folder, 0555);
	ck_assert_int_eq(as_nobody(STORE_WRITE, "cannot be made"), 1);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { files_that_are_no_store,
		an_empty_file_is_an_empty_store, a_truncated_store,
		a_store_that_was_taken_away, modes_and_owners,
		links_that_root_follows, users_who_may_only_read };

	return unit_run("file", tests, COUNT(tests));
}
