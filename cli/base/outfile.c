/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/command.h"
#include "cli/base/outfile.h"
#include "os/folder.h"
#include "os/regular.h"

static int
outfile_fail(const struct command *cmd, const char *path)
{
	return command_fail(cmd, CMD_FAILED, "%s: %s", path, strerror(errno));
}

void
outfile_drop(struct outfile *o)
{
	int kept = errno;

	if (o->file != NULL)
		(void)fclose(o->file);
	if (o->beside != NULL)
		(void)unlink(o->beside);
	free(o->beside);
	*o = (struct outfile){ .path = o->path };
	errno = kept;
}

int
outfile_begin(
    const struct command *cmd, struct outfile *o, const char *path, mode_t mode)
{
	const char *what = regular_other(path);
	int fd;

	*o = (struct outfile){ .path = path };
	if (what != NULL)
		return command_fail(
		    cmd, CMD_FAILED, "%s: %s; name a file", path, what);
	if (asprintf(&o->beside, "%s.XXXXXX", path) == -1) {
		o->beside = NULL;
		return command_fail(cmd, CMD_FAILED, "memory ran out");
	}
	if ((fd = mkostemp(o->beside, O_CLOEXEC)) == -1) {
		free(o->beside);
		o->beside = NULL;
		return outfile_fail(cmd, path);
	}
	if (fchmod(fd, mode) == 0 && (o->file = fdopen(fd, "w")) != NULL)
		return CMD_OK;
	close(fd);
	outfile_drop(o);
	return outfile_fail(cmd, path);
}

/* Writes the name of a file to the disk itself, as far as that can be done. */
static void
outfile_sync_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd;

	if (folder_of(path, folder) == -1 ||
	    (fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Not every file system can rename without writing over. */
static int
outfile_move(const char *from, const char *to, bool over)
{
	if (over)
		return rename(from, to);
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EINVAL ? link(from, to) : -1;
}

int
outfile_end(const struct command *cmd, struct outfile *o, bool over)
{
	/* A write that failed before lost its bytes, whatever succeeds now. */
	int r = fflush(o->file) == EOF || ferror(o->file) ? -1 : 0;

	if (r == 0)
		r = fsync(fileno(o->file));
	if (fclose(o->file) == EOF)
		r = -1;
	o->file = NULL;
	if (r == 0)
		r = outfile_move(o->beside, o->path, over);
	outfile_drop(o); /* the second name, or what was not moved */
	if (r == -1)
		return outfile_fail(cmd, o->path);
	outfile_sync_folder(o->path);
	return CMD_OK;
}
