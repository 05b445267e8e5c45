/*
 * remote: requests to a relay that runs on another machine, or behind another
 * web server, over HTTP.
 */
#ifndef CTIM_REMOTE_H
#define CTIM_REMOTE_H

#include <stddef.h>

struct buf;
struct conf;
struct remote;

/*
 * For requests to a URL with a token.  Of the configuration, [http] counts: what
 * certificates are good, and the proxy; it must outlive it.  NULL when memory
 * ran out, or the token cannot be in a header.
 */
struct remote *remote_open(
    const struct conf *, const char *url, const char *token);
void remote_close(struct remote *);
/*
 * POSTs a body, a string, and puts that of the answer into answer, an empty
 * buffer.  What may pass (the gateway is busy, the connection broke) is tried
 * again, a few times.  An interrupt (interrupt.h) ends it.
 * Returns NULL, or what went wrong, good until the next call.
 */
const char *remote_post(struct remote *, const char *body, struct buf *answer);

#endif
