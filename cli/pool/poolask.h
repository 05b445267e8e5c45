/*
 * poolask: one question to the running pool, on its control socket.
 */
#ifndef CTIM_POOLASK_H
#define CTIM_POOLASK_H

#define POOLASK_MAX (4U << 20) /* bytes of an answer */
#define POOLASK_WHY 512        /* bytes of a reason */

struct buf;

/*
 * Asks the pool whose control socket is at path; it has ms for the answer.
 * Returns 0, or -1 with one line in why that says what to do.
 */
int poolask(const char *path, const char *question, int ms, struct buf *answer,
    char why[POOLASK_WHY]);

#endif
