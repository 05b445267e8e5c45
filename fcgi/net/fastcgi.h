/*
 * fastcgi: serves one FastCGI connection with libfcgi.  The only file that
 * knows that library.
 *
 * record.c reads and checks the request; libfcgi is shown the checked copy and
 * writes the answer to the connection.  One request a connection:
 * FCGI_KEEP_CONN is not honoured, because a kept connection would hold its
 * thread while idle (the caller closes, which tells the web server so).
 */
#ifndef CTIM_FASTCGI_H
#define CTIM_FASTCGI_H

#include <stdint.h>

struct conf;
struct fastcgi;
struct transport;

/* Once in a process, before its threads.  Returns 0 or -1. */
int fastcgi_init(void);
/* What one thread needs.  The configuration must outlive it.  NULL when memory
 * or descriptors ran out. */
struct fastcgi *fastcgi_new(const struct conf *);
void fastcgi_free(struct fastcgi *);
/*
 * Reads the request from fd, a connected blocking socket, calls answer with it
 * and sends the end.  What is no request is dropped without an answer.
 * head and deadline are clock_ms() times: until when the request's variables,
 * and the whole of it with its answer, have time.  fd stays the caller's, who
 * closes it; a shutdown(2) of it by another thread ends the call early.
 */
void fastcgi_serve(struct fastcgi *, int fd, int64_t head, int64_t deadline,
    void (*answer)(void *arg, struct transport *), void *arg);

#endif
