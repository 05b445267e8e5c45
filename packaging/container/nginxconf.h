/* SPDX-License-Identifier: MIT */
/*
 * nginxconf: nginx's configuration, from a template in which words between two
 * @ stand for what the start knows.
 */
#ifndef CTIM_NGINXCONF_H
#define CTIM_NGINXCONF_H

#include <stdbool.h>
#include <stddef.h>

#define NGINXCONF_MAX 65536 /* bytes of it, and of each file it comes from */
#define NGINXCONF_WHY 256   /* bytes of a reason */

struct buf;

struct nginxconf {
	const char *run; /* folder of the sockets and what nginx puts away */
	int port;        /* that nginx listens on */
	bool ipv6;       /* on IPv6 too */
	bool log;        /* whether requests are logged on standard output */
	int deadline;    /* seconds that the pool takes at most */
	size_t max_body; /* bytes that it takes at most */
	const char *location; /* the text of ctim-relay-location.conf */
};

/* Reads one of the two files into out, an empty buffer.  Returns 0, or -1 with
 * a reason in why (NGINXCONF_WHY bytes). */
int nginxconf_read(const char *path, struct buf *out, char *why);
/*
 * Fills in the template.  Of location the lines that set what the template sets
 * by deadline and max_body are left out.  Returns 0, or -1 with a reason: a word
 * that there is not, or more than out takes.
 */
int nginxconf_fill(
    const struct nginxconf *, const char *template, struct buf *out, char *why);

#endif
