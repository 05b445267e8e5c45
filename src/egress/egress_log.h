/* SPDX-License-Identifier: MIT */
/*
 * egress_log: one line of JSON in [egress] log for every value that leaves,
 * written before it does.
 *
 * The process has one such log.  Safe from any thread.
 */
#ifndef CTIM_EGRESS_LOG_H
#define CTIM_EGRESS_LOG_H

#include <stdbool.h>
#include <sys/types.h>

struct conf;

struct egress_line {
	const char *relay;
	const char *origin; /* url_origin() of the service */
	const char *type, *value;
	const char *id; /* X-Request-Id; NULL: none */
};

/* Opens the log of a configuration, if it has one, and closes that of another.
 * What goes wrong is told in the log of the gateway, and tried again with the next
 * line.  Whoever writes a line needs no egress_log_open() before; root does, for
 * a folder that is root's. */
void egress_log_open(const struct conf *);
/* The same after an upgrade; fd: as log_adopt(). */
void egress_log_adopt(const struct conf *, int fd);
/* Its descriptor, -1 when it is not open. */
int egress_log_keep(void);
/* For root, before it becomes that user: as log_give(). */
int egress_log_give(uid_t, gid_t);
/* Opens it again (after its rotation); a failure is told in the log. */
void egress_log_reopen(void);
/* Writes a line.  Returns whether it was written, or the configuration wants
 * none; else the log of the gateway says why, once a minute. */
bool egress_log_write(const struct conf *, const struct egress_line *);

#endif
