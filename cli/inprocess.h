/*
 * inprocess: a request to the gateway inside this process: the same code as
 * behind a web server, over memory instead of a socket.
 */
#ifndef CTIM_INPROCESS_H
#define CTIM_INPROCESS_H

#include <stddef.h>

struct buf;
struct conf;

/*
 * POSTs len bytes of body to path ("/local/observe/observables") with a token,
 * and puts the body of the answer into answer, an empty buffer.
 * Returns NULL, or what went wrong, a constant.
 */
const char	*inprocess_post(const struct conf *, const char *path,
		    const char *token, const char *body, size_t len,
		    struct buf *answer);

#endif
