/* SPDX-License-Identifier: MIT */
/*
 * accept: how a thread waits for the next connection of a listener: in
 * accept4(2), or for several sockets in epoll_wait(2), of which the kernel wakes
 * one thread of all.  SIGURG wakes it for something else.
 */
#ifndef CTIM_ACCEPT_H
#define CTIM_ACCEPT_H

#include <stdbool.h>

struct listener;

/* Makes the set in which several sockets are waited for: *epoll, -1 where there
 * is one socket alone.  Returns 0, or -1 with errno. */
int accept_join(const struct listener *, int *epoll);
/* The next connection; -1 with errno. */
int accept_next(const struct listener *, int epoll);
/* That failed with error: waits as long as makes sense. */
void accept_failed(const struct listener *, int epoll, int error);
/* Whether somebody waits in a listen queue that is open. */
bool accept_pending(const struct listener *);
/* Lets the calling thread be woken from accept_next() by SIGURG. */
void accept_unblock_kick(void);

#endif
