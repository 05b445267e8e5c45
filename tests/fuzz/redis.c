/* SPDX-License-Identifier: MIT */
/* What a Redis server may answer, in pieces whose size the first byte says. */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redis/rediscon.h"
#include "tests/fuzz/fuzz.h"
#include "os/clock.h"

#define MOST 65536 /* bytes of the answer, and of one reply */

/* Packets keep their size, and fit into the socket's buffer. */
static void
send_pieces(int fd, const uint8_t *p, size_t n, size_t piece)
{
	size_t step;

	for (; n > 0; p += step, n -= step) {
		step = n < piece ? n : piece;
		if (send(fd, p, step, MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
			break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rediscon r;
	struct rediscon_reply *reply;
	int fd[2];

	if (size < 2 || size > MOST)
		return 0;
	HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == 0);
	send_pieces(fd[1], data + 1, size - 1, (size_t)data[0] * 16 + 1);
	HOLDS(close(fd[1]) == 0);
	r = REDISCON_NONE;
	HOLDS(rediscon_adopt(&r, fd[0]) == 0);
	while ((reply = rediscon_reply(&r, MOST, clock_ms() + 1000)) != NULL) {
		HOLDS(reply->len < size && reply->text[reply->len] == '\0');
		HOLDS(reply->len == 0 ||
		    (reply->type != REDISCON_INTEGER &&
			reply->type != REDISCON_NIL &&
			reply->type != REDISCON_PAIR));
		HOLDS((reply->type == REDISCON_PAIR) ==
		    (reply->pair[0] != NULL && reply->pair[1] != NULL));
		rediscon_drop(reply);
	}
	HOLDS(r.why[0] != '\0');
	rediscon_free(&r);
	return 0;
}
