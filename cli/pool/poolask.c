/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/pool/poolask.h"
#include "os/clock.h"
#include "os/pollone.h"

#define ROOM  16384 /* bytes read at a time */
#define AGAIN 10    /* ms before the next try to get in */

/* What a failure to connect means to people. */
static const struct {
	int error;
	const char *text;
} poolask_mends[] = {
	{ ENOENT,
	    "there is no such socket: no gateway runs with it, or it is one "
	    "without a pool (--workers 0, CGI); [server] control names it" },
	{ ECONNREFUSED, "nobody listens: the gateway is gone; start it again" },
	{ EACCES,
	    "this user may not ask; do it as root, as the service's user or as "
	    "a member of its group" },
	{ ENAMETOOLONG, "too long for the path of a socket" },
	{ ETIMEDOUT, "no answer in time; the log of the gateway may say why" }
};

static int
poolask_fail(const char *path, int error, char *why)
{
	const char *text = strerror(error);
	size_t i;

	if (error == EPERM)
		error = EACCES;

	for (i = 0; i < sizeof(poolask_mends) / sizeof(poolask_mends[0]); i++)
		if (poolask_mends[i].error == error)
			text = poolask_mends[i].text;
	(void)snprintf(why, POOLASK_WHY, "%.200s: %s", path, text);
	return -1;
}

/* Returns 0, or an error number. */
static int
get_in(int fd, const char *path, int64_t until)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(sa.sun_path))
		return ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	while (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1) {
		if (errno != EAGAIN && errno != EINTR)
			return errno;
		/* The queue is full: others wait to be let in. */
		if (clock_ms() >= until)
			return ETIMEDOUT;
		(void)poll(NULL, 0, AGAIN);
	}
	return 0;
}

/* Returns 0, or an error number. */
static int
poolask_ask(int fd, const char *question, int64_t until, struct buf *answer)
{
	char line[64], *room;
	size_t want;
	ssize_t n;

	n = snprintf(line, sizeof(line), "%s\n", question);
	if (send(fd, line, (size_t)n, MSG_NOSIGNAL) != n)
		return errno;
	for (;;) {
		/* A drip must not pass the time, so not pollone() alone. */
		if (clock_ms() >= until ||
		    (n = pollone(fd, POLLIN, until)) == 0)
			return ETIMEDOUT;
		if ((want = answer->max - answer->len) > ROOM)
			want = ROOM;
		if ((room = buf_room(answer, want)) == NULL)
			return ENOMEM;
		/* A full answer may be all of it. */
		if (n > 0)
			n = recv(fd, want > 0 ? room : line,
			    want > 0 ? want : 1, MSG_DONTWAIT);
		if (want == 0 && n > 0)
			return EMSGSIZE;
		if (n == 0)
			return answer->len == 0 ? ETIMEDOUT : 0;
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return errno;
		if (n > 0)
			answer->len += (size_t)n;
		answer->data[answer->len] = '\0';
	}
}

int
poolask(const char *path, const char *question, int ms, struct buf *answer,
    char why[POOLASK_WHY])
{
	int64_t until = clock_ms() + ms;
	int fd, error;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return poolask_fail(path, errno, why);
	error = get_in(fd, path, until);
	if (error == 0)
		error = poolask_ask(fd, question, until, answer);
	(void)close(fd);
	return error == 0 ? 0 : poolask_fail(path, error, why);
}
