/* SPDX-License-Identifier: MIT */
/*
 * conf: the configuration, from one table of keys.
 *
 * A configuration is read whole, checked whole and then never changed; a reload
 * makes a new one.  Everything in it belongs to it until conf_free().
 * Every row of the table is described in ctim-relay.conf(5); a test compares.
 */
#ifndef CTIM_CONF_H
#define CTIM_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conf_patterns;
struct maps;
struct nameset;
struct netset;
struct provider;

#define CONF_ERROR_MAX 1024
#define CONF_NAME_MAX  41  /* bytes of a relay's name */
#define CONF_CLAIM_MAX 250 /* bytes of the name of a claim in [auth] require */
#define CONF_RATE_MOST 10000

struct conf_key;

/* Puts value into the field of the key in base.  Returns 0, or -1 with a reason
 * in why (CONF_ERROR_MAX bytes). */
typedef int conf_setter(
    void *base, const struct conf_key *, const char *value, char *why);

struct conf_key {
	const char *section; /* "server"; "relay" for relay rows */
	const char *name;
	conf_setter *set;
	size_t offset;              /* of the field */
	const char *fallback;       /* the default, as it would be written;
					 * NULL: none, the field stays zero */
	const char *help;           /* one line */
	long long min, max;         /* conf_set_int and conf_set_size */
	const char *const *choices; /* conf_set_choice, ended by NULL */
	bool secret;                /* never shown, file modes are checked */
	bool secret_user;           /* the same for a URL with a user in it */
	bool each;                  /* "claim.NAME": the row stands for all keys
					 * that begin so; set is handed the row
					 * with the key's own name */
	bool lines;                 /* a list; file:PATH has an entry a line,
					 * and comments */
	void (*release)(void *field); /* what set allocated, or NULL */
};

/* Setters: the type of the field is in the comment. */
conf_setter conf_set_string;      /* char * */
conf_setter conf_set_int;         /* int */
conf_setter conf_set_size;        /* size_t; 64K, 1M, 2G */
conf_setter conf_set_bool;        /* bool; yes, no */
conf_setter conf_set_duration;    /* int64_t, seconds; 30d; never is 0 */
conf_setter conf_set_rate;        /* struct conf_rate; 4/minute, or -1 */
conf_setter conf_set_mode;        /* mode_t; octal */
conf_setter conf_set_choice;      /* int, place in choices */
conf_setter conf_set_list;        /* char **, ended by NULL */
conf_setter conf_set_hosts;       /* char **, each HOST or HOST:PORT */
conf_setter conf_set_url;         /* char *; http or https, no trailing slash */
conf_setter conf_set_path;        /* char *; absolute */
conf_setter conf_set_networks;    /* struct netset *, lines */
conf_setter conf_set_domains;     /* struct nameset *, lines */
conf_setter conf_set_patterns;    /* struct conf_patterns *, lines */
conf_setter conf_set_require;     /* char **, each CLAIM=VALUE */
conf_setter conf_set_claim;       /* struct conf_claim *, one more */
void conf_release_string(void *); /* char * */
void conf_release_list(void *);   /* char ** */
void conf_release_networks(void *);
void conf_release_domains(void *);
void conf_release_patterns(void *);
void conf_release_claims(void *);

enum conf_log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_NONE /* for programs: nothing is written */
};
enum conf_log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum conf_relay_private {
	RELAY_PRIVATE_INHERIT, /* as [http] */
	RELAY_PRIVATE_NO,
	RELAY_PRIVATE_YES
};

/* Where a relay's credential comes from. */
enum conf_credentials {
	CREDENTIALS_EITHER, /* of the token, where it has the claim */
	CREDENTIALS_TOKEN,
	CREDENTIALS_GATEWAY /* of the configuration, for what that has */
};

/* A claim that the configuration has for a relay; its value is a secret. */
struct conf_claim {
	char *name, *value;
	bool host; /* it says where the service is */
	struct conf_claim *next;
};

/* What "/" shows. */
enum conf_page { CONF_PAGE_YES, CONF_PAGE_PLAIN, CONF_PAGE_NO };

/* How many calls are made in which time. */
struct conf_rate {
	int calls;   /* at most CONF_RATE_MOST */
	int seconds; /* 1, 60, 3600 or 86400 */
};

/* One [relay NAME]. */
struct relay_conf {
	char *name;
	char *provider_name; /* as written */
	const struct provider *provider;
	int ttl;                   /* seconds; -1: as [cache] */
	struct conf_rate rate;     /* calls 0: no pacing, -1: as the
						 * provider says */
	int timeout;               /* seconds; 0: as [http] */
	int parallel;              /* 0: as [http] */
	int breaker;               /* -1: as [http] */
	int allow_private;         /* enum conf_relay_private */
	int credentials;           /* enum conf_credentials */
	struct conf_claim *claims; /* NULL: none */
	bool site;                 /* answers from what is the site's own */
	bool egress;               /* whether [egress] holds values back
						 * from it */
	bool quotas;               /* its health tells of its quota */
	bool trace;                /* its service is told which trace a
						 * request is of */
	char *ca_file;             /* NULL: as [http] */
	const char *url;           /* of a described service, the
					 * provider's; NULL: none */
	const char *sign_in_url;   /* where its description signs in,
					 * where that is elsewhere; NULL: not */
	void *own;                 /* the provider's conf_size bytes */
	const struct conf_key *own_keys; /* the rows that fill them */
	size_t own_size;                 /* and how many bytes they fill */
	char *file;                      /* where its section is */
	unsigned line;
	size_t place;            /* among the relays, from 0 */
	struct relay_conf *next; /* in the order of the files */
};

/* What must not leave for a third party; each list NULL: none. */
struct conf_egress {
	struct netset *networks;
	struct nameset *domains;
	struct conf_patterns *patterns;
	bool private;
	char *log; /* where what left is written, or NULL */
	bool log_required;
};

/* What belongs to a configuration besides its values. */
struct conf_held {
	void *what;
	void (*release)(void *);
	struct conf_held *next;
};

/* Times are in seconds, sizes in bytes; ctim-relay.conf(5) says what each key
 * means and whether it is of a process, a request or a call. */
struct conf {
	char *file; /* the main file, or its name in messages */
	/* [server] */
	char *listen;
	mode_t socket_mode;
	char *socket_group;
	char *user, *group;
	int workers; /* not set: number of cores */
	int threads;
	int queue;
	int connections;
	int read_timeout, write_timeout;
	size_t memory; /* of the pool; not set: by workers and max_body */
	size_t parked_memory, write_memory, spill;
	size_t max_body;
	int max_observables;
	int max_requests;
	char *default_relay;
	char *base_url;        /* NULL: from the request */
	int page;              /* enum conf_page */
	struct netset *probes; /* who may ask whether it works */
	char *metrics;         /* ADDRESS:PORT of their own, or NULL */
	char *control;
	char **providers; /* directories with described ones, absolute */
	/* [auth] */
	char *secret_key, *secret_key_previous; /* NULL: none */
	char **jwks_hosts;
	bool bind_relays;
	char **require; /* each CLAIM=VALUE */
	int leeway;
	/* [http] */
	int connect_timeout, timeout, deadline, retries, breaker, parallel;
	int host_parallel, idle_timeout;
	size_t max_answer;
	char *ca_file, *proxy;
	bool allow_private;
	/* [cache] */
	char *cache_url, *cache_key, *cache_ca_file;
	int ttl, negative_ttl;
	/* [log] */
	int log_level, log_format;
	char *log_target;
	struct conf_egress egress;
	struct relay_conf *relays;
	struct conf_held *held; /* what was read for it */
	struct maps *maps;      /* of described providers, of whoever set it
			    * (mapping/maps.h); NULL: none yet */
};

/* The lists that the rest of the program hands to the configuration. */
struct conf_provider {
	const char *name;
	const struct provider *provider; /* for relay_conf.provider */
	const struct conf_key *keys;     /* its own rows, or NULL */
	size_t conf_size;                /* bytes that they fill */
	const char *url, *sign_in_url;   /* for those of relay_conf */
	bool site;                       /* for relay_conf.site */
	/* Of one that was read: what is to be released with the
	 * configuration. */
	void *held;
	void (*release)(void *);
};

/* What comes of reading a provider. */
enum conf_described {
	CONF_DESCRIBED,
	CONF_DESCRIBED_NONE, /* there is none of that name */
	CONF_DESCRIBED_WRONG /* it has errors, which are told */
};

struct conf_lists {
	/* Provider i, counted from 0; false after the last. */
	bool (*provider)(size_t i, struct conf_provider *);
	/* Reads the provider of a name that is none of those. */
	enum conf_described (*described)(const struct conf *, const char *name,
	    struct conf_provider *,
	    void (*complain)(void *arg, bool error, const char *line),
	    void *arg);
	/* What is wrong with the value of a claim that a relay's section has,
	 * words to stand behind its name; or NULL. */
	const char *(*wrong_claim)(
	    const struct provider *, const char *name, const char *value);
	/* Whether no relay may have that name. */
	bool (*reserved)(const char *name);
	/* All relays are read: what one needs of others.  0; or, with a reason in
	 * why (CONF_ERROR_MAX bytes), -1, or 1 for a warning. */
	int (*complete)(struct relay_conf *, const struct conf *, char *why);
};

/* The value of a claim of the list, NULL for none; the list's own. */
const char *conf_claim(const struct conf_claim *, const char *name);
/* How many bytes of a claim's name are in front of the = of CLAIM=VALUE. */
size_t conf_claim_name(const char *required);
/* Reads a number from 0 to CONF_RATE_MOST, with the time for which it holds behind
 * it: one second unless that is there.  False: the text is none. */
bool conf_rate_parse(struct conf_rate *, const char *);

/* The file that is read when none is named: $CTIM_RELAY_CONF, else the one
 * below the installation's sysconfdir.  The text is a constant or the
 * environment's. */
const char *conf_path(void);
/*
 * Reads path (NULL: conf_path()) and conf.d beside it.  Calls complain with one
 * line, "file:line: reason" without a newline, for every error and warning
 * (error says which); complain may be NULL.  NULL when there was an error.
 */
struct conf *conf_load(const char *path, const struct conf_lists *,
    void (*complain)(void *arg, bool error, const char *line), void *arg);
/*
 * The same for a command that only looks for the running gateway: in spite of
 * errors returns the settings that could be read, and the default of a key
 * whose value is wrong.  *good says whether there were no errors.  NULL when
 * memory ran out; control and log_target are always set.
 */
struct conf *conf_load_rest(const char *path, const struct conf_lists *,
    void (*complain)(void *arg, bool error, const char *line), void *arg,
    bool *good);
/* The defaults alone: no file, no relay.  NULL when memory ran out. */
struct conf *conf_default(void);
void conf_free(struct conf *);
/* The relay of a name of len bytes, NULL for none. */
const struct relay_conf *conf_relay(
    const struct conf *, const char *name, size_t len);

/* Calls each for every key in force: section ("server", "relay otx"), row, and
 * the value as it would be written (secrets masked).  For `check --dump`. */
void conf_each(const struct conf *,
    void (*each)(void *arg, const char *section, const struct conf_key *,
	const char *value),
    void *arg);
/* Whether a value of a key is a secret. */
bool conf_is_secret(const struct conf_key *, const char *value);
/* The rows that are not a provider's own, ended by a row without a name. */
const struct conf_key *conf_keys(void);

#endif
