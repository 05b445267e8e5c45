/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <string.h>

#include "os/regular.h"
#include "tests/unit/unit.h"

static char folder[64], path[128];

static void
begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/ctim-regular.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/it", folder);
}

static void
end(void)
{
	(void)remove(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
refused(const char *name, int flags, int error, const char *reason)
{
	struct stat st;
	const char *what;

	errno = 0;
	ck_assert_int_eq(regular_open(name, flags, &st, &what), -1);
	ck_assert_int_eq(errno, error);
	ck_assert_str_eq(what, reason);
}

START_TEST(a_file_is_opened)
{
	struct stat st;
	const char *what;
	FILE *f;
	char link[160];
	int fd;

	begin();
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fputs("abc", f), 1);
	ck_assert_int_eq(fclose(f), 0);
	fd = regular_open(path, O_RDONLY, &st, &what);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(st.st_size, 3);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
	/* A link is followed. */
	snprintf(link, sizeof(link), "%s.link", path);
	ck_assert_int_eq(symlink("it", link), 0);
	fd = regular_open(link, O_RDWR, &st, &what);
	ck_assert_int_ne(fd, -1);
	close(fd);
	unlink(link);
	end();
}
END_TEST

START_TEST(nothing_else_is_opened_or_waited_for)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s;

	begin();
	refused(path, O_RDONLY, ENOENT, strerror(ENOENT));
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	refused(path, O_RDONLY, EINVAL, "it is a named pipe, not a file");
	refused(path, O_RDWR, EINVAL, "it is a named pipe, not a file");
	end();
	begin();
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refused(path, O_RDONLY, EINVAL, "it is a directory, not a file");
	end();
	begin();
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", path);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	refused(path, O_RDONLY, EINVAL, "it is a socket, not a file");
	close(s);
	end();
	refused("/dev/zero", O_RDONLY, EINVAL, "it is a device, not a file");
	begin();
	ck_assert_int_eq(symlink("/dev/zero", path), 0);
	refused(path, O_RDONLY, EINVAL, "it is a device, not a file");
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_file_is_opened,
		nothing_else_is_opened_or_waited_for };

	return unit_run("regular", tests, COUNT(tests));
}
