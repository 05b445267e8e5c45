/* SPDX-License-Identifier: MIT */
/*
 * lists: the lists for the configuration (conf.h): the providers, and the names
 * that no relay may have, because routes begin with them.
 */
#ifndef CTIM_LISTS_H
#define CTIM_LISTS_H

extern const struct conf_lists relay_lists;
/* The same for a start: a described provider with an error is one that answers with
 * that alone, and its errors are warnings. */
extern const struct conf_lists relay_lists_start;

#endif
