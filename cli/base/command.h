/* SPDX-License-Identifier: MIT */
/*
 * command: the commands of ctim-relay(1).  Each is one function and one row of
 * the table in main.c.
 */
#ifndef CTIM_COMMAND_H
#define CTIM_COMMAND_H

/* Exit statuses of the program. */
enum {
	CMD_OK = 0,
	CMD_FAILED = 1,    /* the command did not work */
	CMD_MALICIOUS = 2, /* query: an observable is malicious */
	CMD_PARTLY = 3,    /* intel import: more was skipped than taken */
	CMD_USAGE = 64,    /* EX_USAGE of sysexits(3) */
	CMD_CONFIG = 78    /* EX_CONFIG of sysexits(3) */
};

struct command {
	const char *name;
	const char *synopsis; /* arguments, without the name */
	const char *summary;  /* one line for --help */
	/* argv[0] is the name of the command.  Returns an exit status. */
	int (*run)(const struct command *, int argc, char **argv);
};

int cmd_check(const struct command *, int argc, char **argv);
int cmd_doctor(const struct command *, int argc, char **argv);
int cmd_jwt(const struct command *, int argc, char **argv);
int cmd_module_type(const struct command *, int argc, char **argv);
int cmd_provider(const struct command *, int argc, char **argv);
int cmd_query(const struct command *, int argc, char **argv);
int cmd_relay(const struct command *, int argc, char **argv);
int cmd_status(const struct command *, int argc, char **argv);
int cmd_reload(const struct command *, int argc, char **argv);
int cmd_stop(const struct command *, int argc, char **argv);
int cmd_ping(const struct command *, int argc, char **argv);
int cmd_tail(const struct command *, int argc, char **argv);
int cmd_intel(const struct command *, int argc, char **argv);

/*
 * Prints "ctim-relay NAME: " and the message, then how the command is called
 * and where to read more, on standard error.  The message is escaped here
 * (text.h), so that no terminal obeys it; the arguments need not be.  Returns
 * CMD_USAGE, so that a command can say: return command_usage(cmd, "no relay
 * named");
 */
int command_usage(const struct command *, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/* Prints the message without the usage; returns status. */
int command_fail(const struct command *, int status, const char *fmt, ...)
    __attribute__((__format__(__printf__, 3, 4)));

#endif
