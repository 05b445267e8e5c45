/*
 * inprocess: requests to the gateway inside this process: the same code as
 * behind a web server, over memory instead of a socket.
 */
#ifndef CTIM_INPROCESS_H
#define CTIM_INPROCESS_H

#include <stddef.h>

struct buf;
struct conf;
struct inprocess;

/*
 * For requests to path ("/local/observe/observables") with a token.  The
 * configuration must outlive it.  NULL when memory ran out, or the token is too
 * long.
 */
struct inprocess *inprocess_open(const struct conf *, const char *path,
		    const char *token);
void		 inprocess_close(struct inprocess *);
/*
 * POSTs len bytes of body, and puts the body of the answer into answer, an empty
 * buffer.  An interrupt (interrupt.h) ends it, with what is there of the answer.
 * Returns NULL, or what went wrong, a constant.
 */
const char	*inprocess_post(struct inprocess *, const char *body, size_t len,
		    struct buf *answer);

#endif
