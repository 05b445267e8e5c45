/* SPDX-License-Identifier: MIT */
/*
 * doctor: what goes wrong in practice, looked for one after the other.
 *
 * A check is a function and a row of the table in doctor.c.  It says each
 * finding with doctor_say(), and with doctor_mend() the line that mends it; every
 * finding that is not good has one.  A check changes nothing, and makes its calls
 * within doctor_left().
 *
 * A mend is pasted as it stands, so it holds nothing but a command, or a line of
 * a configuration; words beside it are a doctor_note().  A mend names programs
 * and files from the root on, and runs each command as a user that may.  No mend
 * overwrites or removes a file, or replaces a key; none changes the mode or owner
 * of what a link leads to; none opens a home; none names a check that found
 * nothing.
 */
#ifndef CTIM_DOCTOR_H
#define CTIM_DOCTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/set.h"
#include "cli/webconf/webconf.h"
#include "http/http.h"
#include "json/jsonout.h"

struct command;
struct conf;
struct doctor;
struct json_object;
struct relay_conf;

#define DOCTOR_WHY     1024            /* bytes of a reason */
#define DOCTOR_QUOTES  8               /* doctor_quote()s in one line */
#define DOCTOR_INSTALL 640             /* bytes of "-o USER -g GROUP", quoted */
#define DOCTOR_AS      96              /* bytes of "sudo -u USER " */
#define DOCTOR_CALL    5000            /* ms for one call */
#define DOCTOR_ALL     60000           /* ms for all calls together */
#define DOCTOR_URL     1024            /* bytes of a URL that is called */
#define DOCTOR_MARK    "doctor-knocks" /* what the watchdog gives back */
#define DOCTOR_WEBS    4               /* web server files that are read */
#define DOCTOR_DAYS    14 /* a certificate must be good for so long */

enum doctor_result {
	DOCTOR_OK,
	DOCTOR_SKIPPED,
	DOCTOR_WARN,
	DOCTOR_FAIL,
	DOCTOR_RESULTS
};

/* The user that the gateway serves as, as far as that can be known. */
struct doctor_who {
	bool self;   /* this process is that user */
	bool change; /* this process is root, and that user is another */
	uid_t uid;
	gid_t gid;
	char user[64], group[64];
};

struct doctor_row {
	const char *name; /* of the check: one word */
	unsigned needs;   /* DOCTOR_NEEDS_*, or'ed */
	void (*run)(struct doctor *);
};

#define DOCTOR_NEEDS_CONF  (1U << 0)
#define DOCTOR_NEEDS_TIME  (1U << 1) /* the check makes calls */
#define DOCTOR_NEEDS_URL   (1U << 2)
#define DOCTOR_NEEDS_FRONT (1U << 3) /* a gateway must answer at the URL */

struct doctor {
	const struct command *cmd;
	/* From the command line; NULL: not given. */
	const char *config, *credentials_file, *relay, *web;
	const char *cgi; /* the folder of a bundle; doctor_cgi_find() */
	char *url;       /* without a slash at the end */
	bool json, help;

	const char *file;       /* the configuration */
	char whole[PATH_MAX];   /* its path from the root on */
	char program[PATH_MAX]; /* path of this program, for a shell */
	char cgi_folder[PATH_MAX], cgi_conf[PATH_MAX]; /* what it found */
	struct conf *conf; /* NULL: the configuration cannot be used */
	struct json_object *credentials; /* relay: claims; or NULL */
	struct doctor_who who;
	/* Parts of lines, for a shell but for as_whom: */
	const char *sudo;             /* before what only root may run: "sudo ",
					* or "" for root */
	char owner[DOCTOR_INSTALL];   /* "www-data:www-data", of chown(1) */
	char install[DOCTOR_INSTALL]; /* "-o www-data -g www-data" */
	char as_whom[80];             /* " as www-data", or nothing */
	char by[DOCTOR_AS];           /* of doctor_by() */
	int64_t until;                /* clock_ms() */

	/* What a check found out for the checks after it. */
	bool front;   /* a gateway answers at url */
	bool apache;  /* behind an Apache */
	int64_t skew; /* s that this clock is behind; see doctor_net.c */
	bool skew_known;
	char skew_host[300];

	/* The web server's files, as doctor_web.c read them; NULL: no such
	 * file. */
	struct webconf *webs[DOCTOR_WEBS];
	bool webs_read;
	char web_why[WEBCONF_WHY]; /* why the file of --web cannot be read */

	const struct doctor_row *row; /* the check that runs */
	unsigned place;               /* its number */
	unsigned bad;                 /* a bit for each row that found
						 * something */
	struct set said;              /* what was said: each finding once */
	bool muted;                   /* the last finding was a repeat */
	unsigned count[DOCTOR_RESULTS];
	bool open;      /* --json: the object of a finding is */
	struct buf out; /* --json */
	struct jsonout j;
	char *quoted[DOCTOR_QUOTES];
	unsigned quotes;
};

/* doctor_say.c */
void doctor_begin(struct doctor *);
void doctor_say(struct doctor *, enum doctor_result, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints the line that mends the last finding: a command for a shell, or a line
 * of a file. */
void doctor_mend(struct doctor *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a command that only root may run. */
void doctor_sudo(struct doctor *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints words below a mend: where a line goes, what to do then. */
void doctor_note(struct doctor *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints a line of the configuration as the mend, and its section; more is what
 * else the reader must know (NULL: nothing). */
void doctor_mend_conf(struct doctor *, const char *section, const char *more,
    const char *, ...) __attribute__((format(printf, 4, 5)));
/* Ends the output.  Returns what the program exits with. */
int doctor_end(struct doctor *);
/* Quotes a word for a shell.  The result is good until DOCTOR_QUOTES more
 * calls. */
const char *doctor_quote(struct doctor *, const char *);
/* Returns the ms that a call may take now, wanted at most; 0: the time is
 * up. */
int64_t doctor_left(const struct doctor *, int64_t wanted);

/* doctor_mend.c */
/* Fills in whole, program and sudo, once file is known. */
void doctor_places(struct doctor *);
/* Quotes a path from the root on; as doctor_quote(). */
const char *doctor_path_of(struct doctor *, const char *);
/* Returns what stands before a command that this user shall run; good until the
 * next call. */
const char *doctor_by(struct doctor *, uid_t);
/* The mend of a mode runs with the owner's or root's rights.  Where path is a
 * link, the mend shows first where the link leads. */
void doctor_mend_mode(struct doctor *, const char *path, const char *mode);
/* The mend lets the user that serves read ("r", "rx") the file, or pass the
 * folder in the way; out of a home the file is copied. */
void doctor_mend_read(struct doctor *, const char *path, const char *rights);
/* What the user that serves meets on the way to a path. */
enum doctor_way {
	DOCTOR_WAY_OPEN,
	DOCTOR_WAY_SAID, /* a closed folder; its mend was said */
	DOCTOR_WAY_HOME /* a closed home, which no mend opens; nothing was said */
};
/* The mend opens the first folder on the way that the user that serves may not
 * pass. */
enum doctor_way doctor_mend_way(struct doctor *, const char *path);
/* Whether a folder is, or is in, /root, /home or, unless the user that serves
 * owns the folder, the home of its owner. */
bool doctor_mend_is_home(const struct doctor *, const char *dir);
/* Puts the folder of a path into dir, "/" for a path right below the root. */
void doctor_directory(const char *path, char dir[PATH_MAX]);
/* The mend has a folder let a group (its id and name) pass. */
void doctor_mend_pass(
    struct doctor *, const char *dir, gid_t, const char *group);
/* The mend opens an editor on the line (from 1) of a file. */
void doctor_mend_edit(struct doctor *, const char *file, unsigned line);
/* The mend shows what is at a path. */
void doctor_mend_show(struct doctor *, const char *path);
/* The mend runs this program with the configuration: a command and its
 * arguments. */
void doctor_mend_run(struct doctor *, const char *command, const char *relay);
/* The mend runs doctor as root. */
void doctor_mend_again(struct doctor *);
/* The mend starts the gateway as the user that serves. */
void doctor_mend_start(struct doctor *);
/* The mend moves a file that should not be there to a name that nothing has.
 * Anything but a file is only shown. */
void doctor_mend_aside(struct doctor *, const char *path);
/* Whether path is a link; if so, the mend shows where the link leads. */
bool doctor_mend_link(struct doctor *, const char *path);

/* doctor_conf.c: the file that a first key goes into, beside the
 * configuration. */
void doctor_key_file(struct doctor *, char file[PATH_MAX]);

/* doctor.c: whether the check of this name found a fault. */
bool doctor_was_bad(const struct doctor *, const char *name);

/* doctor_as.c.  doctor_who() finds the user that serves.  doctor_as() runs a
 * function as that user, in a process of its own where this one is root.  The
 * function and doctor_as() return 0, or -1 with why; a function that leaves why
 * empty has set errno. */
void doctor_who(struct doctor *);
int doctor_as(struct doctor *, int (*)(void *, char why[DOCTOR_WHY]), void *arg,
    char why[DOCTOR_WHY]);
/* Whether this process is neither root nor the user that serves, so that its
 * own rights say nothing.  If so, doctor_foreign() says that path was not
 * checked. */
bool doctor_foreign(struct doctor *, const char *path);

/* doctor_cgi.c: finds the bundle of shared hosting that this program is in,
 * unless --cgi or a configuration was named, and the configuration of the
 * bundle. */
void doctor_cgi_find(struct doctor *);
/* The program of the bundle; false: the path is too long. */
bool doctor_cgi_path(const struct doctor *, const char *name, char[PATH_MAX]);

/* doctor_call.c: calls with little time; the beginning of each answer is
 * kept. */
struct doctor_call {
	struct http_call http;
	struct buf body;
	char url[DOCTOR_URL];
	char host[DOCTOR_URL]; /* for people */
};
/* Makes a GET of a URL, which the caller may fill in further and ends with
 * doctor_call_free(). */
void doctor_call_init(struct doctor_call *, const char *host,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void doctor_call_free(struct doctor_call *);
/* Makes all n calls at once, as the configuration says. */
void doctor_call_do(
    struct doctor *, const struct conf *, struct doctor_call *, size_t n);
/* Whether any HTTP answer came, cut or not. */
bool doctor_answered(const struct http_call *);
/* Says of a call that was answered: text, and how long the certificate is good;
 * warns when that is less than DOCTOR_DAYS. */
void doctor_say_good(
    struct doctor *, const struct doctor_call *, const char *text);
/* Says that a call failed, and what mends that. */
void doctor_say_failed(
    struct doctor *, const struct doctor_call *, const char *what);
/* The mend shows what happens on the way to a URL. */
void doctor_mend_curl(struct doctor *, const char *url);
/* Returns the answer as a JSON object that the caller releases; NULL: it is
 * none. */
struct json_object *doctor_json(const struct doctor_call *);
/* Whether a member of an answer is this text. */
bool doctor_is(struct json_object *, const char *name, const char *text);
/* Whether an answer of this status is a gateway's own error: {"code", "message",
 * "reason"}. */
bool doctor_own_error(struct json_object *, int status);
/* Compares the clock with the Date header of a call, once. */
void doctor_note_clock(struct doctor *, const struct doctor_call *);

/* Makes a token for a relay, signed with the secret key, good for some minutes.
 * claims: NULL for none.  Returns NULL after the reason was said. */
char *doctor_token(struct doctor *, const char *claims);

/* doctor_web.c: how the web server starts the gateway itself, as CGI or with
 * mod_fcgid.  NULL: its files do not start the gateway, or lead to the socket
 * as well. */
const char *doctor_web_starts(struct doctor *);
/* The user of the web server, by those of its files first that lead to the
 * gateway.  Returns false when no file names one. */
bool doctor_web_user(struct doctor *, struct doctor_who *);
/* Names of the web server's user on the usual systems, ended by NULL. */
extern const char *const doctor_web_users[];
void doctor_web_free(struct doctor *);

/* The checks. */
void doctor_config(struct doctor *);
void doctor_cgi(struct doctor *);
void doctor_network(struct doctor *);
void doctor_modes(struct doctor *);
void doctor_paths(struct doctor *);
void doctor_key(struct doctor *);
void doctor_log(struct doctor *);
void doctor_store(struct doctor *);
void doctor_cache(struct doctor *);
void doctor_socket(struct doctor *);
void doctor_control(struct doctor *);
void doctor_metrics(struct doctor *);
void doctor_users(struct doctor *);
void doctor_ca(struct doctor *);
void doctor_proxy(struct doctor *);
void doctor_jwks(struct doctor *);
void doctor_clock(struct doctor *);
void doctor_providers(struct doctor *);
void doctor_described(struct doctor *);
void doctor_front(struct doctor *);
void doctor_path(struct doctor *);
void doctor_authorization(struct doctor *);
void doctor_header(struct doctor *);
void doctor_body(struct doctor *);
void doctor_streaming(struct doctor *);
void doctor_timeout(struct doctor *);
void doctor_limit(struct doctor *);

#endif
