/* SPDX-License-Identifier: MIT */
/*
 * platform: the calls to Threat Response (SecureX, XDR) that manage its
 * modules.
 *
 * A token is asked for at the first call, with the API client's ID and
 * password, and once more for a call that answers 401.
 * Source: the platform's IROH API, /iroh/oauth2 and /iroh/iroh-int
 * (ModuleInstance); RFC 6749 section 4.4, RFC 7617.
 */
#ifndef CTIM_PLATFORM_H
#define CTIM_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct conf;
struct http;
struct json_object;

#define PLATFORM_URL_MAX 512 /* bytes of its URL, with the NUL */

struct platform {
	struct http *http;
	const char *url;   /* the caller's: scheme and host */
	int64_t timeout;   /* ms for one call */
	struct buf basic;  /* header with ID and password */
	struct buf token;  /* header with the token, or empty */
	struct buf answer; /* body of the last one */
	/* Texts that no message may have in it, ended by NULL. */
	const char *const *secrets;
	struct buf *why; /* the caller's: what is wrong */
};

/*
 * The URL of a region ("us", "eu", "apjc") into out.  Returns 0, or -1 when
 * there is no such region.
 */
int platform_url(const char *region, char out[PLATFORM_URL_MAX]);
/* The regions, for a message. */
#define PLATFORM_REGIONS "us, eu or apjc"

/* Prepares the calls; nothing is called yet.  All arguments must outlive the
 * platform.  platform_open() and the calls return 0, or -1 with what is wrong
 * in why. */
int platform_open(struct platform *, const struct conf *, const char *url,
    const char *id, const char *password, const char *const *secrets,
    struct buf *why);
void platform_close(struct platform *);

/* All modules, an array that the caller releases. */
int platform_list(struct platform *, struct json_object **modules);
int platform_add(struct platform *, struct json_object *module);
/* changes: an object with the members that are to be others. */
int platform_edit(
    struct platform *, const char *id, struct json_object *changes);
int platform_remove(struct platform *, const char *id);

#endif
