/* SPDX-License-Identifier: MIT */
/*
 * local_call: requests to the gateway inside this process: the same code as
 * behind a web server, over memory instead of a socket.
 */
#ifndef CTIM_LOCAL_CALL_H
#define CTIM_LOCAL_CALL_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct conf;
struct local_call;

/*
 * Opens the way for requests to path ("/local/observe/observables") with a
 * token.  The configuration must outlive it.  Returns NULL when memory ran out,
 * or the token is too long.
 */
struct local_call *local_call_open(
    const struct conf *, const char *path, const char *token);
void local_call_close(struct local_call *);
/* For those behind the gateway it is this time, in seconds since 1970. */
void local_call_now(struct local_call *, int64_t now);
/*
 * POSTs len bytes of body, and puts the body of the answer into answer, an
 * empty buffer.  An interrupt (interrupt.h) ends it; then the answer is cut
 * short.
 * Returns NULL, or an error text, a constant.
 */
const char *local_call_post(
    struct local_call *, const char *body, size_t len, struct buf *answer);

#endif
