/* SPDX-License-Identifier: MIT */
/*
 * cgi: one request as a classic CGI program.
 * Source: RFC 3875.
 */
#ifndef CTIM_CGI_H
#define CTIM_CGI_H

/*
 * Answers the request of the environment and of standard input on standard
 * output.  The configuration is the one of conf_path(): the command line is not
 * looked at, since web servers put a query string without "=" there (RFC 3875,
 * 4.4), that is, anybody.  Returns the exit status of the process.
 */
int cgi_run(void);

#endif
