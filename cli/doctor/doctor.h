/*
 * doctor: what goes wrong in practice, looked for one after the other.
 *
 * A check is a function and a row of the table in doctor.c.  It says what it
 * found with doctor_say(), and with doctor_mend() the line that mends it; every
 * finding that is not good has one.  A check changes nothing, and ends by
 * doctor_left().
 *
 * A mend is pasted as it stands, so it holds nothing but a command, or a line of
 * a configuration; what people need to know beside it is a doctor_note().  It
 * names programs and files from the root on, and runs each command as who may
 * do it.  No mend overwrites or removes a file, or replaces a key; none changes
 * the mode or owner of what a link leads to; none names a check that found
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

/* Who serves, as far as it can be known. */
struct doctor_who {
	bool self;   /* it is us */
	bool change; /* we are root, and it is somebody else */
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
#define DOCTOR_NEEDS_TIME  (1U << 1) /* it makes calls */
#define DOCTOR_NEEDS_URL   (1U << 2)
#define DOCTOR_NEEDS_FRONT (1U << 3) /* a gateway answers there */

struct doctor {
	const struct command *cmd;
	/* Of the command line; NULL: not said. */
	const char *config, *credentials_file, *relay, *web;
	char *url; /* without a slash at the end */
	bool json, help;

	const char *file;                /* the configuration */
	char whole[PATH_MAX];            /* from the root on */
	char program[PATH_MAX];          /* this one, for a shell */
	struct conf *conf;               /* NULL: cannot be used */
	struct json_object *credentials; /* relay: claims; or NULL */
	struct doctor_who who;
	int64_t until; /* clock_ms() */

	/* What a check found out for those after it. */
	bool listens; /* a gateway answers at listen */
	bool front;   /* a gateway answers at url */
	bool apache;  /* behind an Apache */
	int64_t skew; /* s, of the clock; see net */
	bool skew_known;
	char skew_host[300];

	/* The web server's files, as doctor_web.c read them; NULL: none. */
	struct webconf *webs[DOCTOR_WEBS];
	bool webs_read;
	char web_why[WEBCONF_WHY]; /* of --web, when it cannot be read */

	const struct doctor_row *row; /* that runs */
	unsigned place;               /* its number */
	unsigned bad;                 /* a bit for each row that found
						 * something */
	struct set said;              /* rows come once each */
	bool muted;                   /* the last one was a repeat */
	unsigned count[DOCTOR_RESULTS];
	bool open;      /* --json: an object is */
	struct buf out; /* --json */
	struct jsonout j;
	char *quoted[DOCTOR_QUOTES];
	unsigned quotes;
};

/* doctor_say.c */
void doctor_begin(struct doctor *);
void doctor_say(struct doctor *, enum doctor_result, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* What mends what was said last: a command for a shell, or a line for a file. */
void doctor_mend(struct doctor *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a command that only root may run. */
void doctor_sudo(struct doctor *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* Words below it: where a line goes, what to do then. */
void doctor_note(struct doctor *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* A line of the configuration, and its section, with what else is to be said
 * (NULL: nothing). */
void doctor_mend_conf(struct doctor *, const char *section, const char *more,
    const char *, ...) __attribute__((format(printf, 4, 5)));
/* The end of the output; what the program exits with. */
int doctor_end(struct doctor *);
/* A word for a shell, good until DOCTOR_QUOTES more. */
const char *doctor_quote(struct doctor *, const char *);
/* ms that a call may take now; 0: the time is up. */
int64_t doctor_left(const struct doctor *, int64_t wanted);

/* doctor_mend.c */
/* Fills in whole and program, once file is known. */
void doctor_places(struct doctor *);
/* A path from the root on, for a shell; good until DOCTOR_QUOTES more. */
const char *doctor_path_of(struct doctor *, const char *);
/* Before a command that only root may run: "sudo ", or nothing for root. */
const char *doctor_root(void);
/* Before a command that this user shall run. */
const char *doctor_by(uid_t, char text[DOCTOR_AS]);
/* Each mends with the owner's or root's rights, unless path is a link: then what
 * that leads to is to be looked at first. */
void doctor_mend_mode(struct doctor *, const char *path, const char *mode);
/* Lets who serves read ("r", "rx") the file, or pass what is in the way; out of
 * a home the file is copied. */
void doctor_mend_read(struct doctor *, const char *path, const char *rights);
/* What is on the way to a path for who serves. */
enum doctor_way {
	DOCTOR_WAY_OPEN,
	DOCTOR_WAY_SAID, /* a directory was closed: what opens it was said */
	DOCTOR_WAY_HOME  /* a closed home, which no mend opens; nothing said */
};
/* Opens the first directory on the way that who serves may not pass. */
enum doctor_way doctor_mend_way(struct doctor *, const char *path);
/* Whether a directory is, or is in, /root, /home or the home of its owner, who
 * does not serve. */
bool doctor_mend_is_home(const struct doctor *, const char *dir);
/* The directory of a path, "/" for one below the root. */
void doctor_directory(const char *path, char dir[PATH_MAX]);
/* Has a directory let a group (its id and name) pass. */
void doctor_mend_pass(
    struct doctor *, const char *dir, gid_t, const char *group);
/* An editor on the line (from 1) of a file. */
void doctor_mend_edit(struct doctor *, const char *file, unsigned line);
/* Shows what is at a path. */
void doctor_mend_show(struct doctor *, const char *path);
/* This program with the configuration: a command, and arguments for a shell. */
void doctor_mend_run(struct doctor *, const char *arguments);
/* The same check as root. */
void doctor_mend_again(struct doctor *);
/* Starts the gateway as who serves. */
void doctor_mend_start(struct doctor *);
/* Moves a file that should not be there to a name that nothing has; of what is
 * no file it shows what that is. */
void doctor_mend_aside(struct doctor *, const char *path);
/* Whether the link says what path is; if so, that was said. */
bool doctor_mend_link(struct doctor *, const char *path);

/* doctor_conf.c: where a first key goes, beside the configuration. */
void doctor_key_file(struct doctor *, char file[PATH_MAX]);

/* doctor.c: whether the check of this name found what is not good. */
bool doctor_was_bad(const struct doctor *, const char *name);

/* doctor_as.c: finds out who serves; runs a function as them, in a process of
 * its own where we are root.  It returns 0, or -1 with why. */
void doctor_who(struct doctor *);
int doctor_as(struct doctor *, int (*)(void *, char why[DOCTOR_WHY]), void *arg,
    char why[DOCTOR_WHY]);
/* " as www-data", or nothing. */
const char *doctor_as_whom(const struct doctor *, char text[80]);
/* "www-data:www-data" for chown(1), and "-o www-data -g www-data" for install(1);
 * each counts as doctor_quote()s, of which there are one and two. */
const char *doctor_owner(struct doctor *);
const char *doctor_install(struct doctor *, char text[DOCTOR_INSTALL]);
/* Whether we are neither root nor who serves, so that what we may not do says
 * nothing; if so, says that path was not checked. */
bool doctor_foreign(struct doctor *, const char *path);

/* doctor_call.c: calls with little time, of which the beginning of the answer is
 * kept. */
struct doctor_call {
	struct http_call http;
	struct buf body;
	char url[DOCTOR_URL];
	char host[DOCTOR_URL]; /* for people */
};
/* A GET of url, to be filled in further; ends with doctor_call_free(). */
void doctor_call_init(struct doctor_call *, const char *host,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void doctor_call_free(struct doctor_call *);
/* All n at once, as the configuration says. */
void doctor_call_do(
    struct doctor *, const struct conf *, struct doctor_call *, size_t n);
/* Whether any HTTP answer came, cut or not. */
bool doctor_answered(const struct http_call *);
/* Says what came of a call that was answered: text, and how long its
 * certificate is good, a warning when that is not long. */
void doctor_say_good(
    struct doctor *, const struct doctor_call *, const char *text);
/* Says that it failed, and what mends it. */
void doctor_say_failed(
    struct doctor *, const struct doctor_call *, const char *what);
/* The answer as a JSON object, or NULL; the caller puts it. */
struct json_object *doctor_json(const struct doctor_call *);
/* Whether an answer of this status is a gateway's own error: {"code", "message",
 * "reason"}. */
bool doctor_own_error(struct json_object *, int status);
/* Keeps what the Date header of a call said. */
void doctor_note_clock(struct doctor *, const struct doctor_call *);

/* A token for a relay, of the secret key, for some minutes; NULL: the reason was
 * said.  claims: NULL for none. */
char *doctor_token(struct doctor *, const char *claims);

/* doctor_web.c: how the web server starts the gateway itself, "as CGI" or
 * "with mod_fcgid"; NULL when its files do not say so, or one leads to the
 * socket. */
const char *doctor_web_starts(struct doctor *);
/* Who the web server serves as by its files, those first that
 * lead to the gateway; false when none says it. */
bool doctor_web_user(struct doctor *, struct doctor_who *);
/* Who serves HTTP on the systems that there are, ended by NULL. */
extern const char *const doctor_web_users[];
void doctor_web_free(struct doctor *);

/* The checks. */
void doctor_config(struct doctor *);
void doctor_modes(struct doctor *);
void doctor_paths(struct doctor *);
void doctor_key(struct doctor *);
void doctor_log(struct doctor *);
void doctor_store(struct doctor *);
void doctor_cache(struct doctor *);
void doctor_socket(struct doctor *);
void doctor_control(struct doctor *);
void doctor_users(struct doctor *);
void doctor_ca(struct doctor *);
void doctor_proxy(struct doctor *);
void doctor_jwks(struct doctor *);
void doctor_clock(struct doctor *);
void doctor_providers(struct doctor *);
void doctor_front(struct doctor *);
void doctor_path(struct doctor *);
void doctor_authorization(struct doctor *);
void doctor_header(struct doctor *);
void doctor_body(struct doctor *);
void doctor_streaming(struct doctor *);
void doctor_timeout(struct doctor *);
void doctor_limit(struct doctor *);

#endif
