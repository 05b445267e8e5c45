/*
 * listener: the socket that the pool serves on: handed over by a spawner, or
 * made here.  libfcgi's own functions for it end the process on errors.
 */
#ifndef CTIM_LISTENER_H
#define CTIM_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "unixsocket.h"

struct conf;

#define LISTENER_WHY	UNIXSOCKET_WHY

struct listener {
	int	 fd;		/* listening, blocking, close-on-exec */
	bool	 own;		/* made by listener_open() */
	char	 text[128];	/* its address, for people */
	struct unixsocket file;	/* of an own unix socket */
};

/*
 * A listening socket on descriptor 0 (spawn-fcgi, mod_fcgid, systemd's
 * StandardInput=socket), else the first of LISTEN_FDS (systemd).  A connected
 * socket is none: mod_cgid gives one to CGI programs.  Returns whether there is
 * one.
 */
bool	listener_find(struct listener *);
/*
 * Listens on address: "unix:PATH" or "HOST:PORT", IPv6 addresses in brackets.
 * socket_mode and socket_group come from conf, and owner is who will serve
 * ((uid_t)-1: as we are).  A file left by a dead server is replaced.
 * Returns 0, or -1 with a reason in why (LISTENER_WHY bytes).
 */
int	listener_open(struct listener *, const char *address,
	    const struct conf *conf, uid_t owner, char *why);
/* Removes an own unix socket's file, if it is still ours: nobody new comes. */
void	listener_unlink(struct listener *);
/* listener_unlink(), and closes the socket. */
void	listener_close(struct listener *);

#endif
