/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "os/regular.h"

const char *
infile_name(const char *file)
{
	return strcmp(file, "-") == 0 ? "standard input" : file;
}

/* The descriptor that a path such as /dev/stdin or /dev/fd/63, which the shell
 * writes for <(command), stands for; -1: another path. */
static int
infile_number(const char *path)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
	size_t i, n;

	if (strcmp(path, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		n = strlen(folders[i]);
		if (strncmp(path, folders[i], n) == 0 && path[n] != '\0' &&
		    strlen(path + n) <= 9 &&
		    strspn(path + n, "0123456789") == strlen(path + n))
			return (int)strtol(path + n, NULL, 10);
	}
	return -1;
}

int
infile_descriptor(const char *path, const char **what)
{
	struct stat st;
	int fd = infile_number(path);

	if (fd == -1 && stat(path, &st) == 0 && S_ISCHR(st.st_mode) &&
	    st.st_rdev == makedev(1, 3)) /* null(4) */
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	else if (fd == -1)
		return regular_open(path, O_RDONLY, &st, what);
	else
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		*what = strerror(errno);
	return fd;
}

FILE *
infile_open(const struct command *cmd, const char *file)
{
	const char *what;
	FILE *f;
	int fd;

	if (strcmp(file, "-") == 0)
		return stdin;
	if ((fd = infile_descriptor(file, &what)) == -1) {
		(void)command_fail(cmd, CMD_FAILED, "%s: %s", file, what);
		return NULL;
	}
	if ((f = fdopen(fd, "r")) == NULL) {
		(void)command_fail(
		    cmd, CMD_FAILED, "%s: %s", file, strerror(errno));
		close(fd);
	}
	return f;
}

void
infile_close(FILE *f)
{
	if (f != stdin)
		fclose(f);
}

int
infile_utf16(const struct command *cmd, const char *file)
{
	return command_fail(cmd, CMD_FAILED,
	    "%s is in UTF-16; save it as UTF-8 (for a table: \"CSV UTF-8\"), "
	    "or: iconv -f UTF-16 -t UTF-8",
	    infile_name(file));
}

int
infile_all(int fd, struct buf *out)
{
	char *room, more;
	size_t left;
	ssize_t n;

	for (;;) {
		left = out->max - out->len;
		if (left > BUFSIZ)
			left = BUFSIZ;
		if ((room = buf_room(out, left)) == NULL) {
			errno = ENOMEM;
			return -1;
		}
		*room = '\0';
		/* A full buffer may hold all of the file. */
		n = left > 0 ? read(fd, room, left) : read(fd, &more, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		if (left == 0) {
			errno = EFBIG;
			return -1;
		}
		room[n] = '\0';
		out->len += (size_t)n;
	}
}

int
infile_read(const struct command *cmd, const char *file, struct buf *out)
{
	FILE *f = infile_open(cmd, file);
	int status = CMD_OK;

	if (f == NULL)
		return CMD_FAILED;
	if (infile_all(fileno(f), out) == -1)
		status = errno == EFBIG || errno == ENOMEM ?
		    command_fail(cmd, CMD_FAILED,
			"%s is larger than this command can hold",
			infile_name(file)) :
		    command_fail(cmd, CMD_FAILED, "%s: %s", infile_name(file),
			strerror(errno));
	infile_close(f);
	return status;
}
