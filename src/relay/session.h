/*
 * session: what one thread keeps between requests: verified tokens, connections
 * to stores, to the cache and to providers.  No other thread may use it.
 */
#ifndef CTIM_SESSION_H
#define CTIM_SESSION_H

struct auth;
struct conf;
struct fanout;
struct log_request;
struct relay_conf;
struct session;
struct shared;
struct store;

/* What is handed in must outlive it.  shared NULL: this process is alone and
 * gets its own.  NULL when memory ran out. */
struct session *session_new(const struct conf *, struct shared *);
void session_free(struct session *);

const struct conf *session_conf(const struct session *);
struct auth *session_auth(struct session *);
struct fanout *session_fanout(struct session *);
/*
 * The store of a relay whose provider has one, opened when first asked for and
 * again when another file has taken its place.  NULL when it does not open; the
 * reason is then in the log.
 */
struct store *session_store(struct session *, const struct relay_conf *);
/* A request to a relay (NULL: to the gateway itself) ended. */
void session_count(
    struct session *, const struct relay_conf *, const struct log_request *);

#endif
