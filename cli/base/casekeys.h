/* SPDX-License-Identifier: MIT */
/*
 * casekeys: keys in the cases of described providers that look like real ones of
 * the service.  Cases are handed around; the secrets in them are made up.
 */
#ifndef CTIM_CASEKEYS_H
#define CTIM_CASEKEYS_H

struct json_object;
struct provider;

/* Calls tell for each claim of a request.json that is a secret of the provider's
 * and looks real: long, and of characters that are hard to guess. */
void casekeys_look(const struct provider *, struct json_object *request,
    void (*tell)(void *arg, const char *claim), void *arg);
/* The same for all cases in the directory of a provider; path: of request.json.
 * What cannot be read is left to `provider test`. */
void casekeys_directory(const struct provider *, const char *dir,
    void (*tell)(void *arg, const char *path, const char *claim), void *arg);

#endif
