/* SPDX-License-Identifier: MIT */
/*
 * listener: the socket that the pool serves on: handed over by a spawner, or
 * made here.  libfcgi's own functions for it end the process on errors.
 */
#ifndef CTIM_LISTENER_H
#define CTIM_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fcgi/net/unixsocket.h"

struct conf;

#define LISTENER_WHY UNIXSOCKET_WHY
#define LISTENER_MAX 16 /* addresses of one name */

struct listener {
	/* Listening, close-on-exec; one alone blocks, several do not. */
	int fd[LISTENER_MAX];
	size_t n;
	bool own;               /* made by listener_open() */
	bool taken;             /* it failed as another server is there */
	char text[128];         /* its address, for people */
	char note[256];         /* addresses without a socket, and why; or "" */
	struct unixsocket file; /* of an own unix socket */
};

/*
 * A listening socket on descriptor 0 (spawn-fcgi, mod_fcgid, systemd's
 * StandardInput=socket), else the first of LISTEN_FDS (systemd).  A connected
 * socket is none: mod_cgid gives one to CGI programs.  Returns whether there is
 * one.
 */
bool listener_find(struct listener *);
/*
 * Listens on address: "unix:PATH" or "HOST:PORT", IPv6 addresses in brackets;
 * on every address that HOST has, but for those that this machine has not,
 * which note tells, unless it has none of them.
 * socket_mode and socket_group come from conf, and owner is who will serve
 * ((uid_t)-1: as we are).  A file left by a dead server is replaced; the workers
 * of one that just died get a second to let go.
 * Returns 0, or -1 with a reason in why (LISTENER_WHY bytes).
 */
int listener_open(struct listener *, const char *address,
    const struct conf *conf, uid_t owner, char *why);
/* Removes an own unix socket's file, if it is still ours: nobody new comes. */
void listener_unlink(struct listener *);
/*
 * In a worker whose master is gone: nobody new comes.  An own socket refuses at
 * once, in all workers, and who waits in its listen queue is handed to keep(),
 * which owns the descriptor.  One that was handed over is left to whoever else
 * has it.  The numbers in fd stay taken; accept4(2) on them fails with EINVAL.
 */
void listener_hang_up(
    const struct listener *, void (*keep)(void *arg, int fd), void *arg);
/* listener_unlink(), and closes the sockets. */
void listener_close(struct listener *);

#endif
