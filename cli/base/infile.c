#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/infile.h"

const char *
infile_name(const char *file)
{
	return strcmp(file, "-") == 0 ? "standard input" : file;
}

FILE *
infile_open(const struct command *cmd, const char *file)
{
	FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");

	if (f == NULL)
		(void)command_fail(
		    cmd, CMD_FAILED, "%s: %s", file, strerror(errno));
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
