#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth.h"
#include "buf.h"
#include "command.h"
#include "keyfile.h"
#include "secret.h"

#define KEY_LEAST	32	/* bytes; the gateway refuses shorter ones */
#define KEY_TEXT	65	/* of a new key, with its NUL */

/* The key and a newline, on the disk before anything says that it is there. */
static int
put(int fd, const char key[KEY_TEXT])
{
	char	line[KEY_TEXT];
	ssize_t	n;

	memcpy(line, key, KEY_TEXT - 1);
	line[KEY_TEXT - 1] = '\n';
	n = write(fd, line, sizeof(line));
	explicit_bzero(line, sizeof(line));
	if (n != (ssize_t)sizeof(line)) {
		if (n >= 0)
			errno = ENOSPC;
		return -1;
	}
	return fsync(fd);
}

/* Makes the file.  Returns 1, 0 when somebody else made it meanwhile, or -1
 * with errno and no file. */
static int
make(const char *path, const char key[KEY_TEXT])
{
	int	error, fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY,
	    S_IRUSR | S_IWUSR);
	if (fd == -1)
		return errno == EEXIST ? 0 : -1;
	if (put(fd, key) == -1) {
		error = errno;
		close(fd);
		unlink(path);
		errno = error;
		return -1;
	}
	return close(fd) == -1 ? -1 : 1;
}

static int
make_key(const struct command *cmd, const char *path, struct buf *key,
    bool *made)
{
	char	text[KEY_TEXT];
	int	r;

	if (auth_new_key(text) == -1)
		return command_fail(cmd, CMD_FAILED,
		    "the system gave no random bytes for a key: %s",
		    strerror(errno));
	if ((r = make(path, text)) == -1) {
		explicit_bzero(text, sizeof(text));
		return command_fail(cmd, CMD_FAILED, "cannot make %s: %s",
		    path, strerror(errno));
	}
	*made = r == 1;
	if (*made)
		buf_adds(key, text);
	explicit_bzero(text, sizeof(text));
	return CMD_OK;
}

int
keyfile_open(const struct command *cmd, const char *path, struct buf *key,
    bool *made)
{
	int	status;

	*made = false;
	if (access(path, F_OK) == -1 && errno == ENOENT) {
		status = make_key(cmd, path, key, made);
		if (status != CMD_OK || *made)
			return status;
	}
	if ((status = secret_read(cmd, path, key)) != CMD_OK)
		return status;
	if (key->len < KEY_LEAST)
		return command_fail(cmd, CMD_FAILED, "the key in %s has %zu "
		    "characters and should have 64 (%d at least); remove the "
		    "file, and a new one will be made", path, key->len,
		    KEY_LEAST);
	return CMD_OK;
}
