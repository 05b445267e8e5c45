/* SPDX-License-Identifier: MIT */
/*
 * ctim-relay-map: runs the programs of described providers, away from the gateway
 * and what it knows.  The gateway starts it with a socket as its one descriptor.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "map/maplock.h"
#include "map/mapmaster.h"

int
main(int argc, char **argv)
{
	int type = 0;
	socklen_t size = sizeof(type);

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)puts("ctim-relay-map " CTIM_VERSION);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	if (argc != 1 ||
	    getsockopt(MAPLOCK_FD, SOL_SOCKET, SO_TYPE, &type, &size) == -1 ||
	    type != SOCK_SEQPACKET) {
		(void)fputs("ctim-relay-map is started by ctim-relay; it has "
			    "no use for people\n",
		    stderr);
		return 2;
	}
	return mapmaster_run();
}
