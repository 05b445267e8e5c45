/*
 * doctor: what goes wrong in practice, looked for one after the other.
 *
 * A check is a function and a row of the table in doctor.c.  It says what it
 * found with doctor_say(), and with doctor_mend() the line that mends it; every
 * finding that is not good has one.  A check changes nothing, and ends by
 * doctor_left().
 */
#ifndef CTIM_DOCTOR_H
#define CTIM_DOCTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "http.h"
#include "jsonout.h"

struct command;
struct conf;
struct doctor;
struct json_object;
struct relay_conf;

#define DOCTOR_WHY	1024	/* bytes of a reason */
#define DOCTOR_QUOTES	4	/* doctor_quote()s in one line */
#define DOCTOR_CALL	5000	/* ms for one call */
#define DOCTOR_ALL	60000	/* ms for all calls together */
#define DOCTOR_URL	1024	/* bytes of a URL that is called */
#define DOCTOR_DAYS	14	/* a certificate must be good for so long */

enum doctor_result { DOCTOR_OK, DOCTOR_SKIPPED, DOCTOR_WARN, DOCTOR_FAIL,
    DOCTOR_RESULTS };

/* Who serves, as far as it can be known. */
struct doctor_who {
	bool	 change;	/* we are root, and it is somebody else */
	uid_t	 uid;
	gid_t	 gid;
	char	 user[64], group[64];
};

struct doctor_row {
	const char	*name;		/* of the check: one word */
	unsigned	 needs;		/* DOCTOR_NEEDS_*, or'ed */
	void		(*run)(struct doctor *);
};

#define DOCTOR_NEEDS_CONF	(1U << 0)
#define DOCTOR_NEEDS_TIME	(1U << 1)	/* it makes calls */
#define DOCTOR_NEEDS_URL	(1U << 2)
#define DOCTOR_NEEDS_FRONT	(1U << 3)	/* a gateway answers there */

struct doctor {
	const struct command	*cmd;
	/* Of the command line; NULL: not said. */
	const char		*config, *credentials_file, *relay, *web;
	char			*url;		/* without a slash at the end */
	bool			 json, help;

	const char		*file;		/* the configuration */
	struct conf		*conf;		/* NULL: cannot be used */
	struct json_object	*credentials;	/* relay: claims; or NULL */
	struct doctor_who	 who;
	int64_t			 until;		/* clock_ms() */

	/* What a check found out for those after it. */
	unsigned		 spawned, connected; /* ways in the web server's
						 * files */
	bool			 front;		/* a gateway answers at url */
	bool			 apache;	/* behind an Apache */
	int64_t			 skew;		/* s, of the clock; see net */
	bool			 skew_known;
	char			 skew_host[300];

	const struct doctor_row	*row;		/* that runs */
	unsigned		 count[DOCTOR_RESULTS];
	bool			 open;		/* --json: an object is */
	struct buf		 out;		/* --json */
	struct jsonout		 j;
	char			*quoted[DOCTOR_QUOTES];
	unsigned		 quotes;
};

/* doctor_say.c */
void	doctor_begin(struct doctor *);
void	doctor_say(struct doctor *, enum doctor_result, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* To be typed, or written into a file, to mend what was said last. */
void	doctor_mend(struct doctor *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
/* The end of the output; what the program exits with. */
int	doctor_end(struct doctor *);
/* A word for a shell, good until DOCTOR_QUOTES more. */
const char *doctor_quote(struct doctor *, const char *);
/* ms that a call may take now; 0: the time is up. */
int64_t	doctor_left(const struct doctor *, int64_t wanted);

/* doctor_as.c: finds out who serves; runs a function as them, in a process of
 * its own where we are root.  It returns 0, or -1 with why. */
void	doctor_who(struct doctor *);
int	doctor_as(struct doctor *, int (*)(void *, char why[DOCTOR_WHY]),
	    void *arg, char why[DOCTOR_WHY]);
/* " as www-data", or nothing. */
const char *doctor_as_whom(const struct doctor *, char text[80]);
/* "www-data:www-data" for chown(1). */
const char *doctor_owner(const struct doctor *, char text[136]);

/* doctor_call.c: calls with little time, of which the beginning of the answer is
 * kept. */
struct doctor_call {
	struct http_call	 http;
	struct buf		 body;
	char			 url[DOCTOR_URL];
	char			 host[DOCTOR_URL];	/* for people */
};
/* A GET of url, to be filled in further; ends with doctor_call_free(). */
void	doctor_call_init(struct doctor_call *, const char *host,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));
void	doctor_call_free(struct doctor_call *);
/* All n at once, as the configuration says. */
void	doctor_call_do(struct doctor *, const struct conf *,
	    struct doctor_call *, size_t n);
/* Whether any HTTP answer came, cut or not. */
bool	doctor_answered(const struct http_call *);
/* Says what came of a call that was answered: text, and how long its
 * certificate is good, a warning when that is not long. */
void	doctor_say_good(struct doctor *, const struct doctor_call *,
	    const char *text);
/* Says that it failed, and what mends it. */
void	doctor_say_failed(struct doctor *, const struct doctor_call *,
	    const char *what);
/* The answer as a JSON object, or NULL; the caller puts it. */
struct json_object *doctor_json(const struct doctor_call *);
/* Keeps what the Date header of a call said. */
void	doctor_note_clock(struct doctor *, const struct doctor_call *);

/* A token for a relay, of the secret key, for some minutes; NULL: the reason was
 * said.  claims: NULL for none. */
char	*doctor_token(struct doctor *, const char *claims);

/* doctor_web.c: whether the web server's files have it start the gateway, by
 * mod_fcgid or as CGI, and none leads to the socket. */
bool	doctor_apache_starts(struct doctor *);

/* The checks. */
void	doctor_config(struct doctor *);
void	doctor_modes(struct doctor *);
void	doctor_key(struct doctor *);
void	doctor_log(struct doctor *);
void	doctor_store(struct doctor *);
void	doctor_cache(struct doctor *);
void	doctor_socket(struct doctor *);
void	doctor_users(struct doctor *);
void	doctor_ca(struct doctor *);
void	doctor_proxy(struct doctor *);
void	doctor_jwks(struct doctor *);
void	doctor_clock(struct doctor *);
void	doctor_providers(struct doctor *);
void	doctor_front(struct doctor *);
void	doctor_path(struct doctor *);
void	doctor_authorization(struct doctor *);
void	doctor_header(struct doctor *);
void	doctor_body(struct doctor *);
void	doctor_streaming(struct doctor *);
void	doctor_timeout(struct doctor *);
void	doctor_limit(struct doctor *);

#endif
