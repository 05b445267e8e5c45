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
int cmd_query(const struct command *, int argc, char **argv);
int cmd_relay(const struct command *, int argc, char **argv);
int cmd_status(const struct command *, int argc, char **argv);
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
/* Says which option is unknown or lacks its argument, after getopt_long(3)
 * returned '?' or ':'; it was called with opterr = 0 and a list that begins
 * with ':'.  Returns CMD_USAGE. */
int command_option(const struct command *, int c, char **argv);
/* Reads the number that an option takes, from least to most, into *n.  Returns
 * CMD_OK, or CMD_USAGE after saying which numbers it takes. */
int command_number(const struct command *, const char *option, const char *text,
    long least, long most, long *n);
/* Prints for --help, on standard output, how the command is called, its summary
 * and its options (a text that ends with a newline).  Returns CMD_OK. */
int command_help(const struct command *, const char *options);

#endif
