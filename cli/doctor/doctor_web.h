/*
 * doctor_web: what doctor_web.c tells doctor_webuser.c of the web server's
 * files.
 */
#ifndef CTIM_DOCTOR_WEB_H
#define CTIM_DOCTOR_WEB_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/webconf/webconf.h"

struct doctor;

/* The main files that are looked at, from number 0, and of which web server each
 * is; NULL: no more.  Of --web, or a constant. */
const char *doctor_web_file(
    const struct doctor *, size_t i, enum webconf_kind *);
/* Whether the files lead to the gateway, or start it. */
bool doctor_web_leads(const struct doctor *, const struct webconf *);

#endif
