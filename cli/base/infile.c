#include <errno.h>
#include <string.h>

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
infile_read(const struct command *cmd, const char *file, struct buf *out)
{
	FILE *f = infile_open(cmd, file);
	char *room = out->data;
	size_t n = 0, want;
	int status = CMD_OK;

	if (f == NULL)
		return CMD_FAILED;
	while ((want = out->max - out->len) > 0) {
		if (want > BUFSIZ)
			want = BUFSIZ;
		if ((room = buf_room(out, want)) == NULL)
			break;
		n = fread(room, 1, want, f);
		room[n] = '\0';
		out->len += n;
		if (n == 0)
			break;
	}
	/* A full buffer may have all of it. */
	if (room == NULL || (want == 0 && getc(f) != EOF))
		status = command_fail(cmd, CMD_FAILED,
		    "%s is larger than this command can hold",
		    infile_name(file));
	if (ferror(f))
		status = command_fail(cmd, CMD_FAILED, "%s: %s",
		    infile_name(file), strerror(errno));
	infile_close(f);
	return status;
}
