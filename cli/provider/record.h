/* SPDX-License-Identifier: MIT */
/*
 * record: a case made of a question that was put to the service itself.
 */
#ifndef CTIM_RECORD_H
#define CTIM_RECORD_H

struct alone;
struct alone_request;
struct command;
struct json_object;
struct mask;

/*
 * Puts the request once more, with claims that are made up in the place of the
 * secrets and with the recorder's answers, and writes what is asked and answered
 * then as DIR/cases/NAME, which must not be there.  got: what the service itself
 * came to; where the case comes to another answer that is told.  The network is
 * played from then on.  Returns an exit status, after printing the error.
 */
int record_case(const struct command *, const struct alone *,
    const struct alone_request *, const struct mask *, const char *name,
    struct json_object *got);

#endif
