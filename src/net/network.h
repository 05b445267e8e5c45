/* SPDX-License-Identifier: MIT */
/*
 * network: the half of the gateway that needs libcurl: transfers and the URLs
 * that are not plain.  It is a shared object of our own, opened when it is
 * needed: linking libcurl's 33 libraries costs a CGI process more time than all
 * the rest of a request that makes no call.
 *
 * The object is ctim-relay-net.so beside the program (the build tree, a folder
 * with all of it), else the one that was installed with it; no path is searched,
 * no variable of the environment is looked at.  One of another build is refused.
 * Source: dlopen(3).
 */
#ifndef CTIM_NETWORK_H
#define CTIM_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETWORK_FILE "ctim-relay-net.so"
#define NETWORK_WHY  4608 /* bytes of a cause, with the NUL */

struct conf;
struct http;
struct http_call;
struct http_engine;

/* url.h's, for all URLs that libcurl takes; valid: of a scheme of ours. */
struct url_functions {
	int (*normalise)(const char *url, char *out, size_t size);
	int (*host)(const char *url, char *out, size_t size);
	int (*origin)(const char *url, char *out, size_t size);
	int (*punycode)(const char *host, char *out, size_t size);
	bool (*valid)(const char *url);
	bool (*is_base)(const char *url);
};

/* Those of http/http.h and http_engine.h, each as there.  http_forward.c has
 * functions of the same names for the half without libcurl, which hand over to
 * these. */
struct http_functions {
	int (*global)(void);
	struct http_engine *(*engine_make)(const struct conf *);
	int (*engine_start)(struct http_engine *, void (*died)(const char *));
	void (*engine_free)(struct http_engine *);
	struct http *(*join)(struct http_engine *);
	struct http *(*make)(const struct conf *); /* http_new() */
	void (*free)(struct http *);
	int (*start)(struct http *, struct http_call *);
	void (*cancel)(struct http *, struct http_call *);
	void (*cancel_all)(struct http *);
	void (*wait)(struct http *, int64_t ms);
	struct http_call *(*next)(struct http *);
	void (*run)(struct http *, struct http_call *); /* http_do() */
};

/* What the object exports.  build stays the first member: it says whether the
 * others are those of this header. */
struct network {
	const char *build;
	const struct url_functions *url;
	const struct http_functions *http;
};

/* The version, and a sum of what both halves were built from.  Each half has its
 * own; network_build.c is made by make. */
extern const char network_build[];

extern const struct network ctim_relay_network; /* in the object alone */
extern const struct url_functions url_curl;     /* so is this */

/*
 * From now on the process makes its transfers with these functions, for tests of
 * what makes them: nothing goes out.  Before any thread.  Returns 0; -1 with the
 * cause in why where the object, whose URLs are still wanted, cannot be opened.
 */
int network_play(const struct http_functions *, char why[NETWORK_WHY]);
/*
 * Opens the object, unless that was done.  Returns it; NULL with the cause in
 * why: for people at the machine, as it names the file.  Safe from any thread.
 */
const struct network *network_open(char why[NETWORK_WHY]);
/* The object, which the first call of the process tries to open.  NULL: there is
 * none, and it is not tried again. */
const struct network *network_get(void);
/* Why there is none, in words that name no file; good for ever. */
const char *network_missing(void);

#endif
