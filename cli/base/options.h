/* SPDX-License-Identifier: MIT */
/*
 * options: the options of a command, as one table.  getopt_long(3) reads the
 * command line by it, and --help prints it.
 */
#ifndef CTIM_OPTIONS_H
#define CTIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct command;
struct options_row;

#define OPTIONS_MAX 32 /* rows of a table */

/* An option that the command line has. */
struct options_found {
	const struct command *cmd;
	const struct options_row *row;
	void *at;   /* row->offset bytes into the command's own struct */
	char *text; /* its argument, in argv; NULL: it has none */
};

/* The way in which an option is stored. */
struct options_kind {
	/* Stores the option.  Returns CMD_OK; else the error has been printed,
	 * and the result is its status. */
	int (*set)(const struct options_found *);
	/* of options_number() */
	const char *called; /* in messages; NULL: by its long name */
	long least, most;
	/* of options_word() */
	int (*word)(const char *); /* the number of a word; -1: it is none */
	const char *words;         /* for people */
};

/* The common kinds. */
extern const struct options_kind options_text; /* char *, const or not */
extern const struct options_kind options_flag; /* bool that becomes true */
extern const struct options_kind options_off;  /* bool that becomes false */
/* As options_flag, and what follows the option is not read: for --help. */
extern const struct options_kind options_stop;

/* For kinds with limits of their own: a long from least to most, and an int that
 * word() gives for one of words. */
int options_number(const struct options_found *);
int options_word(const struct options_found *);

struct options_row {
	const char *name; /* NULL: a heading, printed as help has it */
	char letter;      /* 0: none */
	const struct options_kind *kind;
	size_t offset; /* in the command's own struct */
	/* The name of the argument in --help; NULL: the option takes none.  The
	 * argument "[S]" may be left away, and may be the next word unless that
	 * begins with '-'. */
	const char *argument;
	const char *help; /* may be of several lines; NULL: --help is silent */
};

/* Rows that many commands have; the struct has such a member. */
#define OPTIONS_CONFIG(type)                                                  \
	{                                                                     \
		"config", 'c', &options_text, offsetof(type, config), "FILE", \
		    "the configuration, instead of the usual one"             \
	}
#define OPTIONS_JSON(type)                                              \
	{                                                               \
		"json", 'j', &options_flag, offsetof(type, json), NULL, \
		    "as JSON, for programs"                             \
	}

struct options {
	const struct options_row *rows;
	size_t n;                   /* at most OPTIONS_MAX */
	int column;                 /* where help begins; 0: the usual one */
	bool flat;                  /* "--name" stands where "-n, " would */
	const char *before, *after; /* text around them in --help, or NULL */
};

/*
 * Reads the options of a command line into the command's own struct, which has
 * its defaults already, and leaves optind at the words behind them.  Returns
 * CMD_OK; else the error has been printed, and the result is its status.
 */
int options_read(const struct options *, const struct command *, void *into,
    int argc, char **argv);
/* The same; seen sees each option before it is stored, with the command's own
 * struct in at. */
int options_read_seen(const struct options *, const struct command *,
    void *into, int argc, char **argv,
    void (*seen)(const struct options_found *));
/* Whether an option, whose kind is options_text or options_flag, was given. */
bool options_given(const struct options *, const void *into, const char *name);
/* Prints for --help, on standard output, how the command is called, its summary
 * and its options.  Returns CMD_OK. */
int options_help(const struct options *, const struct command *);

#endif
