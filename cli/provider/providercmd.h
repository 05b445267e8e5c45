/* SPDX-License-Identifier: MIT */
/*
 * providercmd: what the commands of `ctim-relay provider` share.  Each is one
 * function and one row of the table in providercmd.c.
 */
#ifndef CTIM_PROVIDERCMD_H
#define CTIM_PROVIDERCMD_H

#include <stdbool.h>

#include "cli/base/command.h"

/* A command of `provider`, as the command line has it. */
struct providercmd {
	const struct command *cmd; /* named "provider new" and so on */
	bool help, accept, allow_private;
	/* NULL: not given */
	const char *config, *credentials, *route, *record;
	char **words; /* behind the options */
	int n;
};

/* All return an exit status. */
int listproviders(const struct providercmd *);
int newprovider(const struct providercmd *);
int showprovider(const struct providercmd *);
int testprovider(const struct providercmd *);
int tryprovider(const struct providercmd *);

#endif
