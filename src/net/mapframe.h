/* SPDX-License-Identifier: MIT */
/*
 * mapframe: what goes between the gateway and ctim-relay-map.
 *
 * On the control socket (a pair of unix(7), SOCK_SEQPACKET; all processes of the
 * pool have one end) each packet is a struct mapframe and perhaps a text.  On the
 * socket of a map worker (SOCK_STREAM) it is a struct mapframe and `length` bytes.
 * Both sides are of one build and of one machine: numbers are in its own order.
 */
#ifndef CTIM_MAPFRAME_H
#define CTIM_MAPFRAME_H

#include <stdint.h>

#define MAPFRAME_PROGRAMS 512         /* of a configuration */
#define MAPFRAME_TEXT     (64U << 10) /* bytes of a program */
#define MAPFRAME_QUESTION (32U << 20) /* bytes of a question */
#define MAPFRAME_ANSWER   (16U << 20) /* bytes of an answer */
#define MAPFRAME_ENTITIES 100000      /* lines of one */
#define MAPFRAME_IDLE     60          /* s after which a worker leaves */

enum mapframe_what {
	/* To the map master. */
	MAPFRAME_PROGRAM, /* text: the next program, the first is 0 */
	MAPFRAME_START,   /* number: whether each is compiled when it is first
			   * asked for (1) or all now (0); answered */
	MAPFRAME_WORKER, /* with a socket: it is a new map worker's; number: the
			   * program that will be asked first */
	MAPFRAME_KILL,   /* number: which worker */
	MAPFRAME_COUNT,  /* how many workers are there; answered */
	/* From it. */
	MAPFRAME_READY, /* to START, when all are compiled but those for which
			 * memory ran out, which are when they are asked */
	MAPFRAME_BAD,   /* before it, of each that cannot be; number: which
			 * program, text: why not */
	MAPFRAME_IS,    /* to COUNT: number */
	/* From a map worker, number: */
	MAPFRAME_HELLO, /* of this worker, for MAPFRAME_KILL; the map master
			  * sends it */
	MAPFRAME_DONE,  /* a line each entity */
	MAPFRAME_ERROR, /* the same, and the error as a JSON string in the last */
	MAPFRAME_MEMORY, /* the worker had too little, and has left */
	MAPFRAME_NONE,   /* the map master: there is no such worker, as fork(2)
			  * failed, or memory ran out; number: errno */
	MAPFRAME_OTHER,  /* the program is not compiled in this worker, and in
			  * the next it is */
	/* To it. */
	MAPFRAME_ASK /* number: the program; then the question */
};

struct mapframe {
	uint32_t what;   /* enum mapframe_what */
	uint32_t number; /* see there */
	uint32_t length; /* bytes that follow */
};

#endif
