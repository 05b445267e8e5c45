/* SPDX-License-Identifier: MIT */
/*
 * mapmaster: compiles the programs of a configuration, and forks a map worker for
 * whoever asks on the control socket.  net/mapframe.h has the packets.
 */
#ifndef CTIM_MAPMASTER_H
#define CTIM_MAPMASTER_H

/* Serves the control socket, descriptor MAPLOCK_FD, until nobody has its other
 * end.  Returns the exit status; does not return in a worker. */
int mapmaster_run(void);

#endif
