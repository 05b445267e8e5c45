/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/savedtext.h"
#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "cli/base/secret.h"
#include "os/writeall.h"

void
secret_free(struct buf *b)
{
	if (b->cap > 0)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

static int
check_mode(const struct command *cmd, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return command_fail(
		    cmd, CMD_FAILED, "%s: %s", path, strerror(errno));
	/* Nobody else can read a pipe, such as the shell's <(command). */
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		return command_fail(cmd, CMD_FAILED,
		    "%s can be read or changed by everyone on this machine; "
		    "first: chmod 0600 %s",
		    path, path);
	return CMD_OK;
}

static int
read_open(const struct command *cmd, const char *path, int fd, struct buf *out)
{
	int status = check_mode(cmd, path, fd);

	if (status != CMD_OK)
		return status;
	/* Takes all of the room at once: a buffer that grows leaves copies of
	 * the secret behind. */
	if (buf_room(out, out->max) == NULL || infile_all(fd, out) == -1)
		return command_fail(
		    cmd, CMD_FAILED, "%s: %s", path, strerror(errno));
	if (savedtext_is_utf16(out->data, out->len))
		return command_fail(
		    cmd, CMD_FAILED, "%s is in UTF-16; save it as UTF-8", path);
	if (strlen(out->data) != out->len)
		return command_fail(cmd, CMD_FAILED,
		    "%s holds a NUL byte, so it is not a text", path);
	out->len = savedtext_trim(out->data, out->len);
	return CMD_OK;
}

int
secret_read(const struct command *cmd, const char *path, struct buf *out)
{
	const char *what;
	int fd, status;

	if (strcmp(path, "-") == 0)
		return read_open(cmd, "standard input", STDIN_FILENO, out);
	if ((fd = infile_descriptor(path, &what)) == -1)
		return command_fail(cmd, CMD_FAILED, "%s: %s", path, what);
	status = read_open(cmd, path, fd, out);
	close(fd);
	return status;
}

int
secret_line(const struct command *cmd, const char *path, struct buf *out)
{
	char why[SAVEDTEXT_WHY];
	int status = secret_read(cmd, path, out);

	if (status != CMD_OK || savedtext_plain(out->data, false, why) == 0)
		return status;
	return command_fail(cmd, CMD_FAILED,
	    "%s holds %s; it should hold one line of text and nothing else",
	    path, why);
}

int
secret_make(const char *path, const void *bytes, size_t n)
{
	int error, fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY,
	    S_IRUSR | S_IWUSR);
	if (fd == -1)
		return errno == EEXIST ? 0 : -1;
	if (writeall(fd, bytes, n) == -1 || fsync(fd) == -1) {
		error = errno;
		close(fd);
		unlink(path);
		errno = error;
		return -1;
	}
	return close(fd) == -1 ? -1 : 1;
}
