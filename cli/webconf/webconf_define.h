/*
 * webconf_define: what Define of Apache names, and what ${NAME} stands for.
 */
#ifndef CTIM_WEBCONF_DEFINE_H
#define CTIM_WEBCONF_DEFINE_H

#include <stdbool.h>
#include <stddef.h>

struct webconf_define;

/* Names have len bytes.  value NULL takes one away. */
void webconf_define(
    struct webconf_define **, const char *name, size_t len, const char *value);
/* NULL when it is not defined. */
const char *webconf_defined(
    const struct webconf_define *, const char *name, size_t len);
void webconf_define_free(struct webconf_define *);

#endif
