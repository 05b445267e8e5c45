/*
 * rediscon: a connection to a Redis server on which nothing waits longer than
 * it was told to: not the host's name, not a server that hangs or drips.
 *
 * hiredis writes the commands and reads the replies; the socket is ours, as its
 * own time-outs count for each read alone.
 * Source: Redis serialization protocol (RESP2); hiredis, "Reply parsing API";
 * getaddrinfo_a(3).
 */
#ifndef CTIM_REDISCON_H
#define CTIM_REDISCON_H

#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#define REDISCON_WHY	128	/* bytes of a reason */
#define REDISCON_ARGS	12	/* of a command */

struct rediscon_lookup;

struct rediscon {
	int			 fd;		/* -1: not open */
	redisReader		*reader;
	struct rediscon_lookup	*lookup;	/* of a name, under way */
	char			 why[REDISCON_WHY];	/* of -1, NULL */
};

struct rediscon_arg { const void *p; size_t len; };

void	rediscon_init(struct rediscon *);
/* All return 0, or -1 with the reason; until is clock_ms().  After -1 and NULL
 * the connection is good for nothing but to be closed. */
int	rediscon_open(struct rediscon *, const char *host, const char *port,
	    int64_t until);
int	rediscon_send(struct rediscon *, const struct rediscon_arg *, size_t n,
	    int64_t until);
/*
 * The next reply, of max bytes at most: a status, an error, an integer, a
 * string or nil; others are refused.  To be released with freeReplyObject().
 */
redisReply *rediscon_reply(struct rediscon *, size_t max, int64_t until);
void	rediscon_close(struct rediscon *);
/* Also gives up a lookup that is still under way. */
void	rediscon_free(struct rediscon *);

#endif
