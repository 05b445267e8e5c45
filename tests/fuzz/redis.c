/* What a Redis server may answer, in pieces whose size the first byte says. */
#include <sys/socket.h>

#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "rediscon.h"
#include "transport.h"

#define MOST	65536	/* bytes of the answer, and of one reply */

/* Packets keep their size, and fit into the socket's buffer. */
static void
send_pieces(int fd, const uint8_t *p, size_t n, size_t piece)
{
	size_t	 step;

	for (; n > 0; p += step, n -= step) {
		step = n < piece ? n : piece;
		if (send(fd, p, step, MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
			break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rediscon	 r;
	redisReply	*reply;
	int		 fd[2];

	if (size < 2 || size > MOST)
		return 0;
	HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == 0);
	send_pieces(fd[1], data + 1, size - 1, (size_t)data[0] * 16 + 1);
	HOLDS(close(fd[1]) == 0);
	rediscon_init(&r);
	r.fd = fd[0];
	HOLDS((r.reader = redisReaderCreate()) != NULL);
	while ((reply = rediscon_reply(&r, MOST, clock_ms() + 1000)) != NULL) {
		HOLDS(reply->type == REDIS_REPLY_INTEGER ||
		    reply->type == REDIS_REPLY_NIL || reply->len < size);
		HOLDS(reply->type != REDIS_REPLY_ARRAY);
		freeReplyObject(reply);
	}
	HOLDS(r.why[0] != '\0');
	rediscon_free(&r);
	return 0;
}
