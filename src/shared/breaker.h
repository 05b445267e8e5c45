/* SPDX-License-Identifier: MIT */
/*
 * breaker: the circuit of each provider host, in shared memory.
 *
 * A circuit opens after `threshold` failures in a row, or when at least half of
 * the last 20 calls within 10 seconds failed: for 30 seconds, doubled up to 300
 * each time that the probe fails.  After that time one call may go, the probe;
 * its success closes the circuit.
 *
 * The lock of the table (slots.h) guards all circuits; each function here takes
 * it, and no caller need.
 * Source: M. Nygard, "Release It!", "Circuit Breaker".
 */
#ifndef CTIM_BREAKER_H
#define CTIM_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/slots.h"

#define BREAKER_HOSTS   128   /* of all relays; the longest unused goes */
#define BREAKER_CALLS   20    /* that are judged, all of the last … */
#define BREAKER_WINDOW  10000 /* ms */
#define BREAKER_FIRST   30000 /* ms that it stays open */
#define BREAKER_LONGEST 300000
#define BREAKER_PROBE   60000 /* ms after which a probe counts as lost */
#define BREAKER_LOOK    500   /* ms between looks at what others told */
#define BREAKER_NAME    128   /* bytes of the host kept for status */

struct breaker {
	struct slot slot; /* of the host's name; used: clock_ms() */
	char host[BREAKER_NAME];
	int64_t open_until;        /* 0: closed */
	int64_t open_for;          /* ms, of the last time */
	int64_t probe_until;       /* 0: no probe under way */
	int row;                   /* failures in a row */
	int64_t at[BREAKER_CALLS]; /* a ring; 0: no call yet */
	bool failed[BREAKER_CALLS];
	unsigned next;
	uint64_t opened; /* how often */
	int64_t looked;  /* clock_ms() of the last breaker_look_due() */
};

struct breaker_table {
	struct slots slots;
	struct breaker host[BREAKER_HOSTS];
};

enum breaker_way {
	BREAKER_GO,  /* closed: call */
	BREAKER_TRY, /* call: it is the probe */
	BREAKER_OPEN /* do not call */
};
/* The result of a call and its retries. */
enum breaker_result {
	BREAKER_WORKED, /* the host answered: 4xx too */
	BREAKER_FAILED, /* 5xx, no connection, late, cut */
	BREAKER_UNTOLD  /* we cancelled the call, which says nothing */
};

/*
 * May a call go to host ("https://api.example.com:443") at now (clock_ms())?
 * threshold 0: always.  BREAKER_OPEN: *left gets the ms until a probe may go.
 * After BREAKER_GO and BREAKER_TRY the caller must breaker_tell().
 */
enum breaker_way breaker_ask(struct breaker_table *, const char *host,
    int threshold, int64_t now, int64_t *left);
/* Reports the result of a call.  probe: breaker_ask() had returned BREAKER_TRY.
 * Returns true when the result opened the circuit (for the log). */
bool breaker_tell(struct breaker_table *, const char *host, int threshold,
    int64_t now, enum breaker_result, bool probe);
/*
 * Where several gateways tell each other of circuits: whether it is time to look
 * what others told of a host, which is then taken to be done; and that another
 * has opened its circuit for `left` ms more.
 */
bool breaker_look_due(
    struct breaker_table *, const char *host, int threshold, int64_t now);
void breaker_adopt(
    struct breaker_table *, const char *host, int64_t now, int64_t left);
/* A circuit as status shows it. */
enum breaker_state { BREAKER_CLOSED, BREAKER_HALF_OPEN, BREAKER_IS_OPEN };
struct breaker_seen {
	char host[BREAKER_NAME];
	enum breaker_state state; /* half open: the next call is
						 * the probe, or it is under way */
	int64_t left;             /* ms that it stays open */
	int row;                  /* failures in a row */
	uint64_t opened;          /* how often */
};
/* Lists all circuits at now (clock_ms()).  Returns how many, or -1 when the
 * table was not free for `wait` ms. */
int breaker_list(struct breaker_table *, int64_t now, int wait,
    struct breaker_seen seen[BREAKER_HOSTS]);

#endif
